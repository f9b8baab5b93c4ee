//! Who is connected, so that a shutdown reaches everyone.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::pipe::{PipeFlags, pipe_with};
use tubesock_core::CloseCode;

use crate::config::after;
use crate::sender::Sender;

/// The connections of one server.
pub(crate) struct Registry {
    state: Mutex<State>,
    /// A connection has gone.
    gone: Condvar,
    /// Wakes the thread that accepts.
    pub(crate) wake_read: OwnedFd,
    wake_write: OwnedFd,
    pub(crate) deadline: OnceLock<Duration>,
}

#[derive(Default)]
struct State {
    next: u64,
    entries: HashMap<u64, Entry>,
    stopping: bool,
}

enum Entry {
    /// Its head is being read; its stream, to end that with.
    Handshake(Arc<TcpStream>),
    /// A handler has the request, and has not answered it yet.
    Request,
    Open(Sender),
}

impl Entry {
    fn abort(&self) {
        match self {
            Self::Handshake(stream) => drop(stream.shutdown(Shutdown::Both)),
            Self::Request => {}
            Self::Open(sender) => sender.abort(),
        }
    }
}

/// A place in the registry, given up when it is dropped.
pub(crate) struct Seat {
    registry: Arc<Registry>,
    id: u64,
}

impl Registry {
    pub(crate) fn new() -> io::Result<Self> {
        let (wake_read, wake_write) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        Ok(Self {
            state: Mutex::default(),
            gone: Condvar::new(),
            wake_read,
            wake_write,
            deadline: OnceLock::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// A seat for a connection, unless there are `most` already.
    pub(crate) fn seat(self: &Arc<Self>, stream: &Arc<TcpStream>, most: usize) -> Option<Seat> {
        let mut state = self.lock();
        if state.stopping || state.entries.len() >= most {
            return None;
        }
        let id = state.next;
        state.next += 1;
        state.entries.insert(id, Entry::Handshake(Arc::clone(stream)));
        Some(Seat { registry: Arc::clone(self), id })
    }

    pub(crate) fn shutdown(&self) -> bool {
        let mut state = self.lock();
        state.stopping = true;
        let _ = rustix::io::write(&self.wake_write, &[0]);
        for entry in state.entries.values() {
            match entry {
                Entry::Open(sender) => drop(sender.close(CloseCode::GOING_AWAY, "")),
                entry => entry.abort(),
            }
        }
        let within = self.deadline.get().copied().unwrap_or(Duration::from_secs(5));
        let mut state = self.wait_empty(state, after(within));
        let in_peace = state.entries.is_empty();
        state.entries.values().for_each(Entry::abort);
        if !in_peace {
            // Aborted reads end at once; what remains then is in a handler.
            state = self.wait_empty(state, after(within.min(Duration::from_millis(100))));
        }
        drop(state);
        in_peace
    }

    fn wait_empty<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        deadline: Instant,
    ) -> MutexGuard<'s, State> {
        while !state.entries.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.gone.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }
}

impl Seat {
    /// The head has been read: the stream is its handler's alone.
    pub(crate) fn take_stream(&self, stream: Arc<TcpStream>) -> Option<TcpStream> {
        drop(self.registry.lock().entries.insert(self.id, Entry::Request));
        Arc::into_inner(stream)
    }

    /// The connection has become a WebSocket. Where a shutdown has begun
    /// meanwhile it is closed at once.
    pub(crate) fn open(&self, sender: Sender) {
        let mut state = self.registry.lock();
        let stopping = state.stopping;
        if stopping {
            let _ = sender.close(CloseCode::GOING_AWAY, "");
        }
        state.entries.insert(self.id, Entry::Open(sender));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let entry = self.registry.lock().entries.remove(&self.id);
        drop(entry); // outside the lock: the last sender closes a descriptor
        self.registry.gone.notify_all();
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("connections", &self.len()).finish_non_exhaustive()
    }
}
