//! A message in the making.

use core::future::Future;

use super::link::{Buffer, Hold, Link, Need};
use super::sender::SenderError;
use crate::error::SendError;
use crate::role::Role;
use crate::session::{Message, Outgoing};
use crate::wire::{CloseCode, CloseFrame, FrameHeader};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Fresh,
    Open,
    Ended,
}

/// Writes one message in fragments, as its pieces come (RFC 6455 §5.4).
///
/// # Cancel safety
///
/// [`write`](Self::write) and [`finish`](Self::finish) advance the piece that
/// they are given by what is staged: dropped, they are called again with the
/// rest. The writer itself, dropped between its first piece and the end of
/// [`finish`](Self::finish), closes the connection with 1011.
pub struct MessageWriter<'s, L: Link> {
    link: &'s mut L,
    progress: Progress,
    stages_only: bool,
}

impl<'s, L: Link> MessageWriter<'s, L> {
    pub(super) fn new(link: &'s mut L, stages_only: bool) -> Self {
        Self { link, progress: Progress::Fresh, stages_only }
    }

    /// Sends a piece, in whole fragments, and advances it.
    ///
    /// # Errors
    ///
    /// As [`Sender::send`](super::Sender::send).
    pub fn write(
        &mut self,
        piece: &mut Message<'_>,
    ) -> impl Future<Output = Result<(), SenderError<L>>> {
        self.put(piece, false)
    }

    /// Sends the last piece, which may be empty; the message ends with it.
    /// Once that is staged, all that a call does is to send what is.
    ///
    /// # Errors
    ///
    /// As [`Sender::send`](super::Sender::send).
    pub fn finish(
        &mut self,
        piece: &mut Message<'_>,
    ) -> impl Future<Output = Result<(), SenderError<L>>> {
        self.put(piece, true)
    }

    async fn put(&mut self, rest: &mut Message<'_>, last: bool) -> Result<(), SenderError<L>> {
        let begins = self.progress == Progress::Fresh;
        let need = if begins { Need::Message } else { Need::Frame };
        let mut hold = Hold::acquire(self.link, need).await?;
        hold.link.stage_replies(); // what was asked before is answered before
        loop {
            let Some(wire) = hold.link.held() else { return Ok(()) };
            let whole = self.progress.stage(&mut wire.outgoing, rest, last)?;
            if whole && self.stages_only {
                return Ok(());
            }
            hold.flush().await?;
            if whole {
                return Ok(());
            }
        }
    }
}

impl Progress {
    /// Stages what there is room for, and says whether that is all.
    fn stage<R: Role, B: Buffer>(
        &mut self,
        outgoing: &mut Outgoing<R, B>,
        rest: &mut Message<'_>,
        last: bool,
    ) -> Result<bool, SendError> {
        if *self == Self::Ended {
            return Ok(true);
        }
        let needs = rest.len().saturating_add(FrameHeader::MAX_LEN);
        if *self == Self::Fresh && last && needs <= outgoing.capacity() {
            // All or nothing, in one frame: it waits for the room that it will get.
            let free = outgoing.capacity().saturating_sub(outgoing.pending().len());
            if needs > free {
                return Ok(false);
            }
        }
        let whole = outgoing.write(rest, last)?;
        if outgoing.in_message() {
            *self = Self::Open;
        } else if whole && last {
            *self = Self::Ended;
        }
        Ok(whole)
    }
}

impl<L: Link> Drop for MessageWriter<'_, L> {
    fn drop(&mut self) {
        if self.progress != Progress::Open {
            return;
        }
        let now = self.link.clock().now();
        let frame = CloseFrame { code: CloseCode::INTERNAL, reason: "a message broke off" };
        self.link.replies(|replies| replies.request_close(frame, now));
        self.link.kick();
        self.link.release(); // those who wait for its end needn't
    }
}
