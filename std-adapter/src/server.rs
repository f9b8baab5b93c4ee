//! A small HTTP server, whose every connection may become a WebSocket.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::config::Config;
use crate::registry::Registry;
use crate::request::{Refused, Request};

/// A server with a thread per connection.
///
/// ```no_run
/// use tubesock_std::Server;
///
/// fn main() -> std::io::Result<()> {
///     let server = Server::bind("127.0.0.1:9001")?;
///     println!("listening on {}", server.local_addr()?);
///     server.run(|request| {
///         request.hijack(|tubesock| {
///             tubesock.on_message(|out, message| out.send(message));
///         })
///     })
/// }
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    config: Config,
    registry: Arc<Registry>,
}

/// What stops a server, from any thread.
#[derive(Clone)]
pub struct ServerHandle {
    registry: Arc<Registry>,
}

/// A server that runs on threads of its own; dropping it shuts it down.
#[derive(Debug)]
pub struct RunningServer {
    handle: ServerHandle,
    local_addr: SocketAddr,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// A server on a listening socket of its own; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// The system's: a port in use, an address that isn't here.
    pub fn bind(addr: impl ToSocketAddrs) -> io::Result<Self> {
        Self::from_listener(TcpListener::bind(addr)?)
    }

    /// A server on a listening socket that is there already.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn from_listener(listener: TcpListener) -> io::Result<Self> {
        Ok(Self { listener, config: Config::default(), registry: Arc::new(Registry::new()?) })
    }

    /// Goes by these settings.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The address that it listens on.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What stops it, from any thread.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle { registry: Arc::clone(&self.registry) }
    }

    /// Serves, each connection on a thread of its own, until
    /// [`shutdown`](ServerHandle::shutdown). A [`Refused`] that `handler` gives
    /// back is answered with its status.
    ///
    /// # Errors
    ///
    /// The system's, for the listening socket. That descriptors or threads
    /// run out is none: connections then wait, or get 503.
    pub fn run<H>(self, handler: H) -> io::Result<()>
    where
        H: Fn(Request) -> Result<(), Refused> + Send + Sync + 'static,
    {
        crate::accept::run(&self.listener, Arc::new(self.config), &self.registry, Arc::new(handler))
    }

    /// Serves on a thread of its own.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn spawn<H>(self, handler: H) -> io::Result<RunningServer>
    where
        H: Fn(Request) -> Result<(), Refused> + Send + Sync + 'static,
    {
        let (handle, local_addr) = (self.handle(), self.local_addr()?);
        let thread = thread::Builder::new()
            .name("tubesock accept".to_owned())
            .spawn(move || self.run(handler))?;
        Ok(RunningServer { handle, local_addr, thread: Some(thread) })
    }
}

impl ServerHandle {
    /// Stops accepting, sends Close 1001 to everyone, and waits for the
    /// connections to end, at most the shutdown deadline; then it drops what
    /// is left. Says whether all ended by themselves. From a handler, it
    /// waits for its own connection in vain.
    pub fn shutdown(&self) -> bool {
        self.registry.shutdown()
    }

    /// How many connections there are now, those still shaking hands included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.registry.len()
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("connections", &self.connections()).finish()
    }
}

impl RunningServer {
    /// The address that it listens on.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What stops it, from any thread.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Shuts it down, as [`ServerHandle::shutdown`].
    ///
    /// # Errors
    ///
    /// What [`Server::run`] ended with.
    pub fn shutdown(mut self) -> io::Result<bool> {
        let in_peace = self.handle.shutdown();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result.map(|()| in_peace),
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ok(in_peace),
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.handle.shutdown();
            let _ = thread.join();
        }
    }
}
