//! Each future is dropped at each of its poll points, then all goes on: every
//! byte has to be there, in order.

use std::boxed::Box;
use std::vec::Vec;

use super::sim::poll_some;
use super::*;
use crate::driver::Error;
use crate::session::{Event, Message};

/// What the peer sends: each kind of frame, in pieces that don't fit them.
fn script() -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let mut messages = 0;
    for i in 0..40u8 {
        bytes.extend(frame(0x82, &std::vec![i; usize::from(i) * 11 % 240]));
        bytes.extend(frame(0x89, &[i]));
        bytes.extend(frame(0x02, &[i; 3]));
        bytes.extend(frame(0x00, &[i; 200]));
        bytes.extend(frame(0x80, &[]));
        messages += 2;
    }
    bytes.extend(frame(0x88, b"\x03\xe8"));
    (bytes, messages)
}

#[test]
fn receive_futures_dropped_at_each_poll_point_lose_no_byte() {
    let (bytes, messages) = script();
    let mut expected = None;
    for polls in 1..12 {
        let (up, down) = (channel(1000, true), channel(300, true));
        let mut room = Room::new();
        let mut server = socket(Server, (up.clone(), down.clone()), &mut room);
        let mut rest = bytes.chunks(37);
        let (mut got, mut answers, mut dropped) = (Vec::new(), Vec::new(), 0);
        loop {
            match poll_some(server.recv(), polls) {
                None => {
                    dropped += 1;
                    if up.0.borrow().bytes.is_empty() {
                        up.put(rest.next().unwrap_or_default());
                    }
                    answers.extend(down.take());
                }
                Some(Ok(Some((Event::Data(message), mut reply)))) => {
                    got.push(message.as_bytes().to_vec());
                    // The answer too, dropped: it is staged whole, or asked for again.
                    loop {
                        let sent = poll_some(reply.send(message), polls);
                        answers.extend(down.take());
                        if let Some(sent) = sent {
                            break sent.unwrap();
                        }
                    }
                }
                Some(Ok(Some(_))) => {}
                Some(Ok(None)) => break,
                Some(Err(error)) => panic!("{error}"),
            }
        }
        answers.extend(down.take());
        assert_eq!(got.len(), messages);
        assert!(dropped > 10, "{dropped}");
        // When a pong goes depends on when the wire is free, but not their order.
        let answers = by_kind(&answers);
        let answers: (Vec<_>, Vec<_>) = (answers.0.concat(), answers.1.concat());
        let expected = expected.get_or_insert_with(|| (got.clone(), answers.clone()));
        assert!(expected.0 == got, "after {polls} polls");
        assert!(expected.1 == answers, "after {polls} polls");
    }
}

/// The frames of a server: the messages, and the rest.
fn by_kind(mut bytes: &[u8]) -> (Vec<&[u8]>, Vec<&[u8]>) {
    let (mut messages, mut controls) = (Vec::new(), Vec::new());
    while let [b0, len, ..] = *bytes {
        let end = match len {
            126 => 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]])),
            len => 2 + usize::from(len),
        };
        if b0 & 8 == 0 {
            messages.push(&bytes[..end]);
        } else {
            controls.push(&bytes[..end]);
        }
        bytes = &bytes[end..];
    }
    (messages, controls)
}

#[test]
fn resumable_write_dropped_at_each_poll_point_sends_each_byte_once() {
    let payload: Vec<u8> = (0..5000u32).map(|i| (i / 3) as u8).collect();
    for polls in 1..10 {
        let (up, down) = (channel(1000, true), channel(64, true));
        let mut room = Room::new();
        let mut server = socket(Server, (up, down.clone()), &mut room);
        let mut bytes = Vec::new();
        let mut sender = server.sender();
        let mut message = sender.message();
        let mut rest = Message::Binary(&payload);
        while poll_some(message.finish(&mut rest), polls).is_none() {
            bytes.extend(down.take());
        }
        drop(message);
        while poll_some(sender.flush(), polls).is_none() {
            bytes.extend(down.take());
        }
        bytes.extend(down.take());
        assert!(read_message(&bytes) == payload, "after {polls} polls");
    }
}

