//! What a peer must not send, with the byte at which it is found out: §5, §7.4, §8.1.

use tubesock_core::{ProtocolError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, TestClient};
use tubesock_tests::frames::first::{
    BINARY, BINARY_BEGIN, CLOSE, LAST, MORE, PING, PONG, TEXT, TEXT_BEGIN,
};
use tubesock_tests::frames::{From, close, frame, header_in_form};
use tubesock_tests::script::fails_after;

use super::{both, close_frame, text};

/// A violation after `before`: `bad` fails with its byte `at`.
struct Row {
    before: Vec<u8>,
    bad: Vec<u8>,
    at: usize,
    error: ProtocolError,
    code: u16,
}

fn check(rows: fn(From) -> Vec<Row>) {
    check_for::<Server>(&rows(From::Client));
    check_for::<TestClient>(&rows(From::Server));
}

fn check_for<R: Side>(rows: &[Row]) {
    assert!(!rows.is_empty());
    for (index, row) in rows.iter().enumerate() {
        let context = format!("row {index} of a {}: {:02x?}", Endpoint::<R>::name(), row.bad);
        let bytes = [row.before.clone(), row.bad.clone()].concat();
        for mode in [Mode::Whole, Mode::Chunks] {
            let after = fails_after::<R>(&bytes, &NO_DEADLINES, mode);
            assert_eq!(after, Some((row.before.len() + row.at, row.error)), "{context}");
            for cut in 0..=bytes.len() {
                let mut endpoint = Endpoint::<R>::ample(mode);
                endpoint.receive(&bytes[..cut], 0);
                endpoint.receive(&bytes[cut..], 0);
                endpoint.receive(&frame(R::PEER, TEXT, b"too late"), 0);
                assert_eq!(endpoint.seen, [Seen::Failed(row.error)], "{context}, cut {cut}");
                assert!(!endpoint.session.is_finished(), "its Close is still to go");
                let replies = tubesock_tests::script::replies::<R>(&endpoint.all_output());
                assert_eq!(replies, [close_frame(row.code, row.error.as_str())], "{context}");
                assert!(endpoint.session.is_finished(), "{context}");
            }
        }
    }
}

fn row(bad: Vec<u8>, at: usize, error: ProtocolError) -> Row {
    Row { before: vec![], bad, at, error, code: 1002 }
}

#[test]
fn a_reserved_bit_fails_the_connection() {
    check(|from| {
        let bits = [0x10, 0x20, 0x40, 0x70];
        let firsts = [TEXT, BINARY, TEXT_BEGIN, CLOSE, PING, PONG];
        let all = bits.into_iter().flat_map(|bit| firsts.map(|b0| b0 | bit));
        all.map(|b0| row(frame(from, b0, b"xx"), 2, ProtocolError::ReservedBit)).collect()
    });
}

#[test]
fn a_reserved_opcode_fails_the_connection() {
    check(|from| {
        let opcodes = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];
        let bytes = opcodes.map(|opcode| frame(from, 0x80 | opcode, b""));
        bytes.map(|bad| row(bad, 2, ProtocolError::ReservedOpcode)).into()
    });
}

#[test]
fn server_rejects_unmasked_frame_with_1002_and_client_a_masked_one() {
    check(|from| {
        let (other, error) = match from {
            From::Client => (From::Server, ProtocolError::Unmasked),
            From::Server => (From::Client, ProtocolError::Masked),
        };
        let firsts = [TEXT, BINARY, CLOSE, PING, PONG];
        firsts.map(|b0| row(frame(other, b0, b"ab"), 2, error)).into()
    });
}

#[test]
fn a_control_frame_in_fragments_fails_the_connection() {
    check(|from| {
        let bytes = [0x08, 0x09, 0x0A].map(|b0| frame(from, b0, b""));
        bytes.map(|bad| row(bad, 2, ProtocolError::FragmentedControl)).into()
    });
}

#[test]
fn a_control_frame_above_125_bytes_fails_the_connection() {
    check(|from| {
        let of = |len: usize| [CLOSE, PING, PONG].map(|b0| frame(from, b0, &vec![0; len]));
        let bytes = of(126).into_iter().chain(of(70_000).map(|frame| frame[..14].to_vec()));
        bytes.map(|bad| row(bad, 2, ProtocolError::ControlTooLong)).collect()
    });
}

#[test]
fn a_length_in_more_bytes_than_it_needs_fails_the_connection() {
    check(|from| {
        let in_two = [0, 1, 125].map(|len| row(header_in_form(from, TEXT, 126, len), 4, MINIMAL));
        let in_eight =
            [0, 125, 126, 65_535].map(|len| row(header_in_form(from, TEXT, 127, len), 10, MINIMAL));
        in_two.into_iter().chain(in_eight).collect()
    });
}

const MINIMAL: ProtocolError = ProtocolError::NonMinimalLength;

#[test]
fn a_length_of_2_to_the_63_or_above_fails_the_connection() {
    check(|from| {
        let bytes =
            [1 << 63, (1 << 63) + 5, u64::MAX].map(|n| header_in_form(from, BINARY, 127, n));
        bytes.map(|bad| row(bad, 10, ProtocolError::LengthTooLarge)).into()
    });
}

#[test]
fn a_continuation_without_a_message_fails_the_connection() {
    check(|from| {
        let bytes = [MORE, LAST].map(|b0| frame(from, b0, b"?"));
        bytes.map(|bad| row(bad, 2, ProtocolError::UnexpectedContinuation)).into()
    });
    // Nor after one that is over.
    let bytes = |from| {
        [frame(from, TEXT_BEGIN, b"a"), frame(from, LAST, b"b"), frame(from, LAST, b"c")].concat()
    };
    let error = ProtocolError::UnexpectedContinuation;
    both(bytes, vec![text("ab"), Seen::Failed(error)], vec![close_frame(1002, error.as_str())]);
}

