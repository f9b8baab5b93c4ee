//! What is received: §5.2 to §5.6.

use tubesock_core::Server;
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Sizes, TestClient};
use tubesock_tests::frames::first::{
    BINARY, BINARY_BEGIN, CLOSE, LAST, MORE, PING, PONG, TEXT, TEXT_BEGIN,
};
use tubesock_tests::frames::{frame, header};

use super::{binary, both, closed, ping, pong, text};

#[test]
fn a_message_in_one_frame_arrives() {
    both(
        |from| frame(from, TEXT, "Hello, wörld €".as_bytes()),
        vec![text("Hello, wörld €")],
        vec![],
    );
    both(|from| frame(from, BINARY, &[0, 255, 0x80]), vec![binary(&[0, 255, 0x80])], vec![]);
}

#[test]
fn an_empty_message_arrives() {
    both(|from| frame(from, TEXT, b""), vec![text("")], vec![]);
    both(|from| frame(from, BINARY, b""), vec![binary(b"")], vec![]);
    let empties = |from| {
        [frame(from, TEXT_BEGIN, b""), frame(from, MORE, b""), frame(from, LAST, b"")].concat()
    };
    both(empties, vec![text("")], vec![]);
}

#[test]
fn each_form_of_the_length_arrives_at_both_of_its_ends() {
    for len in [125, 126, 127, 1000] {
        let expected = vec![binary(&vec![7; len]), text("next")];
        let bytes = match len {
            125 => |from| [frame(from, BINARY, &[7; 125]), frame(from, TEXT, b"next")].concat(),
            126 => |from| [frame(from, BINARY, &[7; 126]), frame(from, TEXT, b"next")].concat(),
            127 => |from| [frame(from, BINARY, &[7; 127]), frame(from, TEXT, b"next")].concat(),
            _ => |from| [frame(from, BINARY, &[7; 1000]), frame(from, TEXT, b"next")].concat(),
        };
        both(bytes, expected, vec![]);
    }
    for len in [65_535usize, 65_536, 70_001] {
        let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let sizes = Sizes { receive: 80_000, ..Sizes::AMPLE };
        for mode in [Mode::Whole, Mode::Chunks] {
            for piece in [1_000, 80_000] {
                let mut server = Endpoint::<Server>::new(sizes, &NO_DEADLINES, mode);
                let bytes = frame(tubesock_tests::frames::From::Client, BINARY, &payload);
                bytes.chunks(piece).for_each(|piece| server.receive(piece, 0));
                assert_eq!(server.seen, [binary(&payload)]);
                let mut client = Endpoint::<TestClient>::new(sizes, &NO_DEADLINES, mode);
                let bytes = frame(tubesock_tests::frames::From::Server, BINARY, &payload);
                bytes.chunks(piece).for_each(|piece| client.receive(piece, 0));
                assert_eq!(client.seen, [binary(&payload)]);
            }
        }
    }
}

#[test]
fn the_samples_of_section_5_7_are_read() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    server.receive(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 0);
    server.receive(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 0);
    assert_eq!(server.seen, [text("Hello"), pong(b"Hello")]);
    let mut client = Endpoint::<TestClient>::ample(Mode::Whole);
    client.receive(b"\x81\x05Hello\x01\x03Hel\x80\x02lo\x89\x05Hello", 0);
    assert_eq!(client.seen, [text("Hello"), text("Hello"), ping(b"Hello")]);
}

#[test]
fn fragments_become_one_message() {
    let bytes = |from| {
        [
            frame(from, BINARY_BEGIN, b"one "),
            frame(from, MORE, b""),
            frame(from, MORE, b"two "),
            frame(from, LAST, b"three"),
            frame(from, BINARY, b"four"),
        ]
        .concat()
    };
    both(bytes, vec![binary(b"one two three"), binary(b"four")], vec![]);
}

#[test]
fn a_character_may_be_split_over_fragments_at_any_byte() {
    let bytes = |from| {
        let mut bytes = frame(from, TEXT_BEGIN, b"");
        for byte in "aé€😀z".as_bytes() {
            bytes.extend(frame(from, MORE, &[*byte]));
        }
        bytes.extend(frame(from, LAST, b""));
        bytes
    };
    both(bytes, vec![text("aé€😀z")], vec![]);
}

#[test]
fn control_frames_may_stand_between_fragments() {
    let bytes = |from| {
        [
            frame(from, TEXT_BEGIN, "smör".as_bytes()),
            frame(from, PING, b"are you there?"),
            frame(from, MORE, b""),
            frame(from, PONG, b"unasked"),
            frame(from, PING, b""),
            frame(from, LAST, "gås".as_bytes()),
        ]
        .concat()
    };
    let seen = vec![ping(b"are you there?"), pong(b"unasked"), ping(b""), text("smörgås")];
    both(bytes, seen, vec![(PONG, b"are you there?".to_vec()), (PONG, vec![])]);
}

#[test]
fn the_longest_control_frame_fits_between_the_halves_of_a_character() {
    let bytes = |from| {
        let (a, b) = ([0xF0, 0x9F, 0x98], [0x80]); // 😀
        [frame(from, TEXT_BEGIN, &a), frame(from, PING, &[9; 125]), frame(from, LAST, &b)].concat()
    };
    both(bytes, vec![ping(&[9; 125]), text("😀")], vec![(PONG, vec![9; 125])]);
}

