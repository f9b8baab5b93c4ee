//! The transmit half with compression.

use super::Agreement;
use super::encoder::{Encoder, Flush, Progress};
use crate::error::SendError;
use crate::role::Role;
use crate::session::{Message, Outgoing};
use crate::wire::DataKind;

/// A compressor of messages: the [`Encoder`] of this crate, or another.
pub trait Compress {
    /// Takes bytes from the start of `input`, which is shortened by them, and writes to the start of `output`, as
    /// [`Encoder::compress`].
    fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress;

    /// Forgets everything, so that what follows refers to nothing that came before.
    fn reset(&mut self);

    /// Withdraws the message at hand, or the one that has just ended: the peer never gets it. Where a compressor can't,
    /// it [resets](Self::reset).
    fn withdraw(&mut self) {
        self.reset();
    }
}

impl Compress for Encoder<'_> {
    fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress {
        Encoder::compress(self, input, output, flush)
    }

    fn reset(&mut self) {
        Encoder::reset(self);
    }

    fn withdraw(&mut self) {
        Encoder::withdraw(self);
    }
}

impl<C: Compress + ?Sized> Compress for &mut C {
    fn compress(&mut self, input: &mut &[u8], output: &mut [u8], flush: Flush) -> Progress {
        (**self).compress(input, output, flush)
    }

    fn reset(&mut self) {
        (**self).reset();
    }

    fn withdraw(&mut self) {
        (**self).withdraw();
    }
}

/// Compresses what goes out by an [`Outgoing`], message by message: what is staged by it is compressed where that makes it
/// shorter, and what is staged by the `Outgoing` itself isn't.
///
/// The messages must go onto the wire in the order in which they were compressed.
#[derive(Debug)]
pub struct Deflate<C> {
    compressor: C,
    takeover: bool,
    threshold: usize,
    /// A message of several frames is open.
    open: bool,
    /// The compressor has output that found no room.
    owing: bool,
}

impl<C: Compress> Deflate<C> {
    /// The default of [`with_threshold`](Self::with_threshold) with context takeover: 8 bytes.
    pub const THRESHOLD: usize = 8;

    /// The same without context takeover: 64 bytes, below which hardly anything shrinks.
    pub const THRESHOLD_FRESH: usize = 64;

    /// Compresses by `compressor`, whose window must not have more than [`Agreement::send_bits`].
    pub fn new(agreement: &Agreement, compressor: C) -> Self {
        let takeover = agreement.send_takeover;
        let threshold = if takeover { Self::THRESHOLD } else { Self::THRESHOLD_FRESH };
        Self { compressor, takeover, threshold, open: false, owing: false }
    }

    /// Doesn't try messages of fewer than so many bytes.
    #[must_use]
    pub fn with_threshold(mut self, bytes: usize) -> Self {
        self.threshold = bytes;
        self
    }

    /// Whether each message refers only to itself.
    #[must_use]
    pub const fn is_fresh(&self) -> bool {
        !self.takeover
    }

    /// Stages a whole message in one frame, compressed if that makes it shorter; says whether it did.
    ///
    /// # Errors
    ///
    /// As [`Outgoing::stage`]. With room for the message as it is, it is never [`SendError::Full`].
    pub fn stage<R: Role, B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        outgoing: &mut Outgoing<R, B>,
        message: Message<'_>,
    ) -> Result<bool, SendError> {
        let bytes = message.as_bytes();
        if self.is_worth(bytes) && !self.open {
            let most = bytes.len().saturating_sub(1);
            let staged = outgoing.stage_with(message.kind(), true, most, |room| {
                Some((self.shorten(bytes, room)?, true))
            })?;
            if staged {
                return Ok(true);
            }
        }
        outgoing.stage(message).map(|()| false)
    }

    /// Compresses a whole message into `output`, to be staged as [`Outgoing::begin_compressed`] has it: how many bytes it
    /// is, or `None` where it goes out as it is, since it doesn't shrink, or `output` is too small.
    pub fn compress(&mut self, message: &[u8], output: &mut [u8]) -> Option<usize> {
        if !self.is_worth(message) || self.open {
            return None;
        }
        let most = output.len().min(message.len().saturating_sub(1));
        self.shorten(message, output.get_mut(..most)?)
    }

    /// Withdraws the message that was compressed last, since it will not go out.
    pub fn withdraw(&mut self) {
        if self.takeover {
            self.compressor.withdraw();
        } else {
            self.compressor.reset();
        }
    }

    /// Stages as much of `rest` as there is room for, compressed, as the next fragment of a message of unknown length, and
    /// advances it; `last` ends the message. What a call has taken, the peer can inflate. Says whether all is staged: if
    /// not, send what is pending and call again, also with a `rest` that is empty by then.
    ///
    /// Bytes of a text message must be UTF-8 altogether; a character may be cut.
    ///
    /// # Errors
    ///
    /// [`SendError::FrameInProgress`], [`SendError::Closed`]; [`SendError::MessageInProgress`] inside a message that was
    /// begun uncompressed.
    pub fn write<R: Role, B: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        outgoing: &mut Outgoing<R, B>,
        kind: DataKind,
        rest: &mut &[u8],
        last: bool,
    ) -> Result<bool, SendError> {
        if rest.is_empty() && !last && !self.owing {
            return Ok(true);
        }
        let flush = if last { Flush::Message } else { Flush::Sync };
        let mut done = false;
        let staged = outgoing.stage_with(kind, !self.open, usize::MAX, |room| {
            // A sliver of room would only make two frames of what can be one.
            if room.len() < 64 && room.len() < rest.len() {
                return None;
            }
            let progress = self.compressor.compress(rest, room, flush);
            done = progress.done;
            self.owing = !done;
            (done || progress.written > 0).then_some((progress.written, done && last))
        });
        match staged {
            Ok(true) => self.open = !(done && last),
            Ok(false) | Err(SendError::Full) => return Ok(false),
            Err(error) => return Err(error),
        }
        if !self.open && !self.takeover {
            self.compressor.reset();
        }
        Ok(done)
    }

    /// Whether a message of several frames is open.
    #[must_use]
    pub const fn in_message(&self) -> bool {
        self.open
    }

    /// Gives the compressor back.
    #[must_use]
    pub fn into_compressor(self) -> C {
        self.compressor
    }

    fn is_worth(&self, message: &[u8]) -> bool {
        message.len() >= self.threshold.max(2)
    }

    /// The whole message into `output`, or nothing of it.
    fn shorten(&mut self, message: &[u8], output: &mut [u8]) -> Option<usize> {
        let mut input = message;
        let progress = self.compressor.compress(&mut input, output, Flush::Message);
        if !progress.done {
            self.withdraw();
            return None;
        }
        if !self.takeover {
            self.compressor.reset();
        }
        Some(progress.written)
    }
}
