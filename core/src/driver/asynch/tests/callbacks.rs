//! Connections by callbacks: what is called, in which order, with what.

use std::string::{String, ToString};
use std::vec::Vec;

use super::sim::run;
use super::*;
use crate::driver::Error;
use crate::error::SendError;
use crate::handler::{Closed, Handler, HandlerError};
use crate::session::{Message, Outgoing};
use crate::{ProtocolError, Timeout};

#[derive(Default)]
struct Recorder(Vec<String>);

impl<'b> Handler<Outgoing<Server, &'b mut [u8]>> for Recorder {
    type Error = SendError;

    fn on_open(&mut self, to: &mut Outgoing<Server, &'b mut [u8]>) -> Result<(), SendError> {
        self.0.push("open".into());
        to.stage(Message::Text("hello"))
    }

    fn on_message(
        &mut self,
        to: &mut Outgoing<Server, &'b mut [u8]>,
        message: Message<'_>,
    ) -> Result<(), SendError> {
        self.0.push(std::format!("message of {}", message.len()));
        to.stage(message)?;
        if message.as_text() == Some("fail") { Err(SendError::TooLong) } else { Ok(()) }
    }

    fn on_close(&mut self, closed: &Closed<'_>) {
        self.0.push(std::format!("close {} {:?} {}", closed.code.0, closed.reason, closed.clean));
    }

    fn on_error(&mut self, error: HandlerError<SendError>) {
        self.0.push(error.to_string());
    }
}

type Case<'c> =
    (&'c [Vec<u8>], Result<(), Error<embedded_io_async::ErrorKind>>, &'c [&'c str], &'c [u8]);

#[test]
fn callbacks_are_told_how_each_connection_went() {
    let close = frame(0x88, b"\x03\xe8bye");
    let cases: [Case<'_>; 6] = [
        (
            &[frame(0x81, b"one"), frame(0x89, b"?"), frame(0x82, b"three"), close.clone()],
            Ok(()),
            &["open", "message of 3", "message of 5", "close 1000 \"bye\" true"],
            b"\x81\x05hello\x81\x03one\x82\x05three\x8a\x01?\x88\x02\x03\xe8",
        ),
        (
            &[frame(0x81, b"fail"), frame(0x81, b"ignored"), close],
            Ok(()),
            &[
                "open",
                "message of 4",
                "more payload than the frame's header announced",
                "close 1011 \"\" false",
            ],
            b"\x81\x05hello\x81\x04fail\x88\x02\x03\xf3",
        ),
        (
            &[frame(0x81, b"\xff")],
            Err(Error::Protocol(ProtocolError::InvalidUtf8)),
            &["open", "text that is not UTF-8", "close 1007 \"text that is not UTF-8\" false"],
            b"\x81\x05hello\x88\x18\x03\xeftext that is not UTF-8",
        ),
        (
            &[b"\x91\x80".to_vec()],
            Err(Error::Protocol(ProtocolError::ReservedBit)),
            &["open", "a reserved bit is set", "close 1002 \"a reserved bit is set\" false"],
            b"\x81\x05hello\x88\x17\x03\xeaa reserved bit is set",
        ),
        (
            &[frame(0x89, b"?")],
            Err(Error::Timeout(Timeout::Pong)),
            &["open", "the peer answers no ping", "close 1006 \"the peer answers no ping\" false"],
            b"\x81\x05hello\x8a\x01?\x89\0",
        ),
        (
            &[Vec::new()], // the end of the stream
            Err(Error::Ended),
            &["open", "the connection was lost", "close 1006 \"\" false"],
            b"\x81\x05hello",
        ),
    ];
    for (frames, outcome, calls, sent) in cases {
        let mut room = Room::new();
        let (mut socket, from, to) = server(&mut room);
        to.put(&frames.concat());
        if frames[0].is_empty() {
            to.end();
        }
        let mut recorder = Recorder::default();
        assert_eq!(run(socket.run(&mut recorder), &mut []), outcome);
        assert_eq!(recorder.0, calls);
        assert_eq!(from.take(), sent);
    }
}
