//! Time, as the executor has it.

use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use crate::time::{Instant, Millis};

/// A clock that can be waited for: embassy's, tokio's, any executor's.
///
/// It is copied freely, so it should be small: most are no more than a unit.
pub trait Timer: Copy {
    /// The moment that it is; it never runs backwards.
    fn now(self) -> Instant;

    /// Ends at `at`, or soon after. Dropping it early costs nothing.
    fn wait_until(self, at: Instant) -> impl Future<Output = ()>;
}

/// A clock, and how long a peer may take no bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock<T> {
    pub(super) timer: T,
    pub(super) patience: Millis,
}

impl<T: Timer> Clock<T> {
    pub(super) fn now(self) -> Instant {
        self.timer.now()
    }

    /// Until when something that begins now may last.
    pub(super) fn deadline(self) -> Option<Instant> {
        self.patience.after(self.timer.now())
    }

    /// What comes at `at`, if ever.
    pub(super) fn wait_until(self, at: Option<Instant>) -> Option<impl Future<Output = ()>> {
        at.map(|at| self.timer.wait_until(at))
    }

    /// The output of `work`, unless `deadline` comes before.
    pub(super) async fn until<F: Future>(
        self,
        deadline: Option<Instant>,
        work: F,
    ) -> Option<F::Output> {
        let mut work = pin!(work);
        let mut late = pin!(self.wait_until(deadline));
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => poll_if_any(late.as_mut(), cx).map(|()| None),
        })
        .await
    }
}

/// A future that there may not be is never ready where there is none.
pub(super) fn poll_if_any<F: Future>(
    future: Pin<&mut Option<F>>,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    future.as_pin_mut().map_or(Poll::Pending, |future| future.poll(cx))
}
