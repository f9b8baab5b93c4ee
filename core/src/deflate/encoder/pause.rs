//! An encoder without its buffers, for owners that can't keep both in one place.

use super::window::Window;
use super::{BuffersTooSmall, Encoder};

/// What an [`Encoder`] is between two messages, besides the bytes in its buffers. It borrows nothing, so that one owner
/// can have it beside the buffers; about 1 KB moves for it.
pub struct Paused {
    encoder: Encoder<'static>,
    /// The lengths of the window, the table and the tokens.
    lens: [usize; 3],
}

impl Encoder<'_> {
    /// Lets go of the buffers, whose contents [`Paused::resume`] needs.
    #[must_use]
    pub fn pause(self) -> Paused {
        let (window, lens) = self.window.pause();
        Paused {
            lens: [lens.0, lens.1, self.tokens.len()],
            encoder: Encoder {
                window,
                tokens: &mut [],
                scan: self.scan,
                message: self.message,
                codes: self.codes,
                open: self.open,
                made: self.made,
                patience: self.patience,
                trees: self.trees,
                phase: self.phase,
                body: self.body,
                bits: self.bits,
            },
        }
    }
}

impl Paused {
    /// Goes on in the buffers that the encoder had, unchanged.
    ///
    /// # Errors
    ///
    /// [`BuffersTooSmall`] where a length isn't what it was.
    pub fn resume<'b>(
        self,
        window: &'b mut [u8],
        table: &'b mut [u16],
        tokens: &'b mut [u32],
    ) -> Result<Encoder<'b>, BuffersTooSmall> {
        let len = window.len().min(super::sizes::MAX_WINDOW_LEN);
        let window = window.get_mut(..len).unwrap_or_default();
        if [window.len(), table.len(), tokens.len()] != self.lens {
            return Err(BuffersTooSmall);
        }
        let encoder: Encoder<'b> = self.encoder;
        Ok(Encoder { window: encoder.window.resume(window, table), tokens, ..encoder })
    }
}

impl<'b> Window<'b> {
    fn pause(self) -> (Window<'static>, (usize, usize)) {
        let lens = (self.bytes.len(), self.table.len());
        let Self { filled, base, shift, max_distance, .. } = self;
        (Window { bytes: &mut [], filled, base, table: &mut [], shift, max_distance }, lens)
    }

    fn resume(self, bytes: &'b mut [u8], table: &'b mut [u16]) -> Self {
        Self { bytes, table, ..self }
    }
}
