//! Frames into the transmit buffer: what [`Outgoing`] does to stage one.

use super::{Message, Outgoing};
use crate::error::SendError;
use crate::role::Role;
use crate::wire::{DataKind, FrameHeader, MAX_CONTROL_PAYLOAD, MaskKey, Opcode};

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Outgoing<R, B> {
    #[inline]
    pub(super) fn stage_fragment(
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
    pub(super) fn next_opcode(&self, kind: DataKind, first: bool) -> Result<Opcode, SendError> {
        let opcode = self.state.data(kind)?;
        if first && self.state.in_message() {
            return Err(SendError::MessageInProgress);
        }
        Ok(opcode)
    }

    pub(super) fn control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.state.control()?;
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::ControlTooLong);
        }
        self.put(opcode, 0, true, payload)
    }

    #[inline]
    pub(super) fn put(
        &mut self,
        opcode: Opcode,
        rsv: u8,
        fin: bool,
        payload: &[u8],
    ) -> Result<(), SendError> {
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
    pub(super) fn put_header(
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
    pub(super) fn room_for(&mut self, len: usize) -> bool {
        let tail = self.buf.as_ref().len().saturating_sub(self.end);
        tail >= len || self.room() >= len
    }

    /// Moves what is pending to the front, and says how many bytes are free.
    pub(super) fn room(&mut self) -> usize {
        super::buffer::move_down(self.buf.as_mut(), self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        self.buf.as_ref().len().saturating_sub(self.end)
    }
}

/// The length of the header of a frame with so much payload.
#[inline]
pub(super) fn header_len<R: Role>(payload_len: u64) -> usize {
    let length = match payload_len {
        0..=125 => 2usize,
        126..=0xFFFF => 4,
        _ => 10,
    };
    if R::IS_SERVER { length } else { length.saturating_add(4) }
}
