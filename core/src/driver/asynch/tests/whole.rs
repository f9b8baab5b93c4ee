//! One connection in one hand.

use std::vec::Vec;

use super::sim::{now, poll_some, run, sleep};
use super::*;
use crate::driver::{Buffers, Error};
use crate::error::{BufferTooSmall, ProtocolError, SendError, Timeout};
use crate::session::{Event, Message};
use crate::wire::CloseCode;

async fn echo<R: Role>(
    mut socket: Socket<'_, R>,
) -> Result<(), Error<embedded_io_async::ErrorKind>> {
    while let Some((event, mut reply)) = socket.recv().await? {
        if let Event::Data(message) = event {
            reply.send(message).await?;
            assert!(message.len() < 1024, "it is held while it is answered");
        }
    }
    Ok(())
}

#[test]
fn messages_are_echoed_and_the_close_is_answered() {
    for stutters in [false, true] {
        let (ours, theirs) = connection(64, stutters);
        let (mut a, mut b) = (Room::new(), Room::new());
        let server = socket(Server, ours, &mut a);
        let mut client = socket(keys(), theirs, &mut b);
        let done = run(
            async {
                for len in [0, 1, 125, 126, 200, 241, 242, 500, 890] {
                    let sent = "é".repeat(len / 2);
                    client.send(sent.as_str()).await.unwrap();
                    let (event, _) = client.recv().await.unwrap().unwrap();
                    assert_eq!(event, Event::Data(Message::Text(&sent)), "{len}");
                }
                client.finish(CloseCode::NORMAL, "").await
            },
            &mut [std::boxed::Box::pin(async {
                echo(server).await.unwrap();
            })],
        );
        done.unwrap();
    }
}

#[test]
fn frames_of_one_read_are_answered_by_one_write() {
    let mut room = Room::new();
    let (socket, from, to) = server(&mut room);
    let mut bytes = Vec::new();
    for i in 0..13u8 {
        bytes.extend(frame(if i % 3 == 0 { 0x89 } else { 0x82 }, &[i]));
    }
    to.put(&bytes);
    assert!(poll_some(echo(socket), 3).is_none());
    assert_eq!(from.0.borrow().writes, 1);
    assert_eq!(from.take().len(), 13 * 3);
}

#[test]
fn message_that_fits_is_one_frame_also_behind_another() {
    let mut room = Storage::<2048, 1024>::new();
    let (ours, (from, to)) = connection(4096, false);
    let io = (ours.0, ours.1);
    let mut socket =
        WebSocket::new(Server, io, SimTimer, room.lend(), 0..0, &Config::DEFAULT).unwrap();
    to.put(&[frame(0x82, &[1; 400]), frame(0x82, &[2; 900])].concat());
    let echo = async {
        while let Some((event, mut reply)) = socket.recv().await.unwrap() {
            if let Event::Data(message) = event {
                reply.send(message).await.unwrap();
            }
        }
    };
    assert!(poll_some(echo, 3).is_none());
    let bytes = from.take();
    assert_eq!(bytes[..4], [0x82, 126, 1, 144]);
    assert_eq!(bytes[404..408], [0x82, 126, 3, 132], "not in fragments");
    assert_eq!(bytes.len(), 404 + 904);
}

#[test]
fn violation_is_told_to_the_peer_before_it_is_returned() {
    let invalid: [(&[u8], ProtocolError, u16); 3] = [
        (b"\xc1\x80\0\0\0\0", ProtocolError::ReservedBit, 1002),
        (b"\x81\x81\0\0\0\0\xff", ProtocolError::InvalidUtf8, 1007),
        (b"\x82\xfe\x10\0\0\0\0\0", ProtocolError::MessageTooBig, 1009),
    ];
    for (bytes, error, code) in invalid {
        let mut room = Room::new();
        let (mut socket, from, to) = server(&mut room);
        to.put(bytes);
        let outcome = run(async { socket.recv().await.map(|_| ()) }, &mut []);
        assert_eq!(outcome, Err(Error::Protocol(error)));
        let told = from.take();
        assert_eq!(told[0], 0x88);
        assert_eq!(told[2..4], u16::to_be_bytes(code));
        let outcome = run(async { socket.recv().await.map(|got| got.is_none()) }, &mut []);
        assert_eq!(outcome, Ok(true), "after that it is over");
    }
}

#[test]
fn peer_that_vanishes_is_given_up_after_a_ping() {
    let mut room = Room::new();
    let (mut socket, from, _to) = server(&mut room);
    let start = now();
    let outcome = run(async { socket.recv().await.map(|_| ()) }, &mut []);
    assert_eq!(outcome, Err(Error::Timeout(Timeout::Pong)));
    assert_eq!(from.take(), b"\x89\0");
    assert_eq!(now() - start, 40_000);
}

#[test]
fn peer_that_takes_no_bytes_is_given_up() {
    let mut room = Room::new();
    let (mut socket, _from, _to) = server(&mut room);
    let start = now();
    let outcome = run(
        async {
            loop {
                socket.send(&[0u8; 200][..]).await?;
            }
            #[allow(unreachable_code)]
            Ok::<(), Error<_>>(())
        },
        &mut [],
    );
    assert_eq!(outcome, Err(Error::Stalled));
    assert_eq!(now() - start, 10_000);
}

