//! The blocking driver, over `embedded_io::{Read, Write}`: a UART, a W5500, any
//! blocking stack.
//!
//! Such a stream has no timeouts, so there are no deadlines and no keepalive
//! here: a peer that vanishes is waited for as long as `read` does. Where the
//! stream can time out by itself, its error is [`Error::Transport`].
//!
//! ```
//! use embedded_io::{Read, Write};
//! use tubesock_core::driver::{Error, blocking::WebSocket};
//! use tubesock_core::{Event, Role};
//!
//! fn echo<T: Read + Write, R: Role>(mut socket: WebSocket<'_, T, R>) -> Result<(), Error<T::Error>> {
//!     while let Some((event, mut reply)) = socket.recv()? {
//!         if let Event::Data(message) = event {
//!             reply.send(message)?;
//!         }
//!     }
//!     Ok(())
//! }
//! ```

#[cfg(feature = "handshake")]
mod handshake;

use core::ops::Range;

use embedded_io::{Read, Write};

#[cfg(feature = "handshake")]
pub use handshake::{accept, connect};

use super::{Buffers, Error};
use crate::error::{BufferTooSmall, ProtocolError, SendError};
use crate::role::Role;
use crate::session::{Chunk, Config, Event, Incoming, Message, Outgoing, Replies, Token};
use crate::time::Instant;
use crate::wire::{CloseCode, CloseFrame, FrameHeader};

/// All deadlines are never.
const TIMELESS: Config = Config {
    max_message: usize::MAX,
    ping_interval: None,
    pong_timeout: None,
    idle_timeout: None,
    close_timeout: None,
};

/// A connection after its handshake, over one stream.
#[derive(Debug)]
pub struct WebSocket<'b, T, R> {
    incoming: Incoming<R, &'b mut [u8]>,
    sending: Sending<'b, T, R>,
}

#[derive(Debug)]
struct Sending<'b, T, R> {
    io: T,
    replies: Replies<&'b mut [u8]>,
    outgoing: Outgoing<R, &'b mut [u8]>,
}

impl<'b, T: Read + Write, R: Role> WebSocket<'b, T, R> {
    /// A connection whose handshake is done, where `leftover` of the receive
    /// buffer holds what was read past the head.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn new(
        role: R,
        io: T,
        buffers: Buffers<'b>,
        leftover: Range<usize>,
    ) -> Result<Self, BufferTooSmall> {
        let now = Instant::default();
        let incoming = Incoming::with_leftover(buffers.receive, leftover, &TIMELESS, now)?;
        let replies = Replies::new(buffers.replies)?;
        let outgoing = Outgoing::new(buffers.transmit, role)?;
        Ok(Self { incoming, sending: Sending { io, replies, outgoing } })
    }

    /// The next whole message or control frame, with what answers it; `None`
    /// when the closing handshake is through. What is staged goes out before
    /// this blocks.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], [`Error::Ended`], [`Error::Transport`].
    #[allow(clippy::type_complexity)]
    pub fn recv(&mut self) -> Result<Option<(Event<'_>, Sender<'_, 'b, T, R>)>, Error<T::Error>> {
        let Some(token) = self.next(false)? else { return Ok(None) };
        let Self { incoming, sending } = self;
        match incoming.event(token, &mut sending.replies) {
            Ok(event) => Ok(Some((event, Sender { sending, stages_only: true }))),
            Err(error) => Err(sending.tell(error)),
        }
    }

    /// The next piece of a message, of any size, or control frame, as
    /// [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    #[allow(clippy::type_complexity)]
    pub fn recv_chunk(
        &mut self,
    ) -> Result<Option<(Event<'_, Chunk<'_>>, Sender<'_, 'b, T, R>)>, Error<T::Error>> {
        let Some(token) = self.next(true)? else { return Ok(None) };
        let Self { incoming, sending } = self;
        match incoming.chunk(token, &mut sending.replies) {
            Ok(event) => Ok(Some((event, Sender { sending, stages_only: true }))),
            Err(error) => Err(sending.tell(error)),
        }
    }

    /// The transmit half, to send unasked.
    pub fn sender(&mut self) -> Sender<'_, 'b, T, R> {
        Sender { sending: &mut self.sending, stages_only: false }
    }

    /// Sends a message now, as [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error<T::Error>> {
        self.sender().send(message)
    }

    /// Closes, unless that has begun, and discards what comes until the closing
    /// handshake is through.
    ///
    /// # Errors
    ///
    /// As [`Sender::close`] and [`recv`](Self::recv).
    pub fn finish(&mut self, code: CloseCode, reason: &str) -> Result<(), Error<T::Error>> {
        self.sender().close(code, reason)?;
        while self.next(true)?.is_some() {}
        Ok(())
    }

    /// The stream, to end it: the server first, with a half-close where it has
    /// one (RFC 6455 §7.1.1).
    pub fn into_io(self) -> T {
        self.sending.io
    }

    fn next(&mut self, chunks: bool) -> Result<Option<Token>, Error<T::Error>> {
        loop {
            let Self { incoming, sending } = self;
            let polled = if chunks {
                incoming.poll_chunk(&mut sending.replies)
            } else {
                incoming.poll_message(&mut sending.replies)
            };
            match polled {
                Ok(None) => {}
                Ok(token) => return Ok(token),
                Err(error) => return Err(sending.tell(error)),
            }
            sending.flush()?;
            if incoming.is_finished() {
                return Ok(None);
            }
            match sending.io.read(incoming.space()).map_err(Error::Transport)? {
                0 => return Err(Error::Ended),
                n => incoming.filled(n, Instant::default()),
            }
        }
    }
}

