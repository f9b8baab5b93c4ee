//! The receive half: one buffer, in which bytes become messages in place.

use core::ops::Range;

use super::decode::Delivery;
use super::timers::Timers;
use super::{Chunk, Config, Deposit, Event, MIN_RECEIVE, Replies, Token};
use crate::connection::ReceiveState;
use crate::error::{BufferTooSmall, ProtocolError, Timeout};
use crate::role::Role;
use crate::time::Instant;
use crate::wire::{CloseFrame, DataKind, MAX_CONTROL_FRAME, MaskKey};

/// The receive half of a session, over a buffer that the caller lends.
///
/// ```text
///      msg      checked msg_end        raw            end
///       │          │       │            │              │
///  ─────┼──────────┼───────┼────────────┼──────────────┼────────────
///  free │ the open message │ headers of │ not yet      │ free: the
///       │ closed up        │ its frames │ looked at    │ socket reads here
/// ```
///
/// Frames are unmasked where they lie. The fragments of a message move down
/// over the headers between them; one that came in a single frame never moves
/// unless the rest of it would not fit behind it.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Incoming<R, B> {
    pub(super) buf: B,
    pub(super) msg: usize,
    pub(super) checked: usize,
    pub(super) msg_end: usize,
    pub(super) raw: usize,
    pub(super) end: usize,
    /// Payload bytes of the frame at hand that are still to come.
    pub(super) remaining: u64,
    pub(super) limit: usize,
    pub(super) key: MaskKey,
    pub(super) state: ReceiveState<R>,
    pub(super) kind: DataKind,
    pub(super) in_frame: bool,
    /// A part of the open message has been handed out as a chunk.
    pub(super) begun: bool,
    pub(super) timers: Timers,
}

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Incoming<R, B> {
    /// A receive half over `buf`, of at least [`MIN_RECEIVE`] bytes, at the
    /// moment `now` that the handshake was done.
    ///
    /// Whole messages may have up to `config.max_message` bytes, or 131 less
    /// than the buffer where that is less.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall::Receive`].
    pub fn new(buf: B, config: &Config, now: Instant) -> Result<Self, BufferTooSmall> {
        Self::with_leftover(buf, 0..0, config, now)
    }

    /// The same, where `leftover` of `buf` holds what was read past the head:
    /// so one buffer serves for the handshake and for the session.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall::Receive`], also for a range outside the buffer.
    pub fn with_leftover(
        buf: B,
        leftover: Range<usize>,
        config: &Config,
        now: Instant,
    ) -> Result<Self, BufferTooSmall> {
        let capacity = buf.as_ref().len();
        if capacity < MIN_RECEIVE || leftover.end > capacity || leftover.start > leftover.end {
            return Err(BufferTooSmall::Receive);
        }
        Ok(Self {
            buf,
            msg: leftover.start,
            checked: leftover.start,
            msg_end: leftover.start,
            raw: leftover.start,
            end: leftover.end,
            remaining: 0,
            limit: config.max_message.min(capacity.saturating_sub(MAX_CONTROL_FRAME)),
            key: MaskKey::new([0; 4]),
            state: ReceiveState::new(),
            kind: DataKind::Binary,
            in_frame: false,
            begun: false,
            timers: Timers::new(config, now),
        })
    }

    /// Tells that `n` bytes were read into [`space`](Self::space), at `now`.
    #[inline]
    pub fn filled(&mut self, n: usize, now: Instant) {
        self.end = self.end.saturating_add(n).min(self.buf.as_ref().len());
        if n > 0 {
            self.timers.received(now);
        }
    }

    /// Copies bytes that were read elsewhere, as many as there is room for,
    /// and says how many those were.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) -> usize {
        let space = self.space();
        let n = space.len().min(bytes.len());
        if let (Some(to), Some(from)) = (space.get_mut(..n), bytes.get(..n)) {
            to.copy_from_slice(from);
        }
        self.filled(n, now);
        n
    }

    /// The next whole message or control frame; `None` when more bytes are
    /// needed. Pings are answered, and Close, by a deposit in `replies`.
    ///
    /// The rest of a message that [`poll_chunk`](Self::poll_chunk) has begun
    /// is checked and skipped.
    ///
    /// # Errors
    ///
    /// What the peer did wrong. Its Close is deposited, and reading is over:
    /// from here on the answer is `None`, and what still comes is discarded.
    #[inline]
    pub fn poll_message<D: Deposit>(
        &mut self,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        self.poll(Delivery::Whole, replies)
    }

    /// The next piece of a message, of any size, or control frame; `None`
    /// when more bytes are needed. So a message may be larger than the buffer.
    ///
    /// # Errors
    ///
    /// As [`poll_message`](Self::poll_message).
    #[inline]
    pub fn poll_chunk<D: Deposit>(
        &mut self,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        self.poll(Delivery::Chunks, replies)
    }

    /// What `token` of [`poll_message`](Self::poll_message) stands for.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::InvalidUtf8`]: a text that came in one piece is
    /// checked here, once, where it becomes a `&str`.
    #[inline]
    pub fn event<D: Deposit>(
        &mut self,
        token: Token,
        replies: &mut D,
    ) -> Result<Event<'_>, ProtocolError> {
        self.open(token, replies, |part| part)
    }

    /// What `token` of [`poll_chunk`](Self::poll_chunk) stands for.
    ///
    /// # Errors
    ///
    /// As [`event`](Self::event).
    #[inline]
    pub fn chunk<D: Deposit>(
        &mut self,
        token: Token,
        replies: &mut D,
    ) -> Result<Event<'_, Chunk<'_>>, ProtocolError> {
        let Token { first, last, .. } = token;
        self.open(token, replies, |part| Chunk { part, first, last })
    }

    /// The compressed bytes of `token`, to be inflated.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn compressed(&self, token: &Token) -> &[u8] {
        self.buf.as_ref().get(token.at..token.at.saturating_add(token.len)).unwrap_or(&[])
    }

    /// Lets compressed messages in, as RFC 7692 has it negotiated.
    #[cfg(feature = "deflate")]
    pub fn allow_compression(&mut self) {
        self.state.allow_compression();
    }

    /// Ends reading for a reason that lies in a layer above.
    pub fn fail<D: Deposit>(&mut self, error: ProtocolError, replies: &mut D) {
        self.state.end();
        let frame = CloseFrame { code: error.close_code(), reason: error.as_str() };
        replies.close(frame, self.timers.last_received());
    }

    /// Whether reading is over: the peer has closed, or has failed.
    #[inline]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state.has_ended()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, unless
    /// something arrives before.
    #[must_use]
    pub fn poll_timeout<P: AsRef<[u8]> + AsMut<[u8]>>(
        &self,
        replies: &Replies<P>,
    ) -> Option<Instant> {
        self.timers.next(replies.closing_since(), self.state.has_ended())
    }

    /// Does what is due at `now`: queues a ping, or a Close for an idle peer.
    /// Early calls do no harm.
    ///
    /// # Errors
    ///
    /// [`Timeout`]: the connection is to be dropped.
    pub fn handle_timeout<P: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        now: Instant,
        replies: &mut Replies<P>,
    ) -> Result<(), Timeout> {
        let result = self.timers.handle(now, replies, self.state.has_ended());
        if result.is_err() {
            self.state.end();
        }
        result
    }
}
