//! What the receive half has to say, until whoever owns the wire says it.

use super::MIN_REPLIES;
use crate::error::{BufferTooSmall, SendError};
use crate::time::Instant;
use crate::wire::{CloseCode, CloseFrame, MAX_CONTROL_PAYLOAD};

/// Where the receive half deposits its replies.
///
/// [`Replies`] is one. An adapter that shares its `Replies` between threads
/// implements this with a lock, which is then taken only when there is a reply.
pub trait Deposit {
    /// Answers a ping with its own payload (RFC 6455 §5.5.3).
    fn pong(&mut self, payload: &[u8]);

    /// Answers the peer's Close, or its violation, unless a Close is queued
    /// or sent already (RFC 6455 §5.5.1).
    fn close(&mut self, frame: CloseFrame<'_>, now: Instant);
}

/// Replies in order: pongs, a ping, the Close; and the one place where both
/// halves see that the connection is closing.
///
/// Pongs are kept in order while there is room. When there is none, the latest
/// takes the place of those before it, which RFC 6455 §5.5.3 allows; the Close
/// has room of its own. A flood of pings so costs the buffer and no more.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Replies<B> {
    /// A length and a payload for each pong; in the last 126 bytes, the Close.
    buf: B,
    pongs: usize,
    ping: bool,
    close: CloseState,
    /// Whether anything waits, in one place: it is asked before every message.
    waiting: bool,
    since: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
enum CloseState {
    Open,
    Queued,
    Staged,
}

/// A length byte and a payload.
const SLOT: usize = MAX_CONTROL_PAYLOAD + 1;

impl<B: AsRef<[u8]> + AsMut<[u8]>> Replies<B> {
    /// Replies over `buf`, of at least [`MIN_REPLIES`] bytes.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall::Replies`].
    pub fn new(buf: B) -> Result<Self, BufferTooSmall> {
        if buf.as_ref().len() < MIN_REPLIES {
            return Err(BufferTooSmall::Replies);
        }
        let (close, since) = (CloseState::Open, Instant::default());
        Ok(Self { buf, pongs: 0, ping: false, close, waiting: false, since })
    }

    /// Queues our Close. Where one is queued or sent already nothing happens.
    ///
    /// # Errors
    ///
    /// [`SendError::CloseCode`] for a code that may not be sent, or a reason
    /// without a code; [`SendError::ControlTooLong`] for a reason of more than
    /// 123 bytes.
    pub fn request_close(&mut self, frame: CloseFrame<'_>, now: Instant) -> Result<(), SendError> {
        let bare = frame.code == CloseCode::NO_STATUS && frame.reason.is_empty();
        if !bare && !frame.code.is_sendable() {
            return Err(SendError::CloseCode);
        }
        if frame.reason.len() > MAX_CONTROL_PAYLOAD.saturating_sub(2) {
            return Err(SendError::ControlTooLong);
        }
        self.queue_close(frame, now);
        Ok(())
    }

    /// Queues a ping without payload, for the keepalive.
    pub fn request_ping(&mut self) {
        self.ping = true;
        self.waiting = true;
    }

    /// Whether nothing waits to be staged.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.waiting
    }

    fn look(&mut self) {
        self.waiting = self.pongs > 0 || self.ping || self.close == CloseState::Queued;
    }

    /// When the closing handshake began on our side, if it has.
    #[inline]
    #[must_use]
    pub fn closing_since(&self) -> Option<Instant> {
        (self.close != CloseState::Open).then_some(self.since)
    }

    /// Whether our Close has been staged.
    #[inline]
    #[must_use]
    pub fn close_is_staged(&self) -> bool {
        self.close == CloseState::Staged
    }

    fn queue_close(&mut self, frame: CloseFrame<'_>, now: Instant) {
        if self.close != CloseState::Open {
            return;
        }
        self.close = CloseState::Queued;
        self.waiting = true;
        self.since = now;
        let Some((len, payload)) = self.close_slot() else {
            return;
        };
        *len = 0;
        if frame.code == CloseCode::NO_STATUS {
            return;
        }
        let Some((code, rest)) = payload.split_first_chunk_mut::<2>() else {
            return;
        };
        *code = frame.code.0.to_be_bytes();
        let reason = frame.reason.as_bytes();
        if let Some(slot) = rest.get_mut(..reason.len()) {
            slot.copy_from_slice(reason);
            *len = 2u8.saturating_add(reason.len() as u8);
        }
    }

    fn close_slot(&mut self) -> Option<(&mut u8, &mut [u8])> {
        self.buf.as_mut().last_chunk_mut::<SLOT>()?.split_first_mut()
    }

    fn pong_room(&self) -> usize {
        self.buf.as_ref().len().saturating_sub(SLOT)
    }

    /// Where the last pong begins.
    fn last_pong(&self) -> usize {
        let (mut at, mut next) = (0, 0);
        while next < self.pongs {
            at = next;
            let len = self.buf.as_ref().get(at).copied().unwrap_or(0);
            next = at.saturating_add(usize::from(len)).saturating_add(1);
        }
        at
    }

    /// The first pong's payload.
    pub(super) fn first_pong(&self) -> Option<&[u8]> {
        let (len, rest) = self.buf.as_ref().get(..self.pongs)?.split_first()?;
        rest.get(..usize::from(*len))
    }

    /// The first pong has been staged.
    pub(super) fn drop_pong(&mut self) {
        let used = self.first_pong().map_or(0, |payload| payload.len().saturating_add(1));
        if let Some(pongs) = self.buf.as_mut().get_mut(..self.pongs) {
            if used <= pongs.len() {
                pongs.copy_within(used.., 0);
            }
        }
        self.pongs = self.pongs.saturating_sub(used);
        self.look();
    }

    pub(super) fn wants_ping(&self) -> bool {
        self.ping
    }

    pub(super) fn ping_staged(&mut self) {
        self.ping = false;
        self.look();
    }

    /// The payload of the Close that is queued.
    pub(super) fn queued_close(&self) -> Option<&[u8]> {
        if self.close != CloseState::Queued {
            return None;
        }
        let (len, payload) = self.buf.as_ref().last_chunk::<SLOT>()?.split_first()?;
        payload.get(..usize::from(*len))
    }

    /// The Close is staged: whatever else waited must not follow it.
    pub(super) fn close_staged(&mut self) {
        self.close = CloseState::Staged;
        self.pongs = 0;
        self.ping = false;
        self.waiting = false;
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Deposit for Replies<B> {
    fn pong(&mut self, payload: &[u8]) {
        if self.close != CloseState::Open {
            return;
        }
        let needed = payload.len().saturating_add(1);
        while self.pongs > 0 && self.pongs.saturating_add(needed) > self.pong_room() {
            self.pongs = self.last_pong();
        }
        let end = self.pongs.saturating_add(needed);
        let Some(slot) = self.buf.as_mut().get_mut(self.pongs..end) else {
            return;
        };
        let Some((len, slot)) = slot.split_first_mut() else {
            return;
        };
        if slot.len() == payload.len() {
            *len = payload.len() as u8;
            slot.copy_from_slice(payload);
            self.pongs = end;
        }
        self.look();
    }

    fn close(&mut self, frame: CloseFrame<'_>, now: Instant) {
        self.queue_close(frame, now);
    }
}

impl<D: Deposit + ?Sized> Deposit for &mut D {
    fn pong(&mut self, payload: &[u8]) {
        (**self).pong(payload);
    }

    fn close(&mut self, frame: CloseFrame<'_>, now: Instant) {
        (**self).close(frame, now);
    }
}
