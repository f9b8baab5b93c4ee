//! The search for matches: from the window's bytes to tokens.

use super::symbols::{MAX_MATCH, MIN_MATCH};
use super::tokens::{MAX_RUN, Token};
use super::window::Window;

/// A match of at least this length is taken without looking whether a longer one starts a byte later.
const LONG_ENOUGH: usize = 16;

/// How many bytes beyond a match may be looked at before it is taken.
const LOOK_BEYOND: usize = 8;

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
        while self.at < until {
            if self.tokens >= tokens.len() {
                return Scanned::Block { last: false };
            }
            if let Some(token) = self.step(window, end) {
                if let Some(slot) = tokens.get_mut(self.tokens) {
                    *slot = token.packed();
                }
                self.tokens = self.tokens.wrapping_add(1);
            }
        }
        match (ending, self.at > self.block) {
            (true, true) => Scanned::Block { last: true },
            (true, false) => Scanned::Nothing,
            (false, _) if window.is_full() => Scanned::Block { last: false },
            (false, _) => Scanned::Wanting,
        }
    }

    /// Takes one literal, or one match and the literals just before it; a token if that completes one.
    #[inline]
    fn step(&mut self, window: &mut Window, end: usize) -> Option<Token> {
        let mut start = self.at;
        let Some((mut length, mut distance)) = self.find(window, start, MIN_MATCH - 1, end) else {
            self.at = start.wrapping_add(1);
            let full = self.at.wrapping_sub(self.literals) == MAX_RUN;
            return full.then(|| {
                self.literals = self.at;
                Token::long_run()
            });
        };
        let latest = start.wrapping_add(LOOK_BEYOND).min(self.literals.wrapping_add(MAX_RUN - 1));
        while length < LONG_ENOUGH && start < latest {
            let later = start.wrapping_add(1);
            let Some(longer) = self.find(window, later, length, end) else {
                break;
            };
            start = later;
            (length, distance) = longer;
        }
        let token = Token::with_match(start.wrapping_sub(self.literals), length, distance);
        self.at = start.wrapping_add(length);
        self.literals = self.at;
        Some(token)
    }

    /// The longest match at `at`, if it has more than `beat` bytes. All places before are entered first.
    #[inline]
    fn find(
        &mut self,
        window: &mut Window,
        at: usize,
        beat: usize,
        end: usize,
    ) -> Option<(usize, usize)> {
        let left = end.saturating_sub(at);
        let last =
            if left < MIN_MATCH { at.saturating_sub(MIN_MATCH.saturating_sub(left)) } else { at };
        for place in self.entered..last {
            window.enter(place);
        }
        self.entered = self.entered.max(last);
        if left < MIN_MATCH {
            return None;
        }
        self.entered = at.wrapping_add(1);
        window.find(at, beat, left.min(self.ahead.saturating_sub(LOOK_BEYOND)))
    }
}
