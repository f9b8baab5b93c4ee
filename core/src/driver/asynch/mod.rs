//! The async driver, over `embedded_io_async::{Read, Write}`, on any executor.
//!
//! [`WebSocket`] is a connection in one hand. A program receives in a loop, and
//! answers while it holds what it received:
//!
//! ```no_run
//! # use tubesock_core::{Config, Event, Role};
//! # use tubesock_core::driver::{Error, asynch::{Timer, WebSocket}};
//! # use embedded_io_async::{Read, Write};
//! # async fn echo<Rd: Read, Wr: Write<Error = Rd::Error>, T: Timer, R: Role>(
//! #     mut socket: WebSocket<'_, Rd, Wr, T, R>) -> Result<(), Error<Rd::Error>> {
//! while let Some((event, mut reply)) = socket.recv().await? {
//!     if let Event::Data(message) = event {
//!         reply.send(message).await?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`WebSocket::split`] makes two halves of it: one task receives, any number
//! of others send. Frames never interleave: a frame in progress owns the wire,
//! and other senders wait for it, in order and within a bound. The receive
//! half never waits for a sender: whoever owns the wire also sends its pongs
//! and its Close.
//!
//! # Time
//!
//! Deadlines are those of [`Config`]. The pong deadline also bounds how long a
//! peer may take no bytes, and how long a sender waits for others; without it
//! neither is bounded.
//!
//! # Cancel safety
//!
//! Every future here may be dropped at any `.await`, provided that those of
//! the transport may: a `read` or `write` takes bytes only when it is ready
//! (true of embassy-net and tokio). Dropping a receive future loses no byte.
//! For sends see [`Sender`].

#[cfg(feature = "handshake")]
mod handshake;
mod link;
mod message;
mod queue;
mod receive;
mod run;
mod sender;
mod shared;
mod timer;
mod wire;

use core::future::Future;
use core::ops::Range;

use embedded_io_async::{ErrorType, Read, Write};

#[cfg(feature = "handshake")]
pub use handshake::{Handshake, accept, connect};
pub use link::{Buffer, Link, Whole};
pub use message::MessageWriter;
pub use queue::MAX_WAITERS;
pub use sender::Sender;
pub use shared::Share;
pub use timer::Timer;
pub use wire::Flushed;

use super::{Buffers, Error};
use crate::error::BufferTooSmall;
use crate::role::Role;
use crate::session::{Chunk, Config, Event, Incoming, Message, Outgoing, Replies};
use crate::time::Millis;
use crate::wire::{CloseCode, CloseFrame};
use receive::Receiving;
use shared::Shared;
use timer::Clock;
use wire::Wire;

/// Sends where nobody else does; it comes with an event, or from
/// [`WebSocket::sender`].
pub type Reply<'a, 'b, Wr, T, R> = Sender<Whole<'a, &'b mut [u8], Wr, R, T>>;

/// Sends in turns with others; there may be several.
pub type SplitSender<'a, 'b, Wr, T, R> = Sender<Share<'a, &'b mut [u8], Wr, R, T>>;

/// A connection after its handshake: a reader, a writer, a timer and a role.
///
/// `recv` is called until it gives `None` or an error; then the transport is
/// ended, by the server first (RFC 6455 §7.1.1): with a half-close, and what
/// [`discard`] does.
pub struct WebSocket<'b, Rd, Wr, T, R> {
    receiving: Receiving<&'b mut [u8], Rd, R>,
    shared: Shared<&'b mut [u8], Wr, R, T>,
}

