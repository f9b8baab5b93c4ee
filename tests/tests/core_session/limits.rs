//! Bounds: message size, empty fragments, queued pongs (§7.4.1, §10.4).

use tubesock_core::{Config, Message, ProtocolError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient};
use tubesock_tests::frames::first::{
    BINARY, BINARY_BEGIN, LAST, MORE, PING, PONG, TEXT, TEXT_BEGIN,
};
use tubesock_tests::frames::{From, frame, header};
use tubesock_tests::script::{fails_after, replies};

use super::{both, close_frame, ping, text};

const LIMIT_10: Config = Config { max_message: 10, ..NO_DEADLINES };

fn too_big<R: Side>() {
    let big = Some(ProtocolError::MessageTooBig);
    let fails = |bytes: &[u8]| fails_after::<R>(bytes, &LIMIT_10, Mode::Whole);
    let just = frame(R::PEER, TEXT, &[b'x'; 10]);
    assert_eq!(fails(&just), None);
    // It is the header that shows it, not the payload.
    for len in [11, 126, 1 << 20, (1 << 63) - 1] {
        let bytes = header(R::PEER, TEXT, len);
        assert_eq!(fails(&bytes), big.map(|error| (bytes.len(), error)), "{len}");
    }
    let before = [frame(R::PEER, TEXT_BEGIN, &[b'x'; 6]), frame(R::PEER, MORE, b"1234")].concat();
    assert_eq!(fails(&[before.clone(), frame(R::PEER, LAST, b"")].concat()), None);
    let bytes = [before, header(R::PEER, LAST, 1)].concat();
    assert_eq!(fails(&bytes), big.map(|error| (bytes.len(), error)));
    // The limit is on whole messages; chunks have none.
    assert_eq!(fails_after::<R>(&frame(R::PEER, TEXT, &[b'x'; 99]), &LIMIT_10, Mode::Chunks), None);
}

#[test]
fn a_message_above_the_limit_fails_with_1009_at_the_header_that_shows_it() {
    too_big::<Server>();
    too_big::<TestClient>();
    let mut server = Endpoint::<Server>::new(Sizes::AMPLE, &LIMIT_10, Mode::Whole);
    server.receive(&frame(From::Client, TEXT, b"0123456789"), 0);
    server.receive(&frame(From::Client, TEXT, b"01234567890"), 0);
    let error = ProtocolError::MessageTooBig;
    assert_eq!(server.seen, [text("0123456789"), Seen::Failed(error)]);
    assert_eq!(replies::<Server>(&server.all_output()), [close_frame(1009, error.as_str())]);
}

#[test]
fn a_message_above_what_the_buffer_holds_fails_with_1009() {
    let sizes = Sizes { receive: 1131, ..Sizes::AMPLE };
    for (len, fits) in [(1000, true), (1001, false)] {
        for piece in [1, 50, 2000] {
            let mut server = Endpoint::<Server>::new(sizes, &NO_DEADLINES, Mode::Whole);
            let bytes = frame(From::Client, TEXT, &vec![b'x'; len]);
            bytes.chunks(piece).for_each(|piece| server.receive(piece, 0));
            let expected = if fits {
                text(&"x".repeat(len))
            } else {
                Seen::Failed(ProtocolError::MessageTooBig)
            };
            assert_eq!(server.seen, [expected]);
        }
    }
}

#[test]
fn a_message_that_began_while_chunks_were_wanted_is_still_held_against_the_limit() {
    // The header came under `poll_chunk`, none of its payload did.
    let mut server = Endpoint::<Server>::ample(Mode::Chunks);
    server.receive(&header(From::Client, BINARY, 10_000), 0);
    server.mode = Mode::Whole;
    for _ in 0..100 {
        server.receive(&[7; 100], 0);
    }
    assert_eq!(server.seen, [Seen::Failed(ProtocolError::MessageTooBig)]);
}

