//! The four kinds of text the encoder is measured on, made from a seed so that every run sees the same bytes.

use std::{format, string::String, vec::Vec};

/// A small generator of numbers (xorshift), so that no corpus depends on a library's version.
pub struct Dice(u64);

impl Dice {
    /// Starts the sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number, all 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from((self.roll() >> 33) % limit as u64).unwrap()
    }

    /// One of `choices`, the earlier ones more often, as words are in a language (Zipf).
    fn zipf<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let octave = self.below(choices.len().ilog2() as usize + 1);
        let at = (1 << octave) - 1 + self.below(1 << octave);
        choices[at.min(choices.len() - 1)]
    }

    /// One of `choices`, all alike.
    fn any<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const NOUNS: &str = "time way day man thing water room house hand place work night eye door side head world word \
    morning road year river boat window light voice garden letter table street friend wind mountain fire stone bridge \
    winter summer island captain teacher question answer village station kitchen doctor sister brother harbour weather \
    market shadow engine paper picture minute corner engineer forest silence memory journey horse machine colour sugar \
    distance farmer lantern ocean pocket promise quarrel ribbon sailor thunder uncle valley whistle apple basket candle \
    daughter evening feather glacier hammer instrument jacket kettle ladder mirror neighbour orchard pebble quilt rabbit \
    shoulder ticket umbrella violin wagon yard anchor blanket chimney diary elbow fountain";
const VERBS: &str = "was had said made came took went saw knew found gave told left kept held stood brought heard turned \
    looked asked wanted seemed opened carried waited walked answered followed remembered believed watched crossed climbed \
    finished noticed reached gathered forgot promised repaired borrowed measured counted whispered explained discovered \
    understood admired refused counted painted wrapped polished scattered sheltered swallowed trembled wandered";
const ADJECTIVES: &str = "little old great good long new other small first last own whole young dark white cold quiet \
    strange heavy narrow bright empty early gentle broken warm distant hollow careful ancient bitter clever dusty eager \
    faint grey honest idle jolly keen lonely modest nervous odd patient queer rough silver tender useless vivid weary";
const ADVERBS: &str = "then now again never always still soon once slowly almost already perhaps quietly together \
    suddenly often afterwards carefully yesterday seldom gently hardly barely kindly";
const JOINERS: &str =
    "and but because when so that while before until as though where which if unless since";
const STARTERS: &str = "the a his her my their this that our your every some no another each any";
const PLACES: &str = "of in to on at with from by for into over under through after behind near without against beyond \
    across between toward along above beneath";
const PEOPLE: &str =
    "he she I they it we you Anna Martin everyone nobody Clara Tobias somebody Helen Edmund";

/// `len` bytes of something that has English's letters, words, and repetitions.
pub fn english(len: usize) -> Vec<u8> {
    let mut dice = Dice::new(3);
    let mut text = String::new();
    while text.len() < len {
        for _ in 0..3 + dice.below(6) {
            sentence(&mut dice, &mut text);
            text.push(if dice.below(5) == 0 { '\n' } else { ' ' });
        }
        text.push_str("\n\n");
    }
    text.truncate(len);
    text.into_bytes()
}

/// 1,000 lines as people write them in a chat, 5 to 150 bytes each.
pub fn chat() -> Vec<Vec<u8>> {
    let mut dice = Dice::new(2);
    let short: Vec<&str> = "ok|yes|no|lol|thanks!|see you|what?|haha|brb|same here|:)|not sure|good morning|why not|+1|nice"
        .split('|')
        .collect();
    (0..1000)
        .map(|_| {
            let mut line = String::new();
            if dice.below(4) == 0 {
                line.push_str(dice.any(&short));
            } else {
                if dice.below(5) == 0 {
                    line.push_str(dice.any(&["@mia ", "@jonas ", "@p3ter ", "@sock_fan "]));
                }
                sentence(&mut dice, &mut line);
            }
            line.make_ascii_lowercase();
            line.into_bytes()
        })
        .collect()
}

