//! What the page and the server say to each other; `protocol.md` explains it.

use serde::{Deserialize, Serialize};
use tubesock_std::{CloseCode, Prepared};

/// The WebSocket subprotocol.
pub(crate) const SUBPROTOCOL: &str = "tubesock-chat";

/// The same page has joined again.
pub(crate) const JOINED_AGAIN: CloseCode = CloseCode(4001);

/// Fits a text of the greatest length with every character escaped.
pub(crate) const MAX_MESSAGE: usize = 32 << 10;

const MAX_NICK: usize = 24;
const MAX_TEXT: usize = 2000;
const MAX_RANDOM: usize = 64;

/// A sentence for people, about what can't be accepted.
pub(crate) type Complaint = &'static str;

/// From the page.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum FromPage {
    Hello {
        nick: String,
        token: Option<String>,
    },
    Say {
        text: String,
        key: String,
    },
    /// Something that a newer page says.
    #[serde(other)]
    Unknown,
}

/// From the server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ToPage<'a> {
    Welcome { you: &'a str, here: &'a [String], history: Vec<ToPage<'a>> },
    Joined { nick: &'a str },
    Left { nick: &'a str },
    Here { here: &'a [String] },
    Said(&'a Said),
    Refused { key: &'a str, text: Complaint },
    Notice { level: &'static str, text: &'static str },
}

/// Something said in the room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) nick: String,
    pub(crate) text: String,
    /// Milliseconds since 1970 (UTC).
    pub(crate) time: u64,
    pub(crate) key: String,
}

impl FromPage {
    pub(crate) fn parse(json: &str) -> Result<Self, Complaint> {
        serde_json::from_str(json).map_err(|_| "The page sent something that is no message.")
    }
}

impl ToPage<'_> {
    /// Encoded once, for however many.
    pub(crate) fn encode(&self) -> Prepared {
        Prepared::text(&serde_json::to_string(self).expect("text and numbers are always JSON"))
    }
}

/// The nick name that somebody asks for, as it will be shown.
pub(crate) fn nick(asked: &str) -> Result<String, Complaint> {
    if asked.trim().chars().any(char::is_control) {
        return Err("A nick name holds no control characters.");
    }
    let nick = asked.split_whitespace().collect::<Vec<_>>().join(" ");
    match nick.chars().count() {
        0 => Err("Please type a name."),
        1..=MAX_NICK => Ok(nick),
        _ => Err("A nick name has 24 characters at most."),
    }
}

/// What somebody says, as it will be shown.
pub(crate) fn text(said: &str) -> Result<&str, Complaint> {
    let text = said.trim();
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("A message holds no control characters.");
    }
    match text.chars().count() {
        0 => Err("A message needs some text."),
        1..=MAX_TEXT => Ok(text),
        _ => Err("A message has 2000 characters at most."),
    }
}

/// The key of a message.
pub(crate) fn key(key: String) -> Result<String, Complaint> {
    match key.chars().count() {
        1..=MAX_RANDOM => Ok(key),
        _ => Err("The page sent a message whose key is missing or too long."),
    }
}

/// The token of a page; it may have none.
pub(crate) fn token(token: Option<String>) -> Result<Option<String>, Complaint> {
    match token {
        Some(token) if token.chars().count() > MAX_RANDOM => Err("The page's token is too long."),
        token => Ok(token.filter(|token| !token.is_empty())),
    }
}

/// `asked`, or with the first number behind it that makes it nobody else's.
pub(crate) fn free_nick(asked: &str, here: &[String]) -> String {
    let taken = |nick: &str| here.iter().any(|other| other.to_lowercase() == nick.to_lowercase());
    let mut nick = asked.to_owned();
    let mut number = 1;
    while taken(&nick) {
        number += 1;
        let suffix = format!(" {number}");
        let stem: String = asked.chars().take(MAX_NICK - suffix.len()).collect();
        nick = format!("{}{suffix}", stem.trim_end());
    }
    nick
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nick_is_trimmed_and_has_1_to_24_characters() {
        let socks = "🧦".repeat(24);
        assert_eq!(nick("  Ada   Lovelace "), Ok("Ada Lovelace".to_owned()));
        assert_eq!(nick(&socks), Ok(socks.clone()));
        for bad in ["", " \n ", "Ada\tLovelace", "Ada\u{7}", &"x".repeat(25)] {
            assert!(nick(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn text_keeps_its_lines_and_has_1_to_2000_characters() {
        assert_eq!(text(" a\n\tb \n"), Ok("a\n\tb"));
        assert!(text("a\u{7}b").is_err());
        assert!(text("").is_err());
        assert!(text(&"é".repeat(2000)).is_ok());
        assert!(text(&"é".repeat(2001)).is_err());
    }

    #[test]
    fn taken_nick_gets_the_next_number_within_24_characters() {
        let here = ["Ada", "ada 2", &"x".repeat(24)].map(str::to_owned);
        assert_eq!(free_nick("Ben", &here), "Ben");
        assert_eq!(free_nick("ADA", &here), "ADA 3");
        assert_eq!(free_nick(&"x".repeat(24), &here), format!("{} 2", "x".repeat(22)));
    }

    #[test]
    fn unknown_types_and_members_are_no_mistake() {
        assert!(matches!(FromPage::parse(r#"{"type":"wave","at":"Ben"}"#), Ok(FromPage::Unknown)));
        let hello = FromPage::parse(r#"{"type":"hello","nick":"Ada","mood":[1]}"#);
        assert!(matches!(hello, Ok(FromPage::Hello { nick, token: None }) if nick == "Ada"));
        assert!(FromPage::parse(r#"{"nick":"Ada"}"#).is_err());
        assert!(FromPage::parse("hello").is_err());
    }

    #[test]
    fn greatest_text_fits_a_message_with_every_character_escaped() {
        let escaped = r"\ud83e\udde6".repeat(MAX_TEXT);
        let json = format!(r#"{{"type":"say","text":"{escaped}","key":"{}"}}"#, "k".repeat(64));
        assert!(json.len() <= MAX_MESSAGE);
        assert!(
            matches!(FromPage::parse(&json), Ok(FromPage::Say { text: t, .. }) if text(&t).is_ok())
        );
    }
}