/// The payload of one message of a server, and nothing after it.
fn read_message(mut bytes: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut opcode = 2;
    loop {
        assert_eq!(bytes[0] & 0x0F, opcode);
        opcode = 0;
        let (from, len) = match bytes[1] {
            126 => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
            n => (2, usize::from(n)),
        };
        payload.extend(&bytes[from..from + len]);
        let fin = bytes[0] & 0x80 != 0;
        bytes = &bytes[from + len..];
        if fin {
            assert_eq!(bytes, b"");
            return payload;
        }
    }
}

#[test]
fn whole_message_dropped_at_each_poll_point_is_sent_once_or_never() {
    for polls in 1..10 {
        let (up, down) = (channel(1000, true), channel(16, true));
        let mut room = Room::new();
        let mut server = socket(Server, (up, down.clone()), &mut room);
        let mut bytes = Vec::new();
        for i in 0..50u8 {
            // Dropped, whether it went or not.
            let _ = poll_some(server.send(&[i; 100][..]), polls);
            bytes.extend(down.take());
        }
        while poll_some(server.sender().flush(), polls).is_none() {
            bytes.extend(down.take());
        }
        bytes.extend(down.take());
        let mut last = None;
        for frame in bytes.chunks(102) {
            assert_eq!(frame[..2], [0x82, 100]);
            assert!(frame[2..].iter().all(|byte| *byte == frame[2]) && frame.len() == 102);
            assert!(last < Some(frame[2]), "in order, and none twice");
            last = Some(frame[2]);
        }
        assert!(last.is_some());
    }
}

#[test]
fn large_send_by_reference_dropped_midway_closes_with_1011() {
    let (up, down) = (channel(1000, false), channel(64, false));
    let mut room = Room::new();
    let mut server = socket(Server, (up, down.clone()), &mut room);
    assert!(poll_some(server.send(&[1; 5000][..]), 1).is_none());
    let outcome = poll_some(server.send("x"), 1);
    assert_eq!(outcome, Some(Err(Error::Send(crate::SendError::Closed))));
    let mut bytes = down.take();
    while poll_some(server.recv(), 1).is_none() && !down.0.borrow().bytes.is_empty() {
        bytes.extend(down.take());
    }
    let close = bytes.windows(4).any(|at| at == [0x88, 0x15, 0x03, 0xf3]);
    assert!(close, "{bytes:x?}");
}

#[test]
fn split_futures_dropped_at_each_poll_point_pass_the_wire_on() {
    let (bytes, messages) = script();
    for polls in 1..8 {
        let (up, down) = (channel(1000, true), channel(40, true));
        let mut room = Room::new();
        let mut server = socket(Server, (up.clone(), down.clone()), &mut room);
        let (mut receiver, sender) = server.split();
        let (mut one, mut two) = (sender.clone(), sender);
        let mut rest = bytes.chunks(50);
        let (mut got, mut out, mut rounds) = (0, Vec::new(), 0);
        loop {
            rounds += 1;
            {
                // Two senders at once, of which one comes to own the wire and one waits.
                let mut first = Box::pin(one.send("one"));
                let mut second = Box::pin(two.ping(b"two"));
                let (mut first_done, mut second_done) = (false, false);
                for _ in 0..rounds % polls {
                    first_done = first_done || poll_some(first.as_mut(), 1).is_some();
                    second_done = second_done || poll_some(second.as_mut(), 1).is_some();
                    out.extend(down.take());
                }
            }
            match poll_some(receiver.recv(), polls) {
                None if up.0.borrow().bytes.is_empty() => up.put(rest.next().unwrap_or_default()),
                None => {}
                Some(Ok(Some((Event::Data(_), _)))) => got += 1,
                Some(Ok(Some(_))) => {}
                Some(Ok(None)) => break,
                Some(Err(error)) => panic!("{error}"),
            }
            out.extend(down.take());
        }
        out.extend(down.take());
        assert_eq!(got, messages);
        assert!(out.ends_with(b"\x88\x02\x03\xe8"));
        let mut frames = &out[..];
        while let [b0, len, tail @ ..] = frames {
            assert!([0x81, 0x89, 0x8a, 0x88].contains(b0), "{b0:x}");
            frames = &tail[usize::from(*len)..];
        }
    }
}
