//! Compressed frames into the transmit buffer (RFC 7692 §6.1).

use super::Outgoing;
use crate::error::SendError;
use crate::role::Role;
use crate::wire::{DataKind, FrameHeader, MaskKey};

/// RSV1, on the first frame of a compressed message.
const RSV1: u8 = 0x40;

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Outgoing<R, B> {
    /// Stages a message in one frame, compressed already.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage).
    pub fn stage_compressed(&mut self, kind: DataKind, payload: &[u8]) -> Result<(), SendError> {
        let opcode = self.next_opcode(kind, true)?;
        self.put(opcode, RSV1, true, payload)
    }

    /// Begins the frame of a message that is compressed already, as [`begin_frame`](Self::begin_frame) does one that
    /// isn't: the payload of `len` bytes follows.
    ///
    /// # Errors
    ///
    /// As [`begin_frame`](Self::begin_frame).
    pub fn begin_compressed(
        &mut self,
        kind: DataKind,
        len: u64,
    ) -> Result<Option<MaskKey>, SendError> {
        let opcode = self.next_opcode(kind, true)?;
        if len >> 63 != 0 {
            return Err(SendError::TooLong);
        }
        let mask = self.put_header(opcode, RSV1, true, len, 0)?;
        self.state.staged_data(true);
        self.remaining = len;
        Ok(mask.map(MaskKey::new))
    }

    /// Stages a frame of a compressed message whose payload, of `most` bytes at the most, `fill` writes where it is to
    /// lie: it gets what room there is for it, and says how much it has written and whether the message ends with that;
    /// or `None`, and nothing is staged. Says whether something is.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage), and with `first` `MessageInProgress`; then `fill` is not called.
    pub(crate) fn stage_with(
        &mut self,
        kind: DataKind,
        first: bool,
        most: usize,
        fill: impl FnOnce(&mut [u8]) -> Option<(usize, bool)>,
    ) -> Result<bool, SendError> {
        let in_message = self.state.in_message();
        let opcode = self.next_opcode(kind, first)?;
        if self.remaining > 0 {
            return Err(SendError::FrameInProgress);
        }
        self.room_for(most.saturating_add(FrameHeader::MAX_LEN));
        let room = self.buf.as_ref().len().saturating_sub(self.end);
        let reserved = super::encode::header_len::<R>(most.min(room) as u64);
        let most = room.checked_sub(reserved).ok_or(SendError::Full)?.min(most);
        let at = self.end.saturating_add(reserved);
        let to = at.saturating_add(most);
        let Some(slot) = self.buf.as_mut().get_mut(at..to) else {
            return Err(SendError::Full);
        };
        let Some((len, fin)) = fill(slot) else {
            return Ok(false);
        };
        let from = at..at.saturating_add(len.min(most));
        let rsv = if in_message { 0 } else { RSV1 };
        let mask = self.put_header(opcode, rsv, fin, from.len() as u64, from.len())?;
        let payload_at = self.end;
        self.end = payload_at.saturating_add(from.len());
        let end = self.end;
        super::buffer::move_down(self.buf.as_mut(), from, payload_at);
        if let (Some(key), Some(payload)) = (mask, self.buf.as_mut().get_mut(payload_at..end)) {
            crate::wire::mask(payload, key);
        }
        self.state.staged_data(fin);
        Ok(true)
    }
}