#[test]
fn a_message_inside_a_message_fails_the_connection() {
    check(|from| {
        let firsts = [TEXT, BINARY, TEXT_BEGIN, BINARY_BEGIN];
        let error = ProtocolError::ExpectedContinuation;
        firsts
            .map(|b0| Row {
                before: frame(from, BINARY_BEGIN, b""),
                ..row(frame(from, b0, b"b"), 2, error)
            })
            .into()
    });
}

#[test]
fn a_close_of_one_byte_fails_the_connection() {
    check(|from| {
        let bad = frame(from, CLOSE, b"\x03");
        let at = bad.len();
        vec![row(bad, at, ProtocolError::CloseLength)]
    });
}

#[test]
fn a_close_with_a_code_that_may_not_be_sent_fails_the_connection() {
    check(|from| {
        let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
        let bytes = codes.map(|code| close(from, code, "why"));
        bytes
            .map(|bad| (bad.len(), bad))
            .map(|(n, bad)| row(bad, n, ProtocolError::CloseCode))
            .into()
    });
}

#[test]
fn a_close_whose_reason_is_not_utf_8_fails_the_connection_with_1007() {
    check(|from| {
        let reasons: [&[u8]; 4] = [b"\xff", b"ok \xc3", b"\xed\xa0\x80", b"\xc0\xaf"];
        let payloads = reasons.map(|reason| [b"\x03\xe8", reason].concat());
        let bytes = payloads.map(|payload| frame(from, CLOSE, &payload));
        bytes.map(|bad| Row { code: 1007, ..row(bad.clone(), bad.len(), INVALID) }).into()
    });
}

const INVALID: ProtocolError = ProtocolError::InvalidUtf8;

/// Text that is wrong, and how many bytes of it show that.
const WRONG: [(&[u8], usize); 14] = [
    (b"\x80", 1),
    (b"ok\xbf!", 3),
    (b"\xc0\xaf", 1),
    (b"\xc1\xbf", 1),
    (b"\xc3(", 2),
    (b"\xe0\x9f\xbf", 2),
    (b"\xed\xa0\x80", 2),
    (b"\xe2\x82!", 3),
    (b"\xf0\x8f\xbf\xbf", 2),
    (b"\xf4\x90\x80\x80", 2),
    (b"\xf0\x9f\x98!", 4),
    (b"\xf5\x80\x80\x80", 1),
    (b"\xff", 1),
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", 13),
];

#[test]
fn text_that_is_not_utf_8_fails_the_connection_with_1007_at_its_first_bad_byte() {
    check(|from| {
        let header = frame(from, TEXT, b"").len();
        let rows = WRONG.map(|(bad, at)| Row {
            code: 1007,
            ..row(frame(from, TEXT, bad), header + at, INVALID)
        });
        rows.into()
    });
}

#[test]
fn text_that_is_not_utf_8_fails_at_its_first_bad_byte_in_any_fragment() {
    check(|from| {
        let header = frame(from, TEXT, b"").len();
        let mut rows = Vec::new();
        for (bad, at) in WRONG {
            // Each byte of what is good in a fragment of its own, and a rest behind what is bad.
            let mut before = frame(from, TEXT_BEGIN, b"");
            for byte in &bad[..at - 1] {
                before.extend(frame(from, MORE, &[*byte]));
                before.extend(frame(from, PONG, b""));
            }
            // Pongs are events, so take them out again where they would be seen.
            let before = without_pongs(from, &before);
            let wrong = frame(from, MORE, &bad[at - 1..]);
            rows.push(Row { before, code: 1007, ..row(wrong, header + 1, INVALID) });
        }
        rows
    });
}

fn without_pongs(from: From, bytes: &[u8]) -> Vec<u8> {
    let frames = tubesock_tests::frames::read_all(bytes).into_iter();
    frames.filter(|f| f.b0 != PONG).flat_map(|f| frame(from, f.b0, &f.payload)).collect()
}

#[test]
fn text_that_ends_inside_a_character_fails_the_connection_with_1007() {
    check(|from| {
        let ends: [&[u8]; 4] = [b"caf\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xf0"];
        let mut rows = Vec::new();
        for end in ends {
            let one = frame(from, TEXT, end);
            let before = frame(from, TEXT_BEGIN, end);
            let last = frame(from, LAST, b"");
            let at = last.len();
            rows.push(Row { code: 1007, ..row(one.clone(), one.len(), INVALID) });
            rows.push(Row { before, code: 1007, ..row(last, at, INVALID) });
        }
        rows
    });
}

#[test]
fn binary_messages_may_hold_anything() {
    for (bad, _) in WRONG {
        let mut server = Endpoint::<Server>::ample(Mode::Chunks);
        bad.iter().for_each(|byte| server.receive(&frame(From::Client, BINARY, &[*byte]), 0));
        assert_eq!(server.seen.len(), bad.len());
    }
}

#[test]
fn what_came_before_a_violation_is_not_lost() {
    let bytes =
        |from| [frame(from, TEXT, b"good"), frame(from, PING, b"p"), vec![0xF0, 0]].concat();
    let error = ProtocolError::ReservedBit;
    let seen = vec![text("good"), super::ping(b"p"), Seen::Failed(error)];
    both(bytes, seen, vec![(PONG, b"p".to_vec()), close_frame(1002, error.as_str())]);
}
