//! Writing a block: all of it can stop wherever the output is full.

use super::Encoder;
use super::Message;
use super::bits::Output;
use super::symbols::{distance_symbol, length_symbol};
use super::tokens::Token;

/// What is being written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing: input is being searched.
    Scan,
    /// A block is complete, but how it goes out is not decided.
    Choosing { last: bool },
    /// The code lengths of a dynamic block's code lengths.
    RunLengths { at: u8 },
    /// The code lengths of a dynamic block.
    CodeLengths { at: u16 },
    /// Literals and matches.
    Body,
    /// A stored block's length.
    StoredLength,
    /// A stored block's bytes.
    Stored,
    /// The end of the message: the end of the open block, an empty stored block, and its length if `tail`.
    Closing { tail: bool },
    /// That length.
    Tail,
    /// The last bytes before a message is done.
    Ending,
}

/// How far the body of a block is written.
#[derive(Clone, Copy, Default)]
pub(super) struct Body {
    /// The next byte of the window that is written or stands for a written match.
    at: usize,
    /// The next token, or the current one while its literals are being written.
    token: usize,
    /// Where the current token's literals end, once known.
    literals: Option<usize>,
}

impl Body {
    pub(super) fn new(block: usize) -> Self {
        Self { at: block, ..Self::default() }
    }
}

impl Encoder<'_> {
    /// Does one phase's work, and says which comes next; false if the output is full.
    pub(super) fn emit(&mut self, output: &mut Output) -> bool {
        if !self.bits.make_room(output) {
            return false;
        }
        match self.phase {
            Phase::Scan => {}
            Phase::Choosing { last } => self.choose(last),
            Phase::RunLengths { at } => {
                self.phase = match self.trees.run_length(usize::from(at)) {
                    Some(bits) => {
                        self.bits.push(bits, 3);
                        Phase::RunLengths { at: at.wrapping_add(1) }
                    }
                    None => Phase::CodeLengths { at: 0 },
                };
            }
            Phase::CodeLengths { at } => {
                self.phase = match self.trees.run_bits(&self.codes, usize::from(at)) {
                    Some((value, bits, covers)) => {
                        self.bits.push(value, bits);
                        Phase::CodeLengths {
                            at: at.wrapping_add(u16::try_from(covers).unwrap_or(u16::MAX)),
                        }
                    }
                    None => Phase::Body,
                };
            }
            Phase::Body => {
                if !self.body(output) {
                    return false;
                }
                self.next_block();
            }
            Phase::StoredLength => {
                let len = u32::try_from(self.scan.at.saturating_sub(self.scan.block)).unwrap_or(0);
                self.bits.push(len | ((len ^ 0xFFFF) << 16), 32);
                self.phase = Phase::Stored;
            }
            Phase::Stored => {
                if !self.bits.drain(output) {
                    return false;
                }
                let stored = self.window.slice(self.body.at, self.scan.at);
                let written = output.copy(stored);
                let complete = written == stored.len();
                self.body.at = self.body.at.wrapping_add(written);
                if !complete {
                    return false;
                }
                self.next_block();
            }
            Phase::Closing { tail } => {
                self.close();
                self.bits.push(0, 3);
                self.bits.pad();
                self.phase = if tail { Phase::Tail } else { Phase::Ending };
            }
            Phase::Tail => {
                self.bits.push(0xFFFF_0000, 32);
                self.phase = Phase::Ending;
            }
            Phase::Ending => {
                if !self.bits.drain(output) {
                    return false;
                }
                self.phase = Phase::Scan;
                self.message = Message::Ended(match self.message {
                    Message::Started(start) => start,
                    // No byte came since the last one ended: this one is empty.
                    Message::Ended(_) => Some(self.scan.at),
                });
            }
        }
        true
    }

    fn next_block(&mut self) {
        self.scan.next_block();
        self.phase = Phase::Scan;
    }

    /// Writes literals and matches; false if the output is full before the last.
    fn body(&mut self, output: &mut Output) -> bool {
        let mut body = self.body;
        let mut bits = self.bits;
        let complete = loop {
            let token = self
                .tokens
                .get(body.token)
                .filter(|_| body.token < self.scan.tokens)
                .map(|packed| Token::from_packed(*packed));
            let end = *body.literals.get_or_insert_with(|| {
                token.map_or(self.scan.at, |token| body.at.wrapping_add(token.run()))
            });
            let literals = self.window.slice(body.at, end);
            let mut full = false;
            for byte in literals {
                if !bits.has_room(12) && !bits.make_room(output) {
                    full = true;
                    break;
                }
                if let Some(code) = self.codes.literals.get(usize::from(*byte)) {
                    bits.push(code.value(), code.bits());
                }
                body.at = body.at.wrapping_add(1);
            }
            if full || !bits.make_room(output) {
                break false;
            }
            let Some(token) = token else {
                break true;
            };
            if let Some((length, distance)) = token.matched() {
                let (code, split) = (length_symbol(length), distance_symbol(distance));
                for (codes, split) in
                    [(&self.codes.literals[..], code), (&self.codes.distances[..], split)]
                {
                    if let Some(code) = codes.get(split.symbol) {
                        bits.push(code.value(), code.bits());
                        bits.push(split.extra, split.bits);
                    }
                }
                body.at = body.at.wrapping_add(length);
            }
            body.token = body.token.wrapping_add(1);
            body.literals = None;
        };
        self.body = body;
        self.bits = bits;
        complete
    }
}
