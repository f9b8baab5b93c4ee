//! Which kind of block a run of tokens goes into: the one that takes the fewest bits.

use super::emit::{Body, Phase};
use super::huffman::{self, Code};
use super::symbols::{
    Alphabets, END, FIXED_DISTANCE_BITS, LITERALS, distance_extra_bits, distance_symbol,
    fixed_literal_bits, length_extra_bits, length_symbol,
};
use super::tokens::Token;
use super::trees::Trees;
use super::{Encoder, Open};

/// A block that takes fewer bits than this in the fixed code is not worth the attempt at codes of its own.
const WORTH_TREES: u32 = 700;

/// How much one occurrence weighs: codes are also made for symbols that have not occurred, which weigh one.
const OCCURRENCE: u32 = 8;

/// How many occurrences the open block's codes count for when new ones are made.
const MEMORY: u32 = 512;

/// So many blocks go by at most before new codes are tried.
const MOST_PATIENCE: u32 = 8;

/// The symbols that one occurrence makes likely: as many around it as share all but these bits.
const NEIGHBOURS: usize = 16;

impl Encoder<'_> {
    /// Decides how the tokens up to the search's place go out and pushes what comes before them: up to 29 bits.
    ///
    /// It needs the most stack of all, 2.5 KB, so it stays a call of its own.
    #[inline(never)]
    pub(super) fn choose(&mut self, last: bool) {
        self.body = Body::new(self.scan.block);
        self.phase = Phase::Body;
        let closing = if self.open == Open::Nothing { 0 } else { self.end().bits() };
        let span = u32::try_from(self.scan.at.saturating_sub(self.scan.block)).unwrap_or(u32::MAX);
        // The header, at most 7 bits up to the next byte, and the length twice.
        let stored = span.saturating_mul(8).saturating_add(closing).saturating_add(3 + 7 + 32);
        let fixed = self.fixed_bits();
        let mut keep = if self.open == Open::Fixed { fixed } else { u32::MAX };
        let fixed = fixed.saturating_add(closing).saturating_add(3);
        if self.open == Open::Dynamic || keep.min(fixed).min(stored) >= WORTH_TREES {
            let mut uses = Alphabets::new();
            self.count(&mut uses);
            if self.open != Open::Nothing {
                keep = cost(&uses, &self.codes);
            }
            let best = keep.min(fixed).min(stored);
            if !(best == keep && self.patience.holds(keep, span)) {
                let mut codes = Alphabets::new();
                self.make_codes(&mut codes, &uses, last);
                let (trees, described) = Trees::describe(&codes);
                let coded = cost(&uses, &codes);
                let dynamic =
                    coded.saturating_add(described).saturating_add(closing).saturating_add(3);
                let lost = keep.saturating_sub(coded);
                // The description also serves the blocks to come.
                let owed = if last { 0 } else { described / 2 };
                let due = !last && self.patience.regrets(lost, described);
                if dynamic <= stored && (dynamic.saturating_sub(owed) < best || due) {
                    self.close();
                    huffman::assign(&mut codes.literals);
                    huffman::assign(&mut codes.distances);
                    self.codes.literals = codes.literals;
                    self.codes.distances = codes.distances;
                    self.trees = trees;
                    (self.open, self.made) = (Open::Dynamic, Open::Dynamic);
                    self.patience = Patience::default();
                    self.bits.push(0b100, 3);
                    self.bits.push(self.trees.counts(), 14);
                    self.phase = Phase::RunLengths { at: 0 };
                    return;
                }
                self.patience.wait(keep, span, lost, described);
            }
        }
        let best = keep.min(fixed).min(stored);
        if best == keep {
            return;
        }
        self.close();
        self.patience = Patience::default();
        if best == stored {
            self.bits.push(0, 3);
            self.bits.pad();
            self.phase = Phase::StoredLength;
        } else {
            self.bits.push(0b010, 3);
            self.fix_codes();
            self.open = Open::Fixed;
        }
    }

    /// Ends the open block, if there is one: up to 12 bits.
    pub(super) fn close(&mut self) {
        if self.open != Open::Nothing {
            let end = self.end();
            self.bits.push(end.value(), end.bits());
            self.open = Open::Nothing;
        }
    }

    fn end(&self) -> Code {
        self.codes.literals.get(END).copied().unwrap_or_default()
    }

    /// What the block takes in the fixed code, its end included.
    fn fixed_bits(&self) -> u32 {
        let literals = |from: usize, to: usize| {
            let literals = self.window.slice(from, to);
            let long = literals.iter().map(|byte| u32::from(*byte >= 144));
            long.fold(0u32, u32::wrapping_add)
                .wrapping_add(u32::try_from(literals.len()).unwrap_or(0).wrapping_mul(8))
        };
        let mut at = self.scan.block;
        let mut bits = u32::from(fixed_literal_bits(END));
        for token in self.tokens.iter().take(self.scan.tokens) {
            let token = Token::from_packed(*token);
            let end = at.wrapping_add(token.run());
            bits = bits.wrapping_add(literals(at, end));
            at = end;
            if let Some((length, distance)) = token.matched() {
                let (code, split) = (length_symbol(length), distance_symbol(distance));
                let symbols =
                    u32::from(fixed_literal_bits(code.symbol).wrapping_add(FIXED_DISTANCE_BITS));
                bits = bits.wrapping_add(symbols).wrapping_add(code.bits).wrapping_add(split.bits);
                at = at.wrapping_add(length);
            }
        }
        bits.wrapping_add(literals(at, self.scan.at))
    }

    /// How often each symbol occurs in the block; its end counts as one.
    fn count(&self, uses: &mut Alphabets<u16>) {
        let mut at = self.scan.block;
        for token in
            self.tokens.iter().take(self.scan.tokens).map(|packed| Token::from_packed(*packed))
        {
            let end = at.wrapping_add(token.run());
            tally(uses, self.window.slice(at, end));
            at = end;
            if let Some((length, distance)) = token.matched() {
                bump(&mut uses.literals, length_symbol(length).symbol);
                bump(&mut uses.distances, distance_symbol(distance).symbol);
                at = at.wrapping_add(length);
            }
        }
        tally(uses, self.window.slice(at, self.scan.at));
        bump(&mut uses.literals, END);
    }

    /// Lengths of codes for these symbols; unless the block is the `last` before a flush, also for others that may
    /// follow, and with regard to the open block's codes.
    #[inline(never)]
    fn make_codes(&self, codes: &mut Alphabets<Code>, uses: &Alphabets<u16>, last: bool) {
        let open = (self.open == Open::Dynamic).then_some(&self.codes);
        let weigh = |uses: &[u16], codes: Option<&[Code]>, symbol: usize, near: bool| {
            let here = uses.get(symbol).map_or(0, |count| u32::from(*count));
            let bits = codes.and_then(|codes| codes.get(symbol)).map_or(0, |code| code.bits());
            let before =
                if bits > 0 && !last { (MEMORY * OCCURRENCE).wrapping_shr(bits) } else { 0 };
            here.wrapping_mul(OCCURRENCE).wrapping_add(before).wrapping_add(u32::from(near))
        };
        let near = |symbol: usize| {
            let start = symbol & !(NEIGHBOURS - 1);
            let group =
                uses.literals.get(start..start.wrapping_add(NEIGHBOURS)).unwrap_or_default();
            !last && (symbol >= END || group.iter().any(|count| *count > 0))
        };
        let literals = (0..286).map(|symbol| {
            weigh(&uses.literals, open.map(|codes| &codes.literals[..]), symbol, near(symbol))
        });
        let reach = distance_symbol(self.window.max_distance()).symbol;
        let some = uses.distances.iter().filter(|count| **count > 0).count();
        let distances = (0..30).map(|symbol| {
            let near = (!last && symbol <= reach) || (some < 2 && symbol < 2);
            weigh(&uses.distances, open.map(|codes| &codes.distances[..]), symbol, near)
        });
        let mut work = [0u32; LITERALS];
        huffman::lengths(literals, &mut codes.literals, &mut work, huffman::MAX_BITS);
        huffman::lengths(distances, &mut codes.distances, &mut work, huffman::MAX_BITS);
    }

    fn fix_codes(&mut self) {
        if self.made == Open::Fixed {
            return;
        }
        self.made = Open::Fixed;
        for (symbol, code) in self.codes.literals.iter_mut().enumerate() {
            *code = Code::of_length(fixed_literal_bits(symbol));
        }
        self.codes.distances = [Code::of_length(FIXED_DISTANCE_BITS); 30];
        huffman::assign(&mut self.codes.literals);
        huffman::assign(&mut self.codes.distances);
    }
}

