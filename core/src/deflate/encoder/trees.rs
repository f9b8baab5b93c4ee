//! A dynamic block's description of its codes (RFC 1951 §3.2.7).

use super::huffman::{self, Code};
use super::symbols::{Alphabets, END};

/// The symbols that describe code lengths.
const RUNS: usize = 19;
/// No code of theirs is longer.
const MAX_RUN_BITS: usize = 7;
/// The order in which the lengths of their codes are written, from RFC 1951.
const ORDER: [u8; RUNS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const REPEAT: u8 = 16;
const ZEROS: u8 = 17;
const MANY_ZEROS: u8 = 18;

/// How the lengths of both codes are written.
#[derive(Clone)]
pub(super) struct Trees {
    literals: u16,
    distances: u16,
    runs: u16,
    code: [Code; RUNS],
}

/// A run of equal code lengths: its symbol, the bits after it, and how many lengths it covers.
struct Run {
    symbol: u8,
    bits: u32,
    extra: u32,
    covers: usize,
}

impl Trees {
    pub(super) fn empty() -> Self {
        Self { literals: 0, distances: 0, runs: 0, code: [Code::default(); RUNS] }
    }

    /// The description of `codes` and how many bits it takes, the counts included.
    pub(super) fn describe(codes: &Alphabets<Code>) -> (Self, u32) {
        let mut trees = Self {
            literals: used(&codes.literals, END + 1),
            distances: used(&codes.distances, 1),
            ..Self::empty()
        };
        let mut counts = [0u32; RUNS];
        let mut bits = 14u32;
        let mut at = 0;
        while let Some(run) = trees.run(codes, at) {
            if let Some(count) = counts.get_mut(usize::from(run.symbol)) {
                *count = count.wrapping_add(1);
            }
            bits = bits.wrapping_add(run.bits);
            at = at.wrapping_add(run.covers);
        }
        huffman::lengths(counts.into_iter(), &mut trees.code, &mut [0; RUNS], MAX_RUN_BITS);
        huffman::assign(&mut trees.code);
        for (count, code) in counts.iter().zip(&trees.code) {
            bits = bits.wrapping_add(count.wrapping_mul(code.bits()));
        }
        let written = ORDER
            .iter()
            .rposition(|symbol| trees.of(*symbol).bits() > 0)
            .map_or(4, |last| last.saturating_add(1).max(4));
        trees.runs = u16::try_from(written).unwrap_or(0);
        let lengths = u32::from(trees.runs).wrapping_mul(3);
        (trees, bits.wrapping_add(lengths))
    }

    /// The three counts that open the description: 14 bits.
    pub(super) fn counts(&self) -> u32 {
        let literals = u32::from(self.literals).saturating_sub(257);
        let distances = u32::from(self.distances).saturating_sub(1);
        let runs = u32::from(self.runs).saturating_sub(4);
        literals | (distances << 5) | (runs << 10)
    }

    /// The `at`-th length, of three bits, in the code of the runs.
    pub(super) fn run_length(&self, at: usize) -> Option<u32> {
        let symbol = ORDER.get(..usize::from(self.runs))?.get(at)?;
        Some(self.of(*symbol).bits())
    }

    /// The bits of the run that describes the lengths from the `at`-th on, how many bits, and how many lengths.
    pub(super) fn run_bits(&self, codes: &Alphabets<Code>, at: usize) -> Option<(u32, u32, usize)> {
        let run = self.run(codes, at)?;
        let code = self.of(run.symbol);
        let value = code.value() | run.extra.wrapping_shl(code.bits());
        Some((value, code.bits().wrapping_add(run.bits), run.covers))
    }

    fn of(&self, symbol: u8) -> Code {
        self.code.get(usize::from(symbol)).copied().unwrap_or_default()
    }

    /// The lengths from the `at`-th on: those of the literals and lengths, then those of the distances.
    fn lengths<'a>(
        &self,
        codes: &'a Alphabets<Code>,
        at: usize,
    ) -> impl Iterator<Item = u32> + use<'a> {
        let literals = codes.literals.get(..usize::from(self.literals)).unwrap_or_default();
        let distances = codes.distances.get(..usize::from(self.distances)).unwrap_or_default();
        let start = at.saturating_sub(literals.len());
        let (literals, distances) =
            (literals.get(at..).unwrap_or_default(), distances.get(start..).unwrap_or_default());
        literals.iter().chain(distances).map(|code| code.bits())
    }

    /// The run from the `at`-th length on. What it is depends on the lengths alone, so writing can stop anywhere.
    fn run(&self, codes: &Alphabets<Code>, at: usize) -> Option<Run> {
        let length = self.lengths(codes, at).next()?;
        let same = |limit| {
            self.lengths(codes, at).take(limit).take_while(|other| *other == length).count()
        };
        let run = |symbol, bits, least: usize, covers: usize| Run {
            symbol,
            bits,
            extra: u32::try_from(covers.saturating_sub(least)).unwrap_or(0),
            covers,
        };
        let before = at.checked_sub(1).and_then(|before| self.lengths(codes, before).next());
        Some(match (length, before) {
            (0, _) => match same(138) {
                covers @ 11.. => run(MANY_ZEROS, 7, 11, covers),
                covers @ 3.. => run(ZEROS, 3, 3, covers),
                _ => run(0, 0, 1, 1),
            },
            (_, Some(before)) if before == length => match same(6) {
                covers @ 3.. => run(REPEAT, 2, 3, covers),
                _ => run(u8::try_from(length).unwrap_or(0), 0, 1, 1),
            },
            _ => run(u8::try_from(length).unwrap_or(0), 0, 1, 1),
        })
    }
}

/// How many codes there are up to the last used one, and at least `least`.
fn used(codes: &[Code], least: usize) -> u16 {
    let used =
        codes.iter().rposition(|code| code.bits() > 0).map_or(0, |last| last.saturating_add(1));
    u16::try_from(used.max(least)).unwrap_or(0)
}
