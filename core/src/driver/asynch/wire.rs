//! The transmit side of a connection: staged bytes, and where they go.

use embedded_io_async::{ErrorType, Write};

use super::link::{Hold, Link};
use crate::driver::Error;
use crate::session::Outgoing;

/// The transmit half and its writer. Whoever holds it owns the wire.
#[derive(Debug)]
pub struct Wire<B, W, R> {
    pub(super) io: W,
    pub(super) outgoing: Outgoing<R, B>,
}

impl<L: Link> Hold<'_, L> {
    /// Sends what is staged and what the receive half has deposited, until
    /// there is neither. What was sent is known at each `.await`.
    pub(super) async fn flush(&mut self) -> Result<(), Error<<L::Writer as ErrorType>::Error>> {
        let clock = self.link.clock();
        loop {
            self.link.stage_replies();
            let Some(wire) = self.link.held() else { return Ok(()) };
            let pending = wire.outgoing.pending();
            if pending.is_empty() {
                return Ok(());
            }
            let written = clock.until(clock.deadline(), wire.io.write(pending)).await;
            match written.ok_or(Error::Stalled)?.map_err(Error::Transport)? {
                // `write` says so where the stream has ended; to go on would never end.
                0 => return Err(Error::Ended),
                n => wire.outgoing.sent(n),
            }
        }
    }
}

/// A writer that sends only when it is flushed, such as TLS, made one that
/// sends what it takes: each `write` ends with a flush.
///
/// The drivers never flush: a TCP socket sends by itself, and some wait in
/// `flush` for the peer's acknowledgement.
///
/// Where a write is dropped as it flushes, the next one has to begin with the
/// same bytes; the drivers' do.
#[derive(Debug)]
pub struct Flushed<W> {
    io: W,
    /// Bytes that the writer has, and of which its caller has not been told.
    taken: usize,
}

impl<W> Flushed<W> {
    /// A writer that flushes.
    pub const fn new(io: W) -> Self {
        Self { io, taken: 0 }
    }

    /// The writer.
    pub fn into_inner(self) -> W {
        self.io
    }
}

impl<W: ErrorType> ErrorType for Flushed<W> {
    type Error = W::Error;
}

impl<W: Write> Write for Flushed<W> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        if self.taken == 0 {
            self.taken = self.io.write(buf).await?;
        }
        self.io.flush().await?;
        Ok(core::mem::take(&mut self.taken))
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        self.io.flush().await
    }
}
