//! How much memory an encoder works in.

use core::fmt;

/// The smallest window that RFC 7692 knows: 256 bytes.
pub const MIN_WINDOW_BITS: u8 = 8;
/// The largest window that DEFLATE knows: 32 KiB.
pub const MAX_WINDOW_BITS: u8 = 15;

/// More would be of no use: a stored block's length has 16 bits.
pub(super) const MAX_WINDOW_LEN: usize = u16::MAX as usize;

/// The least length of the window buffer, in bytes, for `bits` from 8 to 15.
#[must_use]
pub const fn window_len(bits: u8) -> usize {
    // A block's bytes stay in the window until it is written, so this is how long blocks can be, and then some.
    let room = if bits <= 11 { 1024 } else { power(bits) / 2 };
    power(bits).saturating_add(room)
}

/// The least length of the hash table, in items of 16 bits.
#[must_use]
pub const fn table_len(bits: u8) -> usize {
    if bits <= 12 { power(bits) } else { power(bits) / 2 }
}

/// The least length of the token buffer, in items of 32 bits.
#[must_use]
pub const fn tokens_len(bits: u8) -> usize {
    let tokens = power(bits) / 8;
    if tokens < 128 { 128 } else { tokens }
}

/// The memory of an encoder with buffers of the least lengths, all told, in bytes.
///
/// Choosing codes for a block takes up to 4 KB of stack besides, which is free again when the call returns.
#[must_use]
pub const fn memory(bits: u8) -> usize {
    let buffers = window_len(bits)
        .saturating_add(table_len(bits).saturating_mul(2))
        .saturating_add(tokens_len(bits).saturating_mul(4));
    buffers.saturating_add(size_of::<super::Encoder<'static>>())
}

/// What `len` bytes and a flush after them can't exceed, whatever the bytes are and the window is.
///
/// A block that doesn't shrink is stored. That costs 5 bytes, at most 2 more to end the block before, and a block that
/// no flush ends has 256 bytes or more.
#[must_use]
pub const fn max_encoded_len(len: usize) -> usize {
    len.saturating_add(len / 32).saturating_add(16)
}

/// A buffer lent to an encoder is too short for its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuffersTooSmall;

impl fmt::Display for BuffersTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a buffer is shorter than the encoder's window needs, or the window bits are not 8 to 15")
    }
}

impl core::error::Error for BuffersTooSmall {}

pub(super) fn check(
    bits: u8,
    window: usize,
    table: usize,
    tokens: usize,
) -> Result<(), BuffersTooSmall> {
    let known = (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(&bits);
    let enough =
        window >= window_len(bits) && table >= table_len(bits) && tokens >= tokens_len(bits);
    if known && enough { Ok(()) } else { Err(BuffersTooSmall) }
}

const fn power(bits: u8) -> usize {
    1usize.wrapping_shl(bits as u32)
}
