//! Two threads, and a pair of pipes in memory between them.

use std::string::String;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::vec::Vec;
use std::{thread, vec};

use embedded_io::{ErrorKind, ErrorType, Read, Write};

use super::WebSocket;
use crate::driver::{Error, Storage};
use crate::error::{BufferTooSmall, ProtocolError, SendError};
use crate::role::{Client, Server};
use crate::session::{Event, Message};
use crate::wire::CloseCode;

/// One end of a stream: a few bytes at a time, as a UART has them.
struct Stream {
    from: Receiver<Vec<u8>>,
    rest: Vec<u8>,
    to: Option<SyncSender<Vec<u8>>>,
}

fn streams() -> (Stream, Stream) {
    let ((a, b), (c, d)) = (sync_channel(4), sync_channel(4));
    let stream = |from, to| Stream { from, rest: vec![], to: Some(to) };
    (stream(b, c), stream(d, a))
}

impl ErrorType for Stream {
    type Error = ErrorKind;
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "an empty read looks like the end of the stream");
        if self.rest.is_empty() {
            self.rest = self.from.recv().unwrap_or_default();
        }
        let n = buf.len().min(self.rest.len());
        buf[..n].copy_from_slice(&self.rest[..n]);
        self.rest.drain(..n);
        Ok(n)
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        let n = buf.len().min(16);
        let sent = self.to.as_ref().is_some_and(|to| to.send(buf[..n].to_vec()).is_ok());
        Ok(if sent { n } else { 0 })
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

type Room = Storage<700, 300>;

fn echo(stream: Stream) -> Result<(), Error<ErrorKind>> {
    let mut room = Room::new();
    let mut socket = WebSocket::new(Server, stream, room.lend(), 0..0).unwrap();
    while let Some((event, mut reply)) = socket.recv()? {
        if let Event::Data(message) = event {
            reply.send(message)?;
            assert!(message.len() < 700, "it is held while it is answered");
        }
    }
    Ok(())
}

#[test]
fn messages_are_echoed_by_another_thread_and_closed() {
    let (ours, theirs) = streams();
    let server = thread::spawn(|| echo(ours));
    let mut room = Room::new();
    let masks = Client(|| [1, 2, 3, 4]);
    let mut client = WebSocket::new(masks, theirs, room.lend(), 0..0).unwrap();
    for len in [0, 1, 125, 126, 280, 290, 500, 566] {
        let sent = vec![len as u8; len];
        client.send(&sent[..]).unwrap();
        let (event, _) = client.recv().unwrap().unwrap();
        assert_eq!(event, Event::Data(Message::Binary(&sent)), "{len}");
    }
    client.sender().ping(b"!").unwrap();
    assert!(matches!(client.recv().unwrap(), Some((Event::Pong(b"!"), _))));
    client.finish(CloseCode::NORMAL, "").unwrap();
    assert_eq!(client.send("late"), Err(Error::Send(SendError::Closed)));
    server.join().unwrap().unwrap();
}

#[test]
fn messages_of_unknown_length_pass_in_pieces() {
    let (ours, theirs) = streams();
    let server = thread::spawn(|| {
        let mut room = Room::new();
        let mut socket = WebSocket::new(Server, ours, room.lend(), 0..0).unwrap();
        let mut text = String::new();
        while let Some((event, _)) = socket.recv_chunk().unwrap() {
            if let Event::Data(chunk) = event {
                text.push_str(chunk.part.as_text().unwrap());
            }
        }
        text
    });
    let mut room = Room::new();
    let masks = Client(|| [1, 2, 3, 4]);
    let mut client = WebSocket::new(masks, theirs, room.lend(), 0..0).unwrap();
    let piece = "né".repeat(1000);
    for i in 0..5 {
        client.sender().fragment(piece.as_str(), i == 4).unwrap();
        if i < 4 {
            let refused = Err(Error::Send(SendError::MessageInProgress));
            assert_eq!(client.send("not now"), refused);
        }
    }
    client.finish(CloseCode::NORMAL, "").unwrap();
    assert!(server.join().unwrap() == piece.repeat(5));
}

#[test]
fn violation_is_told_to_the_peer_and_ends_without_a_close_are_errors() {
    let (ours, mut theirs) = streams();
    let server = thread::spawn(|| echo(ours));
    theirs.write(b"\x81\x80\0\0\0\0\xff\x80").unwrap();
    let mut answer = [0; 6];
    theirs.read_exact(&mut answer).unwrap();
    assert_eq!(answer[..5], *b"\x81\0\x88\x17\x03");
    assert_eq!(server.join().unwrap(), Err(Error::Protocol(ProtocolError::ReservedBit)));

    let (ours, theirs) = streams();
    drop(theirs);
    assert_eq!(echo(ours), Err(Error::Ended));
    let (mut ours, theirs) = streams();
    ours.to = None; // `write` gives 0
    let mut room = Room::new();
    let mut socket = WebSocket::new(Server, ours, room.lend(), 0..0).unwrap();
    assert_eq!(socket.send("x"), Err(Error::Ended));
    drop(theirs);
}

#[test]
fn buffers_that_are_too_small_are_named_when_the_socket_is_made() {
    let (ours, _theirs) = streams();
    let (mut receive, mut replies, mut transmit) = ([0; 134], [0; 251], [0; 131]);
    let buffers = crate::driver::Buffers {
        receive: &mut receive,
        replies: &mut replies,
        transmit: &mut transmit,
    };
    let made = WebSocket::new(Server, ours, buffers, 0..0);
    assert_eq!(made.err(), Some(BufferTooSmall::Replies));
}

#[cfg(feature = "handshake")]
#[test]
fn handshake_goes_both_ways_and_refuses_with_a_status() {
    use crate::driver::HandshakeError;
    use crate::handshake::{ClientRequest, Refusal, RefusedByServer};

    for refuses in [false, true] {
        let (mut ours, mut theirs) = streams();
        let server = thread::spawn(move || {
            let mut room = Room::new();
            let mut buffers = room.lend();
            let answer = super::accept(&mut ours, &mut buffers, |it| {
                if refuses { Err(Refusal::NotFound) } else { Ok(it.accept()) }
            });
            let refused = Err(HandshakeError::Refused(Refusal::NotFound));
            match answer {
                Ok(leftover) => WebSocket::new(Server, ours, buffers, leftover)
                    .unwrap()
                    .finish(CloseCode::NORMAL, "")
                    .unwrap(),
                refusal => assert_eq!(refusal, refused),
            }
        });
        let mut room = Room::new();
        let mut buffers = room.lend();
        let request = ClientRequest::new("a", "/");
        let answer = super::connect(&mut theirs, &mut buffers, &request, [3; 16], |_| {});
        match answer {
            Ok(leftover) => {
                assert!(!refuses);
                let masks = Client(|| [1, 2, 3, 4]);
                let mut socket = WebSocket::new(masks, theirs, buffers, leftover).unwrap();
                while socket.recv().unwrap().is_some() {}
            }
            Err(error) => {
                assert!(refuses);
                assert_eq!(error, HandshakeError::Refused(RefusedByServer::Status(404)));
            }
        }
        server.join().unwrap();
    }
}
