//! Buffers: the least sizes, what was read past the head, and exchanging them.

use tubesock_core::session::{MIN_RECEIVE, MIN_REPLIES, MIN_TRANSMIT};
use tubesock_core::{BufferTooSmall, Config, Event, Incoming, Message, Replies, Server, Session};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Sizes, at};
use tubesock_tests::frames::first::{BINARY, CLOSE, LAST, MORE, PING, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{From, frame};
use tubesock_tests::random::Random;

use super::{binary, ping, text};

#[test]
fn a_buffer_below_the_least_size_is_refused_by_name() {
    let make = |receive, replies, transmit| {
        let buffers = (vec![0; receive], vec![0; replies], vec![0; transmit]);
        Session::new(Server, buffers, &NO_DEADLINES, at(0)).map(|_| ())
    };
    let (receive, replies, transmit) = (MIN_RECEIVE, MIN_REPLIES, MIN_TRANSMIT);
    assert_eq!(make(receive, replies, transmit), Ok(()));
    assert_eq!(make(receive - 1, replies, transmit), Err(BufferTooSmall::Receive));
    assert_eq!(make(receive, replies - 1, transmit), Err(BufferTooSmall::Replies));
    assert_eq!(make(receive, replies, transmit - 1), Err(BufferTooSmall::Transmit));
    for (error, least) in [
        (BufferTooSmall::Receive, MIN_RECEIVE),
        (BufferTooSmall::Replies, MIN_REPLIES),
        (BufferTooSmall::Transmit, MIN_TRANSMIT),
    ] {
        assert!(error.to_string().contains(&format!("{least} bytes")), "{error}");
    }
}

/// Some of everything; what is seen of it is in [`all`].
fn everything() -> Vec<u8> {
    let from = From::Client;
    [
        frame(from, TEXT, "whole, grün".as_bytes()),
        frame(from, TEXT_BEGIN, b"split \xe2"),
        frame(from, PING, &[b'p'; 125]),
        frame(from, MORE, b"\x82"),
        frame(from, LAST, b"\xac end"),
        frame(from, BINARY, &[5; 300]),
        frame(from, CLOSE, b"\x03\xe8"),
    ]
    .concat()
}

fn all() -> Vec<Seen> {
    let closed = Seen::Close(1000, String::new());
    vec![text("whole, grün"), ping(&[b'p'; 125]), text("split € end"), binary(&[5; 300]), closed]
}

#[test]
fn what_was_read_past_the_head_is_the_beginning_of_the_session() {
    let bytes = everything();
    for cut in 0..=bytes.len() {
        for offset in [0, 1, 333] {
            let mut buffer = vec![0xEE; 4096];
            buffer[offset..offset + cut].copy_from_slice(&bytes[..cut]);
            let leftover = offset..offset + cut;
            let mut server = Endpoint::<Server>::ample(Mode::Whole);
            server.session.incoming =
                Incoming::with_leftover(buffer, leftover, &NO_DEADLINES, at(0)).unwrap();
            server.poll();
            server.receive(&bytes[cut..], 0);
            assert_eq!(server.seen, all(), "{cut} bytes were read past a head of {offset}");
        }
    }
}

#[test]
fn a_leftover_outside_its_buffer_is_refused() {
    #[allow(clippy::reversed_empty_ranges)]
    for range in [0..1001, 1001..1001, 5..4] {
        let made = Incoming::<Server, _>::with_leftover([0; 1000], range, &NO_DEADLINES, at(0));
        assert_eq!(made.map(|_| ()).unwrap_err(), BufferTooSmall::Receive);
    }
}

#[test]
fn feed_takes_what_there_is_room_for() {
    let bytes = everything();
    let mut replies = Replies::new([0; 512]).unwrap();
    let mut incoming = Incoming::<Server, _>::new([0; 512], &NO_DEADLINES, at(0)).unwrap();
    let (mut rest, mut events) = (&bytes[..], 0);
    while !rest.is_empty() {
        let taken = incoming.feed(rest, at(0));
        assert!(taken > 0);
        rest = &rest[taken..];
        while let Some(token) = incoming.poll_message(&mut replies).unwrap() {
            assert!(!matches!(incoming.event(token, &mut replies).unwrap(), Event::Pong(_)));
            events += 1;
        }
    }
    assert_eq!(events, all().len());
}

#[test]
fn the_receive_buffer_may_be_exchanged_after_any_byte() {
    let bytes = everything();
    let mut random = Random::new(7);
    for round in 0..300 {
        let mode = if round % 2 == 0 { Mode::Whole } else { Mode::Chunks };
        let mut server = Endpoint::<Server>::ample(mode);
        for (i, byte) in bytes.iter().enumerate() {
            server.receive(&[*byte], 0);
            if random.below(3) > 0 {
                continue;
            }
            // As large as what is still to come, as a server that parks its buffers would have it.
            let size = server.session.incoming.wanted_capacity() + random.below(9);
            let kept = server.session.incoming.kept();
            let new = vec![0xDD; size.max(MIN_RECEIVE)];
            let old = server.session.incoming.exchange(new).expect("it is large enough");
            assert!(old.len() >= kept, "after {i} bytes");
            assert_eq!(server.session.incoming.kept(), kept);
            assert_eq!(server.session.incoming.capacity(), size.max(MIN_RECEIVE));
        }
        assert_eq!(server.seen, all(), "round {round}");
    }
}

#[test]
fn a_buffer_without_room_beyond_what_is_kept_is_given_back() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    server.receive(&frame(From::Client, BINARY, &[1; 1000])[..800], 0);
    let kept = server.session.incoming.kept();
    assert_eq!(kept, 800 - 8);
    for (size, fits) in [(0, false), (133, false), (kept, false), (kept + 1, true)] {
        let exchanged = server.session.incoming.exchange(vec![0; size]);
        assert_eq!(exchanged.is_ok(), fits, "{size}");
        assert_eq!(exchanged.unwrap_or_else(|same| same).len(), if fits { 4096 } else { size });
    }
    let mut idle = Endpoint::<Server>::ample(Mode::Whole);
    assert!(idle.session.incoming.exchange(vec![0; MIN_RECEIVE - 1]).is_err());
    assert!(idle.session.incoming.exchange(vec![0; MIN_RECEIVE]).is_ok());
}