/// Making codes costs more time than all else, so while the open block's do well, others are not tried.
#[derive(Clone, Copy, Default)]
pub(super) struct Patience {
    /// The bits that the open block's codes have cost more than new ones would have, without their description.
    regret: u32,
    /// So many blocks go by before new codes are tried again,
    blocks: u8,
    /// unless one takes more bits per 256 bytes than this.
    rate: u32,
}

impl Patience {
    /// Whether a block of `span` bytes that takes so many bits may go by.
    fn holds(&mut self, bits: u32, span: u32) -> bool {
        let holds = self.blocks > 0 && rate(bits, span) <= self.rate;
        self.blocks = if holds { self.blocks.wrapping_sub(1) } else { 0 };
        holds
    }

    /// Adds to the regret; whether that makes new codes worth their description.
    fn regrets(&mut self, lost: u32, described: u32) -> bool {
        self.regret = self.regret.saturating_add(lost);
        self.regret > described
    }

    /// The open block's codes are kept: lets half of the blocks go by that it takes to regret that.
    fn wait(&mut self, bits: u32, span: u32, lost: u32, described: u32) {
        let until_regret = described.saturating_sub(self.regret).checked_div(lost);
        let blocks = until_regret.map_or(MOST_PATIENCE, |blocks| blocks / 2).min(MOST_PATIENCE);
        self.regret = self.regret.saturating_add(blocks.saturating_mul(lost));
        self.blocks = u8::try_from(blocks).unwrap_or(0);
        let rate = rate(bits, span);
        self.rate = rate.saturating_add(rate / 16);
    }
}

