#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

#[cfg(feature = "handshake")]
mod agree;
mod bombs;
mod inflating;
mod layer;
mod memory;
mod peer;

use super::*;
use std::{vec, vec::Vec};

pub(super) fn agreement(bits: u8, takeover: bool) -> Agreement {
    Agreement {
        receive_bits: bits,
        receive_takeover: takeover,
        send_bits: bits,
        send_takeover: takeover,
    }
}

/// Buffers for an encoder, full of something.
pub(super) struct Lent {
    bits: u8,
    window: Vec<u8>,
    table: Vec<u16>,
    tokens: Vec<u32>,
}

impl Lent {
    pub(super) fn new(bits: u8) -> Self {
        Self {
            bits,
            window: vec![b'w'; window_len(bits)],
            table: vec![3; table_len(bits)],
            tokens: vec![5; tokens_len(bits)],
        }
    }

    pub(super) fn encoder(&mut self) -> Encoder<'_> {
        Encoder::new(self.bits, &mut self.window, &mut self.table, &mut self.tokens).unwrap()
    }
}

/// A message, compressed, its tail removed.
pub(super) fn compress(encoder: &mut Encoder<'_>, mut message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; max_encoded_len(message.len())];
    let progress = encoder.compress(&mut message, &mut out, Flush::Message);
    assert!(progress.done);
    out.truncate(progress.written);
    out
}

/// Sixteen random bits at a time, the same each time.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as usize % limit
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.below(256) as u8).collect()
    }

    /// Text that repeats itself now and then, near and far.
    pub(super) fn text(&mut self, len: usize) -> Vec<u8> {
        const WORDS: [&str; 8] =
            ["tube", "sock ", "\"id\":", "größe", " 世界", "1739", "the ", "🦀, "];
        let mut text = vec![];
        while text.len() < len {
            if text.len() > 40 && self.below(6) == 0 {
                let at = self.below(text.len());
                let piece = std::string::String::from_utf8_lossy(&text[at..]).into_owned();
                let piece: std::string::String =
                    piece.chars().filter(|c| *c != '\u{FFFD}').take(self.below(200)).collect();
                text.extend_from_slice(piece.as_bytes());
            } else {
                text.extend_from_slice(WORDS[self.below(8)].as_bytes());
            }
        }
        text
    }
}
