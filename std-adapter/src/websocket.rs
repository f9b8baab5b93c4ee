//! A WebSocket as an object: receive where you are, send from anywhere.

use std::fmt;
use std::net::TcpStream;
use std::sync::Arc;

use tubesock_core::handler::Closed;
use tubesock_core::{Chunk, CloseCode, Message, Role, Server};

use crate::config::Config;
use crate::error::{Error, SendError};
use crate::link::{Limits, Link, Mode, Shared};
use crate::owned::OwnedMessage;
use crate::reactor::Reactor;
use crate::receiver::Receiver;
use crate::registry::Seat;
use crate::sender::{Sender, Transmit};
use crate::transport::{Split, Transport};
use crate::tubesock::{Handlers, Tubesock};

/// A connection, of the [`Server`]'s role or a client's.
///
/// ```no_run
/// # fn handle(request: tubesock_std::Request) -> Result<(), Box<dyn std::error::Error>> {
/// let mut websocket = request.accept()?;
/// let (incoming, out) = websocket.split();
/// while let Some(message) = incoming.recv()? {
///     out.send(message)?; // an echo; replies to what one read brought go out together
/// }
/// # Ok(()) }
/// ```
///
/// Dropping it closes the connection, with 1001 unless it is closed already.
pub struct WebSocket<R: Role + Send + 'static = Server, T: Transport = TcpStream> {
    incoming: Messages<R, T>,
    out: Transmit,
    subprotocol: Option<String>,
    #[cfg(feature = "deflate")]
    compression: Option<tubesock_core::deflate::Agreement>,
}

/// The receiving side of a [`WebSocket`].
pub struct Messages<R: Role + Send + 'static = Server, T: Transport = TcpStream> {
    receiver: Receiver<R, T>,
    seat: Option<Arc<Seat>>,
}

impl<R: Role + Send + 'static, T: Transport> WebSocket<R, T> {
    /// A WebSocket over a transport on which the handshake has been done, with
    /// what was read past the head.
    #[must_use]
    pub fn from_transport(transport: T, role: R, leftover: &[u8], config: &Config) -> Self {
        Self::new(transport, role, leftover, config, Reactor::shared(), None)
    }

    pub(crate) fn new(
        transport: T,
        role: R,
        leftover: &[u8],
        config: &Config,
        reactor: Reactor,
        subprotocol: Option<String>,
    ) -> Self {
        // Where the system refuses it the connection still works.
        let _ = transport.prepare(config.write_timeout);
        let limits = Limits {
            write_buffer: config.write_buffer,
            max_queued: config.max_queued,
            write_timeout: config.write_timeout,
            close_timeout: config.close_timeout,
        };
        let shared = Shared::new(transport, role, limits, reactor);
        let receiver = Receiver::new(shared, leftover, config);
        let link: Arc<dyn Link> = Arc::clone(receiver.shared()) as Arc<dyn Link>;
        let incoming = Messages { receiver, seat: None };
        Self {
            incoming,
            out: Transmit::new(link, Mode::Batch),
            subprotocol,
            #[cfg(feature = "deflate")]
            compression: None,
        }
    }

    /// Takes its place among a server's connections, for as long as it is there.
    pub(crate) fn seated(mut self, seat: Option<Arc<Seat>>) -> Self {
        if let Some(seat) = &seat {
            seat.open(Sender::new(Arc::clone(self.out.link())));
        }
        self.incoming.seat = seat;
        self
    }

    /// Compresses both ways from now on, as the handshake agreed.
    #[cfg(feature = "deflate")]
    pub(crate) fn deflate(
        &mut self,
        agreement: Option<tubesock_core::deflate::Agreement>,
        config: &Config,
    ) {
        if let (Some(agreement), Some(settings)) = (agreement, config.deflate) {
            self.incoming.receiver.inflate(agreement);
            let deflating = crate::deflate::Deflating::new(agreement, settings);
            self.incoming.receiver.shared().lock().deflating = deflating;
        }
        self.compression = agreement;
    }

    /// What was agreed on compression, where it was.
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[must_use]
    pub fn compression(&self) -> Option<tubesock_core::deflate::Agreement> {
        self.compression
    }

    /// The next message; `None` once the peer has closed. Waits for it, and
    /// answers pings and keeps the deadlines meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error`], once: afterwards it is `None`.
    pub fn recv(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.incoming.recv()
    }

    /// The next piece of a message, so that one may be larger than any
    /// buffer; `None` once the peer has closed.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn recv_chunk(&mut self) -> Result<Option<Chunk<'_>>, Error> {
        self.incoming.recv_chunk()
    }

    /// The messages as ones of their own, to iterate over.
    ///
    /// ```no_run
    /// # let mut websocket = tubesock_std::connect("ws://127.0.0.1:9001/")?;
    /// for message in websocket.messages() {
    ///     println!("{:?}", message?);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn messages(&mut self) -> &mut Messages<R, T> {
        &mut self.incoming
    }

    /// Both sides, to answer a message while it is held.
    pub fn split(&mut self) -> (&mut Messages<R, T>, &Transmit) {
        (&mut self.incoming, &self.out)
    }

    /// Sends a message, at once.
    ///
    /// # Errors
    ///
    /// As [`Transmit::send`].
    pub fn send<'m>(&self, message: impl Into<Message<'m>>) -> Result<(), SendError> {
        self.out.link().send(message.into(), self.out.by(Mode::Now))
    }

    /// Begins the closing handshake, as [`Transmit::close`]; receive on until
    /// there is `None`.
    ///
    /// # Errors
    ///
    /// As [`Transmit::close`].
    pub fn close(&self, code: CloseCode, reason: &str) -> Result<(), SendError> {
        self.out.close(code, reason)?;
        self.out.flush()
    }

    /// How the connection ended, once it has.
    #[must_use]
    pub fn closed(&self) -> Option<Closed<'_>> {
        self.incoming.receiver.closed()
    }

    /// The subprotocol agreed on.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Runs handlers on this thread until the connection is over: the way for
    /// a stream that can't be split, and has no [`sender`](Self::sender).
    pub fn run_handlers<'env>(mut self, setup: impl FnOnce(&mut Handlers<'env>)) {
        let mut handlers = Handlers::default();
        setup(&mut handlers);
        handlers.run(&mut self.incoming.receiver, &self.out);
    }
}

