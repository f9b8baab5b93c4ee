//! The transmit half: frames staged in one buffer, until the wire takes them.

use core::ops::Range;

use super::{MIN_TRANSMIT, Message, Replies};
use crate::connection::SendState;
use crate::error::{BufferTooSmall, SendError};
use crate::role::Role;
use crate::wire::{DataKind, FrameHeader, MaskKey, Opcode};

/// The transmit half of a session, over a buffer that the caller lends.
///
/// What is staged is always whole frames, so they never interleave; the one
/// exception is a frame begun with [`begin_frame`](Self::begin_frame), which
/// owns the wire until its payload is through.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Outgoing<R, B> {
    pub(super) buf: B,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Payload bytes of a frame whose header has been staged.
    pub(super) remaining: u64,
    pub(super) key: MaskKey,
    pub(super) state: SendState,
    pub(super) role: R,
}

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Outgoing<R, B> {
    /// A transmit half over `buf`, of at least [`MIN_TRANSMIT`] bytes.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall::Transmit`].
    pub fn new(buf: B, role: R) -> Result<Self, BufferTooSmall> {
        if buf.as_ref().len() < MIN_TRANSMIT {
            return Err(BufferTooSmall::Transmit);
        }
        let key = MaskKey::new([0; 4]);
        Ok(Self { buf, start: 0, end: 0, remaining: 0, key, state: SendState::new(), role })
    }

    /// Stages a whole message in one frame.
    ///
    /// # Errors
    ///
    /// [`SendError::Full`] where it has no room now: it has in an empty buffer
    /// of 14 bytes more than the message, or [`write`](Self::write) takes it in
    /// fragments. [`SendError::MessageInProgress`], [`SendError::FrameInProgress`],
    /// [`SendError::Closed`].
    #[inline]
    pub fn stage(&mut self, message: Message<'_>) -> Result<(), SendError> {
        self.stage_fragment(message, true, true)
    }

    /// Stages the next fragment of a message of unknown length: `last` ends
    /// it (RFC 6455 §5.4). Control frames may go between fragments.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage), without `MessageInProgress`.
    #[inline]
    pub fn fragment(&mut self, part: Message<'_>, last: bool) -> Result<(), SendError> {
        self.stage_fragment(part, false, last)
    }

    /// Stages as much of `rest` as there is room for, in whole fragments, and
    /// advances it; says whether all of it is staged. With `last` the final
    /// piece ends the message. While it says `false`, send what is pending
    /// and call it again.
    ///
    /// # Errors
    ///
    /// [`SendError::FrameInProgress`], [`SendError::Closed`].
    pub fn write(&mut self, rest: &mut Message<'_>, last: bool) -> Result<bool, SendError> {
        let room = self.room().saturating_sub(FrameHeader::MAX_LEN);
        let (piece, after) = rest.split_at(room);
        let fits = after.is_empty();
        self.state.data(rest.kind())?;
        // A short piece now would only make two frames of what can be one.
        if !fits && (piece.is_empty() || self.start != self.end && piece.len() < 512) {
            return Ok(false);
        }
        if !(fits && piece.is_empty() && !last) {
            match self.stage_fragment(piece, false, last && fits) {
                // The end of a message has no payload left to wait with.
                Err(SendError::Full) => return Ok(false),
                staged => staged?,
            }
        }
        *rest = after;
        Ok(fits)
    }

    /// Stages the header of a frame whose payload of `len` bytes follows: with
    /// [`payload`](Self::payload) through the buffer, or past it, from where it
    /// lies, with [`payload_passed`](Self::payload_passed).
    ///
    /// With `first` it must start a message; else it starts or continues one.
    /// Gives the key that the payload is to be masked with, where it goes past
    /// the buffer and this is a client.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage); [`SendError::TooLong`] for a `len` of 2^63 or
    /// above, which no header can hold (RFC 6455 §5.2).
    pub fn begin_frame(
        &mut self,
        kind: DataKind,
        len: u64,
        first: bool,
        last: bool,
    ) -> Result<Option<MaskKey>, SendError> {
        let opcode = self.next_opcode(kind, first)?;
        if len >> 63 != 0 {
            return Err(SendError::TooLong);
        }
        let mask = self.put_header(opcode, 0, last, len, 0)?;
        self.state.staged_data(last);
        self.remaining = len;
        Ok(mask.map(MaskKey::new))
    }

    /// Stages as much of `rest` as there is room for, as payload of the frame
    /// that was begun, and advances it.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`] where `rest` is more than the header announced.
    pub fn payload(&mut self, rest: &mut &[u8]) -> Result<(), SendError> {
        if rest.len() as u64 > self.remaining {
            return Err(SendError::TooLong);
        }
        let n = self.room().min(rest.len());
        let to = self.end.saturating_add(n);
        let Some((piece, after)) = rest.split_at_checked(n) else {
            return Ok(());
        };
        let Some(slot) = self.buf.as_mut().get_mut(self.end..to) else {
            return Ok(());
        };
        if slot.len() == piece.len() {
            slot.copy_from_slice(piece);
            if !R::IS_SERVER {
                self.key.apply(slot);
            }
            self.end = to;
            self.remaining = self.remaining.saturating_sub(n as u64);
            *rest = after;
        }
        Ok(())
    }

    /// Bytes of the payload that the frame at hand still owes.
    #[inline]
    #[must_use]
    pub fn payload_due(&self) -> u64 {
        self.remaining
    }

    /// Tells that `n` bytes of the payload go past the buffer, after what is
    /// pending. A client's must be masked by whoever sends them.
    #[inline]
    pub fn payload_passed(&mut self, n: u64) {
        self.remaining = self.remaining.saturating_sub(n);
        self.key.skip((n & 3) as usize);
    }

    /// Stages a ping (RFC 6455 §5.5.2).
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] above 125 bytes; else as
    /// [`stage`](Self::stage).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.control(Opcode::Ping, payload)
    }

    /// Stages a pong that nobody asked for (RFC 6455 §5.5.3); those that were
    /// asked for come by themselves.
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.control(Opcode::Pong, payload)
    }

    /// Stages what the receive half has deposited, in order, and the Close
    /// last. Says whether all of it found room.
    pub fn stage_replies<P: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        replies: &mut Replies<P>,
    ) -> bool {
        if replies.is_empty() {
            return true;
        }
        while let Some(payload) = replies.first_pong() {
            match self.control(Opcode::Pong, payload) {
                Err(SendError::Full | SendError::FrameInProgress) => return false,
                _ => replies.drop_pong(),
            }
        }
        if replies.wants_ping() {
            match self.control(Opcode::Ping, &[]) {
                Err(SendError::Full | SendError::FrameInProgress) => return false,
                _ => replies.ping_staged(),
            }
        }
        if let Some(payload) = replies.queued_close() {
            match self.control(Opcode::Close, payload) {
                Err(SendError::Full | SendError::FrameInProgress) => return false,
                _ => {
                    self.state.end();
                    replies.close_staged();
                }
            }
        }
        true
    }

    /// Bytes for the wire, in order.
    #[inline]
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        self.buf.as_ref().get(self.start..self.end).unwrap_or(&[])
    }

    /// Tells that the wire took the first `n` bytes of
    /// [`pending`](Self::pending).
    #[inline]
    pub fn sent(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Whether a fragmented message is open.
    #[inline]
    #[must_use]
    pub fn in_message(&self) -> bool {
        self.state.in_message()
    }

    /// Whether our Close has been staged: nothing can follow.
    #[inline]
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.state.has_ended()
    }

    /// Whether a message may begin now.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`], [`SendError::MessageInProgress`],
    /// [`SendError::FrameInProgress`].
    pub fn may_begin(&self) -> Result<(), SendError> {
        self.next_opcode(DataKind::Binary, true)?;
        if self.remaining > 0 { Err(SendError::FrameInProgress) } else { Ok(()) }
    }

    /// Stages the rest of a message that was encoded before as one frame, and
    /// whose beginning the wire may have taken already.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage).
    pub fn stage_encoded(&mut self, rest: &[u8]) -> Result<(), SendError> {
        self.may_begin()?;
        if !self.room_for(rest.len()) {
            return Err(SendError::Full);
        }
        let to = self.end.saturating_add(rest.len());
        if let Some(slot) = self.buf.as_mut().get_mut(self.end..to) {
            if slot.len() == rest.len() {
                slot.copy_from_slice(rest);
            }
            self.end = to;
        }
        Ok(())
    }

    /// Hands out the buffer, with the range that is pending in it, to be sent
    /// without holding this half; goes on in `spare`. Whoever takes it sends
    /// it before anything that is staged from now on.
    ///
    /// # Errors
    ///
    /// Gives `spare` back where it is below [`MIN_TRANSMIT`].
    pub fn take_pending(&mut self, spare: B) -> Result<(B, Range<usize>), B> {
        if spare.as_ref().len() < MIN_TRANSMIT {
            return Err(spare);
        }
        let pending = self.start..self.end;
        (self.start, self.end) = (0, 0);
        Ok((core::mem::replace(&mut self.buf, spare), pending))
    }

    /// Goes on in another buffer, and gives back the one before.
    ///
    /// # Errors
    ///
    /// Gives `to` back where it is below [`MIN_TRANSMIT`], or has no room for
    /// what is pending.
    pub fn exchange(&mut self, mut to: B) -> Result<B, B> {
        let pending = self.pending();
        let len = pending.len();
        if to.as_ref().len() < len.max(MIN_TRANSMIT) {
            return Err(to);
        }
        if let Some(slot) = to.as_mut().get_mut(..len) {
            slot.copy_from_slice(pending);
        }
        (self.start, self.end) = (0, len);
        Ok(core::mem::replace(&mut self.buf, to))
    }

    /// The size of the buffer, in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buf.as_ref().len()
    }
}
