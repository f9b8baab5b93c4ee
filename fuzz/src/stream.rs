//! A byte stream into a session.

use tubesock_core::session::{MIN_RECEIVE, MIN_REPLIES, MIN_TRANSMIT};
use tubesock_core::{Config, Event, ProtocolError};

use crate::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes};
use crate::oracle::sees;
use crate::pieces::{pieces, split};
use crate::script::replies;

/// The longest stream that is looked at, in bytes.
const LONGEST: usize = 8 << 10;

/// In any pieces, with a receive buffer of any size, an endpoint of role `R` sees of the bytes what
/// the naive oracle sees of them at once, whole and in chunks: the same messages, the same control
/// frames, the same end. It answers each ping that it saw with one pong, in order, or with the
/// latest where there is no room for all, and closes with the code that the end asks for. It never
/// asks to read into no space, and never waits while an event is there.
pub fn check<R: Side>(bytes: &[u8]) {
    let ([size, replies, cut], bytes) = split(bytes);
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let limit = 3 + usize::from(size) * 4;
    let sizes = Sizes {
        receive: limit + 131,
        replies: if replies & 1 == 0 { 4 * LONGEST } else { MIN_REPLIES },
        transmit: if replies & 2 == 0 { 8 * LONGEST } else { MIN_TRANSMIT },
    };
    let is_ample = replies & 3 == 0;
    whole::<R>(bytes, limit, sizes, cut, is_ample);
    let least = Sizes { receive: MIN_RECEIVE + usize::from(size & 15), ..sizes };
    let mut endpoint = Endpoint::<R>::new(least, &NO_DEADLINES, Mode::Chunks);
    run(&mut endpoint, bytes, cut, is_ample, &sees(bytes, R::PEER, usize::MAX));
    exchanged::<R>(bytes, cut);
    mixed::<R>(bytes, cut);
}

fn whole<R: Side>(bytes: &[u8], limit: usize, sizes: Sizes, cut: u8, is_ample: bool) {
    let config = Config { max_message: limit, ..NO_DEADLINES };
    let mut endpoint = Endpoint::<R>::new(sizes, &config, Mode::Whole);
    run(&mut endpoint, bytes, cut, is_ample, &sees(bytes, R::PEER, limit));
}

fn run<R: Side>(
    endpoint: &mut Endpoint<R>,
    bytes: &[u8],
    cut: u8,
    is_ample: bool,
    expected: &[Seen],
) {
    let mut output = Vec::new();
    for piece in pieces(bytes, cut) {
        endpoint.receive(piece, 0);
        if !is_ample {
            output.extend(endpoint.output(64));
        }
    }
    assert_same(&endpoint.seen, expected);
    output.extend(endpoint.all_output());
    let mut sent = replies::<R>(&output);
    let ended = endpoint.seen.iter().position(is_end);
    assert_eq!(endpoint.session.is_finished(), ended.is_some());
    let Some(end) = ended.map(|at| &endpoint.seen[at]) else {
        assert_pongs(&endpoint.seen, &sent, is_ample);
        return;
    };
    let (b0, close) = sent.pop().expect("a Close");
    assert_eq!(b0, 0x88);
    let code = close.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
    match end {
        Seen::Close(peers, _) => assert_eq!(code, *peers),
        Seen::Failed(error) => {
            assert_eq!(code, error.close_code().0);
            assert_eq!(close[2..], *error.to_string().as_bytes());
        }
        other => unreachable!("{other:?} ends nothing"),
    }
    assert_pongs(&endpoint.seen, &sent, is_ample);
}

fn is_end(seen: &Seen) -> bool {
    matches!(seen, Seen::Close(..) | Seen::Failed(_))
}

/// Failures count by their close code alone: the oracle gives any error of that code.
fn assert_same(seen: &[Seen], expected: &[Seen]) {
    assert_eq!(seen.len(), expected.len(), "seen: {seen:?}; the oracle: {expected:?}");
    for pair in seen.iter().zip(expected) {
        match pair {
            (Seen::Failed(a), Seen::Failed(b)) => assert_eq!(a.close_code(), b.close_code()),
            (a, b) => assert_eq!(a, b),
        }
    }
}

