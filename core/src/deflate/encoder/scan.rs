//! The search for matches: from the window's bytes to tokens.

use super::symbols::{MAX_MATCH, MIN_MATCH};
use super::tokens::{MAX_RUN, Token};
use super::window::Window;

/// A match of at least this length is taken without looking whether a longer one starts a byte later.
const LONG_ENOUGH: usize = 16;

/// How many bytes beyond a match may be looked at before it is taken.
const LOOK_BEYOND: usize = 8;

/// So many of a match's places are entered into the table; those of a long one push out more than they are worth.
const MOST_ENTERED: usize = 16;

/// How far the search has come. Places are indices into the window.
#[derive(Clone, Copy)]
pub(super) struct Scan {
    /// Where the block starts.
    pub(super) block: usize,
    /// The next byte to be searched for.
    pub(super) at: usize,
    /// How many tokens the block has.
    pub(super) tokens: usize,
    /// Where the literals start that belong to no token yet.
    pub(super) literals: usize,
    /// The next place to be entered into the hash table.
    entered: usize,
    /// So many bytes are wanted ahead of `at`, so that what is found doesn't depend on how the input is cut.
    ahead: usize,
}

/// Why the search has stopped.
pub(super) enum Scanned {
    /// More input is needed.
    Wanting,
    /// The block is complete. `last` if a flush ends it.
    Block { last: bool },
    /// All is searched and the block is empty.
    Nothing,
}

impl Scan {
    /// A search in a window with `room` for new bytes.
    pub(super) fn new(room: usize) -> Self {
        let ahead = (room / 4).min(MAX_MATCH.saturating_add(LOOK_BEYOND));
        Self { block: 0, at: 0, tokens: 0, literals: 0, entered: 0, ahead }
    }

    /// Goes on from `at` with an empty block.
    pub(super) fn restart(&mut self, at: usize) {
        let entered = self.entered.min(at);
        *self = Self { block: at, at, tokens: 0, literals: at, entered, ..*self };
    }

    /// The block is written: the next one starts here.
    pub(super) fn next_block(&mut self) {
        (self.block, self.literals, self.tokens) = (self.at, self.at, 0);
    }

    /// The window has moved down by `shift`.
    pub(super) fn slide(&mut self, shift: usize) {
        for place in [&mut self.block, &mut self.at, &mut self.literals, &mut self.entered] {
            *place = place.saturating_sub(shift);
        }
    }

    /// Searches on until the block is complete; to the last byte if the input is `ending`.
    pub(super) fn run(&mut self, window: &mut Window, tokens: &mut [u32], ending: bool) -> Scanned {
        let end = window.filled();
        let until = if ending { end } else { end.saturating_sub(self.ahead.saturating_sub(1)) };
        let free = tokens.get_mut(self.tokens..).unwrap_or_default();
        for slot in free {
            match self.token(window, until, end) {
                Some(token) => *slot = token.packed(),
                None => break,
            }
            self.tokens = self.tokens.wrapping_add(1);
        }
        if self.at < until {
            return Scanned::Block { last: false };
        }
        match (ending, self.at > self.block) {
            (true, true) => Scanned::Block { last: true },
            (true, false) => Scanned::Nothing,
            (false, _) if window.is_full() => Scanned::Block { last: false },
            (false, _) => Scanned::Wanting,
        }
    }

    /// Goes on to the end of the next match, or of a run that is as long as a token can say, or to `until`.
    #[inline]
    fn token(&mut self, window: &mut Window, until: usize, end: usize) -> Option<Token> {
        let full = self.literals.wrapping_add(MAX_RUN);
        let mut until = until.min(full);
        let longest = self.ahead.saturating_sub(LOOK_BEYOND);
        let mut best: Option<(usize, usize, usize)> = None;
        let mut at = self.at;
        while at < until {
            let left = end.saturating_sub(at);
            let beat = best.map_or(MIN_MATCH - 1, |(_, length, _)| length);
            let found = if left < MIN_MATCH {
                None
            } else {
                window.enter(self.entered, at.min(self.entered.wrapping_add(MOST_ENTERED)));
                self.entered = at.wrapping_add(1);
                window.find(at, beat, left.min(longest))
            };
            match (found, best) {
                (Some((length, distance)), _) => {
                    if best.is_none() {
                        until = at.wrapping_add(LOOK_BEYOND).min(full);
                    }
                    best = Some((at, length, distance));
                    if length >= LONG_ENOUGH {
                        break;
                    }
                }
                (None, Some(_)) => break,
                (None, None) => {}
            }
            at = at.wrapping_add(1);
        }
        let Some((start, length, distance)) = best else {
            self.at = at;
            return (at >= full).then(|| {
                self.literals = at;
                Token::long_run()
            });
        };
        let token = Token::with_match(start.wrapping_sub(self.literals), length, distance);
        self.at = start.wrapping_add(length);
        self.literals = self.at;
        Some(token)
    }
}