#[test]
fn a_small_buffer_grows_to_what_a_large_message_wants_and_no_further() {
    let config = Config { max_message: 100_000, ..NO_DEADLINES };
    for (fragment, piece) in [(1 << 20, 1000), (333, 1000), (4096, 7), (1 << 20, 1 << 20)] {
        let payload: Vec<u8> = (0..100_000u32).map(|i| (i % 253) as u8).collect();
        let pieces: Vec<&[u8]> = payload.chunks(fragment).collect();
        let mut bytes = Vec::new();
        for (i, part) in pieces.iter().enumerate() {
            let fin = if i + 1 == pieces.len() { 0x80 } else { 0 };
            bytes.extend(frame(From::Client, fin | if i == 0 { 2 } else { 0 }, part));
        }
        let sizes = Sizes { receive: 512, ..Sizes::AMPLE };
        let mut server = Endpoint::<Server>::new(sizes, &config, Mode::Whole);
        server.session.incoming.set_max_message(100_000);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            if server.session.space().is_empty() {
                let wanted = server.session.incoming.wanted_capacity();
                assert!(wanted > server.session.incoming.capacity(), "it would never end");
                assert!(wanted <= 100_000 + 131 + 131, "{wanted}");
                server.session.incoming.exchange(vec![0; wanted]).unwrap();
            }
            let n = server.session.space().len().min(piece).min(rest.len());
            server.receive(&rest[..n], 0);
            rest = &rest[n..];
        }
        assert_eq!(server.seen, [binary(&payload)]);
        // Idle again: everything may go.
        assert_eq!(server.session.incoming.kept(), 0);
        assert!(server.session.incoming.exchange(vec![0; MIN_RECEIVE]).is_ok());
    }
}

#[test]
fn the_transmit_buffer_may_be_exchanged_with_what_is_pending_in_it() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    server.session.outgoing.stage(Message::Text("first")).unwrap();
    server.session.outgoing.stage(Message::Binary(&[7; 200])).unwrap();
    let mut sent = server.output(3);
    assert!(server.session.outgoing.exchange(vec![0; 207]).is_err());
    assert!(server.session.outgoing.exchange(vec![0; MIN_TRANSMIT - 1]).is_err());
    let old = server.session.outgoing.exchange(vec![0; 208]).unwrap();
    assert_eq!(old.len(), 4096);
    assert_eq!(server.session.outgoing.capacity(), 208);
    assert!(server.session.outgoing.stage(Message::Text("no room")).is_err());
    sent.extend(server.all_output());
    server.session.outgoing.stage(Message::Text("room")).unwrap();
    sent.extend(server.all_output());
    let expected = [(0x81, b"first".to_vec()), (0x82, vec![7; 200]), (0x81, b"room".to_vec())];
    assert_eq!(tubesock_tests::script::replies::<Server>(&sent), expected);
}

#[test]
fn there_is_always_room_to_read_into_whatever_the_peer_does() {
    // `receive` asserts it; here at the least size, for every length of a frame around it.
    for payload in 0..=140 {
        for step in [1, 2, 1000] {
            let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks);
            let bytes = [
                frame(From::Client, TEXT_BEGIN, &[b"\xf0\x9f\x98"[..].to_vec()].concat()),
                frame(From::Client, PING, &vec![1; payload.min(125)]),
                frame(From::Client, MORE, &[&b"\x80"[..], &vec![b'x'; payload]].concat()),
                frame(From::Client, LAST, b"."),
            ]
            .concat();
            bytes.chunks(step).for_each(|piece| server.receive(piece, 0));
            let expected = format!("😀{}.", "x".repeat(payload));
            assert_eq!(server.seen.last(), Some(&text(&expected)));
        }
    }
}
