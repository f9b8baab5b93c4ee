//! Room in the receive buffer: what is kept moves down, never out.

use core::ops::Range;

use super::{Incoming, MIN_RECEIVE};
use crate::role::Role;
use crate::wire::MAX_CONTROL_FRAME;

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Incoming<R, B> {
    /// Where the socket reads into. Releases the last event.
    ///
    /// It is empty only when a whole message is wanted that the buffer can't
    /// hold, which takes a [`max_message`](Self::set_max_message) above its
    /// size: then [`exchange`](Self::exchange) the buffer for one of
    /// [`wanted_capacity`](Self::wanted_capacity).
    pub fn space(&mut self) -> &mut [u8] {
        let kept = self.msg_end.saturating_sub(self.msg);
        let capacity = self.buf.as_ref().len();
        let wanted = if kept == 0 {
            usize::MAX // nothing but the start of a frame has to move: always worth it
        } else {
            usize::try_from(self.remaining).unwrap_or(usize::MAX).saturating_add(MAX_CONTROL_FRAME)
        };
        if capacity.saturating_sub(self.end) < wanted {
            let buf = self.buf.as_mut();
            move_down(buf, self.msg..self.msg_end, 0);
            move_down(buf, self.raw..self.end, kept);
            self.end = kept.saturating_add(self.end.saturating_sub(self.raw));
            self.checked = self.checked.saturating_sub(self.msg);
            (self.msg, self.msg_end, self.raw) = (0, kept, kept);
        }
        self.buf.as_mut().get_mut(self.end..).unwrap_or_default()
    }

    /// Lets whole messages have up to `bytes`, more than the present buffer
    /// may hold: for callers that [`exchange`](Self::exchange) it.
    pub fn set_max_message(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// The capacity in bytes at which what is kept, what is still to come of
    /// the frame at hand, and a control frame behind it have room.
    #[must_use]
    pub fn wanted_capacity(&self) -> usize {
        let kept = self.msg_end.saturating_sub(self.msg);
        usize::try_from(self.remaining)
            .unwrap_or(usize::MAX)
            .saturating_add(kept)
            .saturating_add(self.end.saturating_sub(self.raw))
            .saturating_add(MAX_CONTROL_FRAME)
    }

    /// How many bytes have to move when the buffer is exchanged.
    #[must_use]
    pub fn kept(&self) -> usize {
        let message = self.msg_end.saturating_sub(self.msg);
        message.saturating_add(self.end.saturating_sub(self.raw))
    }

    /// The size of the buffer, in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buf.as_ref().len()
    }

    /// Goes on in another buffer, and gives back the one before: a larger one
    /// for a large message, a small one while nothing comes. Releases the last
    /// event.
    ///
    /// # Errors
    ///
    /// Gives `to` back where it is below [`MIN_RECEIVE`], or has no room beyond what
    /// is kept.
    pub fn exchange(&mut self, mut to: B) -> Result<B, B> {
        let kept = self.msg_end.saturating_sub(self.msg);
        let rest = self.end.saturating_sub(self.raw);
        let total = kept.saturating_add(rest);
        if to.as_ref().len() < MIN_RECEIVE.max(total.saturating_add(1)) {
            return Err(to);
        }
        copy(self.buf.as_ref(), self.msg..self.msg_end, to.as_mut(), 0);
        copy(self.buf.as_ref(), self.raw..self.end, to.as_mut(), kept);
        self.checked = self.checked.saturating_sub(self.msg);
        (self.msg, self.msg_end, self.raw, self.end) = (0, kept, kept, total);
        Ok(core::mem::replace(&mut self.buf, to))
    }
}

/// Moves `from` down to `to`, which lies at or before it.
pub(super) fn move_down(buf: &mut [u8], from: Range<usize>, to: usize) {
    let gap = from.start.saturating_sub(to);
    if gap == 0 || from.is_empty() {
        return;
    }
    if let Some(span) = buf.get_mut(to..from.end) {
        if gap <= span.len() {
            span.copy_within(gap.., 0);
        }
    }
}

fn copy(buf: &[u8], from: Range<usize>, other: &mut [u8], to: usize) {
    let end = to.saturating_add(from.len());
    if let (Some(from), Some(to)) = (buf.get(from), other.get_mut(to..end)) {
        if from.len() == to.len() {
            to.copy_from_slice(from);
        }
    }
}
