//! DEFLATE, decoded over a caller's ring or message buffer.

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress_with_limit};

use super::{Agreement, BufferTooSmall};

/// The bytes of an inflater without its ring.
pub const INFLATER_MEMORY: usize = size_of::<Inflater<&'static mut [u8]>>();

/// What RFC 7692 §7.2.1 takes away from the end of a message.
const TAIL: [u8; 4] = [0, 0, 0xFF, 0xFF];

/// Bytes that are no DEFLATE, or refer to more than the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidDeflate;

/// Where a call of [`Inflater::inflate`] stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Stopped {
    /// At the end of the message.
    Done,
    /// All of the input is taken, and it wasn't the message's last.
    Starved,
    /// The output is full. There is input left, or where there is none, there may be more to come of what was taken; at
    /// the end of the message there is at least one byte more.
    Full,
}

/// Inflates the messages of one connection (RFC 7692 §7.2.2).
///
/// With a ring, the history is there, and messages may go to any buffer, in pieces. Without, a message is its own history:
/// it must be inflated into one buffer, from its start.
pub struct Inflater<W> {
    decoder: DecompressorOxide,
    ring: W,
    /// The ring's bytes in use, a power of two; 0 without a ring.
    len: usize,
    at: usize,
    /// The ring has filled once, so that all of it is this connection's.
    wrapped: bool,
    takeover: bool,
    fresh: bool,
    /// A final block (BFINAL) has just ended, so the message may end here without a tail.
    finished: bool,
}

impl<W: AsRef<[u8]> + AsMut<[u8]>> Inflater<W> {
    /// An inflater over a ring of [`Agreement::ring_len`] bytes or more; a shorter one is not used, which can be only
    /// without context takeover. What the ring held before doesn't matter, and never shows.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall::Ring`].
    pub fn new(agreement: &Agreement, ring: W) -> Result<Self, BufferTooSmall> {
        let wanted = agreement.ring_len();
        let len = if ring.as_ref().len() >= wanted { wanted } else { 0 };
        if len == 0 && agreement.receive_takeover {
            return Err(BufferTooSmall::Ring);
        }
        Ok(Self {
            decoder: DecompressorOxide::new(),
            ring,
            len,
            at: 0,
            wrapped: false,
            takeover: agreement.receive_takeover,
            fresh: true,
            finished: false,
        })
    }

    /// Whether messages need a buffer that holds them whole.
    #[must_use]
    pub const fn is_contiguous(&self) -> bool {
        self.len == 0
    }

    /// Whether nothing is remembered from one message to the next.
    #[must_use]
    pub const fn is_between_contexts(&self) -> bool {
        self.fresh && !self.takeover
    }

    /// Gives the ring back.
    #[must_use]
    pub fn into_ring(self) -> W {
        self.ring
    }

    /// Takes compressed bytes from the start of `input`, which is shortened by them, and inflates to `buf` from `filled`
    /// on, which grows by what was written. `last` says that the message ends with `input`.
    ///
    /// When it is [`Full`](Stopped::Full), call it again with room and the rest of the input. Without a ring,
    /// `buf[..filled]` must be the message so far.
    ///
    /// # Errors
    ///
    /// [`InvalidDeflate`]; from then on the inflater is of no use.
    pub fn inflate(
        &mut self,
        input: &mut &[u8],
        last: bool,
        buf: &mut [u8],
        filled: &mut usize,
    ) -> Result<Stopped, InvalidDeflate> {
        self.begin();
        loop {
            let room = buf.len().saturating_sub(*filled);
            let (status, taken, written) = self.step(input, buf, *filled, room);
            *input = input.get(taken..).unwrap_or(&[]);
            *filled = filled.saturating_add(written);
            self.finished = match status {
                TINFLStatus::Done => {
                    // More blocks may follow a final one, from the next byte on (§7.2.3.5).
                    self.decoder.init();
                    true
                }
                // The second stands for the first too, when the output is full at the same time.
                TINFLStatus::NeedsMoreInput | TINFLStatus::HasMoreOutput => {
                    self.finished && taken == 0
                }
                _ => return Err(InvalidDeflate),
            };
            let full = status == TINFLStatus::HasMoreOutput;
            if full && written < room {
                continue; // only the ring was at its end
            }
            if full && !(input.is_empty() && last) {
                return Ok(Stopped::Full);
            }
            if input.is_empty() {
                return if last { self.end(full) } else { Ok(Stopped::Starved) };
            }
        }
    }

    /// Ends the message: the tail must come to a block of no bytes. Where the output is full, the decoder may also have
    /// bytes to give still; then it takes nothing of the tail.
    fn end(&mut self, full: bool) -> Result<Stopped, InvalidDeflate> {
        if !self.finished {
            let (status, taken, _) = self.step(&TAIL, &mut [], 0, 0);
            if full && taken == 0 && status == TINFLStatus::HasMoreOutput {
                return Ok(Stopped::Full);
            }
            if taken != TAIL.len() {
                return Err(InvalidDeflate);
            }
            if self.decoder.block_boundary_state().is_none() {
                // The block of no bytes may be a final one, which takes a step more to show.
                let (status, _, written) = self.step(&[], &mut [0], 0, 1);
                if status != TINFLStatus::Done || written != 0 {
                    return Err(InvalidDeflate);
                }
                self.decoder.init();
            }
        }
        self.finished = false;
        self.fresh = true;
        Ok(Stopped::Done)
    }

    fn begin(&mut self) {
        if core::mem::take(&mut self.fresh) && !self.takeover {
            self.decoder.init();
            (self.at, self.wrapped) = (0, false);
        }
    }

    /// One call of the decoder, which ends at the ring's end at the latest.
    fn step(
        &mut self,
        input: &[u8],
        buf: &mut [u8],
        filled: usize,
        room: usize,
    ) -> (TINFLStatus, usize, usize) {
        let flags = TINFL_FLAG_HAS_MORE_INPUT;
        let non_wrapping = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let decoder = &mut self.decoder;
        if self.len == 0 {
            return decompress_with_limit(decoder, input, buf, filled, room, non_wrapping);
        }
        let Some(ring) = self.ring.as_mut().get_mut(..self.len) else {
            return (TINFLStatus::Failed, 0, 0);
        };
        // A ring that wraps from the start would show what it held before.
        let flags = if self.wrapped { flags } else { non_wrapping };
        let done = decompress_with_limit(decoder, input, ring, self.at, room, flags);
        let end = self.at.saturating_add(done.2);
        let to = filled.saturating_add(done.2);
        if let (Some(from), Some(to)) = (ring.get(self.at..end), buf.get_mut(filled..to)) {
            to.copy_from_slice(from);
        }
        self.at = end;
        if self.at == self.len {
            (self.at, self.wrapped) = (0, true);
        }
        done
    }
}

impl<W> core::fmt::Debug for Inflater<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inflater")
            .field("ring", &self.len)
            .field("takeover", &self.takeover)
            .finish_non_exhaustive()
    }
}
