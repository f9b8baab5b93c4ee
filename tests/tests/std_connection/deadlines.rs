//! Ping, pong and idle deadlines, by real clocks.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tubesock_std::{Config, Server};
use tubesock_tests::frames::first::{PING, PONG, TEXT};
use tubesock_tests::raw::{RawClient, wait_until};

use super::{SHORT, assert_kept, config, echo, expect_events, record, serve, timed};

#[test]
fn a_silent_peer_is_pinged_and_dropped_when_it_answers_nothing() {
    let keepalive = Config { ping_interval: Some(SHORT), pong_timeout: Some(SHORT), ..config() };
    let (server, seen) = echo(keepalive);
    let mut client = RawClient::open(server.local_addr());
    let ((), took) = timed(|| client.expect(PING, ""));
    assert_kept(took, SHORT);
    let (_, took) = timed(|| client.drain());
    assert_kept(took, SHORT);
    let error = "error the peer answers no ping";
    let end = "close 1006 unclean the peer answers no ping";
    expect_events(&seen, &["open", error, end]);
}

#[test]
fn a_peer_that_answers_its_pings_stays() {
    let interval = Duration::from_millis(50);
    let keepalive = Config { ping_interval: Some(interval), pong_timeout: Some(SHORT), ..config() };
    let (server, _seen) = echo(keepalive);
    let mut client = RawClient::open(server.local_addr());
    for _ in 0..12 {
        client.expect(PING, "");
        client.frame(PONG, "");
    }
    client.text("still here");
    client.expect(TEXT, "still here");
}

#[test]
fn a_peer_of_which_anything_comes_is_not_pinged() {
    let keepalive = Config { ping_interval: Some(SHORT), pong_timeout: Some(SHORT), ..config() };
    let (server, _seen) = echo(keepalive);
    let mut client = RawClient::open(server.local_addr());
    for i in 0..8 {
        thread::sleep(SHORT / 4);
        client.frame(PING, [i]);
        client.expect(PONG, [i]);
    }
}

#[test]
fn an_idle_peer_is_closed_with_1001() {
    let (server, seen) = echo(Config { idle_timeout: Some(SHORT), ..config() });
    let mut client = RawClient::open(server.local_addr());
    thread::sleep(SHORT / 2);
    client.text("not yet");
    client.expect(TEXT, "not yet");
    let (reason, took) = timed(|| client.expect_close(1001));
    assert_eq!(reason, "idle");
    assert_kept(took, SHORT);
    client.close(1001, "");
    client.expect_end();
    expect_events(&seen, &["open", "message not yet", "close 1001 clean"]);
}

#[test]
fn pings_without_end_keep_no_idle_peer_alive() {
    let (server, _seen) = echo(Config { idle_timeout: Some(SHORT), ..config() });
    let client = RawClient::open(server.local_addr());
    let handle = server.handle();
    let mut writer = client.writer();
    let flood = thread::spawn(move || {
        let ping = tubesock_tests::frames::frame(tubesock_tests::frames::From::Client, PING, b"");
        let pings = ping.repeat(100);
        while std::io::Write::write_all(&mut writer, &pings).is_ok() {
            thread::sleep(Duration::from_micros(100));
        }
    });
    let mut client = client;
    let reading = thread::spawn(move || {
        while let Some(frame) = client.receive_or_end() {
            if frame.b0 != PONG {
                return client.shutdown_write();
            }
        }
        panic!("no Close came");
    });
    let took = wait_until("the connection is closed", || reading.is_finished());
    assert_kept(took, SHORT);
    reading.join().unwrap();
    wait_until("it is gone", || handle.connections() == 0);
    flood.join().unwrap();
}

#[test]
fn a_handler_that_blocks_for_longer_than_the_deadlines_loses_no_living_peer() {
    let (log, seen) = mpsc::channel();
    let deadlines = Config {
        ping_interval: Some(SHORT / 4),
        pong_timeout: Some(SHORT / 4),
        idle_timeout: Some(SHORT / 2),
        ..config()
    };
    let server = serve(deadlines, move |tubesock| {
        record(tubesock, &log);
        tubesock.on_message(|out, message| {
            if message.as_text() == Some("block") {
                thread::sleep(SHORT);
            }
            out.send(message)
        });
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("block");
    thread::sleep(SHORT / 4); // so that the rest is read by another call
    client.text("meanwhile");
    client.expect(TEXT, "block");
    client.expect(TEXT, "meanwhile");
    client.close(1000, "");
    client.expect_close(1000);
    client.expect_end();
    expect_events(&seen, &["open", "message block", "message meanwhile", "close 1000 clean"]);
}

#[test]
fn a_connection_without_any_deadline_waits_and_then_goes_on() {
    let none = Config {
        ping_interval: None,
        pong_timeout: None,
        idle_timeout: None,
        park_after: Duration::from_millis(20),
        ..config()
    };
    let (server, _seen) = echo(none);
    let mut client = RawClient::open(server.local_addr());
    for size in [1, 100_000, 10] {
        thread::sleep(Duration::from_millis(150));
        let text = "x".repeat(size);
        client.text(&text);
        client.expect(TEXT, &text);
    }
}

#[test]
fn settings_of_zero_and_of_forever_do_no_harm() {
    for limit in [Duration::ZERO, Duration::MAX] {
        let config = Config {
            park_after: limit,
            write_timeout: limit.max(SHORT),
            close_timeout: limit,
            ping_interval: Some(limit.max(SHORT)),
            ..config()
        };
        let server = Server::bind("127.0.0.1:0").unwrap().with_config(config);
        let server = server
            .spawn(|request| {
                request.hijack(|tubesock| tubesock.on_message(|out, message| out.send(message)))
            })
            .unwrap();
        let mut client = RawClient::open(server.local_addr());
        client.text("hello");
        client.expect(TEXT, "hello");
        let big = "x".repeat(100_000);
        client.text(&big);
        client.expect(TEXT, &big);
    }
}
