//! Hostile DEFLATE.

use tubesock_core::deflate::{Agreement, Inflater, Stopped};

use crate::naive_deflate::{self, Outcome};
use crate::pieces::{pieces, split};

/// What may come out of one message, in bytes.
const MOST: usize = 32 << 10;

/// Any bytes, as two messages, inflate to the same, or to the same failure, in whatever pieces they
/// come and whatever room there is for what they become; that is what a naive decoder makes of
/// them, which refuses the same; and never is it what the ring held before.
pub fn check(bytes: &[u8]) {
    let ([bits, cut, room, first], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(4096)];
    let (first, second) = bytes.split_at(usize::from(first).min(bytes.len()));
    let messages: &[&[u8]] = if first.is_empty() { &[second] } else { &[first, second] };
    let agreement = Agreement {
        receive_bits: 8 + (bits & 7),
        receive_takeover: bits & 8 != 0,
        send_bits: 15,
        send_takeover: true,
    };
    let room = 1 + usize::from(room) * 5;
    let ring = |fill: u8| vec![fill; agreement.ring_len()];
    let at_once = inflate(&agreement, ring(0), messages, 0, MOST + 1);
    assert_eq!(inflate(&agreement, ring(0xA5), messages, cut, room), at_once);
    assert_eq!(inflate(&agreement, ring(0x5A), messages, 1, 3), at_once);
    is_what_it_should_be(&at_once, messages, agreement.ring_len(), agreement.receive_takeover);

    // Without a ring, a message is its own history.
    let fresh = Agreement { receive_takeover: false, receive_bits: 15, ..agreement };
    let contiguous = inflate(&fresh, Vec::new(), messages, cut, MOST + 1);
    is_what_it_should_be(&contiguous, messages, 1 << 15, false);
}

fn is_what_it_should_be(ours: &[Outcome], messages: &[&[u8]], window: usize, takeover: bool) {
    let mut history = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        match naive_deflate::inflate(message, &history, window, MOST) {
            // Decoders differ in what they make of it; that it is always the same was shown before.
            Outcome::Odd => return,
            expected => assert_eq!(ours[at], expected, "message {at} of {messages:?}"),
        }
        let Outcome::Bytes(bytes) = &ours[at] else { return };
        if takeover {
            history.extend(bytes);
        }
    }
}

/// The messages through one inflater, until one fails.
fn inflate(
    agreement: &Agreement,
    ring: Vec<u8>,
    messages: &[&[u8]],
    cut: u8,
    room: usize,
) -> Vec<Outcome> {
    let is_contiguous = ring.is_empty();
    let mut inflater = Inflater::new(agreement, ring).expect("the ring is large enough");
    assert_eq!(inflater.is_contiguous(), is_contiguous);
    let mut outcomes = Vec::new();
    for message in messages {
        let outcome = one(&mut inflater, message, cut, room);
        let goes_on = matches!(outcome, Outcome::Bytes(_));
        outcomes.push(outcome);
        if !goes_on {
            break;
        }
        assert_eq!(inflater.is_between_contexts(), !agreement.receive_takeover);
    }
    outcomes
}

fn one(inflater: &mut Inflater<Vec<u8>>, message: &[u8], cut: u8, room: usize) -> Outcome {
    let mut all = Vec::new();
    let mut buf = vec![0xEE; room];
    let (mut filled, mut given) = (0, 0);
    let mut list = pieces(message, cut).peekable();
    let mut input: &[u8] = list.next().unwrap_or(&[]);
    loop {
        let last = list.peek().is_none();
        let before = (input.len(), filled);
        let stopped = inflater.inflate(&mut input, last, &mut buf, &mut filled);
        assert!(filled <= buf.len() && input.len() <= before.0 && filled >= before.1);
        all.extend(&buf[given..filled]);
        given = filled;
        if all.len() > MOST {
            return Outcome::TooMuch;
        }
        match stopped {
            Err(_) => return Outcome::Invalid,
            Ok(Stopped::Done) => {
                assert!(last && input.is_empty());
                return Outcome::Bytes(all);
            }
            Ok(Stopped::Starved) => {
                assert!(!last && input.is_empty());
                input = list.next().expect("it wasn't the last");
            }
            Ok(Stopped::Full) => {
                assert_eq!(filled, buf.len());
                (filled, given) = (0, 0);
            }
        }
    }
}
