//! What the wire's mutex guards.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::ops::Range;
use std::time::{Duration, Instant};

use tubesock_core::session::MIN_REPLIES;
use tubesock_core::{Message, Outgoing, Replies, Role, SendError as CoreError};

use super::SMALL;
use crate::config::after;
use crate::deflate::Deflating;
use crate::error::SendError;
use crate::reactor::Reactor;

/// From here on the transmit buffer is lent, in bytes.
const LENT_FROM: usize = 4 << 10;

/// The transmit half, what the receive half has to say, and who is sending.
pub(crate) struct Wire<R> {
    pub(crate) out: Outgoing<R, Vec<u8>>,
    pub(crate) deflating: Deflating,
    pub(crate) replies: Replies<Box<[u8]>>,
    pub(super) spare: Vec<u8>,
    /// Who lends buffers of `large` bytes.
    reactor: Reactor,
    large: usize,
    /// Whose fragmented message is open, or was the last.
    pub(super) owner: Option<u64>,
    /// Somebody is sending what was taken out of `out`.
    pub(super) writing: bool,
    pub(crate) failed: Option<ErrorKind>,
    /// The reactor watches, for room or for the peer's Close.
    pub(super) watched: bool,
    /// The reactor polls for room.
    pub(super) polled: bool,
    /// Bytes that went out without waiting, in all.
    pub(super) sent: u64,
    /// How many of those there must be by when: a peer may be slow, but what
    /// waits for it goes out in time.
    marks: VecDeque<(u64, Instant)>,
}

impl<R: Role> Wire<R> {
    pub(super) fn new(role: R, reactor: Reactor, large: usize) -> Self {
        Self {
            out: Outgoing::new(vec![0; SMALL], role).expect("SMALL is above the minimum"),
            replies: Replies::new(vec![0; 2 * MIN_REPLIES].into_boxed_slice())
                .expect("twice the minimum is above it"),
            deflating: Deflating::OFF,
            spare: Vec::new(),
            reactor,
            large,
            owner: None,
            writing: false,
            failed: None,
            watched: false,
            polled: false,
            sent: 0,
            marks: VecDeque::new(),
        }
    }

    /// When the oldest of what is pending must be out, of which the latest has
    /// `timeout` from now.
    pub(super) fn due(&mut self, timeout: Duration) -> Instant {
        while self.marks.front().is_some_and(|(goal, _)| *goal <= self.sent) {
            self.marks.pop_front();
        }
        let (goal, due) = (self.sent + self.out.pending().len() as u64, after(timeout));
        match self.marks.back_mut() {
            // Not one for each message: this one is a little early for the last.
            Some((last, at))
                if goal <= *last || due.saturating_duration_since(*at) < timeout / 16 =>
            {
                *last = goal.max(*last);
            }
            _ => self.marks.push_back((goal, due)),
        }
        self.marks.front().map_or(due, |(_, due)| *due)
    }

    pub(super) fn check(&self) -> Result<(), SendError> {
        match self.failed {
            Some(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(SendError::TimedOut),
            Some(ErrorKind::UnexpectedEof) => Err(SendError::Closed),
            Some(kind) => Err(SendError::Io(kind)),
            None if self.replies.closing_since().is_some() || self.out.is_finished() => {
                Err(SendError::Closed)
            }
            None => Ok(()),
        }
    }

    #[inline]
    pub(super) fn stage_replies(&mut self) {
        if !self.replies.is_empty() {
            self.stage_all_replies();
        }
    }

    #[cold]
    fn stage_all_replies(&mut self) {
        while !self.out.stage_replies(&mut self.replies) {
            let to = (self.out.capacity() * 2).max(SMALL);
            if self.out.exchange(vec![0; to]).is_err() {
                return;
            }
        }
    }

    /// Stages a message, compressed where that was agreed on and is worth it.
    pub(super) fn stage(&mut self, message: Message<'_>, plain: bool) -> Result<(), CoreError> {
        if plain {
            return self.out.stage(message);
        }
        self.deflating.stage(&mut self.out, message)
    }

    /// A large message, compressed, if it is to be and that shortens it. It
    /// must be the next on the wire.
    #[cfg(feature = "deflate")]
    pub(super) fn compress(
        &mut self,
        message: Message<'_>,
        wanted: bool,
    ) -> Result<Option<Vec<u8>>, CoreError> {
        if !wanted || !self.deflating.is_on() {
            return Ok(None);
        }
        self.out.may_begin()?;
        Ok(self.deflating.compress(message))
    }

    pub(super) fn take_pending(&mut self) -> (Vec<u8>, Range<usize>) {
        let mut spare = std::mem::take(&mut self.spare);
        if spare.len() < SMALL {
            spare = vec![0; SMALL.max(self.out.capacity())];
        }
        self.out.take_pending(spare).unwrap_or_else(|spare| (spare, 0..0))
    }

    /// Makes room for `len` more bytes, up to `limit` in all.
    pub(super) fn grow(&mut self, len: usize, limit: usize) -> bool {
        let needed = self.out.pending().len() + len + 14;
        if needed <= self.out.capacity() {
            return true;
        }
        if needed > limit {
            return false;
        }
        let to = if (LENT_FROM..=self.large).contains(&needed) {
            self.reactor.pool().take(self.large)
        } else {
            vec![0; (self.out.capacity() * 4).clamp(needed, limit.max(needed))]
        };
        let before = self.out.exchange(to);
        let grown = before.is_ok();
        self.give(before.unwrap_or_else(|to| to));
        grown
    }

    /// Gives back what was lent, unless it is in use: for when nothing comes.
    pub(super) fn give_back(&mut self) {
        if !self.writing && self.out.capacity() > SMALL && self.out.pending().len() <= SMALL {
            let small = match std::mem::take(&mut self.spare) {
                spare if spare.len() == SMALL => spare,
                spare => {
                    self.give(spare);
                    vec![0; SMALL]
                }
            };
            let before = self.out.exchange(small);
            self.give(before.unwrap_or_else(|small| small));
        }
        if self.spare.len() > SMALL {
            let spare = std::mem::take(&mut self.spare);
            self.give(spare);
        }
    }

    fn give(&self, buffer: Vec<u8>) {
        if buffer.len() == self.large && self.large > SMALL {
            self.reactor.pool().give(buffer);
        }
    }
}