impl<'b, Rd: Read, Wr: Write<Error = Rd::Error>, T: Timer, R: Role> WebSocket<'b, Rd, Wr, T, R> {
    /// A connection whose handshake is done, where `leftover` of the receive
    /// buffer holds what was read past the head.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn new(
        role: R,
        (reader, writer): (Rd, Wr),
        timer: T,
        buffers: Buffers<'b>,
        leftover: Range<usize>,
        config: &Config,
    ) -> Result<Self, BufferTooSmall> {
        let incoming = Incoming::with_leftover(buffers.receive, leftover, config, timer.now())?;
        let replies = Replies::new(buffers.replies)?;
        let outgoing = Outgoing::new(buffers.transmit, role)?;
        let wire = Wire { io: writer, outgoing };
        let clock = Clock { timer, patience: Millis::new(config.pong_timeout) };
        Ok(Self {
            receiving: Receiving { io: reader, incoming, failed: None },
            shared: Shared::new(wire, replies, clock),
        })
    }

    /// The next whole message or control frame, with what answers it; `None`
    /// when the closing handshake is through. What is staged goes out before
    /// this waits.
    ///
    /// Cancel-safe: no byte is lost.
    ///
    /// # Errors
    ///
    /// All of [`Error`] but `Send`; the connection is over.
    #[allow(clippy::type_complexity)]
    pub fn recv(
        &mut self,
    ) -> impl Future<Output = Result<Option<(Event<'_>, Reply<'_, 'b, Wr, T, R>)>, Error<Rd::Error>>>
    {
        self.receiving.message(self.shared.whole())
    }

    /// The next piece of a message, of any size, or control frame, as
    /// [`recv`](Self::recv).
    ///
    /// Cancel-safe: no byte is lost.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    #[allow(clippy::type_complexity)]
    pub fn recv_chunk(
        &mut self,
    ) -> impl Future<
        Output = Result<Option<(Event<'_, Chunk<'_>>, Reply<'_, 'b, Wr, T, R>)>, Error<Rd::Error>>,
    > {
        self.receiving.chunk(self.shared.whole())
    }

    /// The transmit half, to send unasked.
    pub fn sender(&mut self) -> Reply<'_, 'b, Wr, T, R> {
        Sender::new(self.shared.whole(), false)
    }

    /// Sends a message now, as [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As [`Sender::send`].
    pub async fn send<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
    ) -> Result<(), Error<Rd::Error>> {
        self.sender().send(message).await
    }

    /// Begins the closing handshake, as [`Sender::close`].
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error<Rd::Error>> {
        self.sender().close(code, reason).await
    }

    /// Closes, unless that has begun, and discards what comes until the closing
    /// handshake is through, or its deadline.
    ///
    /// Cancel-safe.
    ///
    /// # Errors
    ///
    /// As [`Sender::close`] and [`recv`](Self::recv).
    pub async fn finish(&mut self, code: CloseCode, reason: &str) -> Result<(), Error<Rd::Error>> {
        let mut link = self.shared.whole();
        link.replies.request_close(CloseFrame { code, reason }, link.clock.now())?;
        while self.receiving.next(&mut link, true).await?.is_some() {}
        Ok(())
    }

    /// Two halves, for tasks of one executor: one that receives, and one that
    /// sends, of which there may be clones.
    #[allow(clippy::type_complexity)]
    pub fn split(&mut self) -> (Receiver<'_, 'b, Rd, Wr, T, R>, SplitSender<'_, 'b, Wr, T, R>) {
        let receiver = Receiver { receiving: &mut self.receiving, shared: &self.shared };
        (receiver, Sender::new(Share::new(&self.shared), false))
    }

    /// The reader and the writer, to end them.
    pub fn into_io(self) -> (Rd, Wr) {
        (self.receiving.io, self.shared.wire.into_inner().io)
    }
}

/// The half that receives, while others send.
pub struct Receiver<'a, 'b, Rd, Wr, T, R> {
    receiving: &'a mut Receiving<&'b mut [u8], Rd, R>,
    shared: &'a Shared<&'b mut [u8], Wr, R, T>,
}

impl<'a, 'b, Rd: Read, Wr: Write<Error = Rd::Error>, T: Timer, R: Role>
    Receiver<'a, 'b, Rd, Wr, T, R>
{
    /// As [`WebSocket::recv`]; the sender that comes with the event only
    /// stages.
    ///
    /// Cancel-safe: no byte is lost.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::recv`].
    #[allow(clippy::type_complexity)]
    pub async fn recv(
        &mut self,
    ) -> Result<Option<(Event<'_>, SplitSender<'a, 'b, Wr, T, R>)>, Error<Rd::Error>> {
        self.receiving.message(Share::new(self.shared)).await
    }

    /// As [`WebSocket::recv_chunk`].
    ///
    /// Cancel-safe: no byte is lost.
    ///
    /// # Errors
    ///
    /// As [`WebSocket::recv`].
    #[allow(clippy::type_complexity)]
    pub async fn recv_chunk(
        &mut self,
    ) -> Result<Option<(Event<'_, Chunk<'_>>, SplitSender<'a, 'b, Wr, T, R>)>, Error<Rd::Error>>
    {
        self.receiving.chunk(Share::new(self.shared)).await
    }

    /// Another half that sends.
    #[must_use]
    pub fn sender(&self) -> SplitSender<'a, 'b, Wr, T, R> {
        Sender::new(Share::new(self.shared), false)
    }
}

impl<B: Buffer, W, R: Role, T: Timer> Shared<B, W, R, T> {
    fn whole(&mut self) -> Whole<'_, B, W, R, T> {
        Whole { clock: self.clock, wire: self.wire.get_mut(), replies: self.replies.get_mut() }
    }
}

/// Reads and throws away until the end of the stream, or `deadline`; says
/// whether the end came.
///
/// A transport that is closed with bytes unread is reset, and what the peer
/// has not read yet is lost with it: so this comes between half-close and close.
pub async fn discard<Rd: Read, T: Timer>(
    reader: &mut Rd,
    timer: T,
    deadline: Option<crate::time::Instant>,
) -> Result<bool, <Rd as ErrorType>::Error> {
    let clock = Clock { timer, patience: Millis::new(None) };
    let mut scrap = [0; 64];
    loop {
        match clock.until(deadline, reader.read(&mut scrap)).await {
            None => return Ok(false),
            Some(Ok(0)) => return Ok(true),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
