//! Short texts through a session, each byte in a read of its own or a fragment of its own: whether
//! it fails, and with which byte, must be what the standard library says of the prefixes.

use tubesock_core::{Event, ProtocolError, Server, Session};
use tubesock_tests::endpoint::{NO_DEADLINES, at};
use tubesock_tests::frames::{From, frame};
use tubesock_tests::random::Random;

/// After how many of `bytes` no text can begin with them any more.
fn bad_after(bytes: &[u8]) -> Option<usize> {
    (1..=bytes.len())
        .find(|&n| std::str::from_utf8(&bytes[..n]).is_err_and(|error| error.error_len().is_some()))
}

/// Feeds `wire` byte by byte; the end of each byte of text is in `ends`.
fn check(bytes: &[u8], wire: &[u8], ends: &[usize], chunks: bool) {
    let buffers = ([0; 256], [0; 252], [0; 131]);
    let mut session = Session::new(Server, buffers, &NO_DEADLINES, at(0)).unwrap();
    let (mut text, mut failed_at, mut done) = (Vec::<u8>::new(), None, false);
    for (i, byte) in wire.iter().enumerate() {
        session.space()[0] = *byte;
        session.filled(1, at(0));
        loop {
            let polled = if chunks { session.poll_chunk() } else { session.poll_message() };
            let event = polled.and_then(|token| match token {
                Some(token) => session.chunk(token).map(|(event, _)| Some(event)),
                None => Ok(None),
            });
            match event {
                Ok(None) => break,
                Ok(Some(Event::Data(chunk))) => {
                    text.extend(chunk.part.as_bytes());
                    done = chunk.last;
                }
                Ok(Some(other)) => panic!("{other:?}"),
                Err(error) => {
                    assert_eq!(error, ProtocolError::InvalidUtf8);
                    failed_at = Some(i + 1);
                }
            }
        }
    }
    let valid = std::str::from_utf8(bytes).is_ok();
    let expected = match bad_after(bytes) {
        Some(n) => Some(ends[n - 1]),
        None if valid => None,
        None => Some(wire.len()), // it ends inside a character
    };
    assert_eq!(failed_at, expected, "{bytes:02x?}, chunks: {chunks}");
    assert_eq!(done, valid);
    assert!(!valid || text == bytes);
}

fn in_reads_and_in_fragments(bytes: &[u8]) {
    let one = frame(From::Client, 0x81, bytes);
    let ends: Vec<usize> = (7..7 + bytes.len()).collect();
    let mut fragments = Vec::new();
    let mut fragment_ends = Vec::new();
    for (i, byte) in bytes.iter().enumerate() {
        fragments.extend(frame(From::Client, u8::from(i == 0), &[*byte]));
        fragment_ends.push(fragments.len());
    }
    fragments.extend(frame(From::Client, if bytes.is_empty() { 0x81 } else { 0x80 }, b""));
    for chunks in [false, true] {
        check(bytes, &one, &ends, chunks);
        check(bytes, &fragments, &fragment_ends, chunks);
    }
}

#[test]
fn each_text_of_up_to_two_bytes_fails_at_the_byte_that_the_standard_library_names() {
    in_reads_and_in_fragments(b"");
    for a in 0..=255 {
        in_reads_and_in_fragments(&[a]);
        for b in 0..=255 {
            in_reads_and_in_fragments(&[a, b]);
        }
    }
}

#[test]
fn a_sample_of_longer_texts_fails_at_the_byte_that_the_standard_library_names() {
    let mut random = Random::new(11);
    // Bytes at the edges of what §4 of RFC 3629 allows, so that most texts get somewhere.
    let edges = [
        0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC,
        0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ];
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = "aé€😀".bytes().skip(random.below(11)).collect();
        while std::str::from_utf8(&bytes).is_err() {
            bytes.remove(0);
        }
        bytes.extend((0..random.below(6)).map(|_| *random.pick(&edges)));
        in_reads_and_in_fragments(&bytes);
    }
}