#[test]
fn close_that_is_not_answered_has_a_deadline() {
    let mut room = Room::new();
    let (mut socket, from, _to) = server(&mut room);
    let outcome = run(async { socket.finish(CloseCode::NORMAL, "").await }, &mut []);
    assert_eq!(outcome, Err(Error::Timeout(Timeout::Close)));
    assert_eq!(from.take(), b"\x88\x02\x03\xe8");
}

#[test]
fn end_without_a_close_is_an_error_whichever_way_it_shows() {
    let mut room = Room::new();
    let (mut socket, from, to) = server(&mut room);
    to.end();
    let outcome = run(async { socket.recv().await.map(|_| ()) }, &mut []);
    assert_eq!(outcome, Err(Error::Ended));
    from.end(); // `write` gives 0 from now on
    let outcome = run(async { socket.send("x").await }, &mut []);
    assert_eq!(outcome, Err(Error::Ended));
}

#[test]
fn large_messages_pass_in_pieces_through_small_buffers() {
    let (ours, theirs) = connection(100, false);
    let (mut a, mut b) = (Room::new(), Room::new());
    let (mut server, mut client) = (socket(Server, ours, &mut a), socket(keys(), theirs, &mut b));
    let sent: Vec<u8> = (0..100_000u32).map(|i| (i / 7) as u8).collect();
    let mut got = Vec::<u8>::new();
    run(
        async {
            while let Some((event, mut reply)) = server.recv_chunk().await.unwrap() {
                if let Event::Data(chunk) = event {
                    got.extend(chunk.part.as_bytes());
                    if chunk.last {
                        reply.close(CloseCode::NORMAL, "enough").await.unwrap();
                    }
                }
            }
        },
        &mut [std::boxed::Box::pin(async {
            client.send(&sent[..]).await.unwrap();
            while client.recv().await.unwrap().is_some() {}
        })],
    );
    assert!(got == sent);
}

#[test]
fn message_writer_that_is_dropped_unfinished_closes_with_1011() {
    let mut room = Room::new();
    let (mut socket, from, _to) = server(&mut room);
    run(
        async {
            let mut sender = socket.sender();
            let mut message = sender.message();
            message.write(&mut Message::Text("a")).await.unwrap();
            message.finish(&mut Message::Text("b")).await.unwrap();
            message.finish(&mut Message::Text("")).await.unwrap(); // once is enough
            drop(message); // a whole one: nothing happens
            let mut message = sender.message();
            message.write(&mut Message::Binary(b"c")).await.unwrap();
            drop(message);
            assert_eq!(sender.send("d").await, Err(Error::Send(SendError::Closed)));
            sender.flush().await.unwrap();
        },
        &mut [],
    );
    let bytes = from.take();
    assert!(bytes.starts_with(b"\x01\x01a\x80\x01b\x02\x01c\x88\x15\x03\xf3"), "{bytes:x?}");
}

#[test]
fn buffers_that_are_too_small_are_named_when_the_socket_is_made() {
    let sizes = [
        ([133, 252, 131], BufferTooSmall::Receive),
        ([134, 251, 131], BufferTooSmall::Replies),
        ([134, 252, 130], BufferTooSmall::Transmit),
    ];
    for ([receive, replies, transmit], error) in sizes {
        let mut memory = [0; 1000];
        let (receive, rest) = memory.split_at_mut(receive);
        let (replies, rest) = rest.split_at_mut(replies);
        let buffers = Buffers { receive, replies, transmit: &mut rest[..transmit] };
        assert_eq!(buffers.check(), Err(error));
        let (ours, _) = connection(1, false);
        let made = WebSocket::new(Server, ours, SimTimer, buffers, 0..0, &Config::DEFAULT);
        assert_eq!(made.err(), Some(error));
    }
}

#[test]
fn pong_that_comes_late_but_comes_keeps_the_connection() {
    let mut room = Room::new();
    let (mut socket, from, to) = server(&mut room);
    let outcome = run(
        async { socket.recv().await.map(|_| now()) },
        &mut [std::boxed::Box::pin(async move {
            sleep(39_000).await;
            assert_eq!(from.take(), b"\x89\0");
            to.put(&frame(0x8a, b""));
        })],
    );
    assert!(outcome.is_ok());
}

#[test]
fn futures_can_be_sent_to_another_thread_where_the_transport_can() {
    struct Nowhere;
    impl embedded_io_async::ErrorType for Nowhere {
        type Error = embedded_io_async::ErrorKind;
    }
    impl embedded_io_async::Read for Nowhere {
        async fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
            Ok(0)
        }
    }
    impl embedded_io_async::Write for Nowhere {
        async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
            Ok(buf.len())
        }
        async fn flush(&mut self) -> Result<(), Self::Error> {
            Ok(())
        }
    }
    fn is_send<T: Send>(_: &T) {}
    let future = async {
        let mut room = Room::new();
        let io = (Nowhere, Nowhere);
        let mut socket =
            WebSocket::new(Server, io, SimTimer, room.lend(), 0..0, &Config::DEFAULT).unwrap();
        while let Some((event, mut reply)) = socket.recv().await.unwrap() {
            if let Event::Data(message) = event {
                reply.send(message).await.unwrap();
                reply.message().finish(&mut Message::Text("")).await.unwrap();
            }
        }
        socket.finish(CloseCode::NORMAL, "").await.unwrap();
    };
    is_send(&future);
}
