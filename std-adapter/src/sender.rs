//! Sending: from a handler, and from any thread.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tubesock_core::wire::{CloseFrame, FrameHeader};
use tubesock_core::{CloseCode, DataKind, Message};

use crate::deflate::Deflating;
use crate::error::SendError;
use crate::link::{By, Link, Mode};

/// The transmit half of a connection.
///
/// A handler gets one, to answer with while it holds a message: what it sends
/// goes out with the other replies before the connection reads again, or with
/// [`flush`](Self::flush). What is sent through a [`Sender`] goes out at once.
///
/// Frames never interleave. A message sent while another thread's fragmented
/// message is open waits for its end, at most the write deadline.
pub struct Transmit {
    link: Arc<dyn Link>,
    by: By,
}

impl Transmit {
    pub(crate) fn new(link: Arc<dyn Link>, mode: Mode) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { link, by: By { id, mode, plain: false } }
    }

    pub(crate) fn by(&self, mode: Mode) -> By {
        By { mode, ..self.by }
    }

    pub(crate) fn link(&self) -> &Arc<dyn Link> {
        &self.link
    }

    /// Sends a message: a `&str`, a `&[u8]` or a [`Message`].
    ///
    /// # Errors
    ///
    /// [`SendError`]; after `TimedOut` the connection is dropped.
    pub fn send<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.link.send(message.into(), self.by)
    }

    /// Sends a message uncompressed, also where compression was agreed on: for
    /// secrets, and for what is compressed already.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn send_plain<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.link.send(message.into(), By { plain: true, ..self.by })
    }

    /// Sends a text message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn text(&self, text: &str) -> Result<(), SendError> {
        self.send(text)
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn binary(&self, bytes: &[u8]) -> Result<(), SendError> {
        self.send(bytes)
    }

    /// Sends a message without ever waiting: what the peer doesn't take at
    /// once goes to a bounded queue, and must be out by the write deadline. A
    /// message above the bound, `max_queued`, never fits.
    ///
    /// # Errors
    ///
    /// [`SendError::QueueFull`], [`SendError::MessageInProgress`],
    /// [`SendError::Closed`]; then nothing of it is sent.
    pub fn try_send<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.link.try_send(message.into())
    }

    /// Sends a message that was encoded once for many, without ever waiting.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send).
    pub fn try_send_prepared(&self, message: &Prepared) -> Result<(), SendError> {
        self.link.try_send_prepared(message)
    }

    /// Sends the next fragment of a message of unknown length; `last` ends it
    /// (RFC 6455 §5.4). Until then other senders of data wait: the message
    /// belongs to this `Transmit` or [`Sender`], so each thread that sends
    /// fragments has a clone of its own. One that is dropped in the middle of
    /// a message closes the connection with 1011.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn fragment<'m>(&self, part: impl Into<Message<'m>>, last: bool) -> Result<(), SendError> {
        self.link.fragment(part.into(), last, self.by)
    }

    /// Sends a ping with up to 125 bytes of payload. The peer's pong comes to
    /// no handler; it keeps the connection alive.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`]; else as [`send`](Self::send).
    pub fn ping(&self, payload: &[u8]) -> Result<(), SendError> {
        self.link.ping(payload, self.by.mode)
    }

    /// Begins the closing handshake, with a reason of up to 123 bytes. Never
    /// waits, and does nothing where it has begun already. Messages that the
    /// peer has sent before its answer are still delivered.
    ///
    /// # Errors
    ///
    /// [`SendError::CloseCode`], [`SendError::TooLong`].
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        self.link.close(CloseFrame { code, reason }, self.by.mode)
    }

    /// Sends now what would go out before the next read.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn flush(&self) -> Result<(), SendError> {
        self.link.flush()
    }

    /// Whether messages can still be sent.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.link.is_open()
    }
}

impl Drop for Transmit {
    fn drop(&mut self) {
        self.link.abandon(self.by);
    }
}

impl fmt::Debug for Transmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transmit").field("open", &self.is_open()).finish_non_exhaustive()
    }
}

/// Sends from any thread, also while the connection's own thread waits for
/// the peer. Clones send on the same connection.
///
/// It has all of [`Transmit`]'s methods; what it sends goes out at once.
pub struct Sender(Transmit);

impl Sender {
    pub(crate) fn new(link: Arc<dyn Link>) -> Self {
        Self(Transmit::new(link, Mode::Now))
    }

    /// Whether both send on the same connection.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.0.link(), other.0.link())
    }

    /// Drops the connection without a Close. Whoever reads it sees its end.
    pub fn abort(&self) {
        self.0.link().abort();
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(self.0.link()))
    }
}

impl Deref for Sender {
    type Target = Transmit;

    fn deref(&self) -> &Transmit {
        &self.0
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&self.0).finish()
    }
}

/// A message encoded once, to be sent to many. Clones share it.
///
/// ```
/// use tubesock_std::Prepared;
/// let hello = Prepared::text("Hello, everybody");
/// ```
#[derive(Clone)]
pub struct Prepared {
    kind: DataKind,
    frame: Arc<[u8]>,
    header_len: usize,
    #[cfg(feature = "deflate")]
    compressed: Arc<crate::deflate::Once>,
}

impl Prepared {
    /// A text message.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::new(Message::Text(text))
    }

    /// A binary message.
    #[must_use]
    pub fn binary(bytes: &[u8]) -> Self {
        Self::new(Message::Binary(bytes))
    }

    /// Any message.
    #[must_use]
    pub fn new(message: Message<'_>) -> Self {
        let header = FrameHeader {
            fin: true,
            rsv: 0,
            opcode: message.kind().opcode(),
            mask: None,
            payload_len: message.len() as u64,
        };
        let mut head = [0; FrameHeader::MAX_LEN];
        let header_len = header.emit(&mut head);
        let frame = [&head[..header_len], message.as_bytes()].concat().into();
        Self {
            kind: message.kind(),
            frame,
            header_len,
            #[cfg(feature = "deflate")]
            compressed: Arc::default(),
        }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        let payload = &self.frame[self.header_len..];
        match self.kind {
            DataKind::Text => Message::Text(std::str::from_utf8(payload).unwrap_or_default()),
            DataKind::Binary => Message::Binary(payload),
        }
    }

    /// The frame for such a connection; `None` where its context decides
    /// what the message looks like.
    pub(crate) fn frame_for(&self, deflating: &Deflating) -> Option<&[u8]> {
        #[cfg(feature = "deflate")]
        if deflating.is_on() {
            let (bits, threshold) = deflating.fresh_bits()?;
            let message = self.message();
            if message.len() >= threshold {
                return self.compressed.frame(message, bits).or(Some(&self.frame));
            }
        }
        let _ = deflating;
        Some(&self.frame)
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").field(&self.message()).finish()
    }
}
