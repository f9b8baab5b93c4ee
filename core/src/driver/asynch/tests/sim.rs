//! An executor with virtual time, and pipes: a task runs only when woken, so a
//! waker that is lost shows as a test that is stuck.

use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::vec::Vec;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

use crate::driver::asynch::Timer;
use crate::time::Instant;

std::thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
    static SLEEPERS: RefCell<Vec<(u64, Waker)>> = const { RefCell::new(Vec::new()) };
}

pub(super) fn now() -> u64 {
    NOW.get()
}

/// Virtual time, of this thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct SimTimer;

impl Timer for SimTimer {
    fn now(self) -> Instant {
        Instant::from_millis(now())
    }

    async fn wait_until(self, at: Instant) {
        poll_fn(|cx| {
            if at.as_millis() <= now() {
                return Poll::Ready(());
            }
            SLEEPERS.with_borrow_mut(|list| list.push((at.as_millis(), cx.waker().clone())));
            Poll::Pending
        })
        .await;
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

/// Runs tasks until the first is done, and gives what it gives.
pub(super) fn run<T>(
    main: impl Future<Output = T>,
    others: &mut [Pin<Box<dyn Future<Output = ()> + '_>>],
) -> T {
    let mut main = Box::pin(main);
    let flags: Vec<Arc<Flag>> =
        (0..=others.len()).map(|_| Arc::new(Flag(AtomicBool::new(true)))).collect();
    let mut done: Vec<bool> = others.iter().map(|_| false).collect();
    loop {
        if flags[0].0.swap(false, Relaxed) {
            let waker = Waker::from(flags[0].clone());
            if let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
        }
        for (i, task) in others.iter_mut().enumerate() {
            if !done[i] && flags[i + 1].0.swap(false, Relaxed) {
                let waker = Waker::from(flags[i + 1].clone());
                done[i] = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            }
        }
        if flags.iter().all(|flag| !flag.0.load(Relaxed)) {
            let sleepers = SLEEPERS.take();
            let next = sleepers.iter().map(|sleeper| sleeper.0).min().expect("nobody is awake");
            NOW.set(next);
            for (at, waker) in sleepers {
                if at <= next {
                    waker.wake();
                } else {
                    SLEEPERS.with_borrow_mut(|list| list.push((at, waker)));
                }
            }
        }
    }
}

/// Polls a future up to `polls` times, and then drops it.
pub(super) fn poll_some<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = std::pin::pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut cx) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

pub(super) async fn sleep(millis: u64) {
    SimTimer.wait_until(Instant::from_millis(now() + millis)).await;
}

/// One direction of a connection.
#[derive(Default)]
pub(super) struct Channel {
    pub(super) bytes: VecDeque<u8>,
    pub(super) capacity: usize,
    pub(super) ended: bool,
    /// How often something was written.
    pub(super) writes: usize,
    /// Each call is pending once before it is ready.
    pub(super) stutters: bool,
    stuttered: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Channel {
    fn stutter(&mut self, cx: &Context<'_>) -> bool {
        self.stuttered = self.stutters && !self.stuttered;
        if self.stuttered {
            cx.waker().wake_by_ref();
        }
        self.stuttered
    }
}

/// An end of a [`Channel`].
#[derive(Clone)]
pub(super) struct End(pub(super) Rc<RefCell<Channel>>);

pub(super) fn channel(capacity: usize, stutters: bool) -> End {
    End(Rc::new(RefCell::new(Channel { capacity, stutters, ..Channel::default() })))
}

impl End {
    pub(super) fn end(&self) {
        let mut channel = self.0.borrow_mut();
        channel.ended = true;
        channel.reader.take().into_iter().chain(channel.writer.take()).for_each(Waker::wake);
    }

    /// Puts bytes in, past the capacity.
    pub(super) fn put(&self, bytes: &[u8]) {
        let mut channel = self.0.borrow_mut();
        channel.bytes.extend(bytes);
        channel.reader.take().into_iter().for_each(Waker::wake);
    }

    /// Takes out all that is there.
    pub(super) fn take(&self) -> Vec<u8> {
        let mut channel = self.0.borrow_mut();
        channel.writer.take().into_iter().for_each(Waker::wake);
        channel.bytes.drain(..).collect()
    }
}

impl ErrorType for End {
    type Error = ErrorKind;
}

impl Read for End {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!buf.is_empty(), "an empty read looks like the end of the stream");
        poll_fn(|cx| {
            let mut channel = self.0.borrow_mut();
            if channel.stutter(cx) {
                return Poll::Pending;
            }
            let n = buf.len().min(channel.bytes.len());
            if n == 0 && !channel.ended {
                channel.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            for (to, from) in buf.iter_mut().zip(channel.bytes.drain(..n)) {
                *to = from;
            }
            channel.writer.take().into_iter().for_each(Waker::wake);
            Poll::Ready(Ok(n))
        })
        .await
    }
}

impl Write for End {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, ErrorKind> {
        poll_fn(|cx| {
            let mut channel = self.0.borrow_mut();
            if channel.ended {
                return Poll::Ready(Ok(0));
            }
            if channel.stutter(cx) {
                return Poll::Pending;
            }
            let n = buf.len().min(channel.capacity.saturating_sub(channel.bytes.len()));
            if n == 0 {
                channel.writer = Some(cx.waker().clone());
                return Poll::Pending;
            }
            channel.bytes.extend(&buf[..n]);
            channel.writes += 1;
            channel.reader.take().into_iter().for_each(Waker::wake);
            Poll::Ready(Ok(n))
        })
        .await
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
