//! Messages in fragments, sent and received, with others' frames between (RFC 6455 §5.4).

use std::thread;

use tubesock_std::{Config, SendError};
use tubesock_tests::frames::first::{
    BINARY, BINARY_BEGIN, LAST, MORE, PING, PONG, TEXT, TEXT_BEGIN,
};
use tubesock_tests::raw::RawClient;

use super::{SHORT, assert_kept, config, echo, pair, timed};

#[test]
fn another_threads_message_waits_for_the_end_of_a_fragmented_one() {
    let (_server, mut client, sender) = pair(config());
    sender.fragment("one ", false).unwrap();
    let other = sender.clone();
    let waiting = thread::spawn(move || other.text("other"));
    thread::sleep(SHORT / 2);
    assert!(!waiting.is_finished());
    assert_eq!(sender.try_send("not now"), Err(SendError::MessageInProgress));
    sender.ping(b"between").unwrap();
    sender.fragment("two ", false).unwrap();
    sender.fragment("three", true).unwrap();
    waiting.join().unwrap().unwrap();
    // That it waited shows in the order, not on a clock.
    client.expect(TEXT_BEGIN, "one ");
    client.expect(PING, "between");
    client.expect(MORE, "two ");
    client.expect(LAST, "three");
    client.expect(TEXT, "other");
}

#[test]
fn it_waits_no_longer_than_the_write_deadline() {
    let (_server, mut client, sender) = pair(Config { write_timeout: SHORT, ..config() });
    sender.fragment(&b"begun"[..], false).unwrap();
    let other = sender.clone();
    for len in [5, 50_000] {
        let (result, took) = timed(|| other.binary(&vec![0; len]));
        assert_eq!(result, Err(SendError::MessageInProgress));
        assert_kept(took, SHORT);
    }
    assert_eq!(sender.text("inside its own"), Err(SendError::MessageInProgress));
    sender.fragment(&b"ended"[..], true).unwrap();
    sender.text("next").unwrap();
    client.expect(BINARY_BEGIN, "begun");
    client.expect(LAST, "ended");
    client.expect(TEXT, "next");
}

#[test]
fn fragments_of_any_size_arrive_in_order_while_pings_are_answered() {
    let (_server, mut client, sender) = pair(config());
    let sizes = [0, 1, 100, 511, 512, 8191, 8192, 8193, 100_000, 0, 1_000_000, 3];
    let sending = thread::spawn(move || {
        for (i, size) in sizes.into_iter().enumerate() {
            sender.fragment(&vec![i as u8; size][..], i + 1 == sizes.len()).unwrap();
        }
    });
    for i in 0..100 {
        client.frame(PING, [i]);
    }
    let (mut fragments, mut pongs) = (Vec::new(), Vec::new());
    while fragments.len() < sizes.len() || pongs.last() != Some(&99) {
        let frame = client.receive();
        match frame.b0 {
            PONG => pongs.push(frame.payload[0]),
            b0 => fragments.push((b0, frame.payload)),
        }
    }
    sending.join().unwrap();
    for (i, (b0, payload)) in fragments.iter().enumerate() {
        let expected = [MORE, BINARY_BEGIN, LAST];
        let which = if i == 0 { 1 } else { 2 * usize::from(i + 1 == sizes.len()) };
        assert_eq!((*b0, payload), (expected[which], &vec![i as u8; sizes[i]]), "fragment {i}");
    }
    assert!(pongs.is_sorted(), "{pongs:?}");
}

#[test]
fn fragments_of_the_peers_become_one_message_with_its_pings_answered_between() {
    let (server, _seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    client.frame(TEXT_BEGIN, "gr\u{fc}".as_bytes().split_last().unwrap().1);
    client.frame(PING, "first");
    client.expect(PONG, "first");
    client.frame(MORE, "\u{fc}".as_bytes().split_first().unwrap().1);
    client.frame(MORE, "");
    client.frame(PING, "second");
    client.expect(PONG, "second");
    client.frame(LAST, "\u{df}e");
    client.expect(TEXT, "gr\u{fc}\u{df}e");
}

#[test]
fn a_fragmented_message_of_one_byte_each_is_one_message() {
    let (server, _seen) = echo(config());
    let mut client = RawClient::open(server.local_addr());
    client.frame(BINARY_BEGIN, [0]);
    for i in 1..20_000u32 {
        client.frame(MORE, [i as u8]);
    }
    client.frame(LAST, "");
    let expected: Vec<u8> = (0..20_000u32).map(|i| i as u8).collect();
    client.expect(BINARY, &expected);
}
