use std::format;
use std::string::String;
use std::time::{Duration, Instant as Clock};
use std::vec;
use std::vec::Vec;

use super::*;

const HEAD: &[u8] = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nX-Empty:\r\n\r\n";

/// How often the head is parsed when it comes a byte at a time.
fn parses(bytes: &[u8]) -> usize {
    let mut reader = HeadReader::new(vec![0; bytes.len()], None);
    let mut parses = 0;
    for byte in bytes {
        reader.space()[0] = *byte;
        reader.filled(1);
        parses += usize::from(reader.is_worth_parsing() == Ok(true));
    }
    parses
}

/// The length of the head that is found, when it comes in pieces of `size`.
fn finds(bytes: &[u8], size: usize) -> Option<usize> {
    let mut reader = HeadReader::new(vec![0; bytes.len() + 1], None);
    for piece in bytes.chunks(size) {
        reader.space()[..piece.len()].copy_from_slice(piece);
        reader.filled(piece.len());
        if reader.request(&mut HeaderSlots::<8>::new()).expect("a good head").is_some() {
            return Some(reader.head_end);
        }
    }
    None
}

#[test]
fn a_head_that_comes_a_byte_at_a_time_is_parsed_after_its_first_line_and_at_its_end() {
    assert_eq!(parses(HEAD), 2);
    let long = [&HEAD[..HEAD.len() - 2], &b"X-Long: y\r\n".repeat(500), b"\r\n"].concat();
    assert_eq!(parses(&long), 2);
}

#[test]
fn empty_lines_before_a_head_are_skipped_and_cost_no_parsing() {
    let bytes = [&b"\r\n".repeat(2_000)[..], HEAD].concat();
    assert_eq!(parses(&bytes), 2);
    for size in [1, 2, 3, 1_000_000] {
        assert_eq!(finds(&bytes, size), Some(bytes.len()), "{size} at a time");
    }
}

#[test]
fn a_head_ends_with_an_empty_line_however_its_lines_end() {
    for end in ["\r\n\r\n", "\n\n", "\r\n\n", "\n\r\n"] {
        let head = format!("GET / HTTP/1.1\r\nHost: a{end}");
        let bytes = format!("{head}rest");
        for size in 1..=bytes.len() {
            assert_eq!(
                finds(bytes.as_bytes(), size),
                Some(head.len()),
                "{end:?}, {size} at a time"
            );
        }
    }
}

#[test]
fn what_is_no_head_is_refused_at_its_first_byte() {
    for byte in [0x16, 0x80, 0x00, b' ', b'{'] {
        let mut reader = HeadReader::new([0; 64], None);
        reader.space()[0] = byte;
        reader.filled(1);
        let request = reader.request(&mut HeaderSlots::<8>::new()).map(|_| ());
        assert_eq!(request.unwrap_err(), Refusal::Malformed);
    }
}

#[test]
fn a_bad_first_line_is_refused_before_the_head_is_whole() {
    for line in ["GET /\r\n", "GET / HTTP/2.0\r\n", "G@T / HTTP/1.1\r\n", "GET  / HTTP/1.1\r\n"] {
        let mut reader = HeadReader::new([0; 64], None);
        reader.space()[..line.len()].copy_from_slice(line.as_bytes());
        reader.filled(line.len());
        let request = reader.request(&mut HeaderSlots::<8>::new()).map(|_| ());
        assert_eq!(request.unwrap_err(), Refusal::Malformed, "{line:?}");
    }
}

#[test]
fn a_head_as_long_as_its_buffer_fits_and_one_byte_more_is_refused() {
    for (room, expected) in [(HEAD.len(), Ok(true)), (HEAD.len() - 1, Err(Refusal::HeadTooLong))] {
        for size in [1, 7, 1_000] {
            let mut reader = HeadReader::new(vec![0; room], None);
            let mut outcome = Ok(false);
            for piece in HEAD[..room].chunks(size) {
                reader.space()[..piece.len()].copy_from_slice(piece);
                reader.filled(piece.len());
                outcome = reader.request(&mut HeaderSlots::<8>::new()).map(|head| head.is_some());
            }
            assert_eq!(outcome, expected, "{size} at a time");
        }
    }
    let mut reader = HeadReader::new([b'\n'; 64], None);
    reader.filled(64);
    let request = reader.request(&mut HeaderSlots::<8>::new()).map(|_| ());
    assert_eq!(request.unwrap_err(), Refusal::HeadTooLong, "empty lines without end");
}

#[test]
fn the_deadline_is_a_moment_and_not_before() {
    let mut reader = HeadReader::new([0; 64], Some(Instant::from_millis(10_000)));
    assert_eq!(reader.poll_timeout(), Some(Instant::from_millis(10_000)));
    assert_eq!(reader.handle_timeout(Instant::from_millis(9_999)), Ok(()));
    assert_eq!(reader.handle_timeout(Instant::from_millis(10_000)), Err(Refusal::Timeout));
    let mut never = HeadReader::new([0; 64], None);
    assert_eq!(never.handle_timeout(Instant::from_millis(u64::MAX)), Ok(()));
}

#[test]
fn a_slow_head_costs_in_proportion_to_its_length() {
    let kinds: [fn(usize) -> Vec<u8>; 3] = [
        |len| format!("GET /{}", "x".repeat(len)).into_bytes(), // a first line without end
        |len| "\r\n".repeat(len / 2).into_bytes(),
        |len| [String::from("GET / HTTP/1.1\r\nA: "), "x".repeat(len)].concat().into_bytes(),
    ];
    for kind in kinds {
        let bytes = kind(1 << 20);
        let start = Clock::now();
        let mut reader = HeadReader::new(vec![0; bytes.len() + 1], None);
        for byte in &bytes {
            reader.space()[0] = *byte;
            reader.filled(1);
            assert!(reader.request(&mut HeaderSlots::<8>::new()).unwrap().is_none());
        }
        // A tenth of a second, or half a minute where each byte costs what all before it cost.
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    }
}
