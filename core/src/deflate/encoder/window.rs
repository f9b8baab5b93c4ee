//! The bytes that matches may refer to, those of the open block, and those not looked at yet.

use super::bits::copy_prefix;
use super::symbols::MIN_MATCH;

/// How many earlier places a bucket of the hash table remembers.
pub(super) const WAYS: usize = 4;

/// A buffer that is filled from the left and moved down when it is full.
///
/// Everything in it was written since the last reset, and a match is only looked for inside it: that is why old bytes,
/// and whatever the caller's buffer held before, can't be referred to.
pub(super) struct Window<'b> {
    bytes: &'b mut [u8],
    filled: usize,
    /// The place of `bytes[0]` in the stream, modulo 2^16: the hash table's entries are such places, so that moving
    /// the bytes down leaves the table as it is.
    base: u16,
    /// The hash table: buckets of [`WAYS`] places, the latest first. An entry is a hint that is checked against the
    /// window, so entries of any age, or from before a reset, do no harm.
    table: &'b mut [u16],
    shift: u32,
    max_distance: usize,
}

impl<'b> Window<'b> {
    /// A window over `bytes`; the table's length is rounded down to a power of two.
    pub(super) fn new(bytes: &'b mut [u8], table: &'b mut [u16], max_distance: usize) -> Self {
        let shift = u32::BITS.saturating_sub(table.len().checked_ilog2().unwrap_or(0));
        Self { bytes, filled: 0, base: 0, table, shift, max_distance }
    }

    /// Takes what fits from the start of `input`.
    pub(super) fn fill(&mut self, input: &mut &[u8]) {
        let room = self.bytes.get_mut(self.filled..).unwrap_or_default();
        let taken = copy_prefix(room, input);
        *input = input.get(taken..).unwrap_or_default();
        self.filled = self.filled.wrapping_add(taken);
    }

    /// How far back a match may reach.
    pub(super) fn max_distance(&self) -> usize {
        self.max_distance
    }

    /// Where the bytes end.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// Whether nothing more fits.
    pub(super) fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// The bytes from `start` to `end`.
    pub(super) fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Forgets the bytes from `end` on.
    pub(super) fn truncate(&mut self, end: usize) {
        self.filled = self.filled.min(end);
    }

    /// Forgets all bytes. Places in the stream go on, so that entries of the table become too old at once.
    pub(super) fn clear(&mut self) {
        self.base = self.place(self.filled);
        self.filled = 0;
    }

    /// If less than half of the room for new bytes is left after `next`, moves down what a match may refer to from
    /// there, and returns by how much.
    pub(super) fn slide(&mut self, next: usize) -> usize {
        let room = self.bytes.len().saturating_sub(self.max_distance);
        let shift = next.saturating_sub(self.max_distance);
        if self.bytes.len().saturating_sub(next) >= room / 2 || shift == 0 || shift > self.filled {
            return 0;
        }
        self.bytes.copy_within(shift..self.filled, 0);
        self.base = self.place(shift);
        self.filled = self.filled.saturating_sub(shift);
        shift
    }

    /// Enters the place `at` into the table.
    #[inline]
    pub(super) fn enter(&mut self, at: usize) {
        let place = self.place(at);
        if let Some(bucket) = self.bucket(at) {
            let [first, second, third, _] = *bucket;
            *bucket = [place, first, second, third];
        }
    }

    /// Enters the place `at` and looks for the longest match that starts there and has more than `beat` and at most
    /// `most` bytes: its length and distance.
    #[inline]
    pub(super) fn find(&mut self, at: usize, beat: usize, most: usize) -> Option<(usize, usize)> {
        let place = self.place(at);
        let bucket = self.bucket(at)?;
        let candidates = *bucket;
        let [first, second, third, _] = candidates;
        *bucket = [place, first, second, third];
        let limit = at.min(self.max_distance);
        let here = self.bytes.get(at..at.wrapping_add(most))?;
        let mut best = (beat, 0);
        for candidate in candidates {
            let distance = usize::from(place.wrapping_sub(candidate));
            if distance.wrapping_sub(1) >= limit {
                continue;
            }
            let start = at.wrapping_sub(distance);
            let there = self.bytes.get(start..start.wrapping_add(most))?;
            if there.get(best.0) != here.get(best.0) {
                continue;
            }
            let length = common_prefix(here, there);
            if length > best.0 && (length > MIN_MATCH || distance <= FAR) {
                best = (length, distance);
                if length == most {
                    break;
                }
            }
        }
        (best.1 > 0).then_some(best)
    }

    #[inline]
    fn place(&self, at: usize) -> u16 {
        // Modulo 2^16 by design.
        #[allow(clippy::cast_possible_truncation)]
        self.base.wrapping_add(at as u16)
    }

    /// The bucket for the three bytes from `at` on; none at the very end of the buffer.
    #[inline]
    fn bucket(&mut self, at: usize) -> Option<&mut [u16; WAYS]> {
        let bytes = self.bytes.get(at..)?.first_chunk()?;
        let hash = u32::from_le_bytes(*bytes)
            .wrapping_shl(8)
            .wrapping_mul(0x9E37_79B1)
            .wrapping_shr(self.shift) as usize;
        self.table.get_mut(hash & !(WAYS - 1)..)?.first_chunk_mut()
    }
}

/// A match of three bytes from further away costs more than its literals.
const FAR: usize = 4096;

/// How many bytes two slices have in common at their starts.
#[inline]
fn common_prefix(left: &[u8], right: &[u8]) -> usize {
    const WORD: usize = size_of::<usize>();
    let mut length = 0usize;
    let (mut lefts, mut rights) = (left, right);
    while let (Some((left, left_rest)), Some((right, right_rest))) =
        (lefts.split_first_chunk::<WORD>(), rights.split_first_chunk::<WORD>())
    {
        let difference = usize::from_le_bytes(*left) ^ usize::from_le_bytes(*right);
        if difference != 0 {
            return length.wrapping_add(difference.trailing_zeros().wrapping_shr(3) as usize);
        }
        length = length.wrapping_add(WORD);
        (lefts, rights) = (left_rest, right_rest);
    }
    let rest = lefts.iter().zip(rights).take_while(|(left, right)| left == right).count();
    length.wrapping_add(rest)
}