#[test]
fn sixty_four_empty_fragments_in_a_row_pass_and_one_more_fails_with_1008() {
    let of = |from, count: usize| {
        let mut bytes = frame(from, TEXT_BEGIN, b"");
        (1..count).for_each(|_| bytes.extend(frame(from, MORE, b"")));
        bytes
    };
    let passes = |from| {
        let mut bytes = frame(from, TEXT_BEGIN, b"");
        (1..64).for_each(|_| bytes.extend(frame(from, MORE, b"")));
        bytes.extend(frame(from, MORE, b"a"));
        (0..64).for_each(|_| bytes.extend(frame(from, MORE, b"")));
        bytes.extend(frame(from, LAST, b""));
        bytes
    };
    both(passes, vec![text("a")], vec![]);
    let error = ProtocolError::EmptyFragments;
    let bytes = of(From::Client, 65);
    for mode in [Mode::Whole, Mode::Chunks] {
        assert_eq!(fails_after::<Server>(&bytes, &NO_DEADLINES, mode), Some((bytes.len(), error)));
        let mut client = Endpoint::<TestClient>::ample(mode);
        client.receive(&of(From::Server, 64), 0);
        client.receive(&frame(From::Server, PING, b"does not help"), 0);
        client.receive(&frame(From::Server, MORE, b""), 0);
        assert_eq!(client.seen, [ping(b"does not help"), Seen::Failed(error)]);
        let sent = replies::<TestClient>(&client.all_output());
        assert_eq!(sent[1], close_frame(1008, error.as_str()));
    }
}

/// A server with the least buffers, of which the one to transmit is full: replies have to wait.
fn with_a_full_wire(mode: Mode) -> Endpoint<Server> {
    let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, mode);
    server.session.outgoing.stage(Message::Binary(&[0; 127])).unwrap();
    server
}

#[test]
fn when_the_reply_buffer_is_full_the_latest_pong_takes_the_place_of_the_one_before() {
    // 252 bytes leave 126 for pongs: one of 125, or sixty-three of 1, or any that add up.
    let mut server = with_a_full_wire(Mode::Chunks);
    for n in 0..100 {
        server.receive(&frame(From::Client, PING, &[n]), 0);
    }
    assert_eq!(server.seen.len(), 100, "each is seen");
    let sent = replies::<Server>(&server.all_output());
    let pongs: Vec<u8> = sent[1..].iter().map(|(_, payload)| payload[0]).collect();
    let expected: Vec<u8> = (0..62).chain([99]).collect();
    assert_eq!(pongs, expected, "in order, and the latest among them");

    let mut server = with_a_full_wire(Mode::Chunks);
    for n in 0..5 {
        server.receive(&frame(From::Client, PING, &[n; 125]), 0);
    }
    assert_eq!(replies::<Server>(&server.all_output())[1..], [(PONG, vec![4; 125])]);
}

#[test]
fn a_full_reply_buffer_still_has_room_for_the_close() {
    let mut server = with_a_full_wire(Mode::Chunks);
    server.receive(&frame(From::Client, PING, &[1; 125]), 0);
    let mut close = 3000u16.to_be_bytes().to_vec();
    close.extend([b'r'; 123]);
    server.receive(&frame(From::Client, 0x88, &close), 0);
    let sent = replies::<Server>(&server.all_output());
    assert_eq!(sent[1..], [(PONG, vec![1; 125]), close_frame(3000, "")]);
}

#[test]
fn a_flood_of_pings_that_nobody_takes_the_pongs_of_costs_no_more_than_the_buffer() {
    let mut server = with_a_full_wire(Mode::Whole);
    let pings = frame(From::Client, PING, b"").repeat(10_000);
    server.receive(&pings, 0);
    assert_eq!(server.seen.len(), 10_000);
    let pongs = server.all_output();
    assert!(pongs.len() <= 131 + 126 * 2, "{} bytes of pongs", pongs.len());
}

#[test]
fn fragments_that_never_end_are_bounded_by_the_limit() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    server.receive(&frame(From::Client, BINARY_BEGIN, b"x"), 0);
    for _ in 0..5000 {
        server.receive(&frame(From::Client, MORE, b"x"), 0);
    }
    assert_eq!(server.seen, [Seen::Failed(ProtocolError::MessageTooBig)]);
}
