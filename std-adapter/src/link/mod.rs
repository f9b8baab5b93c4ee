//! The wire of a connection: who may send, what waits, and for how long.
//!
//! One mutex guards the transmit half and what the receive half has to say. It
//! is never held over a system call that may block: whoever sends takes the
//! buffer out ([`Wire::writing`] says that somebody has), and others stage
//! behind it meanwhile. After its write it looks again, so nothing is left
//! behind; what a stalled peer doesn't take goes to the [`Reactor`].

use std::io::{self, ErrorKind, IoSlice};
use std::net::Shutdown;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant as StdInstant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tubesock_core::session::Deposit;
use tubesock_core::wire::CloseFrame;
use tubesock_core::{Instant, Message, Role};

mod send;
mod wire;

use self::wire::Wire;
use crate::config::after;
use crate::error::SendError;
use crate::pool::Pool;
use crate::reactor::Reactor;
use crate::sender::Prepared;
use crate::transport::{Transport, is_timeout};

/// From here on a message is sent from where it lies, not copied first.
pub(crate) const LARGE: usize = 32 << 10;

/// The transmit buffer of a connection that has nothing to say.
pub(crate) const SMALL: usize = 512;

/// How a message is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// With what else the reading thread has to say, before it reads again.
    Batch,
    /// Now, waiting for room.
    Now,
}

/// Who sends, and how: a message in fragments belongs to the one who began it.
#[derive(Clone, Copy)]
pub(crate) struct By {
    pub(crate) id: u64,
    pub(crate) mode: Mode,
    /// Not compressed, whatever was agreed on.
    pub(crate) plain: bool,
}

/// The sending side of a connection, whatever its role and transport.
pub(crate) trait Link: Send + Sync {
    fn send(&self, message: Message<'_>, by: By) -> Result<(), SendError>;
    fn try_send(&self, message: Message<'_>) -> Result<(), SendError>;
    fn try_send_prepared(&self, message: &Prepared) -> Result<(), SendError>;
    fn fragment(&self, part: Message<'_>, last: bool, by: By) -> Result<(), SendError>;
    /// A sender is gone: its open message can never end.
    fn abandon(&self, by: By);
    fn ping(&self, payload: &[u8], mode: Mode) -> Result<(), SendError>;
    fn close(&self, frame: CloseFrame<'_>, mode: Mode) -> Result<(), SendError>;
    fn flush(&self) -> Result<(), SendError>;
    fn is_open(&self) -> bool;
    /// Drops the connection: whoever reads it sees its end.
    fn abort(&self);
    /// For the reactor: sends what there is room for, and says until when to
    /// watch for more room, or for the peer's Close; `None` when neither is
    /// needed. A time that has passed is the connection's end.
    fn push(&self) -> Option<StdInstant>;
    /// Whether something waits for room, so that the reactor polls for it.
    fn waits_for_room(&self) -> bool;
    fn transport(&self) -> &dyn Transport;
}

/// What the threads of a connection share.
pub(crate) struct Shared<R, T> {
    pub(crate) transport: T,
    wire: Mutex<Wire<R>>,
    pub(super) turn: Condvar,
    pub(super) clock: StdInstant,
    pub(crate) limits: Limits,
    pub(super) reactor: Reactor,
    pub(super) this: Weak<dyn Link>,
}

#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) write_buffer: usize,
    pub(crate) max_queued: usize,
    pub(crate) write_timeout: Duration,
    pub(crate) close_timeout: Duration,
}

impl<R: Role + Send + 'static, T: Transport> Shared<R, T> {
    pub(crate) fn new(transport: T, role: R, limits: Limits, reactor: Reactor) -> Arc<Self> {
        let wire = Wire::new(role, reactor.clone(), limits.write_buffer);
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            transport,
            wire: Mutex::new(wire),
            turn: Condvar::new(),
            clock: StdInstant::now(),
            limits,
            reactor,
            this: this.clone(),
        })
    }

    /// Large buffers to lend.
    pub(crate) fn pool(&self) -> &Pool {
        self.reactor.pool()
    }