fn assert_pongs(seen: &[Seen], sent: &[(u8, Vec<u8>)], all: bool) {
    let ping =
        |seen: &Seen| if let Seen::Ping(payload) = seen { Some(payload.clone()) } else { None };
    let pings: Vec<_> = seen.iter().filter_map(ping).collect();
    assert!(sent.iter().all(|(b0, _)| *b0 == 0x8A), "something else than pongs: {sent:?}");
    let pongs: Vec<_> = sent.iter().map(|(_, payload)| payload.clone()).collect();
    if all {
        assert_eq!(pongs, pings);
        return;
    }
    assert_eq!(pongs.last(), pings.last(), "the latest ping is always answered");
    let mut left = pings.iter();
    assert!(pongs.iter().all(|pong| left.any(|ping| ping == pong)), "a pong for nothing");
}

/// The same, where the receive buffer is exchanged for one of another size between any two reads.
fn exchanged<R: Side>(bytes: &[u8], cut: u8) {
    let sizes = Sizes { receive: MIN_RECEIVE, replies: 4 * LONGEST, transmit: 8 * LONGEST };
    let mut endpoint = Endpoint::<R>::new(sizes, &NO_DEADLINES, Mode::Chunks);
    for (at, piece) in pieces(bytes, cut).enumerate() {
        endpoint.receive(piece, 0);
        let incoming = &mut endpoint.session.incoming;
        let kept = incoming.kept();
        let size = [0, MIN_RECEIVE, kept, kept + MIN_RECEIVE, 2 * kept + 700][at % 5];
        if incoming.exchange(vec![0xEE; size]).is_err() {
            assert!(size < kept + MIN_RECEIVE, "{size} bytes are enough for {kept}");
        }
    }
    assert_same(&endpoint.seen, &sees(bytes, R::PEER, usize::MAX));
}

/// Whether it is asked for messages or for chunks may change from call to call: nothing comes
/// twice, text is text, and the control frames and the end stay what they are.
fn mixed<R: Side>(bytes: &[u8], cut: u8) {
    let config = Config { max_message: usize::MAX, ..NO_DEADLINES };
    let sizes = Sizes { receive: 64 << 10, replies: 4 * LONGEST, transmit: 8 * LONGEST };
    let mut endpoint = Endpoint::<R>::new(sizes, &config, Mode::Whole);
    let mut total = 0;
    for (at, piece) in pieces(bytes, cut).enumerate() {
        let space = endpoint.session.space();
        space[..piece.len()].copy_from_slice(piece);
        endpoint.session.filled(piece.len(), crate::endpoint::at(0));
        while let Some(seen) = one_of_either(&mut endpoint, at % 3 == 0, &mut total) {
            endpoint.seen.push(seen);
        }
    }
    assert!(total <= bytes.len(), "more payload than there were bytes");
    let mut control = endpoint.seen.clone();
    control.retain(|seen| !matches!(seen, Seen::Text(_) | Seen::Binary(_)));
    let mut expected = sees(bytes, R::PEER, usize::MAX);
    expected.retain(|seen| !matches!(seen, Seen::Text(_) | Seen::Binary(_)));
    // A message that was asked for whole, and announced as larger than the buffer.
    if control.last() == Some(&Seen::Failed(ProtocolError::MessageTooBig)) {
        control.pop();
        expected.truncate(control.len());
    }
    assert_same(&control, &expected);
}

fn one_of_either<R: Side>(
    endpoint: &mut Endpoint<R>,
    chunks: bool,
    total: &mut usize,
) -> Option<Seen> {
    let session = &mut endpoint.session;
    let token = match if chunks { session.poll_chunk() } else { session.poll_message() } {
        Ok(token) => token?,
        Err(error) => return Some(Seen::Failed(error)),
    };
    Some(match session.event(token) {
        Err(error) => Seen::Failed(error),
        Ok((Event::Data(part), _)) => {
            *total += part.len();
            crate::endpoint::seen_message(part)
        }
        Ok((Event::Ping(payload), _)) => Seen::Ping(payload.to_vec()),
        Ok((Event::Pong(payload), _)) => Seen::Pong(payload.to_vec()),
        Ok((Event::Close(frame), _)) => Seen::Close(frame.code.0, frame.reason.to_owned()),
    })
}
