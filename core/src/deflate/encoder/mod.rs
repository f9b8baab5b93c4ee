//! A DEFLATE encoder (RFC 1951) that allocates nothing and can end a message at a byte (RFC 7692 §7.2.1).
//!
//! It works in three buffers that the caller lends: a window, a hash table, and tokens. How large they have to be
//! depends on the window bits alone: [`window_len`], [`table_len`], [`tokens_len`].
//!
//! ```text
//! input ─> window ── scan ──> tokens ── choose ──> stored, fixed or dynamic block ─> output
//!            ^        │
//!            └ table <┘
//! ```
//!
//! A block never spans more than the window still holds, so storing it is always possible and
//! [`max_encoded_len`] is a small bound. A block stays open while its codes serve what follows better than
//! new ones would, so that the small blocks of a small window don't each pay for their codes' description.
//!
//! What comes out depends on the bytes and the flushes, not on how input and output are cut into pieces.

mod bits;
mod choose;
mod emit;
mod huffman;
mod pause;
mod scan;
mod sizes;
mod symbols;
mod tokens;
mod trees;
mod window;

#[cfg(test)]
mod tests;

use bits::{Bits, Output};
use choose::Patience;
use emit::{Body, Phase};
use huffman::Code;
use scan::{Scan, Scanned};
use symbols::Alphabets;
use trees::Trees;
use window::Window;

pub use pause::Paused;
pub use sizes::{
    BuffersTooSmall, MAX_WINDOW_BITS, MIN_WINDOW_BITS, max_encoded_len, memory, table_len,
    tokens_len, window_len,
};

/// What [`Encoder::compress`] is to do once it has taken all of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flush {
    /// Keep what doesn't fill a block: more is coming.
    None,
    /// Write everything, then an empty stored block: the output ends in `00 00 FF FF` (RFC 1951 §3.2.4).
    Sync,
    /// As `Sync`, without those four bytes, which RFC 7692 §7.2.1 takes away from the end of a message.
    Message,
}

/// What a call of [`Encoder::compress`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Progress {
    /// How many bytes were written to the start of the output.
    pub written: usize,
    /// Whether all of the input is taken and all that the flush asks for is written. If not, the output was too
    /// small: make room, and call again with the rest of the input and the same flush.
    pub done: bool,
}

/// Compresses a stream of messages; each may refer to the ones before it, up to the window's size.
pub struct Encoder<'b> {
    window: Window<'b>,
    tokens: &'b mut [u32],
    scan: Scan,
    /// Where the current message starts in the window, unless the start has been moved out; none between messages.
    message: Message,
    /// The codes of the open block, or of the one that was open last.
    codes: Alphabets<Code>,
    open: Open,
    /// What kind of block `codes` were made for.
    made: Open,
    patience: Patience,
    trees: Trees,
    phase: Phase,
    body: Body,
    bits: Bits,
}

/// Which block is open: more tokens may follow with the same codes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Fixed,
    Dynamic,
}

/// Where the message begins that would be withdrawn.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Message {
    /// The next byte of input begins another message, and the last one began there.
    Ended(Option<usize>),
    /// In the middle of one that began there.
    Started(Option<usize>),
}

impl<'b> Encoder<'b> {
    /// An encoder whose matches reach back at most 2^`bits` bytes, for `bits` from 8 to 15.
    ///
    /// The buffers' contents don't matter. Buffers that are longer than needed are used: a longer window buffer and
    /// more tokens make larger blocks, a larger table finds more.
    ///
    /// # Errors
    ///
    /// [`BuffersTooSmall`] if a buffer is shorter than [`window_len`], [`table_len`] or [`tokens_len`] says, or if
    /// there is no such window.
    pub fn new(
        bits: u8,
        window: &'b mut [u8],
        table: &'b mut [u16],
        tokens: &'b mut [u32],
    ) -> Result<Self, BuffersTooSmall> {
        sizes::check(bits, window.len(), table.len(), tokens.len())?;
        let len = window.len().min(sizes::MAX_WINDOW_LEN);
        let window = window.get_mut(..len).unwrap_or_default();
        let max_distance = 1usize.wrapping_shl(u32::from(bits));
        Ok(Self {
            scan: Scan::new(window.len().saturating_sub(max_distance)),
            window: Window::new(window, table, max_distance),
            tokens,
            message: Message::Ended(Some(0)),
            codes: Alphabets::new(),
            open: Open::Nothing,
            made: Open::Nothing,
            patience: Patience::default(),
            trees: Trees::empty(),
            phase: Phase::Scan,
            body: Body::default(),
            bits: Bits::default(),
        })
    }

    /// Takes bytes from the start of `input`, which is shortened by them, and writes to the start of `output`. What is
    /// in `output` beyond the bytes written is undefined.
    ///
    /// Any output will do, even an empty one, and any input. When the call is done under [`Flush::Sync`] or
    /// [`Flush::Message`], a message has ended and the output is at a byte's end.
    pub fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress {
        let mut output = Output::new(output);
        let done = loop {
            if self.phase != Phase::Scan {
                let ended = matches!(self.phase, Phase::Ending);
                if !self.emit(&mut output) {
                    break false;
                }
                if ended && input.is_empty() {
                    break true;
                }
                continue;
            }
            self.slide();
            if let (false, Message::Ended(_)) = (input.is_empty(), self.message) {
                self.message = Message::Started(Some(self.scan.at));
            }
            self.window.fill(input);
            let ending = flush != Flush::None && input.is_empty();
            match self.scan.run(&mut self.window, self.tokens, ending) {
                Scanned::Wanting => break true,
                Scanned::Block { last } => self.phase = Phase::Choosing { last },
                Scanned::Nothing => self.phase = Phase::Closing { tail: flush == Flush::Sync },
            }
        };
        Progress { written: output.written(), done }
    }

    /// Forgets everything: what follows refers to nothing that came before, as without context takeover
    /// (RFC 7692 §7.1.1). The buffers need not be cleared. A message that isn't ended is lost.
    pub fn reset(&mut self) {
        self.window.clear();
        self.restart(0);
    }

    /// Withdraws the current message, or the last one if none has begun since: none of its output was sent, and the
    /// next message is compressed as if it had never been, as far as the window still reaches back.
    ///
    /// For a message that goes out uncompressed since it doesn't shrink: the peer never sees those bytes in its window.
    pub fn withdraw(&mut self) {
        let (Message::Started(start) | Message::Ended(start)) = self.message;
        match start {
            Some(start) => {
                self.window.truncate(start);
                self.restart(start);
            }
            None => self.reset(),
        }
    }

    /// Makes room in the window between two blocks.
    fn slide(&mut self) {
        if self.scan.at != self.scan.block {
            return;
        }
        let shift = self.window.slide(self.scan.block);
        self.scan.slide(shift);
        let (Message::Started(start) | Message::Ended(start)) = &mut self.message;
        *start = start.and_then(|start| start.checked_sub(shift));
    }

    fn restart(&mut self, at: usize) {
        self.scan.restart(at);
        self.message = Message::Ended(Some(at));
        self.open = Open::Nothing;
        self.patience = Patience::default();
        self.phase = Phase::Scan;
        self.bits = Bits::default();
    }
}
