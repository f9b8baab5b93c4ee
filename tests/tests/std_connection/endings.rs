//! Ends without a closing handshake, and closes that meet something else.

use std::net::Shutdown;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tubesock_std::{CloseCode, Config, Message, SendError, Server};
use tubesock_tests::frames::first::{BINARY, CLOSE, TEXT};
use tubesock_tests::frames::{From, close, frame};
use tubesock_tests::raw::{PATIENCE, RawClient, wait_until};

use super::{
    SHORT, assert_kept, config, echo, expect_events, narrow_pair, pair_with, record, serve, timed,
};

#[test]
fn a_peer_that_ends_its_direction_without_a_close_still_gets_the_answers() {
    let (server, seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    let big = vec![b'b'; 300_000];
    client.text("first");
    client.frame(BINARY, &big);
    client.shutdown_write();
    client.expect(TEXT, "first");
    client.expect(BINARY, &big);
    client.expect_end();
    let message = format!("message {}", "b".repeat(40));
    let error = "error the peer left without a close";
    expect_events(&seen, &["open", "message first", &message, error, "close 1006 unclean"]);
}

#[test]
fn a_peer_that_ends_inside_a_frame_is_lost_and_its_part_is_not_delivered() {
    let (server, seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    let bytes = frame(From::Client, TEXT, b"only a part of this");
    client.send(&bytes[..10]);
    client.shutdown_write();
    client.expect_end();
    expect_events(&seen, &["open", "error the peer left without a close", "close 1006 unclean"]);
}

#[test]
fn a_reset_is_told_once() {
    let (log, seen) = mpsc::channel();
    let server = serve(config(), move |tubesock| record(tubesock, &log));
    let client = RawClient::open(server.local_addr());
    rustix::net::sockopt::set_socket_linger(client.stream(), Some(Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), "open");
    let error = seen.recv_timeout(PATIENCE).unwrap();
    assert!(error.starts_with("error the connection was lost: "), "{error}");
    expect_events(&seen, &["close 1006 unclean"]);
}

#[test]
fn senders_of_a_connection_that_is_over_get_a_typed_error() {
    let (log, seen) = mpsc::channel();
    let (_server, mut client, sender) = pair_with(|senders| {
        serve(config(), move |tubesock| {
            record(tubesock, &log);
            senders.send(tubesock.sender()).unwrap();
        })
    });
    client.close(1000, "");
    client.expect_close(1000);
    client.expect_end();
    expect_events(&seen, &["open", "close 1000 clean"]);
    assert!(!sender.is_open());
    let prepared = tubesock_std::Prepared::text("x");
    let closed = Err(SendError::Closed);
    assert_eq!(sender.text("x"), closed);
    assert_eq!(sender.binary(&[0; 100_000]), closed);
    assert_eq!(sender.try_send("x"), closed);
    assert_eq!(sender.try_send_prepared(&prepared), closed);
    assert_eq!(sender.fragment("x", true), closed);
    assert_eq!(sender.ping(b""), closed);
    assert_eq!(sender.close(CloseCode::NORMAL, ""), Ok(()), "it does nothing then");
}

#[test]
fn abort_ends_both_the_reader_and_a_send_that_waits() {
    let (_server, client, sender) = narrow_pair(config());
    let blocked = sender.clone();
    let sending = thread::spawn(move || timed(|| blocked.binary(&vec![0; 8 << 20])));
    thread::sleep(SHORT / 4);
    assert!(!sending.is_finished());
    sender.abort();
    let (result, took) = sending.join().unwrap();
    assert!(result.is_err());
    assert!(took < PATIENCE / 2, "{took:?}");
    assert!(!sender.is_open());
    assert!(sender.text("x").is_err());
    drop(client);
}

/// Sends as fast as the peer reads, until there is an error.
fn keep_sending(sender: tubesock_std::Sender, size: usize) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let payload = vec![0x42; size];
        (0..).take_while(|_| sender.binary(&payload).is_ok()).count()
    })
}

/// All frames up to the Close must be whole, and it must be the last.
fn expect_messages_and_then_close(client: &mut RawClient, size: usize) -> u16 {
    loop {
        let frame = client.receive();
        match frame.b0 {
            BINARY => assert_eq!(frame.payload.len(), size),
            CLOSE => {
                client.expect_end();
                return u16::from_be_bytes([frame.payload[0], frame.payload[1]]);
            }
            _ => panic!("{frame:?}"),
        }
    }
}

#[test]
fn a_close_of_the_peers_is_answered_also_when_another_thread_is_sending() {
    for size in [1000, 3_000_000] {
        let (_server, mut client, sender) = narrow_pair(config());
        let sending = keep_sending(sender, size);
        thread::sleep(SHORT / 4);
        client.close(3001, "");
        thread::sleep(SHORT / 4); // the Close is there, and the send is stuck
        assert_eq!(expect_messages_and_then_close(&mut client, size), 3001);
        sending.join().unwrap();
    }
}

#[test]
fn a_violation_is_answered_also_when_another_thread_is_sending() {
    let (_server, mut client, sender) = narrow_pair(config());
    let sending = keep_sending(sender, 3_000_000);
    thread::sleep(SHORT / 4);
    client.frame(0x83, "");
    thread::sleep(SHORT / 4);
    assert_eq!(expect_messages_and_then_close(&mut client, 3_000_000), 1002);
    sending.join().unwrap();
}

#[test]
fn a_close_of_the_peers_is_answered_behind_what_is_queued() {
    let (_server, mut client, sender) = narrow_pair(config());
    let mut sent = 0;
    while sender.try_send(&[0x42; 1000][..]).is_ok() {
        sent += 1;
    }
    client.close(3001, "");
    thread::sleep(SHORT / 4);
    for _ in 0..sent {
        client.expect(BINARY, [0x42; 1000]);
    }
    client.expect_close(3001);
    client.expect_end();
}

#[test]
fn a_websocket_that_is_dropped_closes_with_1001() {
    let server = Server::bind("127.0.0.1:0").unwrap().with_config(config());
    let spawned = server.spawn(|request| {
        let mut websocket = request.accept()?;
        let message = websocket.recv().unwrap().map(Message::len);
        websocket.send(format!("{message:?}").as_str()).unwrap();
        Ok(())
    });
    let server = spawned.unwrap();
    let mut client = RawClient::open(server.local_addr());
    client.text("12345");
    client.expect(TEXT, "Some(5)");
    client.expect_close(1001);
    client.expect_end();
}

#[test]
fn a_peer_that_stays_after_its_close_is_dropped_at_the_close_deadline() {
    let (server, seen) = echo(Config { close_timeout: SHORT, ..config() });
    let mut client = RawClient::open(server.local_addr());
    client.close(1000, "");
    client.expect_close(1000);
    client.expect_end();
    expect_events(&seen, &["open", "close 1000 clean"]);
    // The server's socket is gone when bytes for it are answered with a reset.
    let (_, took) = timed(|| {
        wait_until("the server's socket is closed", || {
            use std::io::Write;
            let mut stream = client.stream();
            stream.write_all(&close(From::Client, 1000, "")).is_err()
        });
    });
    assert!(took < SHORT * 3, "{took:?}");
    assert_kept(took + SHORT / 4, SHORT);
    let _ = client.stream().shutdown(Shutdown::Both);
}
