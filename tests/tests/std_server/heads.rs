//! Heads that come slowly, in pieces, with too much in them, or not at all.

use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use tubesock_std::Config;
use tubesock_tests::frames::first::TEXT;
use tubesock_tests::frames::{From, frame};
use tubesock_tests::raw::{RawClient, request, upgrade, wait_until};

use super::{SHORT, assert_kept, config, echo};

#[test]
fn a_head_that_comes_a_byte_at_a_time_is_as_good_as_one_that_comes_at_once() {
    let server = echo(config());
    let addr = server.local_addr();
    let mut client = RawClient::connect(addr);
    for byte in upgrade(addr, "/", "X-Filler: some more bytes\r\n").bytes() {
        client.send([byte]);
    }
    assert!(client.head().starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    client.text("hello");
    client.expect(TEXT, "hello");
}

#[test]
fn what_comes_with_the_head_is_not_lost() {
    let server = echo(config());
    let addr = server.local_addr();
    for size in [1, 1000, 7000, 100_000] {
        let mut client = RawClient::connect(addr);
        let payload = vec![b'x'; size];
        let early = frame(From::Client, TEXT, &payload);
        client.send([upgrade(addr, "/", "").as_bytes(), &early, &early].concat());
        assert!(client.head().starts_with("HTTP/1.1 101 "));
        client.expect(TEXT, &payload);
        client.expect(TEXT, &payload);
    }
}

#[test]
fn a_head_of_one_byte_now_and_then_gets_408_at_the_handshake_deadline() {
    let server = echo(Config { handshake_timeout: SHORT, ..config() });
    let begun = Instant::now();
    let mut client = RawClient::connect(server.local_addr());
    let mut writer = client.writer();
    let slowly = thread::spawn(move || {
        let head = upgrade(writer.peer_addr().unwrap(), "/", &"X: y\r\n".repeat(100));
        for byte in head.bytes() {
            if writer.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
            if begun.elapsed() > SHORT * 2 {
                return; // it goes on writing after the answer, for a while
            }
        }
    });
    let head = client.head();
    assert_kept(begun.elapsed(), SHORT);
    assert!(head.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{head}");
    slowly.join().unwrap();
    client.shutdown_write();
    assert!(client.drain(), "a clean end");
}

#[test]
fn a_connection_on_which_nothing_comes_gets_408_too() {
    let server = echo(Config { handshake_timeout: SHORT, ..config() });
    let begun = Instant::now();
    let response = RawClient::connect(server.local_addr()).response();
    assert_kept(begun.elapsed(), SHORT);
    assert_eq!(
        (response.status, response.body.as_str()),
        (408, "The request head took too long.\n")
    );
}

#[test]
fn a_head_above_the_limit_gets_431_and_one_of_exactly_the_limit_does_not() {
    let limit = 1000;
    let server = echo(Config { max_head: limit, ..config() });
    let addr = server.local_addr();
    let line = |len: usize| format!("X: {}\r\n", "y".repeat(len - 5));
    let missing = limit - upgrade(addr, "/", "").len();
    assert_eq!(upgrade(addr, "/", &line(missing)).len(), limit);
    RawClient::connect(addr).shake_hands(addr, &line(missing));
    let response = request(addr, upgrade(addr, "/", &line(missing + 1)));
    assert_eq!(response.status, 431);
    assert_eq!(response.body, "The request head is too long.\n");
    assert_eq!(request(addr, "GET /".to_owned() + &"x".repeat(5000)).status, 431);
}

#[test]
fn too_many_header_fields_get_431() {
    let server = echo(config());
    let addr = server.local_addr();
    let response = request(addr, upgrade(addr, "/", &"X: y\r\n".repeat(1000)));
    assert_eq!(response.status, 431);
}

#[test]
fn a_peer_that_writes_on_still_reads_the_whole_refusal() {
    let server = echo(config());
    let mut client = RawClient::connect(server.local_addr());
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n");
    let mut writer = client.writer();
    let writing = thread::spawn(move || {
        let body = vec![b'x'; 9_000_000];
        writer.write_all(&body).is_ok()
    });
    thread::sleep(SHORT / 2);
    assert!(writing.join().unwrap(), "the body was read, though nobody wanted it");
    let response = client.response();
    assert_eq!((response.status, response.header("Allow")), (405, Some("GET")));
    assert_eq!(response.body, "A WebSocket is opened with GET.\n");
}

#[test]
fn a_megabyte_of_head_gets_its_431_whole() {
    let server = echo(config());
    let mut client = RawClient::connect(server.local_addr());
    client.send("GET / HTTP/1.1\r\n");
    client.send("X: ".to_owned() + &"y".repeat(1 << 20));
    assert_eq!(client.response().status, 431);
}

#[test]
fn something_else_than_http_gets_400() {
    let server = echo(config());
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"SSH-2.0-x\r\n", b"\0\n"] {
        let response = request(server.local_addr(), bytes);
        assert_eq!((response.status, response.header("Connection")), (400, Some("close")));
        assert_eq!(response.body, "This is not an HTTP request head.\n");
    }
}

#[test]
fn a_peer_that_leaves_inside_its_head_gets_no_answer_and_leaves_nothing_behind() {
    let server = echo(config());
    let handle = server.handle();
    for bytes in ["", "G", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        let mut client = RawClient::connect(server.local_addr());
        client.send(bytes);
        client.shutdown_write();
        let mut rest = Vec::new();
        client.stream().read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"");
    }
    wait_until("nobody is left", || handle.connections() == 0);
}