#[test]
fn a_ping_is_answered_with_its_payload_in_order_and_a_pong_is_not() {
    let bytes = |from| {
        [
            frame(from, PING, b"1"),
            frame(from, PONG, b"x"),
            frame(from, PING, &[2; 125]),
            frame(from, PING, b"3"),
        ]
        .concat()
    };
    let seen = vec![ping(b"1"), pong(b"x"), ping(&[2; 125]), ping(b"3")];
    // The least reply buffer holds them all only when they are taken out between.
    for size in [1, 1000] {
        let mut server = Endpoint::<Server>::ample(Mode::Whole);
        bytes(tubesock_tests::frames::From::Client)
            .chunks(size)
            .for_each(|piece| server.receive(piece, 0));
        assert_eq!(server.seen, seen);
        let replies = tubesock_tests::script::replies::<Server>(&server.all_output());
        assert_eq!(replies, [(PONG, b"1".to_vec()), (PONG, vec![2; 125]), (PONG, b"3".to_vec())]);
    }
}

#[test]
fn messages_before_a_close_in_the_same_read_arrive() {
    let bytes = |from| {
        [frame(from, TEXT, b"a"), frame(from, BINARY, b"b"), frame(from, CLOSE, b"")].concat()
    };
    both(bytes, vec![text("a"), binary(b"b"), closed(1005, "")], vec![(CLOSE, vec![])]);
}

#[test]
fn a_mask_starts_anew_with_each_frame() {
    let bytes = |from| {
        let begin = frame(from, BINARY_BEGIN, b"abcde"); // five: the key would be one byte on
        [begin, frame(from, MORE, b"fgh"), frame(from, PING, b"i"), frame(from, LAST, b"jk")]
            .concat()
    };
    both(bytes, vec![ping(b"i"), binary(b"abcdefghjk")], vec![(PONG, b"i".to_vec())]);
}

#[test]
fn a_message_larger_than_the_buffer_comes_in_chunks_as_it_arrives() {
    let letters: String = ('a'..='z').chain('ä'..='ü').cycle().take(5_000).collect();
    let client = tubesock_tests::frames::From::Client;
    for fragment in [97, 100_000] {
        let pieces: Vec<&[u8]> = letters.as_bytes().chunks(fragment).collect();
        let mut bytes = Vec::new();
        for (i, piece) in pieces.iter().enumerate() {
            let fin = if i + 1 == pieces.len() { 0x80 } else { 0 };
            bytes.extend(frame(client, fin | u8::from(i == 0), piece));
        }
        for step in [1, 7, 130, 1 << 20] {
            let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks);
            for piece in bytes.chunks(step) {
                let before = server.open_message().map_or(0, <[u8]>::len);
                server.receive(piece, 0);
                let after = server.open_message().map_or(usize::MAX, <[u8]>::len);
                // What has come is handed out at once, but for at most three bytes of a character.
                assert!(step > 3 || fragment < 100_000 || after >= before);
            }
            assert_eq!(server.seen, [text(&letters)]);
        }
    }
}

#[test]
fn a_chunk_is_handed_out_as_soon_as_it_is_there() {
    let mut server = Endpoint::<Server>::ample(Mode::Chunks);
    let bytes = frame(tubesock_tests::frames::From::Client, TEXT, "aé€😀".as_bytes());
    let whole_after = [0, 1, 1, 3, 3, 3, 6, 6, 6, 6];
    server.receive(&bytes[..6], 0);
    for (i, byte) in bytes[6..].iter().enumerate() {
        let so_far = server.open_message().map_or(0, <[u8]>::len);
        assert_eq!(so_far, whole_after[i], "after {i} bytes");
        server.receive(&[*byte], 0);
    }
    assert_eq!(server.seen, [text("aé€😀")]);
}

#[test]
fn the_longest_frame_of_all_may_begin_and_comes_in_chunks() {
    let client = tubesock_tests::frames::From::Client;
    let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks);
    server.receive(&header(client, BINARY, (1 << 63) - 1), 0);
    for _ in 0..1000 {
        server.receive(&[0; 100], 0);
    }
    assert_eq!(server.open_message().map(<[u8]>::len), Some(100_000));
    assert_eq!(server.seen, Vec::<Seen>::new());
}

#[test]
fn the_rest_of_a_message_begun_in_chunks_is_checked_and_skipped_when_whole_ones_are_wanted() {
    let client = tubesock_tests::frames::From::Client;
    let rest = "sm\u{f6}rg\u{e5}s".as_bytes();
    for cut in 0..=rest.len() {
        let mut server = Endpoint::<Server>::ample(Mode::Chunks);
        server.receive(&frame(client, TEXT_BEGIN, b"begun"), 0);
        server.mode = Mode::Whole;
        server.receive(&frame(client, MORE, &rest[..cut]), 0);
        server.receive(&frame(client, LAST, &rest[cut..]), 0);
        let next = [frame(client, TEXT_BEGIN, b"ne"), frame(client, LAST, b"xt")].concat();
        next.iter().for_each(|byte| server.receive(&[*byte], 0));
        server.receive(&frame(client, TEXT, b"and whole"), 0);
        assert_eq!(server.seen, [text("next"), text("and whole")], "cut at {cut}");
        let mut server = Endpoint::<Server>::ample(Mode::Chunks);
        server.receive(&frame(client, TEXT_BEGIN, b"begun"), 0);
        server.mode = Mode::Whole;
        server.receive(&frame(client, LAST, &[rest, b"\xff"].concat()), 0);
        assert_eq!(server.seen, [Seen::Failed(tubesock_core::ProtocolError::InvalidUtf8)]);
    }
}