/// 1,000 small JSON messages: sensor readings, chat events and presence, as one connection mixes them.
pub fn json() -> Vec<Vec<u8>> {
    let mut dice = Dice::new(1);
    let mut clock = 1_735_689_600_000u64;
    let names = ["mia", "jonas", "p3ter", "sock_fan", "lee", "greta", "noor", "vik"];
    (0..1000)
        .map(|sequence| {
            clock += dice.below(4000) as u64;
            let who = dice.any(&names);
            let message = match dice.below(10) {
                0..=4 => format!(
                    r#"{{"type":"telemetry","device":"sensor-{:02}","seq":{sequence},"ts":{clock},"temperature":{}.{:02},"humidity":{}.{},"battery":{},"ok":{}}}"#,
                    dice.below(12),
                    18 + dice.below(9),
                    dice.below(100),
                    35 + dice.below(30),
                    dice.below(10),
                    3300 + dice.below(800),
                    dice.below(20) != 0
                ),
                5..=7 => {
                    let mut text = String::new();
                    sentence(&mut dice, &mut text);
                    format!(
                        r#"{{"type":"chat","id":"{:016x}","room":"{}","from":"{who}","ts":{clock},"text":"{text}"}}"#,
                        dice.roll(),
                        dice.any(&["lobby", "rust", "help"])
                    )
                }
                8 => format!(r#"{{"type":"presence","user":"{who}","state":"{}","ts":{clock}}}"#, dice.any(&["online", "away", "typing"])),
                _ => format!(r#"{{"type":"ack","seq":{sequence},"ts":{clock}}}"#),
            };
            message.into_bytes()
        })
        .collect()
}

/// `len` bytes of a server's log.
pub fn logs(len: usize) -> Vec<u8> {
    let mut dice = Dice::new(4);
    let mut text = String::new();
    let mut millis = 0u64;
    while text.len() < len {
        millis += dice.below(900) as u64;
        let (hour, minute, second) =
            (millis / 3_600_000 % 24, millis / 60_000 % 60, millis / 1000 % 60);
        let level = dice.zipf(&["INFO ", "DEBUG", "WARN ", "ERROR"]);
        text.push_str(&format!(
            "2026-03-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z {level} ",
            1 + millis / 86_400_000,
            millis % 1000
        ));
        let address = format!("10.{}.{}.{}", dice.below(4), dice.below(256), dice.below(256));
        let line = match dice.below(7) {
            0 | 1 => format!(
                "http::server: {} {} {} {}us client={address} request={:08x}",
                dice.zipf(&["GET", "POST", "PUT", "DELETE"]),
                dice.zipf(&[
                    "/",
                    "/socket",
                    "/api/v1/rooms",
                    "/api/v1/users/me",
                    "/static/app.js",
                    "/api/v1/messages",
                    "/health"
                ]),
                dice.zipf(&["200", "304", "101", "404", "500", "204"]),
                dice.below(90_000),
                dice.roll() >> 32
            ),
            2 => format!(
                "ws::connection: opened id={} peer={address}:{}",
                dice.below(100_000),
                1024 + dice.below(60_000)
            ),
            3 => format!(
                "ws::connection: closed id={} code={} after={}ms",
                dice.below(100_000),
                dice.zipf(&["1000", "1001", "1006", "1002"]),
                dice.below(900_000)
            ),
            4 => format!(
                "db::pool: query took {}.{:03}ms rows={} statement=\"{}\"",
                dice.below(40),
                dice.below(1000),
                dice.below(500),
                dice.zipf(&[
                    "SELECT id, name FROM rooms WHERE owner = $1",
                    "INSERT INTO messages (room, author, body) VALUES ($1, $2, $3)",
                    "UPDATE users SET seen = now() WHERE id = $1",
                    "DELETE FROM sessions WHERE expires < now()"
                ])
            ),
            5 => format!(
                "scheduler: task {} finished worker={} queue={}",
                dice.zipf(&["prune", "digest", "reindex", "backup"]),
                dice.below(8),
                dice.below(64)
            ),
            _ => {
                let mut words = String::from("app: ");
                sentence(&mut dice, &mut words);
                words
            }
        };
        text.push_str(&line);
        text.push('\n');
    }
    text.truncate(len);
    text.into_bytes()
}

/// `len` bytes in which nothing repeats.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    (0..len).map(|_| (dice.roll() >> 56) as u8).collect()
}

fn sentence(dice: &mut Dice, text: &mut String) {
    let [nouns, verbs, adjectives, adverbs, joiners, starters, places, people] =
        [NOUNS, VERBS, ADJECTIVES, ADVERBS, JOINERS, STARTERS, PLACES, PEOPLE]
            .map(|words| words.split_whitespace().collect::<Vec<_>>());
    let start = text.len();
    for clause in 0..1 + dice.below(3) {
        if clause > 0 {
            text.push_str(if dice.below(3) == 0 { ", " } else { " " });
            text.push_str(dice.zipf(&joiners));
            text.push(' ');
        }
        if dice.below(2) == 0 {
            text.push_str(dice.zipf(&people));
        } else {
            phrase(dice, text, &starters, &adjectives, &nouns);
        }
        text.push(' ');
        if dice.below(4) == 0 {
            text.push_str(dice.zipf(&adverbs));
            text.push(' ');
        }
        text.push_str(dice.zipf(&verbs));
        for _ in 0..1 + dice.below(2) {
            text.push(' ');
            if dice.below(3) > 0 {
                text.push_str(dice.zipf(&places));
                text.push(' ');
            }
            phrase(dice, text, &starters, &adjectives, &nouns);
        }
    }
    text.push_str(dice.zipf(&[".", ".", "!", "?", "; indeed."]));
    if let Some(first) = text.get_mut(start..=start) {
        first.make_ascii_uppercase();
    }
}

fn phrase(
    dice: &mut Dice,
    text: &mut String,
    starters: &[&str],
    adjectives: &[&str],
    nouns: &[&str],
) {
    text.push_str(dice.zipf(starters));
    text.push(' ');
    if dice.below(2) == 0 {
        text.push_str(dice.zipf(adjectives));
        text.push(' ');
    }
    text.push_str(dice.zipf(nouns));
    if dice.below(5) == 0 {
        text.push('s');
    }
}
