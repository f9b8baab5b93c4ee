//! Peers that read slowly, or not at all: who waits, for how long, and what is kept for them.

use std::thread;
use std::time::{Duration, Instant};

use tubesock_std::{CloseCode, Config, Prepared, SendError, Sender};
use tubesock_tests::frames::first::{BINARY, CLOSE, PING};
use tubesock_tests::raw::{PATIENCE, RawClient, wait_until};

use super::{SHORT, assert_kept, config, narrow_pair, timed};

const QUEUE: usize = 64 << 10;

fn numbered(number: u32) -> Vec<u8> {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.resize(1000, number as u8);
    bytes
}

/// Fills the socket and the queue; how many messages that took.
fn fill(sender: &Sender) -> u32 {
    let mut sent = 0;
    loop {
        let (result, took) = timed(|| sender.try_send(&numbered(sent)[..]));
        assert!(took < SHORT / 2, "try_send waited for {took:?}");
        match result {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, SendError::QueueFull);
                return sent;
            }
        }
    }
}

#[test]
fn send_to_a_peer_that_does_not_read_gives_up_at_the_write_deadline() {
    let (server, client, sender) = narrow_pair(Config { write_timeout: SHORT, ..config() });
    let handle = server.handle();
    let (result, took) = timed(|| {
        loop {
            let (result, took) = timed(|| sender.binary(&[0; 4000]));
            if result.is_err() {
                return (result, took);
            }
        }
    })
    .0;
    assert_eq!(result, Err(SendError::TimedOut));
    assert_kept(took, SHORT);
    wait_until("the connection is dropped", || handle.connections() == 0);
    assert!(!sender.is_open());
    drop(client);
}

#[test]
fn a_large_send_gives_up_at_the_write_deadline_also_when_a_little_is_read_all_the_time() {
    let (_server, mut client, sender) = narrow_pair(Config { write_timeout: SHORT, ..config() });
    let sending = thread::spawn(move || timed(|| sender.binary(&vec![0; 64 << 20])));
    while !sending.is_finished() {
        let mut little = [0; 2000];
        let _ = std::io::Read::read(&mut client.stream(), &mut little);
        thread::sleep(Duration::from_millis(5));
    }
    let (result, took) = sending.join().unwrap();
    assert_eq!(result, Err(SendError::TimedOut));
    assert_kept(took, SHORT);
    client.drain();
}

#[test]
fn a_send_that_had_to_wait_for_its_turn_gives_up_at_its_own_deadline() {
    let deadline = SHORT * 4;
    let (_server, mut client, sender) = narrow_pair(Config { write_timeout: deadline, ..config() });
    let first = sender.clone();
    let first = thread::spawn(move || first.binary(&vec![1; 1 << 20]));
    thread::sleep(deadline / 10);
    let second = thread::spawn(move || timed(|| sender.binary(&vec![2; 1 << 20])));
    // The first gets through shortly before its deadline; then nothing is read any more.
    thread::sleep(deadline / 2);
    client.expect(BINARY, vec![1; 1 << 20]);
    first.join().unwrap().unwrap();
    let (result, took) = second.join().unwrap();
    assert_eq!(result, Err(SendError::TimedOut));
    assert!(took < deadline * 5 / 4, "{took:?}, long after {deadline:?}");
}

#[test]
fn try_send_fills_a_bounded_queue_and_what_is_in_it_arrives_in_order() {
    let (_server, mut client, sender) = narrow_pair(Config { max_queued: QUEUE, ..config() });
    let sent = fill(&sender);
    assert!(sent as usize * 1000 > QUEUE * 9 / 10, "{sent} messages");
    assert!(sent < 2000, "{sent} messages: more than the sockets and the queue can hold");
    assert_eq!(sender.try_send_prepared(&Prepared::binary(&[0; 900])), Err(SendError::QueueFull));
    for number in 0..sent {
        client.expect(BINARY, numbered(number));
    }
    // There is room again, and it goes out by itself.
    let again = fill(&sender);
    for number in 0..again {
        client.expect(BINARY, numbered(number));
    }
}

#[test]
fn a_peer_that_does_not_read_is_heard_all_the_same() {
    let (log, seen) = std::sync::mpsc::channel();
    let (senders, sent) = std::sync::mpsc::channel();
    let limits = Config { max_queued: QUEUE, park_after: SHORT / 8, ..config() };
    let server = super::serve_narrow(limits, move |tubesock| {
        super::record(tubesock, &log);
        senders.send(tubesock.sender()).unwrap();
    });
    let addr = server.local_addr();
    let mut client = RawClient::over(tubesock_tests::raw::narrow_stream(addr));
    client.shake_hands(addr, "");
    let queued = fill(&sent.recv_timeout(PATIENCE).unwrap());
    for text in ["one", "two", "three"] {
        thread::sleep(SHORT / 4);
        client.text(text);
    }
    for expected in ["open", "message one", "message two", "message three"] {
        assert_eq!(seen.recv_timeout(SHORT * 5).expect(expected), expected);
    }
    client.close(1000, "gone");
    for number in 0..queued {
        client.expect(BINARY, numbered(number));
    }
    client.expect_close(1000);
    client.expect_end();
    super::expect_events(&seen, &["close 1000 clean gone"]);
}