impl<R: Role + Send + 'static, T: Transport + Split> WebSocket<R, T> {
    /// What sends from any thread.
    #[must_use]
    pub fn sender(&self) -> Sender {
        Sender::new(Arc::clone(self.out.link()))
    }

    /// Runs handlers on this thread until the connection is over.
    pub fn run<'env>(mut self, setup: impl FnOnce(&mut Tubesock<'env>)) {
        let mut tubesock = Tubesock::new(self.sender());
        setup(&mut tubesock);
        tubesock.handlers.run(&mut self.incoming.receiver, &self.out);
    }
}

impl<R: Role + Send + 'static, T: Transport> Messages<R, T> {
    /// As [`WebSocket::recv`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::recv`].
    pub fn recv(&mut self) -> Result<Option<Message<'_>>, Error> {
        self.receiver.recv()
    }

    /// As [`WebSocket::recv_chunk`].
    ///
    /// # Errors
    ///
    /// As [`WebSocket::recv`].
    pub fn recv_chunk(&mut self) -> Result<Option<Chunk<'_>>, Error> {
        self.receiver.recv_chunk()
    }

    /// As [`WebSocket::closed`].
    #[must_use]
    pub fn closed(&self) -> Option<Closed<'_>> {
        self.receiver.closed()
    }
}

/// Each message as one of its own, until the connection is over. An error is
/// the last item.
impl<R: Role + Send + 'static, T: Transport> Iterator for Messages<R, T> {
    type Item = Result<OwnedMessage, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.recv() {
            Ok(message) => message.map(|message| Ok(message.into())),
            Err(error) => Some(Err(error)),
        }
    }
}

impl<R: Role + Send + 'static, T: Transport> Drop for Messages<R, T> {
    fn drop(&mut self) {
        self.receiver.finish();
        drop(self.seat.take());
    }
}

impl<R: Role + Send + 'static, T: Transport> fmt::Debug for WebSocket<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("subprotocol", &self.subprotocol)
            .field("closed", &self.closed())
            .finish_non_exhaustive()
    }
}

impl<R: Role + Send + 'static, T: Transport> fmt::Debug for Messages<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("closed", &self.closed()).finish_non_exhaustive()
    }
}
