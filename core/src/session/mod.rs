//! A connection with its buffers: bytes in, messages out.
//!
//! A session is three parts that borrow nothing from one another, so they can
//! be used together, as [`Session`], or moved apart:
//!
//! - [`Incoming`] reads: it owns the receive buffer and the deadlines;
//! - [`Outgoing`] writes: it owns the transmit buffer and whose turn it is;
//! - [`Replies`] is what the first has to say to the peer (pongs, the Close),
//!   until the second says it.
//!
//! An event borrows `Incoming` alone and sending borrows `Outgoing` alone, so a
//! program may answer a message while it still holds it.

mod buffer;
#[cfg(feature = "deflate")]
mod compressed;
mod decode;
mod encode;
mod event;
mod incoming;
mod outgoing;
mod quick;
mod replies;
mod timers;

use core::time::Duration;

pub use event::{Chunk, Event, Message, Token};
pub use incoming::Incoming;
pub use outgoing::Outgoing;
pub use replies::{Deposit, Replies};

use crate::error::{BufferTooSmall, ProtocolError, SendError, Timeout};
use crate::role::Role;
use crate::time::Instant;
use crate::wire::{CloseCode, CloseFrame, MAX_CONTROL_FRAME};

/// The least size of a receive buffer, in bytes: a control frame fits whole,
/// also behind three bytes of a character whose fourth is in the next fragment.
pub const MIN_RECEIVE: usize = MAX_CONTROL_FRAME + 3;

/// The least size of a reply buffer, in bytes: a pong and a Close fit.
pub const MIN_REPLIES: usize = 252;

/// The least size of a transmit buffer, in bytes: a control frame fits whole.
pub const MIN_TRANSMIT: usize = MAX_CONTROL_FRAME;

/// Limits and deadlines of a session.
///
/// `None` is "never". Deadlines are kept in milliseconds, up to 49 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The largest message to be received whole, in bytes. Default: what the
    /// buffer holds less 131 bytes.
    pub max_message: usize,
    /// A ping goes out when nothing has been received for this long. Default:
    /// 30 s.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub ping_interval: Option<Duration>,
    /// The peer is given up when no byte has come for this long after a ping,
    /// which counts once it is staged: a frame of ours may own the wire till then.
    /// Default: 10 s.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub pong_timeout: Option<Duration>,
    /// The connection is closed, with 1001, when the peer has sent nothing of
    /// a message for this long. Default: never.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub idle_timeout: Option<Duration>,
    /// The connection is dropped when our Close has not been answered for this
    /// long. Default: 5 s.
    #[cfg_attr(feature = "defmt", defmt(Debug2Format))]
    pub close_timeout: Option<Duration>,
}

impl Config {
    /// The defaults, as a constant.
    pub const DEFAULT: Self = Self {
        max_message: usize::MAX,
        ping_interval: Some(Duration::from_secs(30)),
        pong_timeout: Some(Duration::from_secs(10)),
        idle_timeout: None,
        close_timeout: Some(Duration::from_secs(5)),
    };
}

impl Default for Config {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// All three parts of one connection, used together.
///
/// Its calls make the run loop that the [crate's page](crate) numbers.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Session<R, I, P, O> {
    /// The receive half.
    pub incoming: Incoming<R, I>,
    /// What the receive half has to say.
    pub replies: Replies<P>,
    /// The transmit half.
    pub outgoing: Outgoing<R, O>,
}

impl<R: Role, I, P, O> Session<R, I, P, O>
where
    I: AsRef<[u8]> + AsMut<[u8]>,
    P: AsRef<[u8]> + AsMut<[u8]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
{
    /// A session over three buffers, of at least [`MIN_RECEIVE`],
    /// [`MIN_REPLIES`] and [`MIN_TRANSMIT`] bytes, at the moment `now` that the
    /// handshake was done.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], which says which.
    pub fn new(
        role: R,
        (receive, replies, transmit): (I, P, O),
        config: &Config,
        now: Instant,
    ) -> Result<Self, BufferTooSmall> {
        Ok(Self {
            incoming: Incoming::new(receive, config, now)?,
            replies: Replies::new(replies)?,
            outgoing: Outgoing::new(transmit, role)?,
        })
    }

    /// The next whole message or control frame, as a token.
    ///
    /// # Errors
    ///
    /// As [`Incoming::poll_message`].
    #[inline]
    pub fn poll_message(&mut self) -> Result<Option<Token>, ProtocolError> {
        self.incoming.poll_message(&mut self.replies)
    }

    /// The next piece of a message or control frame, as a token.
    ///
    /// # Errors
    ///
    /// As [`Incoming::poll_chunk`].
    #[inline]
    pub fn poll_chunk(&mut self) -> Result<Option<Token>, ProtocolError> {
        self.incoming.poll_chunk(&mut self.replies)
    }

    /// The event of a token, and the half to answer it with: what was asked
    /// before (a ping, say) is answered before.
    ///
    /// # Errors
    ///
    /// As [`Incoming::event`].
    #[inline]
    pub fn event(
        &mut self,
        token: Token,
    ) -> Result<(Event<'_>, &mut Outgoing<R, O>), ProtocolError> {
        self.reply_first();
        Ok((self.incoming.event(token, &mut self.replies)?, &mut self.outgoing))
    }

    /// The piece of a token, and the half to answer it with.
    ///
    /// # Errors
    ///
    /// As [`Incoming::chunk`].
    #[inline]
    pub fn chunk(
        &mut self,
        token: Token,
    ) -> Result<(Event<'_, Chunk<'_>>, &mut Outgoing<R, O>), ProtocolError> {
        self.reply_first();
        Ok((self.incoming.chunk(token, &mut self.replies)?, &mut self.outgoing))
    }

    #[inline]
    fn reply_first(&mut self) {
        if !self.replies.is_empty() {
            self.stage_replies();
        }
    }

    #[cold]
    #[inline(never)]
    fn stage_replies(&mut self) {
        self.outgoing.stage_replies(&mut self.replies);
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2). Where it has begun
    /// already nothing happens. What the peer still sends is received.
    ///
    /// # Errors
    ///
    /// As [`Replies::request_close`].
    pub fn close(&mut self, code: CloseCode, reason: &str, now: Instant) -> Result<(), SendError> {
        self.replies.request_close(CloseFrame { code, reason }, now)
    }

    /// Bytes for the wire, replies among them.
    pub fn pending(&mut self) -> &[u8] {
        self.outgoing.stage_replies(&mut self.replies);
        self.outgoing.pending()
    }

    /// Tells that the wire took the first `n` bytes of
    /// [`pending`](Self::pending).
    pub fn sent(&mut self, n: usize) {
        self.outgoing.sent(n);
    }

    /// Where the wire reads into, as [`Incoming::space`].
    pub fn space(&mut self) -> &mut [u8] {
        self.incoming.space()
    }

    /// Tells that `n` bytes were read into [`space`](Self::space), at `now`.
    pub fn filled(&mut self, n: usize, now: Instant) {
        self.incoming.filled(n, now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.incoming.poll_timeout(&self.replies)
    }

    /// Does what is due at `now`, as [`Incoming::handle_timeout`].
    ///
    /// # Errors
    ///
    /// [`Timeout`]: the connection is to be dropped.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Timeout> {
        self.incoming.handle_timeout(now, &mut self.replies)
    }

    /// Whether the closing handshake is through, both ways, or the peer has
    /// failed and been told: what is left is to end the transport, the
    /// server first (RFC 6455 §7.1.1).
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.incoming.is_finished()
            && self.outgoing.is_finished()
            && self.outgoing.pending().is_empty()
    }
}