#[test]
fn queued_messages_and_large_sends_and_pings_keep_their_order() {
    let (_server, mut client, sender) = narrow_pair(Config { max_queued: QUEUE, ..config() });
    let large = vec![0xEE; 300_000];
    let sent = fill(&sender);
    let waiting = {
        let (sender, large) = (sender.clone(), large.clone());
        thread::spawn(move || {
            sender.binary(&large).unwrap();
            sender.ping(b"behind").unwrap();
            sender.binary(b"last").unwrap();
        })
    };
    let queued = vec![0xDD; 2000];
    wait_until("the large one has its turn", || sender.try_send(&queued[..]).is_ok());
    for number in 0..sent {
        client.expect(BINARY, numbered(number));
    }
    // What was queued meanwhile comes behind the large one, or it had still found room before.
    let rest: Vec<_> = (0..4).map(|_| client.receive()).collect();
    let mut shown: Vec<_> = rest.iter().map(|frame| (frame.b0, &frame.payload[..])).collect();
    let at = shown.iter().position(|(_, payload)| *payload == queued).expect("what was queued");
    shown.remove(at);
    assert!(shown == [(BINARY, &large[..]), (PING, b"behind"), (BINARY, b"last")]);
    waiting.join().unwrap();
}

#[test]
fn try_send_does_not_wait_for_a_send_that_waits() {
    let (_server, client, sender) = narrow_pair(Config { max_queued: QUEUE, ..config() });
    let blocked = sender.clone();
    let sending = thread::spawn(move || blocked.binary(&vec![0; 8 << 20]));
    thread::sleep(SHORT / 4);
    assert!(!sending.is_finished());
    fill(&sender);
    sender.abort();
    assert!(sending.join().unwrap().is_err());
    drop(client);
}

#[test]
fn a_queue_that_is_not_taken_by_the_write_deadline_ends_the_connection() {
    let deadline = SHORT * 4;
    let limits = Config { max_queued: QUEUE, write_timeout: deadline, ..config() };
    let (server, mut client, sender) = narrow_pair(limits);
    let handle = server.handle();
    fill(&sender);
    let took = wait_until("the connection is dropped", || handle.connections() == 0);
    assert_kept(took, deadline);
    assert!(!sender.is_open());
    client.drain();
}

#[test]
fn a_peer_that_reads_steadily_stays_however_long_its_queue_is_never_empty() {
    // A deadline that is longer than the probes of a full window, which a busy machine runs into.
    let deadline = SHORT * 3;
    let limits = Config { max_queued: QUEUE, write_timeout: deadline, ..config() };
    let (_server, mut client, sender) = narrow_pair(limits);
    let begun = Instant::now();
    let filling = thread::spawn(move || {
        let mut sent = 0;
        while begun.elapsed() < deadline * 3 {
            match sender.try_send(&numbered(sent)[..]) {
                Ok(()) => sent += 1,
                Err(SendError::QueueFull) => thread::sleep(Duration::from_millis(1)),
                Err(error) => panic!("after {:?}: {error}", begun.elapsed()),
            }
        }
        sender.close(CloseCode::NORMAL, "").unwrap();
        sent
    });
    let mut received = 0;
    loop {
        let frame = client.receive();
        if frame.b0 == CLOSE {
            break;
        }
        assert_eq!(frame.payload, numbered(received));
        received += 1;
        if received % 4 == 0 {
            thread::sleep(Duration::from_millis(2)); // the queue's 64 KiB take 40 ms or so
        }
    }
    assert_eq!(filling.join().unwrap(), received);
}

#[test]
fn close_does_not_wait_for_a_peer_that_does_not_read_and_the_close_deadline_ends_it() {
    let limits = Config { max_queued: QUEUE, close_timeout: SHORT, ..config() };
    let (server, mut client, sender) = narrow_pair(limits);
    let handle = server.handle();
    fill(&sender);
    let (result, took) = timed(|| sender.close(CloseCode::POLICY, "too slow"));
    result.unwrap();
    assert!(took < SHORT / 2, "close waited for {took:?}");
    let took = wait_until("the connection is dropped", || handle.connections() == 0);
    assert_kept(took, SHORT);
    client.drain();
}

#[test]
fn a_peer_that_reads_again_gets_its_queue_and_then_the_close() {
    let limits = Config { max_queued: QUEUE, ..config() };
    let (_server, mut client, sender) = narrow_pair(limits);
    let sent = fill(&sender);
    sender.close(CloseCode::POLICY, "too slow").unwrap();
    thread::sleep(SHORT / 4);
    for number in 0..sent {
        client.expect(BINARY, numbered(number));
    }
    assert_eq!(client.expect_close(1008), "too slow");
    client.close(1008, "");
    client.expect_end();
}

#[test]
fn an_echo_whose_peer_never_reads_ends_at_the_write_deadline() {
    let server = super::serve_narrow(Config { write_timeout: SHORT, ..config() }, |tubesock| {
        tubesock.on_message(|out, message| out.send(message));
    });
    let handle = server.handle();
    let addr = server.local_addr();
    let mut client = RawClient::over(tubesock_tests::raw::narrow_stream(addr));
    client.shake_hands(addr, "");
    let mut writer = client.writer();
    let writing = thread::spawn(move || {
        let message = tubesock_tests::frames::frame(
            tubesock_tests::frames::From::Client,
            BINARY,
            &[0; 20_000],
        );
        while std::io::Write::write_all(&mut writer, &message).is_ok() {}
    });
    let took = wait_until("the connection is dropped", || handle.connections() == 0);
    assert!(took >= SHORT - Duration::from_millis(20) && took < PATIENCE / 4, "{took:?}");
    writing.join().unwrap();
}
