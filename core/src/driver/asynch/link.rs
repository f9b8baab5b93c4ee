//! How the transmit side is reached: alone, or shared between tasks.

use core::future::poll_fn;
use core::task::{Context, Poll};

use embedded_io_async::Write;

use super::timer::{Clock, Timer};
use super::wire::Wire;
use crate::error::SendError;
use crate::role::Role;
use crate::session::Replies;

/// Memory that is lent.
pub trait Buffer: AsRef<[u8]> + AsMut<[u8]> {}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Buffer for B {}

/// What somebody wants the wire for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To begin a message, for which none may be open.
    Message,
    /// To go on with the open one, or for a control frame.
    Frame,
}

/// The way from a half of a connection to the wire and the replies.
///
/// Two kinds exist: [`Whole`], which borrows them, and
/// [`Shared`](super::shared::Share), which takes turns.
pub trait Link {
    /// What is lent.
    type Buffer: Buffer;
    /// What writes.
    type Writer: Write;
    /// Which side it is.
    type Role: Role;
    /// Whose time it is.
    type Timer: Timer;

    /// Takes the wire where nobody shares it; `None` where somebody does.
    #[doc(hidden)]
    fn own_alone(&mut self, need: Need) -> Option<Result<(), SendError>>;
    /// Takes the wire when its turn has come.
    #[doc(hidden)]
    fn poll_own(&mut self, need: Need, cx: &mut Context<'_>) -> Poll<Result<(), SendError>>;
    #[doc(hidden)]
    fn try_own(&mut self) -> bool;
    #[doc(hidden)]
    fn release(&mut self);
    /// The wire, while this link owns it.
    #[doc(hidden)]
    fn held(&mut self) -> Option<&mut Wire<Self::Buffer, Self::Writer, Self::Role>>;
    #[doc(hidden)]
    fn stage_replies(&mut self);
    #[doc(hidden)]
    fn replies<U>(&mut self, work: impl FnOnce(&mut Replies<Self::Buffer>) -> U) -> Option<U>;
    /// Whether our Close is on its way, or further.
    #[doc(hidden)]
    fn is_closing(&mut self) -> bool;
    /// Whether our Close has left the buffer.
    #[doc(hidden)]
    fn close_is_out(&mut self) -> bool;
    /// What the receive half waits for has changed.
    #[doc(hidden)]
    fn kick(&mut self);
    #[doc(hidden)]
    fn forget_kick(&mut self);
    #[doc(hidden)]
    fn poll_kicked(&mut self, cx: &mut Context<'_>) -> Poll<()>;
    /// Why somebody who waited for long enough gets nothing.
    #[doc(hidden)]
    fn busy(&mut self) -> SendError;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn clock(&self) -> Clock<Self::Timer>;
}

/// The wire is owned until this is dropped, at whatever `.await` that is.
pub(super) struct Hold<'h, L: Link> {
    pub(super) link: &'h mut L,
}

impl<'h, L: Link> Hold<'h, L> {
    /// Waits for its turn, within the bound.
    pub(super) async fn acquire(link: &'h mut L, need: Need) -> Result<Self, SendError> {
        if let Some(owned) = link.own_alone(need) {
            return owned.map(|()| Self { link });
        }
        let clock = link.clock();
        let deadline = clock.deadline();
        // Made first: its drop also takes back a place in the queue.
        let hold = Self { link };
        let owned = poll_fn(|cx| hold.link.poll_own(need, cx));
        match clock.until(deadline, owned).await {
            Some(result) => result.map(|()| hold),
            None => Err(hold.link.busy()),
        }
    }

    /// Takes the wire if nobody has it and nobody waits for it.
    pub(super) fn try_acquire(link: &'h mut L) -> Option<Self> {
        link.try_own().then_some(Self { link })
    }
}

impl<L: Link> Drop for Hold<'_, L> {
    fn drop(&mut self) {
        self.link.release();
    }
}

/// The whole connection in one hand: nobody to wait for.
#[derive(Debug)]
pub struct Whole<'a, B, W, R, T> {
    pub(super) wire: &'a mut Wire<B, W, R>,
    pub(super) replies: &'a mut Replies<B>,
    pub(super) clock: Clock<T>,
}

impl<B: Buffer, W: Write, R: Role, T: Timer> Link for Whole<'_, B, W, R, T> {
    type Buffer = B;
    type Writer = W;
    type Role = R;
    type Timer = T;

    fn own_alone(&mut self, need: Need) -> Option<Result<(), SendError>> {
        Some(match need {
            Need::Message if self.is_closing() => Err(SendError::Closed),
            Need::Message if self.wire.outgoing.in_message() => Err(SendError::MessageInProgress),
            _ => Ok(()),
        })
    }

    fn poll_own(&mut self, need: Need, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(self.own_alone(need).unwrap_or(Ok(())))
    }

    fn try_own(&mut self) -> bool {
        true
    }

    fn release(&mut self) {}

    fn held(&mut self) -> Option<&mut Wire<B, W, R>> {
        Some(self.wire)
    }

    fn stage_replies(&mut self) {
        self.wire.outgoing.stage_replies(self.replies);
    }

    fn replies<U>(&mut self, work: impl FnOnce(&mut Replies<B>) -> U) -> Option<U> {
        Some(work(self.replies))
    }

    fn is_closing(&mut self) -> bool {
        self.replies.closing_since().is_some()
    }

    fn close_is_out(&mut self) -> bool {
        self.wire.outgoing.is_finished() && self.wire.outgoing.pending().is_empty()
    }

    fn kick(&mut self) {}

    fn forget_kick(&mut self) {}

    fn poll_kicked(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    fn busy(&mut self) -> SendError {
        SendError::FrameInProgress
    }

    #[allow(private_interfaces)]
    fn clock(&self) -> Clock<T> {
        self.clock
    }
}
