//! The closing handshake, begun by either side, answered or not (RFC 6455 §7).

use std::io::Write;
use std::sync::mpsc;

use tubesock_std::{CloseCode, Config, SendError};
use tubesock_tests::frames::first::{BINARY, CLOSE, LAST, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{From, frame};
use tubesock_tests::raw::{RawClient, wait_until};

use super::{
    SHORT, assert_kept, config, echo, expect_events, pair, pair_with, record, serve, timed,
};

#[test]
fn the_peers_close_is_answered_and_the_server_ends_tcp_first() {
    let (server, seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    client.text("hello");
    client.close(1000, "good bye");
    client.expect(TEXT, "hello");
    assert_eq!(client.expect_close(1000), "");
    client.expect_end(); // and this side has ended nothing yet
    expect_events(&seen, &["open", "message hello", "close 1000 clean good bye"]);
}

#[test]
fn a_close_without_a_code_is_answered_without_one_and_seen_as_1005() {
    let (server, seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    client.frame(CLOSE, "");
    client.expect(CLOSE, "");
    client.expect_end();
    expect_events(&seen, &["open", "close 1005 clean"]);
}

#[test]
fn each_code_that_a_peer_may_send_is_answered_and_seen() {
    let (server, seen) = echo(config());
    let codes = (1000..=1003).chain(1007..=1014).chain([3000, 3999, 4000, 4999]);
    for code in codes {
        let mut client = RawClient::open(server.local_addr());
        client.close(code, "why");
        client.expect_close(code);
        client.expect_end();
        expect_events(&seen, &["open", &format!("close {code} clean why")]);
    }
}

#[test]
fn a_close_inside_a_fragmented_message_ends_the_connection_in_order() {
    let (server, seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    client.frame(TEXT_BEGIN, "never to be en");
    client.close(1001, "");
    client.expect_close(1001);
    client.expect_end();
    expect_events(&seen, &["open", "close 1001 clean"]);
}

#[test]
fn what_comes_after_the_peers_close_is_ignored() {
    let (server, seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    let peer = |b0, payload: &[u8]| frame(From::Client, b0, payload);
    let close = peer(CLOSE, b"\x03\xe8");
    client.send([close, peer(TEXT, b"late"), peer(0x83, b""), vec![0xFF; 1000]].concat());
    client.expect_close(1000);
    client.expect_end();
    expect_events(&seen, &["open", "close 1000 clean"]);
}

#[test]
fn what_comes_after_our_close_is_delivered() {
    let (log, seen) = mpsc::channel();
    let (server, mut client, sender) = pair_with(|senders| {
        serve(config(), move |tubesock| {
            record(tubesock, &log);
            senders.send(tubesock.sender()).unwrap();
        })
    });
    sender.close(CloseCode(4001), "that is all").unwrap();
    assert_eq!(client.expect_close(4001), "that is all");
    client.text("one more");
    client.frame(TEXT_BEGIN, "and ");
    client.frame(LAST, "another");
    client.close(4001, "all right");
    client.expect_end();
    let end = "close 4001 clean all right";
    expect_events(&seen, &["open", "message one more", "message and another", end]);
    drop(server);
}

#[test]
fn a_sender_closes_while_its_connections_thread_waits_and_senders_are_told() {
    let (_server, mut client, sender) = pair(config());
    assert!(sender.is_open());
    assert_eq!(sender.close(CloseCode(1005), ""), Ok(()), "a Close may come without a code");
    client.expect(CLOSE, "");
    assert!(!sender.is_open());
    assert_eq!(sender.text("late"), Err(SendError::Closed));
    client.frame(CLOSE, "");
    client.expect_end();
}

#[test]
fn a_close_that_may_not_be_sent_is_refused_and_changes_nothing() {
    let (_server, mut client, sender) = pair(config());
    for code in [0, 999, 1004, 1006, 1015, 1016, 2999, 5000, 65_535] {
        assert_eq!(sender.close(CloseCode(code), ""), Err(SendError::CloseCode), "{code}");
    }
    assert_eq!(sender.close(CloseCode::NORMAL, &"r".repeat(124)), Err(SendError::TooLong));
    assert_eq!(sender.ping(&[0; 126]), Err(SendError::TooLong));
    sender.text("still here").unwrap();
    client.expect(TEXT, "still here");
    sender.close(CloseCode::NORMAL, &"r".repeat(123)).unwrap();
    assert_eq!(client.expect_close(1000).len(), 123);
}

#[test]
fn both_may_close_at_once() {
    let (log, seen) = mpsc::channel();
    for _ in 0..50 {
        let log = log.clone();
        let (_server, mut client, sender) = pair_with(|senders| {
            serve(config(), move |tubesock| {
                record(tubesock, &log);
                senders.send(tubesock.sender()).unwrap();
            })
        });
        let closing = std::thread::spawn(move || sender.close(CloseCode(4000), "ours"));
        client.close(3000, "theirs");
        closing.join().unwrap().unwrap();
        // Theirs may have come first; then ours is its answer.
        let frame = client.receive();
        assert_eq!(frame.b0, CLOSE);
        assert!(matches!(&frame.payload[..2], [0x0F, 0xA0] | [0x0B, 0xB8]), "{frame:?}");
        client.expect_end();
        expect_events(&seen, &["open", "close 3000 clean theirs"]);
    }
}

#[test]
fn four_hundred_kilobytes_and_a_close_arrive_whole_while_the_peer_writes_on() {
    let big = vec![0xA5; 400 << 10];
    let answer = big.clone();
    let server = serve(config(), move |tubesock| {
        let answer = answer.clone();
        tubesock.on_message(move |out, _| {
            out.binary(&answer)?;
            out.close(CloseCode::NORMAL, "done")
        });
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("go");
    let mut writer = client.writer();
    let writing = std::thread::spawn(move || {
        // No answer to the Close yet, so all of it is for the server to read and ignore.
        let message = frame(From::Client, BINARY, &[0; 10_000]);
        (0..300).take_while(|_| writer.write_all(&message).is_ok()).count()
    });
    std::thread::sleep(SHORT);
    client.expect(BINARY, &big);
    assert_eq!(client.expect_close(1000), "done");
    assert_eq!(writing.join().unwrap(), 300);
    client.close(1000, "");
    client.expect_end();
}

#[test]
fn a_peer_that_never_answers_our_close_is_dropped_at_the_close_deadline() {
    let (log, seen) = mpsc::channel();
    let server = serve(Config { close_timeout: SHORT, ..config() }, move |tubesock| {
        record(tubesock, &log);
        tubesock.on_message(|out, _| out.close(CloseCode::NORMAL, ""));
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("go");
    client.expect_close(1000);
    let (_, took) = timed(|| client.expect_end());
    assert_kept(took, SHORT);
    let error = "error the peer answers no close";
    let end = "close 1006 unclean the peer answers no close";
    expect_events(&seen, &["open", "message go", error, end]);
}

#[test]
fn the_same_when_the_close_came_from_another_thread() {
    let (log, seen) = mpsc::channel();
    let (_server, mut client, sender) = pair_with(|senders| {
        serve(Config { close_timeout: SHORT, ..config() }, move |tubesock| {
            record(tubesock, &log);
            senders.send(tubesock.sender()).unwrap();
        })
    });
    std::thread::sleep(SHORT / 10); // so that the connection's thread waits already
    sender.close(CloseCode::NORMAL, "").unwrap();
    client.expect_close(1000);
    let (_, took) = timed(|| client.expect_end());
    assert_kept(took, SHORT);
    let error = "error the peer answers no close";
    let end = "close 1006 unclean the peer answers no close";
    expect_events(&seen, &["open", error, end]);
}

#[test]
fn a_peer_that_sends_on_without_end_and_never_answers_is_dropped_at_the_close_deadline() {
    let server = serve(Config { close_timeout: SHORT, ..config() }, move |tubesock| {
        tubesock.on_open(|out| out.close(CloseCode::NORMAL, ""));
        tubesock.on_message(|_, _| ());
    });
    let handle = server.handle();
    let mut client = RawClient::open(server.local_addr());
    client.expect_close(1000);
    let mut writer = client.writer();
    let flood = std::thread::spawn(move || {
        let message = frame(From::Client, TEXT, &[b'x'; 1000]).repeat(10);
        while writer.write_all(&message).is_ok() {}
    });
    let took = wait_until("the connection is dropped", || handle.connections() == 0);
    assert_kept(took, SHORT);
    // What it has no room for any more it would try to send for long.
    let _ = client.stream().shutdown(std::net::Shutdown::Both);
    flood.join().unwrap();
}
