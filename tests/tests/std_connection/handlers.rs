//! Handlers: their order, their errors, their panics.

use std::cell::Cell;
use std::sync::mpsc;

use tubesock_std::{CloseCode, Server};
use tubesock_tests::frames::first::TEXT;
use tubesock_tests::raw::RawClient;

use super::{config, echo, expect_events, record, serve};

#[test]
fn several_handlers_of_each_kind_run_in_the_order_in_which_they_were_added() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        for name in ["a", "b", "c"] {
            let (open, message) = (log.clone(), log.clone());
            let (close, error) = (log.clone(), log.clone());
            tubesock.on_close(move |_| drop(close.send(format!("{name} close"))));
            tubesock.on_error(move |_| drop(error.send(format!("{name} error"))));
            tubesock.on_message(move |_, _| drop(message.send(format!("{name} message"))));
            tubesock.on_open(move |_| drop(open.send(format!("{name} open"))));
        }
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("hello");
    client.frame(0x83, "a reserved opcode");
    let kinds = ["open", "message", "error", "close"];
    let expected = kinds.map(|kind| ["a", "b", "c"].map(|name| format!("{name} {kind}")));
    let expected: Vec<&str> = expected.iter().flatten().map(String::as_str).collect();
    expect_events(&seen, &expected);
}

#[test]
fn what_on_open_sends_is_the_first_that_the_peer_sees() {
    let server = serve(config(), |tubesock| {
        tubesock.on_message(|out, message| out.send(message));
        tubesock.on_open(|out| out.text("welcome"));
    });
    let mut client = RawClient::connect(server.local_addr());
    let head = tubesock_tests::raw::upgrade(server.local_addr(), "/", "");
    let early = tubesock_tests::frames::frame(tubesock_tests::frames::From::Client, TEXT, b"early");
    client.send([head.as_bytes(), &early].concat());
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.expect(TEXT, "welcome");
    client.expect(TEXT, "early");
}

#[test]
fn handlers_share_what_outlives_the_call_that_runs_them() {
    let (log, seen) = mpsc::channel();
    let server = Server::bind("127.0.0.1:0").unwrap().with_config(config());
    let server = server.spawn(move |request| {
        let count = Cell::new(0);
        request.hijack(|tubesock| {
            tubesock.on_message(|_, _| count.set(count.get() + 1));
            tubesock.on_message(|out, _| out.text(&count.get().to_string()));
        })?;
        drop(log.send(count.get().to_string()));
        Ok(())
    });
    let server = server.unwrap();
    let mut client = RawClient::open(server.local_addr());
    for count in ["1", "2", "3"] {
        client.text("");
        client.expect(TEXT, count);
    }
    client.close(1000, "");
    expect_events(&seen, &["3"]);
}

#[test]
fn a_handlers_error_goes_to_on_error_and_closes_with_1011() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        record(tubesock, &log);
        tubesock.on_message(|out, message| match message.as_text() {
            Some("fail") => Err("no such thing".to_owned()),
            _ => out.send(message).map_err(|error| error.to_string()),
        });
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("fine");
    client.text("fail");
    client.text("ignored");
    client.expect(TEXT, "fine");
    assert_eq!(client.expect_close(1011), "");
    client.text("ignored as well");
    client.close(1011, "");
    client.expect_end();
    let expected =
        ["open", "message fine", "message fail", "error a handler failed: no such thing"];
    expect_events(&seen, &[&expected[..], &["close 1011 unclean"]].concat());
}

#[test]
fn a_handlers_panic_closes_with_1011_and_the_server_lives_on() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        record(tubesock, &log);
        tubesock.stay_open_on_error(true); // which a panic is not
        tubesock.on_message(|out, message| {
            assert_ne!(message.as_text(), Some("panic"), "as it was asked to");
            out.send(message)
        });
    });
    let mut other = RawClient::open(server.local_addr());
    expect_events(&seen, &["open"]);
    let mut client = RawClient::open(server.local_addr());
    client.text("panic");
    client.expect_close(1011);
    client.close(1011, "");
    client.expect_end();
    for event in ["open", "message panic"] {
        assert_eq!(seen.recv().unwrap(), event);
    }
    let error = seen.recv().unwrap();
    assert!(error.starts_with("error a handler panicked: "), "{error}");
    assert!(error.contains("as it was asked to"), "{error}");
    expect_events(&seen, &["close 1011 unclean"]);
    other.text("still here");
    other.expect(TEXT, "still here");
    RawClient::open(server.local_addr()).close(1000, "");
}

#[test]
fn an_error_in_on_open_closes_with_1011_before_any_message_is_delivered() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        tubesock.on_open(|_| Err("not today"));
        record(tubesock, &log);
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("ignored");
    client.expect_close(1011);
    client.close(1011, "");
    client.expect_end();
    expect_events(&seen, &["error a handler failed: not today", "close 1011 unclean"]);
}

#[test]
fn a_panic_in_on_error_or_on_close_keeps_the_other_handlers_from_nothing() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        tubesock.on_error(|_| panic!("in on_error, as it was asked to"));
        tubesock.on_close(|_| panic!("in on_close, as it was asked to"));
        record(tubesock, &log);
    });
    let mut client = RawClient::open(server.local_addr());
    client.frame(0x83, "");
    client.expect_close(1002);
    client.expect_end();
    expect_events(
        &seen,
        &[
            "open",
            "error the peer broke the protocol: a reserved opcode",
            "close 1002 unclean a reserved opcode",
        ],
    );
}

#[test]
fn with_stay_open_on_error_the_connection_goes_on() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        tubesock.stay_open_on_error(true);
        record(tubesock, &log);
        tubesock.on_message(|out, message| match message.as_text() {
            Some("fail") => Err("no such thing".to_owned()),
            _ => out.send(message).map_err(|error| error.to_string()),
        });
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("fail");
    client.text("fine");
    client.expect(TEXT, "fine");
    client.close(1000, "bye");
    client.expect_close(1000);
    client.expect_end();
    let failed = "error a handler failed: no such thing";
    let end = "close 1000 clean bye";
    expect_events(&seen, &["open", "message fail", failed, "message fine", end]);
}

#[test]
fn a_handler_may_close_and_what_it_sent_before_arrives_first() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| {
        record(tubesock, &log);
        tubesock.on_message(|out, _| {
            out.text("last words")?;
            out.close(CloseCode(4321), "enough")?;
            assert!(out.text("too late").is_err());
            out.close(CloseCode(4000), "which is not sent")
        });
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("go");
    client.expect(TEXT, "last words");
    assert_eq!(client.expect_close(4321), "enough");
    client.close(4321, "mine");
    client.expect_end();
    expect_events(&seen, &["open", "message go", "close 4321 clean mine"]);
}

#[test]
fn an_echo_of_one_write_with_many_messages_is_whole_and_in_order() {
    let (server, _seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    let mut bytes = Vec::new();
    for i in 0..2000 {
        let text = format!("{i}:{}", "x".repeat(i % 300));
        bytes.extend(tubesock_tests::frames::frame(
            tubesock_tests::frames::From::Client,
            TEXT,
            text.as_bytes(),
        ));
    }
    let mut writer = client.writer();
    let sending = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &bytes));
    for i in 0..2000 {
        client.expect(TEXT, format!("{i}:{}", "x".repeat(i % 300)));
    }
    sending.join().unwrap().unwrap();
}
