//! Any bytes that a peer sends which has agreed on permessage-deflate.

use tubesock_core::deflate::{Agreement, Inflate};
use tubesock_core::session::MIN_RECEIVE;
use tubesock_core::{CloseCode, DataKind, Event, Server, Session};

use crate::endpoint::{NO_DEADLINES, Seen, Side, TestClient, at};
use crate::frames::From;
use crate::naive_deflate::{self, Outcome};
use crate::peer::ends_between_frames;
use crate::pieces::{pieces, split};

/// The largest message to be received whole, inflated, in bytes.
const LIMIT: usize = 2048;

/// In any pieces, and whole or in chunks, the same is seen: the same messages and the same end, but
/// that a whole message has a limit. An inflated message is what a naive decoder makes of its
/// frames' payloads; and of a compressed bomb there is never more than the buffer holds.
pub fn check(bytes: &[u8]) {
    let ([bits, cut, role, more], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(4096)];
    let agreement = Agreement {
        receive_bits: 8 + (bits & 7),
        receive_takeover: bits & 8 != 0,
        send_bits: 15,
        send_takeover: true,
    };
    let more = usize::from(more);
    if role & 1 == 0 {
        compare::<Server>(&agreement, bytes, cut, more);
    } else {
        compare::<TestClient>(&agreement, bytes, cut, more);
    }
}

fn compare<R: Side>(agreement: &Agreement, bytes: &[u8], cut: u8, more: usize) {
    let ring = || vec![0xEE; agreement.ring_len()];
    let receive = 4096 + 131;
    let at_once = whole::<R>(agreement, ring(), receive, bytes, 0);
    assert_same(&whole::<R>(agreement, ring(), receive, bytes, cut), &at_once);
    let chunks = in_chunks::<R>(agreement, ring(), (64 << 10, 64 << 10), bytes, 0);
    let least = (MIN_RECEIVE + more, 64 + more);
    assert_same(&in_chunks::<R>(agreement, ring(), least, bytes, cut), &chunks);
    // The limit makes the only difference.
    match at_once.split_last() {
        Some((Seen::Failed(error), before)) if error.close_code() == CloseCode::TOO_BIG => {
            assert_eq!(chunks[..before.len()], *before);
        }
        // In chunks, what is wrong shows before its frame is whole.
        _ if chunks.len() == at_once.len() + 1 && !ends_between_frames(bytes) => {
            assert!(matches!(chunks.last(), Some(Seen::Failed(_))));
            assert_eq!(chunks[..at_once.len()], at_once);
        }
        _ => assert_same(&at_once, &chunks),
    }
    is_what_the_frames_say(agreement, bytes, R::PEER, &chunks);
}

/// Text that is no UTF-8 and no DEFLATE a little later may fail for either, with the same code.
fn assert_same(seen: &[Seen], other: &[Seen]) {
    let codes = |seen: &[Seen]| -> Vec<Seen> {
        let code = |seen: &Seen| match seen {
            Seen::Failed(error) => Seen::Close(error.close_code().0, "failed".to_owned()),
            other => other.clone(),
        };
        seen.iter().map(code).collect()
    };
    assert_eq!(codes(seen), codes(other));
}

type Over<R> = Session<R, Vec<u8>, Vec<u8>, Vec<u8>>;

fn session<R: Side>(receive: usize) -> Over<R> {
    let buffers = (vec![0; receive], vec![0; 16 << 10], vec![0; 16 << 10]);
    let mut session = Session::new(R::new(), buffers, &NO_DEADLINES, at(0)).expect("enough");
    session.incoming.allow_compression();
    session
}

fn feed<R: Side>(session: &mut Over<R>, bytes: &mut &[u8]) {
    let space = session.space();
    assert!(!space.is_empty(), "no room to read into");
    let n = space.len().min(bytes.len());
    space[..n].copy_from_slice(&bytes[..n]);
    *bytes = &bytes[n..];
    session.filled(n, at(0));
}

fn whole<R: Side>(
    agreement: &Agreement,
    ring: Vec<u8>,
    receive: usize,
    bytes: &[u8],
    cut: u8,
) -> Vec<Seen> {
    let mut session = session::<R>(receive);
    // It grows as it is wanted.
    let mut inflate = Inflate::new(agreement, ring, vec![0; 64]).expect("enough");
    inflate.set_max_message(LIMIT);
    let mut seen = Vec::new();
    for mut piece in pieces(bytes, cut) {
        while !piece.is_empty() {
            feed(&mut session, &mut piece);
            loop {
                let Session { incoming, replies, .. } = &mut session;
                match inflate.poll_message(incoming, replies) {
                    Ok(Some(token)) => seen.push(match inflate.event(incoming, token, replies) {
                        Ok(event) => told(event),
                        Err(error) => Seen::Failed(error),
                    }),
                    Ok(None) if inflate.wants_room() => {
                        let size = inflate.capacity() * 2;
                        assert!(inflate.capacity() < LIMIT, "more room than the limit");
                        assert!(inflate.exchange(vec![0; size.min(LIMIT)]).is_ok());
                    }
                    Ok(None) => break,
                    Err(error) => seen.push(Seen::Failed(error)),
                }
            }
        }
    }
    seen
}

