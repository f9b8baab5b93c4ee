//! One thread for what no connection's own thread should wait for: what a slow
//! peer has not taken yet, closes that are not answered, and the last bytes of
//! connections that are over.

use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};

use crate::config::after;
use crate::link::Link;
use crate::pool::Pool;

/// More connections than this are not drained at one time: the oldest are cut.
const MAX_DRAINS: usize = 1024;

/// A handle on the thread, which starts when it is first needed and ends when
/// it has nothing to do and nobody to do it for.
#[derive(Clone)]
pub(crate) struct Reactor(Arc<Inner>);

struct Inner {
    pool: Pool,
    jobs: Mutex<Jobs>,
    wake: OnceLock<Wake>,
}

struct Wake {
    read: OwnedFd,
    write: OwnedFd,
}

#[derive(Default)]
struct Jobs {
    new: Vec<Job>,
    running: bool,
}

enum Job {
    /// Push what is pending; abort the connection when its time is up.
    Watch(Arc<dyn Link>, Instant),
    /// Read until the peer's end, or the time is up: closing a socket with
    /// unread input would destroy what the peer has not read yet.
    Drain(Over, Instant),
}

/// A stream that is over but for the peer's end.
enum Over {
    Link(Arc<dyn Link>),
    Stream(TcpStream),
}

impl Over {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Link(link) => link.transport().fd(),
            Self::Stream(stream) => Some(stream.as_fd()),
        }
    }
}

impl Drop for Over {
    /// Senders may keep the descriptor open, but the connection is over.
    fn drop(&mut self) {
        if let Self::Link(link) = self {
            let _ = link.transport().shutdown(Shutdown::Both);
        }
    }
}

impl Reactor {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            pool: Pool::default(),
            jobs: Mutex::default(),
            wake: OnceLock::new(),
        }))
    }

    /// What its connections lend one another.
    pub(crate) fn pool(&self) -> &Pool {
        &self.0.pool
    }

    /// The one that connections without a server share.
    pub(crate) fn shared() -> Self {
        static SHARED: OnceLock<Reactor> = OnceLock::new();
        SHARED.get_or_init(Self::new).clone()
    }

    /// Sends what `link` still has to say, and drops the connection when that,
    /// or its closing handshake, is not through in time; it asks the link
    /// about that by `deadline` at the latest.
    pub(crate) fn watch(&self, link: Arc<dyn Link>, deadline: Instant) {
        self.add(Job::Watch(link, deadline));
    }

    /// Ends a connection without cutting off what the peer has still to read.
    pub(crate) fn drain(&self, link: Arc<dyn Link>, within: Duration) {
        self.add(Job::Drain(Over::Link(link), after(within)));
    }

    /// The same for a stream that never became a connection.
    pub(crate) fn drain_stream(&self, stream: TcpStream, within: Duration) {
        if stream.shutdown(Shutdown::Write).is_ok() {
            self.add(Job::Drain(Over::Stream(stream), after(within)));
        }
    }

    /// Has it look at its jobs again.
    pub(crate) fn wake(&self) {
        self.0.wake();
    }

    fn add(&self, job: Job) {
        let mut jobs = self.0.lock();
        jobs.new.push(job);
        if jobs.running {
            drop(jobs);
            self.0.wake();
            return;
        }
        let inner = Arc::clone(&self.0);
        let spawned = thread::Builder::new()
            .name("tubesock reactor".into())
            .stack_size(128 << 10)
            .spawn(move || inner.run());
        // Without a thread what is to be watched waits for the next try; their
        // connections' own deadlines still hold. Nobody else would close the
        // rest, though, and their descriptors may be what is short.
        jobs.running = spawned.is_ok();
        if !jobs.running {
            jobs.new.retain(|job| matches!(job, Job::Watch(..)));
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(wake) = self.wake.get() {
            let _ = rustix::io::write(&wake.write, &[0]); // a full pipe wakes as well
        }
    }

    fn wake_pipe(&self) -> Option<&Wake> {
        if self.wake.get().is_none() {
            let (read, write) = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).ok()?;
            let _ = self.wake.set(Wake { read, write });
        }
        self.wake.get()
    }

    fn run(self: Arc<Self>) {
        let mut jobs: Vec<Job> = Vec::new();
        let mut scratch = vec![0; 16 << 10];
        loop {
            // Before it looks for new jobs: later ones then wake it.
            let _ = self.wake_pipe();
            {
                let mut shared = self.lock();
                jobs.append(&mut shared.new);
                if jobs.is_empty() {
                    shared.running = false;
                    return;
                }
            }
            limit_drains(&mut jobs);
            self.wait(&jobs);
            let now = Instant::now();
            jobs.retain_mut(|job| job.step(now, &mut scratch));
        }
    }

    /// Waits until a job can go on, the first deadline, or a new job.
    fn wait(&self, jobs: &[Job]) {
        let mut fds = Vec::with_capacity(jobs.len() + 1);
        let mut next = Instant::now() + Duration::from_secs(60);
        let Some(wake) = self.wake.get() else {
            thread::sleep(Duration::from_millis(20));
            return;
        };
        fds.push(PollFd::new(&wake.read, PollFlags::IN));
        for job in jobs {
            next = next.min(job.deadline());
            if let Some((fd, flags)) = job.interest() {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
            }
        }
        let left = next.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        let timeout = Timespec::try_from(left).ok();
        if poll(&mut fds, timeout.as_ref()).is_err_and(|error| error != Errno::INTR) {
            thread::sleep(Duration::from_millis(20)); // out of memory, say
        }
        let mut drop_bytes = [0; 64];
        while rustix::io::read(&wake.read, &mut drop_bytes).is_ok_and(|n| n > 0) {}
    }
}

impl Job {
    fn deadline(&self) -> Instant {
        match self {
            Self::Watch(_, at) | Self::Drain(_, at) => *at,
        }
    }

    fn interest(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match self {
            Self::Watch(link, _) if link.waits_for_room() => {
                Some((link.transport().fd()?, PollFlags::OUT))
            }
            Self::Watch(..) => None,
            Self::Drain(stream, _) => Some((stream.socket()?, PollFlags::IN)),
        }
    }

    /// Goes on with it; whether there is more to do.
    fn step(&mut self, now: Instant, scratch: &mut [u8]) -> bool {
        match self {
            Self::Watch(link, deadline) => match link.push() {
                None => false,
                Some(until) if until <= now => {
                    link.abort();
                    false
                }
                Some(until) => {
                    *deadline = until;
                    true
                }
            },
            Self::Drain(stream, deadline) => now < *deadline && is_draining(stream, scratch),
        }
    }
}

fn is_draining(stream: &Over, scratch: &mut [u8]) -> bool {
    use rustix::net::{RecvFlags, recv};
    let Some(fd) = stream.socket() else { return false };
    // A few reads, so that one fast peer doesn't hold up the others.
    for _ in 0..8 {
        match recv(fd, &mut *scratch, RecvFlags::DONTWAIT) {
            Ok((0, _)) => return false,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => return true,
            Err(_) => return false,
        }
    }
    true
}

fn limit_drains(jobs: &mut Vec<Job>) {
    let drains = jobs.iter().filter(|job| matches!(job, Job::Drain(..))).count();
    let mut surplus = drains.saturating_sub(MAX_DRAINS);
    jobs.retain(|job| {
        let cut = surplus > 0 && matches!(job, Job::Drain(..));
        surplus -= usize::from(cut);
        !cut
    });
}
