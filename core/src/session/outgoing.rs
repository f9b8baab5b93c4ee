//! The transmit half: frames staged in one buffer, until the wire takes them.

use super::{MIN_TRANSMIT, Message, Replies};
use crate::connection::SendState;
use crate::error::{BufferTooSmall, SendError};
use crate::role::Role;
use crate::wire::{DataKind, FrameHeader, MAX_CONTROL_PAYLOAD, MaskKey, Opcode};

/// The transmit half of a session, over a buffer that the caller lends.
///
/// What is staged is always whole frames, so they never interleave; the one
/// exception is a frame begun with [`begin_frame`](Self::begin_frame), which
/// owns the wire until its payload is through.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Outgoing<R, B> {
    buf: B,
    start: usize,
    end: usize,
    /// Payload bytes of a frame whose header has been staged.
    remaining: u64,
    key: MaskKey,
    state: SendState,
    role: R,
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

    /// Stages a message in one frame, compressed already (RFC 7692 §6.1).
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage).
    #[cfg(feature = "deflate")]
    pub fn stage_compressed(&mut self, kind: DataKind, payload: &[u8]) -> Result<(), SendError> {
        let opcode = self.next_opcode(kind, true)?;
        self.put(opcode, 0x40, true, payload)
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
        // A short piece now would only make two frames of what can be one.
        if !fits && (piece.is_empty() || self.start != self.end && piece.len() < 512) {
            self.state.data(rest.kind())?;
            return Ok(false);
        }
        if !(fits && piece.is_empty() && !last) {
            self.stage_fragment(piece, false, last && fits)?;
        }
        *rest = after;
        Ok(fits)
    }

    /// Stages the header of a frame whose payload of `len` bytes follows: with
    /// [`payload`](Self::payload) through the buffer, or past it, from where it
    /// lies, with [`payload_passed`](Self::payload_passed).
    ///
    /// Only the first frame of a message starts one; `first` insists on that.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage).
    pub fn begin_frame(
        &mut self,
        kind: DataKind,
        len: u64,
        first: bool,
        last: bool,
    ) -> Result<(), SendError> {
        let opcode = self.next_opcode(kind, first)?;
        self.put_header(opcode, 0, last, len, 0)?;
        self.state.staged_data(last);
        self.remaining = len;
        Ok(())
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

    /// Tells that `n` bytes of the payload went past the buffer. A server's
    /// way alone: a client's must be masked.
    #[inline]
    pub fn payload_passed(&mut self, n: u64) {
        self.remaining = self.remaining.saturating_sub(n);
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

    #[inline]
    fn stage_fragment(
        &mut self,
        part: Message<'_>,
        first: bool,
        last: bool,
    ) -> Result<(), SendError> {
        let opcode = self.next_opcode(part.kind(), first)?;
        self.put(opcode, 0, last, part.as_bytes())?;
        self.state.staged_data(last);
        Ok(())
    }

    #[inline]
    fn next_opcode(&self, kind: DataKind, first: bool) -> Result<Opcode, SendError> {
        let opcode = self.state.data(kind)?;
        if first && self.state.in_message() {
            return Err(SendError::MessageInProgress);
        }
        Ok(opcode)
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.state.control()?;
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::ControlTooLong);
        }
        self.put(opcode, 0, true, payload)
    }

    #[inline]
    fn put(&mut self, opcode: Opcode, rsv: u8, fin: bool, payload: &[u8]) -> Result<(), SendError> {
        let mask = self.put_header(opcode, rsv, fin, payload.len() as u64, payload.len())?;
        let to = self.end.wrapping_add(payload.len());
        if let Some(slot) = self.buf.as_mut().get_mut(self.end..to) {
            if slot.len() == payload.len() {
                slot.copy_from_slice(payload);
            }
            if let Some(key) = mask {
                crate::wire::mask(slot, key);
            }
            self.end = to;
        }
        Ok(())
    }

    /// Stages a header if it has room with `with` bytes behind it.
    #[inline]
    fn put_header(
        &mut self,
        opcode: Opcode,
        rsv: u8,
        fin: bool,
        payload_len: u64,
        with: usize,
    ) -> Result<Option<[u8; 4]>, SendError> {
        if self.remaining > 0 {
            return Err(SendError::FrameInProgress);
        }
        let header_len = header_len::<R>(payload_len);
        if self.room_for(header_len.saturating_add(with)) {
            let mask = self.role.mask_key();
            let header = FrameHeader { fin, rsv, opcode, mask, payload_len };
            let mut bytes = [0; FrameHeader::MAX_LEN];
            let len = header.emit(&mut bytes);
            let to = self.end.wrapping_add(len);
            if let (Some(slot), Some(bytes)) =
                (self.buf.as_mut().get_mut(self.end..to), bytes.get(..len))
            {
                if slot.len() == bytes.len() {
                    slot.copy_from_slice(bytes);
                }
                self.end = to;
            }
            if let Some(key) = mask {
                self.key = MaskKey::new(key);
            }
            return Ok(mask);
        }
        Err(SendError::Full)
    }

    /// Whether `len` bytes fit behind what is pending, which moves down for it.
    #[inline]
    fn room_for(&mut self, len: usize) -> bool {
        let tail = self.buf.as_ref().len().saturating_sub(self.end);
        tail >= len || self.room() >= len
    }

    /// Moves what is pending to the front, and says how many bytes are free.
    fn room(&mut self) -> usize {
        super::buffer::move_down(self.buf.as_mut(), self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        self.buf.as_ref().len().saturating_sub(self.end)
    }
}

/// The length of the header of a frame with so much payload.
#[inline]
fn header_len<R: Role>(payload_len: u64) -> usize {
    let length = match payload_len {
        0..=125 => 2usize,
        126..=0xFFFF => 4,
        _ => 10,
    };
    if R::IS_SERVER { length } else { length.saturating_add(4) }
}
