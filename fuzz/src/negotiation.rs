//! Lists of extensions.

use tubesock_core::deflate::{Agreement, MAX_VALUE, NAME, Settings, UnlimitedPeer};
use tubesock_core::handshake::{ExtensionOffers, list_contains};

use crate::pieces::split;

type Parsed = (String, Vec<(String, Option<String>)>);

/// A list gives the extensions and parameters that a naive reading gives, up to the same place; a
/// malformed one ends with an error and nothing after it. What a server makes of such offers is an
/// answer to one of them, which holds every limit that this one sets and says what it will do; what
/// a client takes for an answer is within what it offered.
pub fn check(bytes: &[u8]) {
    let ([bits, policy], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(1024)];
    agree(bits, policy, bytes);
    let mut offers = ExtensionOffers::new(bytes);
    let mut read: Vec<Parsed> = Vec::new();
    let mut failed = false;
    for offer in offers.by_ref() {
        assert!(!failed, "something follows an error");
        match offer {
            Ok(extension) => {
                let owned = |(name, value): (&str, Option<&str>)| {
                    (name.to_owned(), value.map(str::to_owned))
                };
                read.push((extension.name.to_owned(), extension.params().map(owned).collect()));
            }
            Err(()) => failed = true,
        }
    }
    assert!(offers.next().is_none(), "an ended list goes on");
    let (expected, is_whole) = naive(bytes);
    assert_eq!(read, expected);
    assert_eq!(failed, !is_whole);
    let token = expected.first().map_or("x", |(name, _)| name);
    let listed = bytes
        .split(|byte| *byte == b',')
        .any(|item| String::from_utf8_lossy(item.trim_ascii()).eq_ignore_ascii_case(token));
    assert_eq!(list_contains(bytes, token), listed);
}

fn agree(bits: u8, policy: u8, bytes: &[u8]) {
    let policies = [UnlimitedPeer::FullWindow, UnlimitedPeer::NoTakeover, UnlimitedPeer::Decline];
    let (receive, send) = (8 + (bits & 7), 8 + (bits >> 3 & 7));
    let (receive_takeover, send_takeover) = (bits & 64 != 0, bits & 128 != 0);
    let settings = Settings::new(receive, send)
        .with_takeover(receive_takeover, send_takeover)
        .with_unlimited_peer(policies[usize::from(policy % 3)]);
    let (offers, _) = naive(bytes);
    let mut value = [0; MAX_VALUE];
    if let Some(answer) = settings.accept(ExtensionOffers::new(bytes).flatten()) {
        let Agreement { send_bits, receive_bits, .. } = answer.agreement;
        let value = answer.write(&mut value).expect("it is room enough");
        let (said, _) = naive(value.as_bytes());
        let [(name, said)] = &said[..] else { panic!("{value} is not one answer") };
        assert_eq!(name, NAME);
        assert!(send_bits <= send && (send_takeover || !answer.agreement.send_takeover));
        assert!(receive_takeover || !answer.agreement.receive_takeover);
        assert!(receive_bits <= receive || policy % 3 != 2, "it would have been declined");
        assert!(offers.iter().any(|(name, offer)| name == NAME && answers(offer, said)), "{value}");
        let bits = |name: &str| {
            said.iter().find(|(said, _)| said == name).map_or(15, |(_, bits)| {
                bits.as_deref().and_then(|bits| bits.parse().ok()).expect("a number")
            })
        };
        assert_eq!(bits("server_max_window_bits"), send_bits);
        assert_eq!(bits("client_max_window_bits"), receive_bits);
        let says = |name: &str| said.iter().any(|(said, _)| said == name);
        assert_eq!(says("server_no_context_takeover"), !answer.agreement.send_takeover);
        assert_eq!(says("client_no_context_takeover"), !answer.agreement.receive_takeover);
    }
    assert_eq!(settings.verify(None), Ok(None));
    if let Ok(Some(agreement)) = settings.verify(Some(bytes)) {
        let [(name, said)] = &offers[..] else { panic!("two answers") };
        assert_eq!(name, NAME);
        assert!(agreement.send_bits <= send && (send_takeover || !agreement.send_takeover));
        let names = [
            "server_max_window_bits",
            "client_max_window_bits",
            "server_no_context_takeover",
            "client_no_context_takeover",
        ];
        assert!(said.iter().all(|(name, _)| names.contains(&name.as_str())));
        let fresh = said.iter().any(|(name, _)| name == "server_no_context_takeover");
        assert_eq!(agreement.receive_takeover, !fresh);
        assert!(receive_takeover || fresh, "it was asked to begin each message afresh");
        assert!(agreement.receive_bits <= receive || policy % 3 != 2, "more than it takes");
    }
}

