//! hyper 1, and what is built on it, such as axum 0.8: async, over tokio, with
//! the driver that microcontrollers use.
//!
//! ```no_run
//! use axum::{body::Body, extract::Request, response::Response};
//! use tubesock_core::Event;
//! use tubesock_std::{Config, hyper};
//!
//! async fn echo(mut request: Request) -> Response {
//!     match hyper::hijack(&mut request, &Config::default(), &[]) {
//!         Err(refusal) => hyper::refuse(refusal).map(Body::from),
//!         Ok((response, hijack)) => {
//!             tokio::spawn(async move {
//!                 let mut connection = hijack.connect().await?;
//!                 let mut socket = connection.websocket();
//!                 while let Ok(Some((event, mut reply))) = socket.recv().await {
//!                     if let Event::Data(message) = event {
//!                         let _ = reply.send(message).await;
//!                     }
//!                 }
//!                 drop(socket);
//!                 connection.end().await
//!             });
//!             response.map(|()| Body::empty())
//!         }
//!     }
//! }
//! ```

use std::fmt;
use std::io;
use std::time::Duration;

use embedded_io_adapters::tokio_1::FromTokio;
use hyper::http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant as TokioInstant, sleep_until, timeout};
use tubesock_core::driver::{Buffers, asynch};
use tubesock_core::handshake::Upgrade;
use tubesock_core::session::{MIN_RECEIVE, MIN_REPLIES, MIN_TRANSMIT};
use tubesock_core::{Instant, Server};

use crate::request::check_policy;
use crate::{Config, Refusal};

type Stream = TokioIo<Upgraded>;

/// A WebSocket on a hijacked connection: the async driver's, with its `recv`,
/// `send` and `split`. Halves of a split one stay in one task.
pub type Socket<'c> = asynch::WebSocket<
    'c,
    &'c mut FromTokio<ReadHalf<Stream>>,
    &'c mut FromTokio<WriteHalf<Stream>>,
    TokioTimer,
    Server,
>;

/// Checks a request, and gives the 101 to answer it with and the connection
/// to wait for. Of `subprotocols`, in the server's order of preference, the
/// first that the client offers is chosen.
///
/// # Errors
///
/// [`Refusal`], with the status to answer, as [`refuse`] does. A request whose
/// server can't be hijacked is [`Refusal::Internal`].
pub fn hijack<B>(
    request: &mut Request<B>,
    config: &Config,
    subprotocols: &[&str],
) -> Result<(Response<()>, Hijack), Refusal> {
    let mut response = Response::new(());
    let subprotocol = {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let is_http_1_1 = request.version() == Version::HTTP_11;
        // hyper's iterator can't be cloned, and the check goes over the fields more than once.
        let fields: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        let fields = fields.iter().copied();
        let upgrade = Upgrade::from_parsed(request.method().as_str(), target, is_http_1_1, fields)?;
        check_policy(&upgrade, config)?;
        let chosen = upgrade.select_subprotocol(subprotocols);
        let accept = match chosen {
            Some(name) => upgrade.accept_subprotocol(name).map_err(|_| Refusal::Subprotocol)?,
            None => upgrade.accept(),
        };
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in accept.fields() {
            let value = HeaderValue::from_str(value).map_err(|_| Refusal::Internal)?;
            let name = name.parse::<hyper::http::HeaderName>().map_err(|_| Refusal::Internal)?;
            response.headers_mut().append(name, value);
        }
        chosen.map(str::to_owned)
    };
    if request.extensions().get::<OnUpgrade>().is_none() {
        return Err(Refusal::Internal);
    }
    let upgrade = hyper::upgrade::on(request);
    Ok((response, Hijack { upgrade, config: config.clone(), subprotocol }))
}

/// The response that a refusal is answered with, its sentence as the body.
#[must_use]
pub fn refuse(refusal: Refusal) -> Response<String> {
    let mut response = Response::new(format!("{refusal}\n"));
    *response.status_mut() =
        StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    for (name, value) in refusal.headers() {
        if let Ok(name) = name.parse::<hyper::http::HeaderName>() {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// A connection that becomes a WebSocket as soon as the 101 is out.
#[derive(Debug)]
#[must_use = "the connection is dropped with it"]
pub struct Hijack {
    upgrade: OnUpgrade,
    config: Config,
    subprotocol: Option<String>,
}

impl Hijack {
    /// The subprotocol that was chosen.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Waits until the server has sent the response, and takes its connection,
    /// with what was read past the head. In a task of its own: the server
    /// sends the response only when the handler has returned it.
    ///
    /// # Errors
    ///
    /// hyper's, when the connection is gone.
    pub async fn connect(self) -> io::Result<Connection> {
        let upgraded = self.upgrade.await.map_err(io::Error::other)?;
        let (read, write) = tokio::io::split(TokioIo::new(upgraded));
        let config = self.config;
        let most = config.max_message.saturating_add(MIN_RECEIVE);
        Ok(Connection {
            read: FromTokio::new(read),
            write: FromTokio::new(write),
            receive: vec![0; config.read_buffer.max(MIN_RECEIVE).min(most.max(MIN_RECEIVE))],
            replies: vec![0; 4 * MIN_REPLIES],
            transmit: vec![0; config.write_buffer.max(MIN_TRANSMIT)],
            config,
        })
    }
}

/// A hijacked connection with its buffers.
///
/// A whole message may have up to `read_buffer` bytes of [`Config`], less 131,
/// or `max_message` where that is less; in chunks it may have any size.
pub struct Connection {
    read: FromTokio<ReadHalf<Stream>>,
    write: FromTokio<WriteHalf<Stream>>,
    receive: Vec<u8>,
    replies: Vec<u8>,
    transmit: Vec<u8>,
    config: Config,
}

impl Connection {
    /// The WebSocket on it. Made once: a second one would begin in the middle.
    #[must_use]
    pub fn websocket(&mut self) -> Socket<'_> {
        let Self { read, write, receive, replies, transmit, config } = self;
        let timer = TokioTimer { epoch: TokioInstant::now() };
        let buffers = Buffers { receive, replies, transmit };
        asynch::WebSocket::new(Server, (read, write), timer, buffers, 0..0, &config.session())
            .expect("the buffers are above the minimum")
    }

    /// Ends the connection, without cutting off what the peer has still to
    /// read: after the last `recv`.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub async fn end(self) -> io::Result<()> {
        let (mut read, mut write) = (self.read.into_inner(), self.write.into_inner());
        write.shutdown().await?;
        let mut scratch = [0; 4096];
        let drained = async {
            while read.read(&mut scratch).await? > 0 {}
            io::Result::Ok(())
        };
        timeout(self.config.close_timeout, drained).await.unwrap_or(Ok(()))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("config", &self.config).finish_non_exhaustive()
    }
}

/// tokio's clock.
#[derive(Debug, Clone, Copy)]
pub struct TokioTimer {
    epoch: TokioInstant,
}

impl asynch::Timer for TokioTimer {
    fn now(self) -> Instant {
        Instant::from_millis(u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    async fn wait_until(self, at: Instant) {
        sleep_until(self.epoch + Duration::from_millis(at.as_millis())).await;
    }
}