impl<T: Write, R: Role> Sending<'_, T, R> {
    fn flush(&mut self) -> Result<(), Error<T::Error>> {
        let mut wrote = false;
        loop {
            self.outgoing.stage_replies(&mut self.replies);
            let pending = self.outgoing.pending();
            if pending.is_empty() {
                return if wrote { self.io.flush().map_err(Error::Transport) } else { Ok(()) };
            }
            match self.io.write(pending).map_err(Error::Transport)? {
                // So it says where the stream has ended; to go on would never end.
                0 => return Err(Error::Ended),
                n => self.outgoing.sent(n),
            }
            wrote = true;
        }
    }

    /// Sends the Close that answers the peer's violation.
    fn tell(&mut self, error: ProtocolError) -> Error<T::Error> {
        self.flush().err().unwrap_or(Error::Protocol(error))
    }
}

/// The transmit half, with an event or without.
///
/// The one that comes with an event only stages, so that the answers to all
/// that came at once leave at once: the next `recv` sends them before it
/// blocks. When the buffer is full, it sends what is in it.
#[derive(Debug)]
pub struct Sender<'s, 'b, T, R> {
    sending: &'s mut Sending<'b, T, R>,
    stages_only: bool,
}

impl<T: Write, R: Role> Sender<'_, '_, T, R> {
    /// Sends a message: in one frame where the transmit buffer holds it with
    /// 14 bytes more, else in fragments.
    ///
    /// # Errors
    ///
    /// [`Error::Send`]: [`SendError::Closed`], [`SendError::MessageInProgress`];
    /// [`Error::Ended`] and [`Error::Transport`] when the connection is lost.
    pub fn send<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), Error<T::Error>> {
        let message = message.into();
        if self.sending.outgoing.in_message() {
            return Err(SendError::MessageInProgress.into());
        }
        let room = self.sending.outgoing.capacity();
        let used = self.sending.outgoing.pending().len();
        let needs = message.len().saturating_add(FrameHeader::MAX_LEN);
        if needs <= room && needs > room.saturating_sub(used) {
            self.sending.flush()?;
        }
        self.fragment(message, true)
    }

    /// Sends a piece of a message of unknown length; `last` ends it (RFC 6455
    /// §5.4).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), without `MessageInProgress`.
    pub fn fragment<'m>(
        &mut self,
        piece: impl Into<Message<'m>>,
        last: bool,
    ) -> Result<(), Error<T::Error>> {
        let mut rest = piece.into();
        if self.sending.replies.closing_since().is_some() {
            return Err(SendError::Closed.into());
        }
        while !self.sending.outgoing.write(&mut rest, last)? {
            self.sending.flush()?;
        }
        self.flush_unless_staging()
    }

    /// Sends a ping (RFC 6455 §5.5.2), with up to 125 bytes.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`], else as [`send`](Self::send).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error<T::Error>> {
        match self.sending.outgoing.ping(payload) {
            Err(SendError::Full) => {
                self.sending.flush()?;
                self.sending.outgoing.ping(payload)?;
            }
            staged => staged?,
        }
        self.flush_unless_staging()
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2). Where it has begun
    /// already, nothing happens. What the peer still sends is received: go on
    /// with `recv` until it says that the connection is closed.
    ///
    /// # Errors
    ///
    /// [`SendError::CloseCode`], [`SendError::ControlTooLong`]; else as
    /// [`send`](Self::send).
    pub fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error<T::Error>> {
        let frame = CloseFrame { code, reason };
        self.sending.replies.request_close(frame, Instant::default())?;
        self.sending.flush()
    }

    /// Sends what is staged now.
    ///
    /// # Errors
    ///
    /// [`Error::Ended`] and [`Error::Transport`].
    pub fn flush(&mut self) -> Result<(), Error<T::Error>> {
        self.sending.flush()
    }

    fn flush_unless_staging(&mut self) -> Result<(), Error<T::Error>> {
        if self.stages_only { Ok(()) } else { self.sending.flush() }
    }
}

#[cfg(test)]
mod tests;
