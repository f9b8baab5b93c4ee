//! The alphabets of RFC 1951 §3.2.5 and the fixed code's lengths (§3.2.6).

/// Literal/length symbols. The last two never occur, but the fixed code counts them.
pub(super) const LITERALS: usize = 288;
/// Distance symbols.
pub(super) const DISTANCES: usize = 30;
/// The symbol that ends a block.
pub(super) const END: usize = 256;
/// The symbol of the shortest match.
const FIRST_LENGTH: usize = 257;
/// The symbol of a match of 258 bytes, which breaks the pattern of the others: it has no extra bits.
const LONGEST: usize = 285;
/// The shortest match that the format can say.
pub(super) const MIN_MATCH: usize = 3;
/// The longest match that the format can say.
pub(super) const MAX_MATCH: usize = 258;

/// Something kept for every symbol of both alphabets: how often it occurs, or its code.
#[derive(Clone)]
pub(super) struct Alphabets<T> {
    pub(super) literals: [T; LITERALS],
    pub(super) distances: [T; DISTANCES],
}

impl<T: Copy + Default> Alphabets<T> {
    pub(super) fn new() -> Self {
        Self { literals: [T::default(); LITERALS], distances: [T::default(); DISTANCES] }
    }
}

/// A length or a distance as the format writes it: a symbol, then `bits` bits that hold `extra`.
#[derive(Clone, Copy)]
pub(super) struct Split {
    pub(super) symbol: usize,
    pub(super) bits: u32,
    pub(super) extra: u32,
}

/// The symbol for a match of `length` bytes, 3 to 258.
#[inline]
pub(super) fn length_symbol(length: usize) -> Split {
    if length >= MAX_MATCH {
        return Split { symbol: LONGEST, bits: 0, extra: 0 };
    }
    let split = split(length.wrapping_sub(MIN_MATCH), 2);
    Split { symbol: split.symbol.wrapping_add(FIRST_LENGTH), ..split }
}

/// The symbol for a match `distance` bytes back, 1 to 32,768.
#[inline]
pub(super) fn distance_symbol(distance: usize) -> Split {
    split(distance.wrapping_sub(1), 1)
}

/// The extra bits that follow a literal/length symbol.
pub(super) fn length_extra_bits(symbol: usize) -> u32 {
    if symbol >= LONGEST { 0 } else { extra_bits(symbol.saturating_sub(FIRST_LENGTH), 2) }
}

/// The extra bits that follow a distance symbol.
pub(super) fn distance_extra_bits(symbol: usize) -> u32 {
    extra_bits(symbol, 1)
}

/// The length of a literal/length symbol in the fixed code.
pub(super) fn fixed_literal_bits(symbol: usize) -> u8 {
    match symbol {
        144..=255 => 9,
        256..=279 => 7,
        _ => 8,
    }
}

/// The length of every distance symbol in the fixed code.
pub(super) const FIXED_DISTANCE_BITS: u8 = 5;

/// Both alphabets are small floating-point numbers: `mantissa` bits after the leading one go into the symbol, the
/// rest are extra bits.
#[inline]
fn split(value: usize, mantissa: u32) -> Split {
    // Values are below 2^15, so neither the cast nor the logarithm of a value of zero matters.
    let value = u32::try_from(value).unwrap_or(0);
    let bits = (value | 1).ilog2().saturating_sub(mantissa);
    let symbol = (bits << mantissa).wrapping_add(value.wrapping_shr(bits));
    Split { symbol: symbol as usize, bits, extra: value & 1u32.wrapping_shl(bits).wrapping_sub(1) }
}

fn extra_bits(symbol: usize, mantissa: u32) -> u32 {
    u32::try_from(symbol.wrapping_shr(mantissa)).unwrap_or(0).saturating_sub(1)
}
