//! Accepting connections, and reading their heads.

use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use tubesock_core::handshake::{HeadReader, HeaderSlots, Refusal, RequestHead};

use crate::config::{Config, after};
use crate::reactor::Reactor;
use crate::registry::{Registry, Seat};
use crate::request::{Context, Head, Refused, Request};
use crate::response::send_refusal;
use crate::transport::is_timeout;

type Handler = dyn Fn(Request) -> Result<(), Refused> + Send + Sync;

/// Header fields that a head may have.
const MAX_HEADERS: usize = 64;

pub(crate) fn run(
    listener: &TcpListener,
    config: Arc<Config>,
    registry: &Arc<Registry>,
    handler: Arc<Handler>,
) -> io::Result<()> {
    let reactor = Reactor::new();
    let _ = registry.deadline.set(config.shutdown_timeout);
    // Another process may take the connection that woke us.
    listener.set_nonblocking(true)?;
    let acceptor = Acceptor { config, registry, handler, reactor };
    loop {
        let mut fds =
            [PollFd::new(listener, PollFlags::IN), PollFd::new(&registry.wake_read, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if registry.is_stopping() {
            return Ok(());
        }
        match listener.accept() {
            Ok((stream, _)) => acceptor.serve(stream),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock
                | ErrorKind::Interrupted
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset => {}
                // Out of descriptors or memory: the connection stays in the
                // backlog until some are given back.
                _ => thread::sleep(Duration::from_millis(20)),
            },
        }
    }
}

struct Acceptor<'r> {
    config: Arc<Config>,
    registry: &'r Arc<Registry>,
    handler: Arc<Handler>,
    reactor: Reactor,
}

impl Acceptor<'_> {
    fn serve(&self, stream: TcpStream) {
        if stream.set_nonblocking(false).is_err() {
            return;
        }
        let stream = Arc::new(stream);
        let Some(seat) = self.registry.seat(&stream, self.config.max_connections) else {
            return self.refuse(stream);
        };
        let (config, reactor, handler) =
            (Arc::clone(&self.config), self.reactor.clone(), Arc::clone(&self.handler));
        // The stream goes by way of this box, so that it comes back when there is no thread.
        let slot = Arc::new(Mutex::new(Some(stream)));
        let for_thread = Arc::clone(&slot);
        let take = |slot: &Mutex<Option<_>>| slot.lock().ok().and_then(|mut slot| slot.take());
        let spawned = thread::Builder::new()
            .name("tubesock".to_owned())
            .stack_size(self.config.stack_size)
            .spawn(move || {
                if let Some(stream) = take(&for_thread) {
                    let head = read_head(&stream, &config);
                    connection(stream, head, seat, config, reactor, &*handler);
                }
            });
        if spawned.is_err()
            && let Some(stream) = take(&slot)
        {
            self.refuse(stream);
        }
    }

    /// No room: 503. It fits any socket's buffer, so this thread doesn't wait.
    fn refuse(&self, stream: Arc<TcpStream>) {
        if let Some(stream) = Arc::into_inner(stream) {
            send_refusal(stream, Refusal::Unavailable, &self.config, &self.reactor);
        }
    }
}

#[inline(never)] // see `read_head`
fn connection(
    stream: Arc<TcpStream>,
    head: Result<Option<(Head, Vec<u8>)>, Refusal>,
    seat: Seat,
    config: Arc<Config>,
    reactor: Reactor,
    handler: &Handler,
) {
    // The registry held the descriptor to end a slow handshake with.
    let Some(stream) = seat.take_stream(stream) else { return };
    match head {
        Ok(Some((head, leftover))) => {
            let context = Context { config, reactor, seat: Some(Arc::new(seat)) };
            let request = Request::new(stream, leftover, head, context);
            if let Err(refused) = handler(request) {
                let _ = refused.respond(); // the peer may be gone
            }
        }
        Ok(None) => {}
        Err(refusal) => send_refusal(stream, refusal, &config, &reactor),
    }
}

/// The head, and what was read past it; `None` when the peer left in silence.
///
/// Its frame must not be below that of the handler for the connection's life,
/// and the slots, of 2 KiB, not on the stack: each page of it that was ever
/// touched stays.
#[inline(never)]
fn read_head(mut stream: &TcpStream, config: &Config) -> Result<Option<(Head, Vec<u8>)>, Refusal> {
    let mut reader = HeadReader::new(vec![0; config.max_head.max(64)], None);
    let deadline = after(config.handshake_timeout);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Refusal::Timeout);
        }
        if stream.set_read_timeout(Some(left)).is_err() {
            return Ok(None);
        }
        match stream.read(reader.space()) {
            Ok(0) => return Ok(None),
            Ok(n) => reader.filled(n),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) if is_timeout(&error) => return Err(Refusal::Timeout),
            Err(_) => return Ok(None),
        }
        let mut slots = Vec::new();
        slots.resize_with(1, HeaderSlots::<MAX_HEADERS>::new);
        let Some(slots) = slots.first_mut() else { return Ok(None) };
        let head = reader.request(slots)?.map(|head| owned(&head));
        if let Some(head) = head {
            let leftover = reader.bytes().get(reader.leftover()).unwrap_or(&[]).to_vec();
            return Ok(Some((head, leftover)));
        }
    }
}

fn owned(head: &RequestHead<'_, '_>) -> Head {
    Head {
        method: head.method().to_owned(),
        target: head.target().to_owned(),
        is_http_1_1: head.minor_version() >= 1,
        headers: head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect(),
    }
}
