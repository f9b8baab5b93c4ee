//! What the machine allows: a copy, and a XOR in place by its widest registers.

use std::hint::black_box;

use fearless_simd::{Level, dispatch};

use super::memory::Memory;
use super::{Decode, Encode, Library};

/// Decoding can't be cheaper than the copy that feeds it and one XOR; encoding
/// not than one copy.
pub(super) const LIBRARY: Library = Library {
    name: "copy + XOR",
    decoder: |content, len| {
        let feed = Memory::new(content, len);
        Box::new(Receiving { feed, buf: vec![0; len], limit: Limit::new() })
    },
    encoder: |content, len| Box::new(Copy { from: content.payload(len), to: vec![0; len] }),
};

/// A XOR in place by the widest registers of this machine.
pub struct Limit(Level);

impl Limit {
    /// Asks the processor what it has.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it asks the processor")]
    pub fn new() -> Self {
        Self(Level::new())
    }

    /// XORs in place.
    pub fn xor(&self, buf: &mut [u8]) {
        dispatch!(self.0, _simd => {
            for byte in buf.iter_mut() {
                *byte ^= 0x5A;
            }
        });
    }
}

struct Receiving {
    feed: Memory,
    buf: Vec<u8>,
    limit: Limit,
}

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            self.feed.bench_feed(&mut self.buf);
            self.limit.xor(black_box(&mut self.buf));
        }
        messages * self.buf.len()
    }
}

struct Copy {
    from: Vec<u8>,
    to: Vec<u8>,
}

impl Encode for Copy {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            self.to.copy_from_slice(black_box(&self.from));
            black_box(&self.to);
        }
        messages * self.to.len()
    }
}
