//! Large messages: the receive buffer grows to what comes, or the message streams through a small
//! one.

use std::thread;
use std::time::Duration;

use tubesock_std::{Chunk, Config, Refused, Request, RunningServer, Server};
use tubesock_tests::frames::first::{BINARY, LAST, MORE, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{From, frame, header};
use tubesock_tests::raw::RawClient;

use super::{config, echo};

const MEBIBYTE: usize = 1 << 20;

/// Bytes that show when one is missing or twice.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i ^ (i >> 8) ^ (i >> 16)) as u8).collect()
}

#[test]
fn the_buffer_grows_up_to_the_limit_and_not_a_byte_further() {
    let limit = 4 * MEBIBYTE;
    let (server, _seen) = echo(Config { max_message: limit, read_buffer: 4096, ..config() });
    let mut client = RawClient::open(server.local_addr());
    for len in [1, 4000, 4096, 5000, 100_000, limit - 1, limit] {
        let bytes = pattern(len);
        client.frame(BINARY, &bytes);
        client.expect(BINARY, &bytes);
    }
    client.send(header(From::Client, BINARY, limit as u64 + 1));
    client.expect_close(1009);
    client.expect_end();
}

#[test]
fn a_quiet_connection_gives_its_buffers_back_and_takes_a_large_message_again() {
    let park = Duration::from_millis(30);
    let (server, _seen) = echo(Config { park_after: park, ..config() });
    let mut client = RawClient::open(server.local_addr());
    for len in [10, MEBIBYTE, 10, 600, 70_000] {
        thread::sleep(park * 4);
        let bytes = pattern(len);
        client.frame(BINARY, &bytes);
        client.expect(BINARY, &bytes);
    }
}

#[test]
fn it_parks_inside_a_message_too_and_loses_nothing_of_it() {
    let park = Duration::from_millis(30);
    let (server, _seen) = echo(Config { park_after: park, ..config() });
    let mut client = RawClient::open(server.local_addr());
    let bytes = pattern(200_000);
    let whole = frame(From::Client, BINARY, &bytes);
    let mut rest = &whole[..];
    for part in [1, 5, 100, 300, 20_000, usize::MAX] {
        let (now, later) = rest.split_at(part.min(rest.len()));
        client.send(now);
        thread::sleep(park * 3);
        rest = later;
    }
    client.expect(BINARY, &bytes);
}

/// An echo of chunks, as they come.
fn streaming(config: Config) -> RunningServer {
    fn run(request: Request) -> Result<(), Refused> {
        let mut websocket = request.accept()?;
        let (incoming, out) = websocket.split();
        while let Ok(Some(Chunk { part, last, .. })) = incoming.recv_chunk() {
            if out.fragment(part, last).is_err() {
                break;
            }
        }
        Ok(())
    }
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config);
    server.spawn(run).expect("a thread")
}

/// Reads a whole message in whatever fragments it comes; its kind, its bytes, the largest fragment.
fn whole(client: &mut RawClient) -> (u8, Vec<u8>, usize) {
    let first = client.receive();
    let (kind, mut fin, mut largest) = (first.b0 & 0x0F, first.b0 & 0x80, first.payload.len());
    let mut bytes = first.payload;
    while fin == 0 {
        let frame = client.receive();
        assert_eq!(frame.b0 & 0x7F, 0, "a continuation");
        fin = frame.b0 & 0x80;
        largest = largest.max(frame.payload.len());
        bytes.extend(frame.payload);
    }
    (kind, bytes, largest)
}

#[test]
fn sixteen_mebibytes_stream_through_a_buffer_of_64_kib() {
    let buffer = 64 << 10;
    let server = streaming(Config { read_buffer: buffer, max_message: buffer, ..config() });
    let mut client = RawClient::open(server.local_addr());
    let bytes = pattern(16 * MEBIBYTE);
    let mut writer = client.writer();
    let sending = frame(From::Client, BINARY, &bytes);
    let sending = thread::spawn(move || std::io::Write::write_all(&mut writer, &sending));
    let (kind, echoed, largest) = whole(&mut client);
    sending.join().unwrap().unwrap();
    assert_eq!(kind, 2);
    assert!(echoed == bytes, "{} bytes came back, or others", echoed.len());
    assert!(largest <= buffer, "{largest}");
    client.close(1000, "");
    client.expect_close(1000);
    client.expect_end();
}

#[test]
fn a_streamed_text_is_cut_between_characters_only() {
    let server = streaming(Config { read_buffer: 512, ..config() });
    let mut client = RawClient::open(server.local_addr());
    let text = "a\u{e4}\u{20ac}\u{1f600}".repeat(5000);
    let (head, tail) = text.as_bytes().split_at(1234 * 5 + 3);
    client.frame(TEXT_BEGIN, head);
    client.frame(MORE, "");
    client.frame(LAST, tail);
    let first = client.receive();
    let mut pieces = vec![first];
    while pieces.last().is_some_and(|frame| frame.b0 & 0x80 == 0) {
        pieces.push(client.receive());
    }
    for piece in &pieces {
        assert!(std::str::from_utf8(&piece.payload).is_ok(), "cut inside a character");
    }
    let echoed: Vec<u8> = pieces.into_iter().flat_map(|frame| frame.payload).collect();
    assert!(echoed == text.as_bytes());
    client.text("and whole ones");
    client.expect(TEXT, "and whole ones");
}