    pub(crate) fn now(&self) -> Instant {
        let millis = self.clock.elapsed().as_millis();
        Instant::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Wire<R>> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection is over: senders get an error from now on.
    pub(crate) fn end(&self, kind: ErrorKind) {
        self.lock().failed.get_or_insert(kind);
        self.turn.notify_all();
    }

    /// Gives the transmit buffers of a quiet connection back.
    pub(crate) fn park(&self) {
        let mut wire = self.lock();
        wire.deflating.park();
        wire.give_back();
    }

    /// Gives back what was lent, while nothing comes.
    pub(crate) fn give_back(&self) {
        self.lock().give_back();
    }

    /// Sends what the reading thread has gathered, before it reads again.
    pub(crate) fn flush_batch(&self) -> Result<(), SendError> {
        let mut wire = self.lock();
        if wire.replies.is_empty() && wire.out.pending().is_empty() {
            return Ok(());
        }
        wire.stage_replies();
        if wire.writing || wire.out.pending().is_empty() {
            return Ok(()); // whoever is sending looks again
        }
        if wire.watched {
            // The peer is slow to take what others queued, and the reactor
            // sees to that: whoever reads must not wait for it.
            self.try_write_out(&mut wire);
            self.watch_rest(&mut wire);
            return Ok(());
        }
        self.write_out(wire, &[], after(self.limits.write_timeout)).map(drop)
    }

    /// Waits for whoever is sending, and sends what is left behind it, the
    /// Close in it: the transport ends next, and must not end inside a frame.
    pub(crate) fn flush_last(&self) {
        let deadline = after(self.limits.write_timeout);
        let mut wire = self.lock();
        while wire.writing {
            let left = deadline.saturating_duration_since(StdInstant::now());
            if left.is_zero() {
                return;
            }
            wire = self.turn.wait_timeout(wire, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        if !wire.out.pending().is_empty() {
            drop(self.write_out(wire, &[], deadline));
        }
    }

    /// Reads until the peer's end, on the reactor's thread.
    pub(crate) fn drain(&self, within: Duration) {
        if let (Some(_), Some(this)) = (self.transport.fd(), self.this.upgrade()) {
            self.reactor.drain(this, within);
        }
    }

    /// Waits until nobody is sending and, for data, no other's message is open.
    pub(super) fn wait_turn(
        &self,
        data_by: Option<u64>,
    ) -> Result<(MutexGuard<'_, Wire<R>>, StdInstant), SendError> {
        let deadline = after(self.limits.write_timeout);
        let mut wire = self.lock();
        loop {
            wire.check()?;
            let blocked = wire.out.in_message() && data_by.is_some() && data_by != wire.owner;
            if !wire.writing && !blocked {
                return Ok((wire, deadline));
            }
            let left = deadline.saturating_duration_since(StdInstant::now());
            if left.is_zero() {
                return Err(if blocked {
                    SendError::MessageInProgress
                } else {
                    SendError::TimedOut
                });
            }
            let waited = self.turn.wait_timeout(wire, left);
            wire = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Sends what is pending and then `extra`, with the lock released, and
    /// what was staged meanwhile.
    fn write_out<'s>(
        &'s self,
        mut wire: MutexGuard<'s, Wire<R>>,
        extra: &[u8],
        deadline: StdInstant,
    ) -> Result<MutexGuard<'s, Wire<R>>, SendError> {
        let mut extra = Some(extra);
        // Each round sends what others staged during the one before; a few of
        // them, then the reactor has the rest.
        for _ in 0..4 {
            let (buf, pending) = wire.take_pending();
            let staged = pending.len() as u64;
            wire.writing = true;
            drop(wire);
            let part = buf.get(pending).unwrap_or(&[]);
            let sent = self.write_all(&[part, extra.take().unwrap_or(&[])], deadline);
            wire = self.lock();
            wire.writing = false;
            wire.spare = buf;
            if let Err(error) = sent {
                wire.failed.get_or_insert(error.kind());
                drop(wire);
                self.turn.notify_all();
                let _ = self.transport.shutdown(Shutdown::Both);
                return Err(if is_timeout(&error) {
                    SendError::TimedOut
                } else {
                    SendError::Io(error.kind())
                });
            }
            wire.sent += staged;
            wire.stage_replies();
            if wire.out.pending().is_empty() {
                break;
            }
        }
        self.watch_rest(&mut wire);
        self.turn.notify_all();
        Ok(wire)
    }

    pub(super) fn write_all(&self, parts: &[&[u8]; 2], deadline: StdInstant) -> io::Result<()> {
        let [mut first, mut second] = *parts;
        while !(first.is_empty() && second.is_empty()) {
            let slices = [IoSlice::new(first), IoSlice::new(second)];
            let slices = match (first.is_empty(), second.is_empty()) {
                (false, true) => slices.get(..1),
                (true, _) => slices.get(1..),
                _ => slices.get(..),
            };
            let written = match self.transport.fd() {
                None => self.transport.write(slices.unwrap_or(&[])),
                // One call's own waiting would know nothing of the deadline.
                Some(fd) => match self.transport.try_write(slices.unwrap_or(&[])) {
                    Err(error) if is_timeout(&error) => {
                        wait_for_room(fd, deadline)?;
                        continue;
                    }
                    written => written,
                },
            };
            let n = match written {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let of_first = n.min(first.len());
            first = first.get(of_first..).unwrap_or(&[]);
            second = second.get(n - of_first..).unwrap_or(&[]);
            if !(first.is_empty() && second.is_empty()) && StdInstant::now() >= deadline {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }

    /// Hands what is pending to the reactor.
    pub(super) fn watch_rest(&self, wire: &mut Wire<R>) {
        if wire.out.pending().is_empty() {
            return;
        }
        let due = wire.due(self.limits.write_timeout);
        if !wire.watched {
            wire.watched = true;
            if let Some(this) = self.this.upgrade() {
                self.reactor.watch(this, due);
            }
        } else if !wire.polled {
            self.reactor.wake(); // it waits for something else
        }
    }

    /// Sends what there is room for now.
    pub(super) fn try_write_out(&self, wire: &mut Wire<R>) {
        while !wire.out.pending().is_empty() {
            match self.transport.try_write(&[IoSlice::new(wire.out.pending())]) {
                Ok(n) => {
                    wire.out.sent(n);
                    wire.sent += n as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_timeout(&error) => return,
                Err(error) => {
                    wire.failed.get_or_insert(error.kind());
                    return;
                }
            }
        }
    }
}

/// Waits until a socket takes more.
fn wait_for_room(socket: BorrowedFd<'_>, deadline: StdInstant) -> io::Result<()> {
    let left = deadline.saturating_duration_since(StdInstant::now());
    if left.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    let timeout = Timespec::try_from(left).ok();
    match poll(&mut [PollFd::from_borrowed_fd(socket, PollFlags::OUT)], timeout.as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()), // whoever asked finds out
        Err(error) => Err(error.into()),
    }
}

/// The receive half's way to the replies: the lock is taken only when there
/// is one.
impl<R: Role + Send + 'static, T: Transport> Deposit for &Shared<R, T> {
    fn pong(&mut self, payload: &[u8]) {
        self.lock().replies.pong(payload);
    }

    fn close(&mut self, frame: CloseFrame<'_>, now: Instant) {
        self.lock().replies.close(frame, now);
    }
}
