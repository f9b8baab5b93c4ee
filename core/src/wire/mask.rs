//! Masking (RFC 6455 §5.3): in place, and resumable at any offset.

/// Four bytes that a client XORs its payload with, and how many of them have
/// been used up.
///
/// A payload can be masked in pieces of any length: the key turns with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MaskKey(u32);

impl MaskKey {
    /// The key as it stands on the wire, at the first byte of a payload.
    #[inline]
    #[must_use]
    pub const fn new(key: [u8; 4]) -> Self {
        Self(u32::from_ne_bytes(key))
    }

    /// Masks or unmasks the next piece of the payload.
    #[inline]
    pub fn apply(&mut self, piece: &mut [u8]) {
        mask(piece, self.0.to_ne_bytes());
        self.skip(piece.len());
    }

    /// Turns the key past `len` bytes that somebody else masks.
    #[inline]
    pub fn skip(&mut self, len: usize) {
        let bits = ((len & 3) as u32) << 3;
        self.0 = if cfg!(target_endian = "little") {
            self.0.rotate_right(bits)
        } else {
            self.0.rotate_left(bits)
        };
    }
}

/// XORs `payload` with `key`, over and over.
///
/// ```
/// let mut hello = *b"Hello";
/// tubesock_core::wire::mask(&mut hello, [0x37, 0xfa, 0x21, 0x3d]);
/// assert_eq!(hello, [0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455 §5.7
/// ```
#[cfg_attr(target_pointer_width = "64", inline)]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))] // flash is dearer there than a call
pub fn mask(payload: &mut [u8], key: [u8; 4]) {
    let word = u32::from_ne_bytes(key);
    #[cfg(target_pointer_width = "64")]
    if payload.len() >= wide::WORTH {
        return wide::mask(payload, word);
    }
    narrow(payload, word);
}

/// Blocks of a fixed size are what the compiler turns into registers without
/// a line of unsafe.
#[inline]
fn narrow(payload: &mut [u8], word: u32) {
    let mut blocks = payload.chunks_exact_mut(16);
    for block in &mut blocks {
        if let Ok(block) = block.try_into() {
            xor_block(block, word);
        }
    }
    let mut words = blocks.into_remainder().chunks_exact_mut(4);
    for lane in &mut words {
        xor(lane, word);
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= key;
    }
}

#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn xor_block(block: &mut [u8; 16], word: u32) {
    for lane in block.chunks_exact_mut(4) {
        xor(lane, word);
    }
}

/// One wide number, since a loop over four words stays a loop at opt-level s:
/// 0.9 instructions a byte in place of 1.8.
#[cfg(not(target_pointer_width = "64"))]
#[inline(always)]
fn xor_block(block: &mut [u8; 16], word: u32) {
    const EACH: u128 = 0x1_0000_0001_0000_0001_0000_0001;
    let key = u128::from(word).wrapping_mul(EACH);
    *block = (u128::from_ne_bytes(*block) ^ key).to_ne_bytes();
}

#[inline(always)]
fn xor(lane: &mut [u8], word: u32) {
    if let Ok(lane) = <&mut [u8; 4]>::try_from(lane) {
        *lane = (u32::from_ne_bytes(*lane) ^ word).to_ne_bytes();
    }
}

/// Long payloads: by the widest registers that there are.
#[cfg(target_pointer_width = "64")]
mod wide {
    /// From here on they pay for the call, in bytes.
    pub(super) const WORTH: usize = 128;

    #[cfg(not(feature = "simd"))]
    #[inline(never)]
    pub(super) fn mask(payload: &mut [u8], word: u32) {
        let mut blocks = payload.chunks_exact_mut(32);
        for block in &mut blocks {
            for lane in block.chunks_exact_mut(4) {
                super::xor(lane, word);
            }
        }
        super::narrow(blocks.into_remainder(), word);
    }

    #[cfg(feature = "simd")]
    #[inline(never)]
    pub(super) fn mask(payload: &mut [u8], word: u32) {
        use fearless_simd::{Level, dispatch};
        let level = Level::try_detect().unwrap_or(Level::baseline());
        // Registers as wide as a cache line cost twice where they lie across two.
        let head = payload.as_ptr().align_offset(LINE).min(payload.len());
        let Some((head, body)) = payload.split_at_mut_checked(head) else { return };
        super::narrow(head, word);
        let mut key = super::MaskKey(word);
        key.skip(head.len());
        dispatch!(level, simd => lines(simd, body, key.0));
    }

    #[cfg(feature = "simd")]
    const LINE: usize = 64;

    #[cfg(feature = "simd")]
    #[inline(always)]
    fn lines<S: fearless_simd::Simd>(simd: S, payload: &mut [u8], word: u32) {
        use fearless_simd::{Bytes, Simd, SimdBase, SimdFrom, u8x64, u32x16};

        #[inline(always)]
        fn xor<S: Simd>(simd: S, line: &mut [u8], key: u8x64<S>) {
            if let Ok(line) = <&mut [u8; LINE]>::try_from(line) {
                *line = (u8x64::simd_from(simd, *line) ^ key).into();
            }
        }

        let key: u8x64<S> = u32x16::splat(simd, word).bitcast();
        let mut four = payload.chunks_exact_mut(4 * LINE);
        for block in &mut four {
            for line in block.chunks_exact_mut(LINE) {
                xor(simd, line, key);
            }
        }
        let mut one = four.into_remainder().chunks_exact_mut(LINE);
        for line in &mut one {
            xor(simd, line, key);
        }
        super::narrow(one.into_remainder(), word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_masked_in_pieces_equals_one_masked_whole_and_byte_by_byte() {
        let key = [0x11, 0xA2, 0x00, 0xFF];
        let plain: std::vec::Vec<u8> = (0..200u32).map(|i| (i * 7) as u8).collect();
        for len in 0..plain.len() {
            let naive: std::vec::Vec<u8> =
                plain[..len].iter().enumerate().map(|(i, b)| b ^ key[i % 4]).collect();
            let mut whole = plain[..len].to_vec();
            mask(&mut whole, key);
            assert_eq!(whole, naive);
            for cut in 0..=len {
                let mut pieces = plain[..len].to_vec();
                let mut turning = MaskKey::new(key);
                turning.apply(&mut pieces[..cut]);
                turning.apply(&mut pieces[cut..]);
                assert_eq!(pieces, naive, "cut at {cut} of {len}");
            }
        }
    }
}
