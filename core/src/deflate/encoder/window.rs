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
    pub(super) bytes: &'b mut [u8],
    pub(super) filled: usize,
    /// The place of `bytes[0]` in the stream, modulo 2^16: the hash table's entries are such places, so that moving
    /// the bytes down leaves the table as it is.
    pub(super) base: u16,
    /// The hash table: buckets of [`WAYS`] places, the latest first. An entry is a hint that is checked against the
    /// window, so entries of any age, or from before a reset, do no harm.
    pub(super) table: &'b mut [u16],
    pub(super) shift: u32,
    pub(super) max_distance: usize,
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
        self.base = self.place(shift);
        self.filled = self.filled.saturating_sub(shift);
        // Piece by piece, since `copy_within` can panic. A piece is at least half of the room.
        let mut at = 0usize;
        while at < self.filled {
            let Some((to, from)) = self.bytes.split_at_mut_checked(at.wrapping_add(shift)) else {
                break;
            };
            let left = self.filled.saturating_sub(at);
            let to = to.get_mut(at..).unwrap_or_default();
            at = at.wrapping_add(copy_prefix(
                to,
                from.get(..left.min(from.len())).unwrap_or_default(),
            ));
        }
        shift
    }

    /// Enters the places from `start` to `end` into the table. There are bytes beyond.
    #[inline]
    pub(super) fn enter(&mut self, start: usize, end: usize) {
        let bytes = self.bytes.get(start..end.wrapping_add(MIN_MATCH - 1)).unwrap_or_default();
        let mut place = self.place(start);
        for bytes in bytes.windows(MIN_MATCH) {
            if let Some(bytes) = bytes.first_chunk() {
                if let Some(bucket) = bucket(self.table, self.shift, bytes) {
                    *bucket = unpack(pack(*bucket).wrapping_shl(16) | u64::from(place));
                }
            }
            place = place.wrapping_add(1);
        }
    }

    /// Enters the place `at` and looks for the longest match that starts there and has more than `beat` and at most
    /// `most` bytes: its length and distance.
    #[inline]
    pub(super) fn find(&mut self, at: usize, beat: usize, most: usize) -> Option<(usize, usize)> {
        let place = self.place(at);
        let bucket = bucket(self.table, self.shift, self.bytes.get(at..)?.first_chunk()?)?;
        let mut candidates = pack(*bucket);
        *bucket = unpack(candidates.wrapping_shl(16) | u64::from(place));
        let limit = at.min(self.max_distance);
        let word = word(self.bytes, at)?;
        // Length above, nearness below, so that the larger number is the better match; chosen without branches, since
        // none of them could be predicted.
        let mut best = 0;
        for _ in 0..WAYS {
            // The lowest sixteen bits are the latest place.
            let back = usize::from(place.wrapping_sub((candidates & 0xFFFF) as u16));
            candidates = candidates.wrapping_shr(16);
            let valid = back.wrapping_sub(1) < limit;
            let start = if valid { at.wrapping_sub(back) } else { 0 };
            let difference = word ^ self::word(self.bytes, start)?;
            let length = if difference == 0 && valid {
                common_prefix(self.bytes, start, at, most)
            } else {
                (difference.trailing_zeros() as usize).wrapping_shr(3).min(most)
            };
            let rank = if valid { (length << 16) | (back ^ 0xFFFF) } else { 0 };
            best = best.max(rank);
        }
        let (length, distance) = (best >> 16, (best & 0xFFFF) ^ 0xFFFF);
        (length > beat && (length > MIN_MATCH || distance <= FAR)).then_some((length, distance))
    }

    #[inline]
    fn place(&self, at: usize) -> u16 {
        // Modulo 2^16 by design.
        #[allow(clippy::cast_possible_truncation)]
        self.base.wrapping_add(at as u16)
    }
}

/// The bucket of the table for these bytes.
#[inline]
fn bucket<'t>(
    table: &'t mut [u16],
    shift: u32,
    bytes: &[u8; MIN_MATCH],
) -> Option<&'t mut [u16; WAYS]> {
    let [first, second, third] = bytes.map(u32::from);
    let key = (first << 8) | (second << 16) | (third << 24);
    let hash = key.wrapping_mul(0x9E37_79B1).wrapping_shr(shift) as usize;
    table.get_mut(hash & !(WAYS - 1)..)?.first_chunk_mut()
}

/// A match of three bytes from further away costs more than its literals.
const FAR: usize = 4096;

/// A bucket as one number, the latest place lowest.
#[inline]
fn pack([first, second, third, last]: [u16; WAYS]) -> u64 {
    u64::from(first)
        | (u64::from(second) << 16)
        | (u64::from(third) << 32)
        | (u64::from(last) << 48)
}

#[inline]
#[allow(clippy::cast_possible_truncation)]
fn unpack(bucket: u64) -> [u16; WAYS] {
    [bucket as u16, (bucket >> 16) as u16, (bucket >> 32) as u16, (bucket >> 48) as u16]
}

/// As many bytes from `at` on as a register holds; none at the very end of the buffer, where no match is looked for.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk().map(|bytes| usize::from_le_bytes(*bytes))
}

/// How many bytes from `start` and from `at` on are the same, up to `most`.
#[inline(never)]
fn common_prefix(bytes: &[u8], start: usize, at: usize, most: usize) -> usize {
    const WORD: usize = size_of::<usize>();
    let end = at.wrapping_add(most);
    let left = bytes.get(start..end).unwrap_or_default();
    let right = bytes.get(at..end).unwrap_or_default();
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
