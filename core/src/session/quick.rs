//! The common case in few instructions: a message in one frame that is all
//! here, uncompressed, with a header of at most 8 bytes.
//!
//! It decides nothing by itself: what it doesn't take goes the whole way
//! through [`decode`](super::decode), which says what is wrong with it. It
//! saves a 16-byte message some 70 of 200 instructions.

use super::event::TokenKind;
use super::{Incoming, Token};
use crate::role::Role;
use crate::wire::{DataKind, mask};

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Incoming<R, B> {
    /// The next message, if it is of the common case; else nothing has changed.
    #[inline]
    pub(super) fn quick(&mut self) -> Option<Token> {
        if self.in_frame || !self.state.is_between_messages() {
            return None;
        }
        let bytes = self.buf.as_mut().get_mut(self.raw..self.end)?;
        let &mut [b0, b1, ..] = bytes else { return None };
        let kind = self.state.whole_message(b0, b1)?;
        let key_len = if R::IS_SERVER { 4 } else { 0 };
        let (len, key_at): (usize, usize) = match b1 & 0x7F {
            len @ 0..=125 => (usize::from(len), 2),
            126 => match *bytes {
                [_, _, hi, lo, ..] if hi > 0 || lo > 125 => {
                    (usize::from(u16::from_be_bytes([hi, lo])), 4)
                }
                _ => return None,
            },
            _ => return None,
        };
        if len > self.limit {
            return None;
        }
        let header_len = key_at.wrapping_add(key_len);
        if R::IS_SERVER {
            let (header, rest) = bytes.split_at_mut_checked(header_len)?;
            let key = *header.last_chunk::<4>()?;
            mask(rest.get_mut(..len)?, key);
        } else if bytes.len() < header_len.wrapping_add(len) {
            return None;
        }
        let at = self.raw.wrapping_add(header_len);
        self.raw = at.wrapping_add(len);
        self.timers.data();
        let kind = match kind {
            DataKind::Text => TokenKind::Text,
            DataKind::Binary => TokenKind::Binary,
        };
        Some(Token {
            kind,
            first: true,
            last: true,
            #[cfg(feature = "deflate")]
            compressed: false,
            at,
            len,
        })
    }
}
