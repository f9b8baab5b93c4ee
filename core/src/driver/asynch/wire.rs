//! The transmit side of a connection: staged bytes, and where they go.

use embedded_io_async::Write;

use super::link::{Hold, Link};
use crate::driver::Error;
use crate::session::Outgoing;

/// The transmit half and its writer. Whoever holds it owns the wire.
#[derive(Debug)]
pub struct Wire<B, W, R> {
    pub(super) io: W,
    pub(super) outgoing: Outgoing<R, B>,
    /// Written and not flushed since.
    pub(super) unflushed: bool,
}

impl<L: Link> Hold<'_, L> {
    /// Sends what is staged and what the receive half has deposited, until
    /// there is neither. What was sent is known at each `.await`.
    pub(super) async fn flush(
        &mut self,
    ) -> Result<(), Error<<L::Writer as embedded_io_async::ErrorType>::Error>> {
        let clock = self.link.clock();
        loop {
            self.link.stage_replies();
            let Some(wire) = self.link.held() else { return Ok(()) };
            let pending = wire.outgoing.pending();
            if pending.is_empty() {
                if !wire.unflushed {
                    return Ok(());
                }
                let flushed = clock.until(clock.deadline(), wire.io.flush()).await;
                flushed.ok_or(Error::Stalled)?.map_err(Error::Transport)?;
                wire.unflushed = false;
                continue;
            }
            let written = clock.until(clock.deadline(), wire.io.write(pending)).await;
            match written.ok_or(Error::Stalled)?.map_err(Error::Transport)? {
                // `write` says so where the stream has ended; to go on would never end.
                0 => return Err(Error::Ended),
                n => wire.outgoing.sent(n),
            }
            wire.unflushed = true;
        }
    }
}
