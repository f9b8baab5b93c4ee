//! Which kind of block a run of tokens goes into: the one that takes the fewest bits.

use super::emit::{Body, Phase};
use super::huffman::{self, Code};
use super::symbols::{
    Alphabets, END, FIXED_DISTANCE_BITS, distance_extra_bits, distance_symbol, fixed_literal_bits,
    length_extra_bits, length_symbol,
};
use super::tokens::Token;
use super::trees::{Trees, best_codes};
use super::{Encoder, Open};

/// A block that takes fewer bits than this in the fixed code is not worth the attempt at codes of its own.
const WORTH_TREES: u32 = 400;

/// How much one occurrence weighs: codes are also made for symbols that have not occurred, which weigh one.
const OCCURRENCE: u32 = 16;

/// How many occurrences the open block's codes count for when new ones are made.
const MEMORY: u32 = 256;

/// The symbols that one occurrence makes likely: as many around it as share all but these bits.
const NEIGHBOURS: usize = 16;

impl Encoder<'_> {
    /// Decides how the tokens up to the search's place go out and pushes what comes before them: up to 29 bits.
    pub(super) fn choose(&mut self, last: bool) {
        let block = self.scan.block;
        let uses = self.count();
        let span = u32::try_from(self.scan.at.saturating_sub(block)).unwrap_or(u32::MAX);
        let closing = if self.open == Open::Nothing { 0 } else { self.end().bits() };
        let keep = if self.open == Open::Nothing { u32::MAX } else { cost(&uses, &self.codes) };
        let fixed = fixed_cost(&uses).saturating_add(closing).saturating_add(3);
        // The header, at most 7 bits up to the next byte, and the length twice.
        let stored = span.saturating_mul(8).saturating_add(closing).saturating_add(3 + 7 + 32);
        let mut best = keep.min(fixed).min(stored);
        if best >= WORTH_TREES {
            let mut codes = self.fresh_codes(&uses, last);
            let (trees, described) = Trees::describe(&codes);
            let coded = cost(&uses, &codes);
            let dynamic = coded.saturating_add(described).saturating_add(closing).saturating_add(3);
            self.regret = self.regret.saturating_add(keep.saturating_sub(coded));
            // The description also serves the blocks to come.
            let owed = if last { 0 } else { described / 2 };
            if dynamic <= stored
                && (dynamic.saturating_sub(owed) < best || (!last && self.regret > described))
            {
                self.close();
                huffman::assign(&mut codes.literals);
                huffman::assign(&mut codes.distances);
                self.codes = codes;
                self.trees = trees;
                self.open = Open::Dynamic;
                self.regret = 0;
                self.bits.push(0b100, 3);
                self.bits.push(self.trees.counts(), 14);
                self.phase = Phase::RunLengths { at: 0 };
                self.body = Body::new(block);
                return;
            }
            best = keep.min(fixed).min(stored);
        }
        self.body = Body::new(block);
        self.phase = Phase::Body;
        if best == keep {
            return;
        }
        self.close();
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

    /// How often each symbol occurs in the block; its end counts as one.
    fn count(&self) -> Alphabets<u16> {
        let mut uses = Alphabets::new();
        let mut at = self.scan.block;
        for token in
            self.tokens.iter().take(self.scan.tokens).map(|packed| Token::from_packed(*packed))
        {
            let end = at.wrapping_add(token.run());
            tally(&mut uses, self.window.slice(at, end));
            at = end;
            if let Some((length, distance)) = token.matched() {
                bump(&mut uses.literals, length_symbol(length).symbol);
                bump(&mut uses.distances, distance_symbol(distance).symbol);
                at = at.wrapping_add(length);
            }
        }
        tally(&mut uses, self.window.slice(at, self.scan.at));
        bump(&mut uses.literals, END);
        uses
    }

    /// Codes for these symbols; unless the block is the last before a flush, also for others that may follow.
    fn fresh_codes(&self, uses: &Alphabets<u16>, last: bool) -> Alphabets<Code> {
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
        best_codes(literals, distances)
    }

    fn fix_codes(&mut self) {
        for (symbol, code) in self.codes.literals.iter_mut().enumerate() {
            *code = Code::of_length(fixed_literal_bits(symbol));
        }
        self.codes.distances = [Code::of_length(FIXED_DISTANCE_BITS); 30];
        huffman::assign(&mut self.codes.literals);
        huffman::assign(&mut self.codes.distances);
    }
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

fn fixed_cost(uses: &Alphabets<u16>) -> u32 {
    let literals = uses
        .literals
        .iter()
        .enumerate()
        .map(|(symbol, count)| (*count, fixed_literal_bits(symbol)));
    let distances = uses.distances.iter().map(|count| (*count, FIXED_DISTANCE_BITS));
    let symbols = literals.chain(distances).fold(0u32, |sum, (count, bits)| {
        sum.saturating_add(u32::from(count).saturating_mul(u32::from(bits)))
    });
    symbols.saturating_add(extra(uses))
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
