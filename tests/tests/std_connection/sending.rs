//! One connection, many senders: frames never interleave, and nothing is lost.

use std::collections::HashMap;
use std::thread;

use tubesock_std::{Prepared, Sender};
use tubesock_tests::frames::first::{BINARY, PING, PONG, TEXT};
use tubesock_tests::frames::{From, frame};
use tubesock_tests::raw::RawClient;

use super::{config, pair, pair_with, serve};

const THREADS: u32 = 4;
const EACH: u32 = 10_000;

/// A payload that tells whose it is, and whether it is whole.
fn payload(thread: u32, number: u32) -> Vec<u8> {
    let len =
        12 + (number * 7919 % 613) as usize + if number.is_multiple_of(500) { 20_000 } else { 0 };
    let mut bytes =
        [thread.to_be_bytes(), number.to_be_bytes(), (len as u32).to_be_bytes()].concat();
    bytes.resize(len, (thread * 31 + number) as u8);
    bytes
}

/// Whose it is, and which.
fn check(bytes: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let (thread, n) = (number(0), number(4));
    assert_eq!(bytes, payload(thread, n), "message {n} of thread {thread} is not whole");
    (thread, n)
}

#[test]
fn forty_thousand_messages_of_four_threads_arrive_whole_while_the_peer_sends_too() {
    let (_server, mut client, sender) = pair_with(|senders| {
        serve(config(), move |tubesock| {
            tubesock.on_message(|out, message| out.send(message));
            senders.send(tubesock.sender()).unwrap();
        })
    });
    let sending: Vec<_> =
        (0..THREADS).map(|id| thread::spawn(send_all(id, sender.clone()))).collect();
    let mut writer = client.writer();
    let peer = thread::spawn(move || {
        for number in 0..EACH {
            let bytes = match number % 10 {
                0 => frame(From::Client, PING, &number.to_be_bytes()),
                _ => frame(From::Client, BINARY, &payload(THREADS, number)),
            };
            std::io::Write::write_all(&mut writer, &bytes).unwrap();
        }
    });
    let mut next: HashMap<u32, u32> = HashMap::new();
    let echoes = EACH - EACH / 10;
    let (mut pongs, mut messages) = (0, 0);
    while messages < THREADS * EACH + echoes || pongs == 0 {
        let frame = client.receive();
        match frame.b0 {
            PONG => pongs += 1,
            BINARY => {
                let (thread, n) = check(&frame.payload);
                let expected = next.entry(thread).or_insert(u32::from(thread == THREADS));
                assert_eq!(n, *expected, "of thread {thread}");
                *expected += if thread == THREADS && (n + 1) % 10 == 0 { 2 } else { 1 };
                messages += 1;
            }
            _ => panic!("{frame:?}"),
        }
    }
    sending.into_iter().for_each(|thread| thread.join().unwrap());
    peer.join().unwrap();
    client.close(1000, "");
    loop {
        match client.receive().b0 {
            PONG => {}
            b0 => break assert_eq!(b0, 0x88),
        }
    }
    client.expect_end();
}

/// Each thread sends in another way, some in several.
fn send_all(id: u32, sender: Sender) -> impl FnOnce() + Send {
    move || {
        for number in 0..EACH {
            let bytes = payload(id, number);
            match (id, number % 3) {
                (0, _) | (1, 0) => sender.binary(&bytes).unwrap(),
                (1, _) => until_taken(|| sender.try_send(&bytes[..])),
                (2, 0) => {
                    let prepared = Prepared::binary(&bytes);
                    until_taken(|| sender.try_send_prepared(&prepared));
                }
                _ => sender.send(&bytes[..]).unwrap(),
            }
        }
    }
}

fn until_taken(mut send: impl FnMut() -> Result<(), tubesock_std::SendError>) {
    while let Err(error) = send() {
        assert_eq!(error, tubesock_std::SendError::QueueFull);
        thread::yield_now();
    }
}

#[test]
fn messages_of_every_length_around_the_limits_of_a_frame_and_of_the_buffers_arrive() {
    let (_server, mut client, sender) = pair(config());
    let around = |n: usize| n.saturating_sub(16)..=n + 2;
    let lens = [0, 125, 512, 8 << 10, 64 << 10].into_iter().flat_map(around);
    for len in lens {
        let bytes = vec![len as u8; len];
        sender.binary(&bytes).unwrap();
        client.expect(BINARY, &bytes);
        sender.try_send(&bytes[..]).unwrap();
        client.expect(BINARY, &bytes);
        sender.try_send_prepared(&Prepared::binary(&bytes)).unwrap();
        client.expect(BINARY, &bytes);
    }
}

#[test]
fn pings_and_texts_of_a_sender_go_out_at_once() {
    let (_server, mut client, sender) = pair(config());
    sender.ping(b"are you there").unwrap();
    client.expect(PING, "are you there");
    client.frame(PONG, "are you there");
    sender.text("grüße").unwrap();
    client.expect(TEXT, "grüße");
    sender.ping(&[7; 125]).unwrap();
    client.expect(PING, [7; 125]);
}

#[test]
fn a_sender_knows_its_connection() {
    let (_server, _client, one) = pair(config());
    let (_other_server, _other_client, other) = pair(config());
    assert!(one.is_same(&one.clone()));
    assert!(!one.is_same(&other));
}

#[test]
fn a_handler_reaches_other_connections_while_it_holds_its_message() {
    let room = std::sync::Arc::new(std::sync::Mutex::new(Vec::<Sender>::new()));
    let server = serve(config(), move |tubesock| {
        room.lock().unwrap().push(tubesock.sender());
        let room = std::sync::Arc::clone(&room);
        tubesock.on_message(move |_, message| {
            for member in room.lock().unwrap().iter() {
                let _ = member.send(message);
            }
        });
    });
    let mut members: Vec<_> = (0..8).map(|_| RawClient::open(server.local_addr())).collect();
    // Each is in the room once it has heard itself.
    for member in &mut members {
        member.text("here");
        while member.receive().payload != b"here" {}
    }
    members[3].text("to all");
    for member in &mut members {
        while member.receive().payload != b"to all" {}
    }
}
