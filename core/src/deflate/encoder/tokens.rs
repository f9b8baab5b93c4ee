//! What the search found in a block: runs of literals, each with the match that follows it.

use super::symbols::{MAX_MATCH, MIN_MATCH};

const RUN_BITS: u32 = 9;
const LENGTH_BITS: u32 = 8;

/// The longest run. A run of so many has no match after it.
pub(super) const MAX_RUN: usize = (1 << RUN_BITS) - 1;

/// A run of literals, whose bytes are the window's, and the match after it, in 32 bits.
#[derive(Clone, Copy)]
pub(super) struct Token(u32);

impl Token {
    /// `run` literals, fewer than [`MAX_RUN`], then a match.
    #[inline]
    pub(super) fn with_match(run: usize, length: usize, distance: usize) -> Self {
        let length = length.wrapping_sub(MIN_MATCH) & (MAX_MATCH - MIN_MATCH);
        let packed = run
            | length.wrapping_shl(RUN_BITS)
            | distance.wrapping_sub(1).wrapping_shl(RUN_BITS + LENGTH_BITS);
        // 9, 8 and 15 bits: it fits where usize has 32 bits and where it has more.
        Self(u32::try_from(packed).unwrap_or(0))
    }

    /// [`MAX_RUN`] literals.
    pub(super) fn long_run() -> Self {
        Self((1 << RUN_BITS) - 1)
    }

    pub(super) fn packed(self) -> u32 {
        self.0
    }

    pub(super) fn from_packed(packed: u32) -> Self {
        Self(packed)
    }

    /// How many literals.
    #[inline]
    pub(super) fn run(self) -> usize {
        self.0 as usize & MAX_RUN
    }

    /// Length and distance of the match, if there is one.
    #[inline]
    pub(super) fn matched(self) -> Option<(usize, usize)> {
        let length = (self.0 as usize).wrapping_shr(RUN_BITS) & (MAX_MATCH - MIN_MATCH);
        let distance = (self.0 as usize).wrapping_shr(RUN_BITS + LENGTH_BITS);
        (self.run() < MAX_RUN).then_some((length.wrapping_add(MIN_MATCH), distance.wrapping_add(1)))
    }
}
