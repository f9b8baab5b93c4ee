//! Randomness from the operating system.

use std::fmt;
use std::io;

use tubesock_core::MaskSource;

/// Mask keys from the operating system's source of randomness, 64 at a time
/// (RFC 6455 §5.3).
pub struct OsMask {
    pool: [u8; 256],
    used: usize,
}

impl OsMask {
    /// A source; its first keys are drawn now.
    ///
    /// # Errors
    ///
    /// The system's, where it has no randomness to give.
    pub fn new() -> io::Result<Self> {
        let mut pool = [0; 256];
        fill(&mut pool)?;
        Ok(Self { pool, used: 0 })
    }
}

impl MaskSource for OsMask {
    fn next_key(&mut self) -> [u8; 4] {
        if self.used == self.pool.len() {
            // It has worked before; a system whose randomness fails later is
            // broken, and a key that can be foretold would hide that.
            fill(&mut self.pool).expect("the system's source of randomness has failed");
            self.used = 0;
        }
        let (keys, _) = self.pool.as_chunks::<4>();
        let key = keys[self.used / 4];
        self.used += 4;
        key
    }
}

impl fmt::Debug for OsMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OsMask").finish_non_exhaustive() // keys to come are nobody's business
    }
}

pub(crate) fn fill(bytes: &mut [u8]) -> io::Result<()> {
    getrandom::fill(bytes).map_err(io::Error::from)
}
