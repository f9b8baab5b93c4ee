//! Messages compressed once for everybody.

use std::sync::OnceLock;

use tubesock_core::Message;
use tubesock_core::deflate::{Compress, Flush};
use tubesock_core::wire::FrameHeader;

use super::compressor::Own;

/// RSV1: compressed.
const RSV1: u8 = 0x40;

/// Shorter messages don't shrink without a context.
const SHORTEST: usize = 64;

/// The compressed frames of one message, for each window that a connection may
/// have: each is made when it is wanted first.
#[derive(Default)]
pub(crate) struct Once([OnceLock<Option<Box<[u8]>>>; 8]);

impl Once {
    /// The frame for connections without context takeover whose window has
    /// 2^`bits` bytes; `None` where it doesn't shrink.
    pub(crate) fn frame(&self, message: Message<'_>, bits: u8) -> Option<&[u8]> {
        let slot = self.0.get(usize::from(bits.checked_sub(8)?))?;
        slot.get_or_init(|| encode(message, bits)).as_deref()
    }
}

fn encode(message: Message<'_>, bits: u8) -> Option<Box<[u8]>> {
    let bytes = message.as_bytes();
    if bytes.len() < SHORTEST {
        return None;
    }
    let mut payload = vec![0; bytes.len() - 1];
    let mut input = bytes;
    let progress = Own::new(bits).compress(&mut input, &mut payload, Flush::Message);
    if !progress.done {
        return None;
    }
    payload.truncate(progress.written);
    let header = FrameHeader {
        fin: true,
        rsv: RSV1,
        opcode: message.kind().opcode(),
        mask: None,
        payload_len: payload.len() as u64,
    };
    let mut head = [0; FrameHeader::MAX_LEN];
    let len = header.emit(&mut head);
    Some([&head[..len], &payload].concat().into())
}