/// Whether an answer says what it must for an offer (RFC 7692 §7.1).
fn answers(offer: &[(String, Option<String>)], said: &[(String, Option<String>)]) -> bool {
    let find = |list: &[(String, Option<String>)], name: &str| {
        list.iter().find(|(said, _)| said == name).map(|(_, value)| value.clone())
    };
    let number = |value: Option<String>| value.and_then(|bits| bits.parse::<u8>().ok());
    let server = match (find(offer, "server_max_window_bits"), find(said, "server_max_window_bits"))
    {
        (Some(limit), Some(bits)) => number(bits) <= number(limit),
        (limit, _) => limit.is_none(),
    };
    let client = match (find(offer, "client_max_window_bits"), find(said, "client_max_window_bits"))
    {
        (None, said) => said.is_none(),
        (Some(Some(limit)), Some(bits)) => number(bits) <= number(Some(limit)),
        _ => true,
    };
    let fresh = find(offer, "server_no_context_takeover").is_none()
        || find(said, "server_no_context_takeover").is_some();
    server && client && fresh
}

/// By words: a list is split into tokens, separators and blanks before anything else.
fn naive(bytes: &[u8]) -> (Vec<Parsed>, bool) {
    let mut list = Vec::new();
    let items = words(bytes);
    let mut at = 0;
    loop {
        while matches!(items.get(at), Some(Word::Sign(b','))) {
            at += 1;
        }
        if at == items.len() {
            return (list, true);
        }
        let end = items[at..].iter().position(|word| *word == Word::Sign(b','));
        let end = end.map_or(items.len(), |end| at + end);
        match extension(&items[at..end]) {
            Some(extension) => list.push(extension),
            None => return (list, false),
        }
        at = end;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Token(String),
    /// A token in quotes, with nothing else between them.
    Quoted(String),
    Sign(u8),
}

fn words(bytes: &[u8]) -> Vec<Word> {
    let is_part =
        |byte: u8| (0x21..0x7F).contains(&byte) && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
    let mut words = Vec::new();
    let mut rest = bytes;
    while let [first, after @ ..] = rest {
        let token_end = |from: &[u8]| from.iter().position(|b| !is_part(*b)).unwrap_or(from.len());
        let (word, used) = match *first {
            b' ' | b'\t' => (None, 1),
            b'"' => {
                let end = token_end(after);
                match after.get(end) {
                    Some(b'"') if end > 0 => (Some(Word::Quoted(text(&after[..end]))), end + 2),
                    _ => (Some(Word::Sign(b'"')), 1),
                }
            }
            byte if is_part(byte) => {
                let end = token_end(rest);
                (Some(Word::Token(text(&rest[..end]))), end)
            }
            sign => (Some(Word::Sign(sign)), 1),
        };
        words.extend(word);
        rest = &rest[used..];
    }
    words
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("tokens are ASCII")
}

fn extension(words: &[Word]) -> Option<Parsed> {
    let (Word::Token(name), mut rest) = words.split_first()? else { return None };
    let mut params = Vec::new();
    while !rest.is_empty() {
        let (param, used) = match rest {
            [Word::Sign(b';'), Word::Token(name), Word::Sign(b'='), value, ..] => match value {
                Word::Token(value) | Word::Quoted(value) => ((name, Some(value)), 4),
                Word::Sign(_) => return None,
            },
            [Word::Sign(b';'), Word::Token(name), ..] => ((name, None), 2),
            _ => return None,
        };
        params.push((param.0.clone(), param.1.cloned()));
        rest = &rest[used..];
    }
    Some((name.clone(), params))
}