fn in_chunks<R: Side>(
    agreement: &Agreement,
    ring: Vec<u8>,
    (receive, message): (usize, usize),
    bytes: &[u8],
    cut: u8,
) -> Vec<Seen> {
    let mut session = session::<R>(receive);
    let mut inflate = Inflate::new(agreement, ring, vec![0; message]).expect("enough");
    let mut seen = Vec::new();
    let mut open: Option<(DataKind, Vec<u8>)> = None;
    for mut piece in pieces(bytes, cut) {
        while !piece.is_empty() {
            feed(&mut session, &mut piece);
            loop {
                let Session { incoming, replies, .. } = &mut session;
                let event = match inflate.poll_chunk(incoming, replies) {
                    Ok(Some(token)) => inflate.chunk(incoming, token, replies),
                    Ok(None) => break,
                    Err(error) => Err(error),
                };
                let chunk = match event {
                    Ok(Event::Data(chunk)) => chunk,
                    Ok(Event::Ping(payload)) => {
                        seen.push(Seen::Ping(payload.to_vec()));
                        continue;
                    }
                    Ok(Event::Pong(payload)) => {
                        seen.push(Seen::Pong(payload.to_vec()));
                        continue;
                    }
                    Ok(Event::Close(frame)) => {
                        seen.push(Seen::Close(frame.code.0, frame.reason.to_owned()));
                        continue;
                    }
                    Err(error) => {
                        seen.push(Seen::Failed(error));
                        continue;
                    }
                };
                assert_eq!(chunk.first, open.is_none());
                assert!(chunk.last || !chunk.part.is_empty(), "only the last may be empty");
                let (_, all) = open.get_or_insert((chunk.part.kind(), Vec::new()));
                all.extend(chunk.part.as_bytes());
                if chunk.last {
                    let (kind, all) = open.take().expect("it is open");
                    seen.push(match kind {
                        DataKind::Text => Seen::Text(String::from_utf8(all).expect("text")),
                        DataKind::Binary => Seen::Binary(all),
                    });
                }
            }
        }
    }
    seen
}

fn told(event: Event<'_>) -> Seen {
    match event {
        Event::Data(message) => crate::endpoint::seen_message(message),
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(frame) => Seen::Close(frame.code.0, frame.reason.to_owned()),
    }
}

/// Each message that was seen is what its frames hold, inflated naively where they say so.
fn is_what_the_frames_say(agreement: &Agreement, bytes: &[u8], from: From, seen: &[Seen]) {
    let mut history = Vec::new();
    let mut messages = seen.iter().filter(|seen| matches!(seen, Seen::Text(_) | Seen::Binary(_)));
    let (mut rest, mut payload, mut compressed) = (bytes, Vec::new(), false);
    while let Some((frame, used)) = next_frame(rest) {
        rest = &rest[used..];
        if frame.key.is_some() != (from == From::Client) || frame.b0 & 0x0F > 2 {
            continue;
        }
        if frame.b0 & 0x0F != 0 {
            compressed = frame.b0 & 0x40 != 0;
        }
        payload.extend(frame.payload);
        if frame.b0 & 0x80 == 0 {
            continue;
        }
        let Some(message) = messages.next() else { return };
        let told = match message {
            Seen::Text(text) => text.as_bytes(),
            Seen::Binary(bytes) => bytes,
            _ => unreachable!("only messages are left"),
        };
        let whole = std::mem::take(&mut payload);
        if !compressed {
            assert_eq!(told, whole);
            continue;
        }
        match naive_deflate::inflate(&whole, &history, agreement.ring_len(), 1 << 20) {
            Outcome::Bytes(bytes) => assert_eq!(told, bytes),
            Outcome::Invalid => panic!("{whole:?} is no DEFLATE"),
            Outcome::Odd | Outcome::TooMuch => return,
        }
        if agreement.receive_takeover {
            history.extend(told);
        }
    }
}

/// The next frame, unless it has a length in a form that it must not have.
fn next_frame(bytes: &[u8]) -> Option<(crate::frames::Frame, usize)> {
    let long = match bytes {
        [_, b1, a, b, ..] if b1 & 0x7F == 126 => u16::from_be_bytes([*a, *b]) > 125,
        [_, b1, long @ ..] if b1 & 0x7F == 127 => long
            .first_chunk()
            .is_some_and(|long| (0x1_0000..1 << 63).contains(&u64::from_be_bytes(*long))),
        _ => true,
    };
    if long { crate::frames::read_one(bytes) } else { None }
}
