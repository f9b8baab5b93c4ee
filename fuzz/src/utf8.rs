//! Text, whole and in pieces, against the standard library's and against the table of RFC 3629.

use tubesock_core::wire::utf8::{InvalidUtf8, complete_prefix, validate};
use tubesock_core::{ProtocolError, Server};

use crate::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient};
use crate::frames::{first, frame};
use crate::pieces::{pieces, split};

/// `validate` and `complete_prefix` say of any bytes what the standard library says and what a
/// decoder written from RFC 3629's table says, at every end near one where that changes. A text in
/// any fragments fails at its first bad byte: not before it has come, and not after.
pub fn check(bytes: &[u8]) {
    let ([cut, shift], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(4096)];
    validators(bytes);
    // Wide registers begin elsewhere.
    validators(&[&vec![b'a'; usize::from(shift) & 127], bytes].concat());
    let good = naive(bytes);
    for end in good.saturating_sub(4)..=(good + 4).min(bytes.len()) {
        validators(&bytes[..end]);
    }
    fragments::<Server>(bytes, cut);
    fragments::<TestClient>(bytes, cut);
}

fn validators(bytes: &[u8]) {
    let std = std::str::from_utf8(bytes);
    assert_eq!(validate(bytes).ok(), std.ok());
    let expected = match std {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(InvalidUtf8),
    };
    assert_eq!(complete_prefix(bytes), expected);
    match expected {
        Ok(whole) => assert!(naive(bytes) == bytes.len() && bytes.len() - whole < 4),
        Err(InvalidUtf8) => assert!(naive(bytes) < bytes.len()),
    }
}

/// How many bytes come before the first that no text can have there.
fn naive(bytes: &[u8]) -> usize {
    let mut next = std::collections::VecDeque::<(u8, u8)>::new();
    for (at, &byte) in bytes.iter().enumerate() {
        match next.pop_front() {
            Some((low, high)) if (low..=high).contains(&byte) => {}
            Some(_) => return at,
            None => next.extend(match byte {
                0x00..=0x7F => &[][..],
                0xC2..=0xDF => &[(0x80, 0xBF)],
                0xE0 => &[(0xA0, 0xBF), (0x80, 0xBF)],
                0xED => &[(0x80, 0x9F), (0x80, 0xBF)],
                0xE1..=0xEF => &[(0x80, 0xBF), (0x80, 0xBF)],
                0xF0 => &[(0x90, 0xBF), (0x80, 0xBF), (0x80, 0xBF)],
                0xF1..=0xF3 => &[(0x80, 0xBF), (0x80, 0xBF), (0x80, 0xBF)],
                0xF4 => &[(0x80, 0x8F), (0x80, 0xBF), (0x80, 0xBF)],
                _ => return at,
            }),
        }
    }
    bytes.len()
}

fn fragments<R: Side>(bytes: &[u8], cut: u8) {
    for mode in [Mode::Whole, Mode::Chunks] {
        let sizes = Sizes { receive: 8 << 10, ..Sizes::AMPLE };
        let mut endpoint = Endpoint::<R>::new(sizes, &NO_DEADLINES, mode);
        let good = naive(bytes);
        let mut b0 = first::TEXT_BEGIN;
        let mut sent = 0;
        for piece in pieces(bytes, cut) {
            endpoint.receive(&frame(R::PEER, b0, piece), 0);
            b0 = first::MORE;
            sent += piece.len();
            let failed = endpoint.seen.contains(&Seen::Failed(ProtocolError::InvalidUtf8));
            assert_eq!(failed, sent > good, "after {sent} bytes, of which {good} are good");
        }
        if b0 == first::MORE && good == bytes.len() {
            endpoint.receive(&frame(R::PEER, first::LAST, b""), 0);
            let expected = match std::str::from_utf8(bytes) {
                Ok(text) => Seen::Text(text.to_owned()),
                Err(_) => Seen::Failed(ProtocolError::InvalidUtf8),
            };
            assert_eq!(endpoint.seen, [expected]);
        }
    }
}
