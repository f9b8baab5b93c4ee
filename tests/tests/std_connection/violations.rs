//! What a peer gets that breaks the protocol, and what the program sees of it.

use std::io::Write;
use std::sync::mpsc;

use tubesock_std::Config;
use tubesock_tests::frames::first::{
    BINARY, BINARY_BEGIN, CLOSE, LAST, MORE, PING, TEXT, TEXT_BEGIN,
};
use tubesock_tests::frames::{From, close, frame, header, header_in_form};
use tubesock_tests::raw::{RawClient, wait_until};

use super::{config, echo, expect_events, record, serve};

const LIMIT: usize = 1000;

/// What is wrong, its bytes, and the close code that answers it.
fn violations() -> Vec<(&'static str, Vec<u8>, u16)> {
    let peer = |b0, payload: &[u8]| frame(From::Client, b0, payload);
    let empty_fragments = [peer(TEXT_BEGIN, b""), peer(MORE, b"").repeat(64)].concat();
    vec![
        ("a reserved bit is set", peer(0xC1, b""), 1002),
        ("a reserved opcode", peer(0x83, b""), 1002),
        ("a reserved opcode", peer(0x8F, b""), 1002),
        ("a client's frame must be masked", frame(From::Server, TEXT, b"x"), 1002),
        ("a control frame in fragments", peer(0x09, b""), 1002),
        ("a control frame of more than 125 bytes", peer(PING, &[0; 126]), 1002),
        ("a length in more bytes than it needs", header_in_form(From::Client, TEXT, 126, 5), 1002),
        ("a length in more bytes than it needs", header_in_form(From::Client, TEXT, 127, 5), 1002),
        ("a length of 2^63 or above", header(From::Client, BINARY, 1 << 63), 1002),
        ("a continuation without a message", peer(LAST, b""), 1002),
        ("a message inside a message", [peer(TEXT_BEGIN, b"x"), peer(TEXT, b"x")].concat(), 1002),
        ("a close payload of one byte", peer(CLOSE, b"\x03"), 1002),
        ("a close code that may not be sent", close(From::Client, 1005, ""), 1002),
        ("a close code that may not be sent", close(From::Client, 2999, ""), 1002),
        ("text that is not UTF-8", peer(CLOSE, b"\x03\xe8\xff"), 1007),
        ("text that is not UTF-8", peer(TEXT, b"\xff"), 1007),
        ("text that is not UTF-8", peer(TEXT, b"\xf0\x9f\x98"), 1007),
        ("text that is not UTF-8", peer(TEXT_BEGIN, b"\xed\xa0\x80"), 1007),
        ("a message above the limit", header(From::Client, BINARY, LIMIT as u64 + 1), 1009),
        ("too many empty fragments", empty_fragments, 1008),
    ]
}

#[test]
fn each_violation_gets_its_code_and_nothing_before_it_is_lost() {
    let (server, seen) = echo(Config { max_message: LIMIT, ..config() });
    for (what, bytes, code) in violations() {
        let mut client = RawClient::open(server.local_addr());
        let before = [frame(From::Client, TEXT, b"one"), frame(From::Client, BINARY, b"two")];
        let after = frame(From::Client, TEXT, b"never");
        client.send([&before.concat()[..], &bytes, &after].concat());
        client.expect(TEXT, "one");
        client.expect(BINARY, "two");
        assert_eq!(client.expect_close(code), what);
        client.expect_end();
        let error = format!("error the peer broke the protocol: {what}");
        let end = format!("close {code} unclean {what}");
        expect_events(&seen, &["open", "message one", "message two", &error, &end]);
    }
}

#[test]
fn a_message_of_exactly_the_limit_is_no_violation() {
    let (server, _seen) = echo(Config { max_message: LIMIT, ..config() });
    let mut client = RawClient::open(server.local_addr());
    client.frame(BINARY, [7; LIMIT]);
    client.expect(BINARY, [7; LIMIT]);
    client.frame(BINARY_BEGIN, [7; LIMIT - 1]);
    client.frame(LAST, [7; 1]);
    client.expect(BINARY, [7; LIMIT]);
    client.frame(BINARY_BEGIN, [7; LIMIT - 1]);
    client.frame(LAST, [7; 2]);
    client.expect_close(1009);
    client.expect_end();
}

#[test]
fn a_peer_that_writes_on_after_its_violation_still_reads_the_whole_answer() {
    let (server, _seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    client.frame(0x83, "");
    let mut writer = client.writer();
    let writing = std::thread::spawn(move || {
        for _ in 0..400 {
            if writer.write_all(&[0x55; 10_000]).is_err() {
                return;
            }
        }
    });
    // Longer than the bytes take to get there, and for a reset to come back.
    std::thread::sleep(std::time::Duration::from_millis(100));
    client.expect_close(1002);
    client.expect_end();
    writing.join().unwrap();
}

#[test]
fn a_violation_ends_no_other_connection() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        record(tubesock, &log);
        tubesock.on_message(|out, message| out.send(message));
    });
    let handle = server.handle();
    let mut good = RawClient::open(server.local_addr());
    for _ in 0..20 {
        let mut bad = RawClient::open(server.local_addr());
        bad.frame(0x83, "");
        bad.expect_close(1002);
        bad.expect_end();
    }
    wait_until("the bad ones are gone", || handle.connections() == 1);
    good.text("still here");
    good.expect(TEXT, "still here");
    drop(seen);
}