/// Bits per 256 bytes.
fn rate(bits: u32, span: u32) -> u32 {
    bits.saturating_mul(256).checked_div(span).unwrap_or(u32::MAX)
}

/// What the symbols take in such codes, the block's end included; all there is if one of them has no code.
fn cost(uses: &Alphabets<u16>, codes: &Alphabets<Code>) -> u32 {
    let literals =
        uses.literals.iter().zip(&codes.literals).map(|(count, code)| (*count, code.bits()));
    let distances =
        uses.distances.iter().zip(&codes.distances).map(|(count, code)| (*count, code.bits()));
    let mut sum = 0u32;
    for (count, bits) in literals.chain(distances) {
        if count > 0 && bits == 0 {
            return u32::MAX;
        }
        sum = sum.saturating_add(u32::from(count).saturating_mul(bits));
    }
    sum.saturating_add(extra(uses))
}

/// The bits that follow symbols whatever their codes are.
fn extra(uses: &Alphabets<u16>) -> u32 {
    let lengths = uses
        .literals
        .iter()
        .enumerate()
        .skip(END)
        .map(|(symbol, count)| (*count, length_extra_bits(symbol)));
    let distances = uses
        .distances
        .iter()
        .enumerate()
        .map(|(symbol, count)| (*count, distance_extra_bits(symbol)));
    lengths
        .chain(distances)
        .fold(0u32, |sum, (count, bits)| sum.saturating_add(u32::from(count).saturating_mul(bits)))
}

fn tally(uses: &mut Alphabets<u16>, literals: &[u8]) {
    for byte in literals {
        bump(&mut uses.literals, usize::from(*byte));
    }
}

#[inline]
fn bump(uses: &mut [u16], symbol: usize) {
    if let Some(count) = uses.get_mut(symbol) {
        *count = count.wrapping_add(1);
    }
}
