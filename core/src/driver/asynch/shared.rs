//! The transmit side, shared by the tasks of one executor.
//!
//! `RefCell` and `Cell` do: nothing here is reached from two threads, so no
//! atomics are needed, which thumbv6m and riscv32imc don't have. The guard of
//! a `RefCell` is a lock that is given back by `Drop`, at whatever `.await`
//! its future is dropped. A mutex of embassy-sync would cost a dependency, and
//! has room for one waker: two senders that wait would wake each other for as
//! long as a third writes.

use core::cell::{Cell, RefCell, RefMut};
use core::task::{Context, Poll, Waker};

use embedded_io_async::Write;

use super::link::{Buffer, Link, Need};
use super::queue::Queue;
use super::timer::{Clock, Timer};
use super::wire::Wire;
use crate::error::SendError;
use crate::role::Role;
use crate::session::Replies;

pub(super) struct Shared<B, W, R, T> {
    pub(super) wire: RefCell<Wire<B, W, R>>,
    pub(super) replies: RefCell<Replies<B>>,
    queue: RefCell<Queue>,
    message_is_open: Cell<bool>,
    kicked: Cell<bool>,
    receiver: Cell<Option<Waker>>,
    pub(super) clock: Clock<T>,
}

impl<B: Buffer, W, R: Role, T> Shared<B, W, R, T> {
    pub(super) fn new(wire: Wire<B, W, R>, replies: Replies<B>, clock: Clock<T>) -> Self {
        Self {
            wire: RefCell::new(wire),
            replies: RefCell::new(replies),
            queue: RefCell::new(Queue::default()),
            message_is_open: Cell::new(false),
            kicked: Cell::new(false),
            receiver: Cell::new(None),
            clock,
        }
    }

    fn is_closing(&self) -> bool {
        self.replies.try_borrow().is_ok_and(|replies| replies.closing_since().is_some())
    }

    /// The wire is free: somebody takes it over, or the receive half is told
    /// that there is something for it to send.
    fn pass_on(&self) {
        let Ok(wire) = self.wire.try_borrow() else { return };
        let open = wire.outgoing.in_message();
        self.message_is_open.set(open);
        let taken = self.queue.try_borrow().is_ok_and(|queue| {
            if self.is_closing() {
                queue.wake_all(); // none of them needs to wait any longer
            }
            queue.wake_next(open)
        });
        let replies_wait = self.replies.try_borrow().is_ok_and(|replies| !replies.is_empty());
        if wire.outgoing.is_finished()
            || !taken && (replies_wait || !wire.outgoing.pending().is_empty())
        {
            self.kick();
        }
    }

    fn kick(&self) {
        self.kicked.set(true);
        if let Some(waker) = self.receiver.take() {
            waker.wake();
        }
    }
}

/// One who shares a connection's transmit side.
pub struct Share<'a, B, W, R, T> {
    shared: &'a Shared<B, W, R, T>,
    held: Option<RefMut<'a, Wire<B, W, R>>>,
    place: Option<u32>,
}

impl<'a, B, W, R, T> Share<'a, B, W, R, T> {
    pub(super) fn new(shared: &'a Shared<B, W, R, T>) -> Self {
        Self { shared, held: None, place: None }
    }
}

impl<B, W, R, T> Clone for Share<'_, B, W, R, T> {
    fn clone(&self) -> Self {
        Self::new(self.shared)
    }
}

impl<B: Buffer, W: Write, R: Role, T: Timer> Link for Share<'_, B, W, R, T> {
    type Buffer = B;
    type Writer = W;
    type Role = R;
    type Timer = T;

    fn own_alone(&mut self, _: Need) -> Option<Result<(), SendError>> {
        None
    }

    fn poll_own(&mut self, need: Need, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let shared = self.shared;
        if need == Need::Message && shared.is_closing() {
            return Poll::Ready(Err(SendError::Closed));
        }
        let Ok(mut queue) = shared.queue.try_borrow_mut() else {
            return Poll::Ready(Err(SendError::FrameInProgress));
        };
        if queue.is_turn_of(self.place, need, shared.message_is_open.get()) {
            if let Ok(wire) = shared.wire.try_borrow_mut() {
                self.held = Some(wire);
                if let Some(place) = self.place.take() {
                    queue.leave(place);
                }
                return Poll::Ready(Ok(()));
            }
        }
        if queue.wait(&mut self.place, need, cx.waker()) {
            return Poll::Pending;
        }
        drop(queue);
        Poll::Ready(Err(self.busy()))
    }

    fn try_own(&mut self) -> bool {
        let free = self.shared.queue.try_borrow().is_ok_and(|queue| {
            queue.is_turn_of(None, Need::Frame, self.shared.message_is_open.get())
        });
        self.held = if free { self.shared.wire.try_borrow_mut().ok() } else { None };
        self.held.is_some()
    }

    fn release(&mut self) {
        if let (Some(place), Ok(mut queue)) =
            (self.place.take(), self.shared.queue.try_borrow_mut())
        {
            queue.leave(place);
        }
        self.held = None;
        self.shared.pass_on();
    }

    fn held(&mut self) -> Option<&mut Wire<B, W, R>> {
        self.held.as_deref_mut()
    }

    fn stage_replies(&mut self) {
        if let (Some(wire), Ok(mut replies)) =
            (self.held.as_mut(), self.shared.replies.try_borrow_mut())
        {
            wire.outgoing.stage_replies(&mut replies);
        }
    }

    fn replies<U>(&mut self, work: impl FnOnce(&mut Replies<B>) -> U) -> Option<U> {
        self.shared.replies.try_borrow_mut().ok().map(|mut replies| work(&mut replies))
    }

    fn is_closing(&mut self) -> bool {
        self.shared.is_closing()
    }

    fn close_is_out(&mut self) -> bool {
        self.shared
            .wire
            .try_borrow()
            .is_ok_and(|wire| wire.outgoing.is_finished() && wire.outgoing.pending().is_empty())
    }

    fn kick(&mut self) {
        self.shared.kick();
    }

    fn forget_kick(&mut self) {
        self.shared.kicked.set(false);
    }

    fn poll_kicked(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.shared.kicked.take() {
            return Poll::Ready(());
        }
        self.shared.receiver.set(Some(cx.waker().clone()));
        Poll::Pending
    }

    fn busy(&mut self) -> SendError {
        if self.shared.message_is_open.get() {
            SendError::MessageInProgress
        } else {
            SendError::FrameInProgress
        }
    }

    #[allow(private_interfaces)]
    fn clock(&self) -> Clock<T> {
        self.shared.clock
    }
}
