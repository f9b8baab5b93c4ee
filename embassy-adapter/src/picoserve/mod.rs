//! Hijack a connection of picoserve.
//!
//! A route answers with [`Hijack`], which checks the request and writes the
//! 101. The socket that picoserve serves is an [`HttpSocket`]: it notices the
//! 101, tells picoserve that nothing more will come, and when picoserve gives
//! the socket back, runs the program on it.
//!
//! ```no_run
//! use embassy_net::tcp::TcpSocket;
//! use picoserve::routing::{Router, get, get_service};
//! use tubesock_embassy::picoserve::{Hijack, HttpSocket};
//! use tubesock_embassy::{Event, Options, Storage};
//!
//! async fn serve<T: picoserve::Timer<()> + Copy>(mut socket: TcpSocket<'_>, timer: T) {
//!     let options = Options::DEFAULT;
//!     let app = Router::new()
//!         .route("/", get(async || "a page"))
//!         .route("/ws", get_service(Hijack::new(options)));
//!     let config = picoserve::Config::const_default();
//!     let (mut http, mut storage) = ([0; 1024], Storage::<1024, 512>::new());
//!     loop {
//!         if socket.accept(80).await.is_err() {
//!             continue;
//!         }
//!         let program = async |_route: u8, socket: &mut tubesock_embassy::ServerSocket<'_, '_>| {
//!             while let Some((event, mut reply)) = socket.recv().await? {
//!                 if let Event::Data(message) = event {
//!                     reply.send(message).await?;
//!                 }
//!             }
//!             Ok(())
//!         };
//!         let hijackable = HttpSocket::new(&mut socket, storage.lend(), &options, program);
//!         // With picoserve's feature `embassy`, `Server::new` brings the timer.
//!         let server = picoserve::Server::custom(&app, timer, &config, &mut http);
//!         let _ = server.serve(hijackable).await;
//!     }
//! }
//! ```
//!
//! Why not a response body, as picoserve's own WebSocket is: version 0.20 has no
//! way for another crate to make one that reads. This way has merits of its
//! own: the program has the whole `TcpSocket`, without picoserve's timeouts
//! around it; it is aborted when the peer is gone; and what the client sends
//! right behind its request is never read into picoserve's buffer.

mod socket;
mod watch;

pub use socket::HttpSocket;

use picoserve::ResponseSent;
use picoserve::io::Read;
use picoserve::request::{HeadersIter, Request};
use picoserve::response::{ForEachHeader, Response, ResponseWriter, StatusCode};
use picoserve::routing::RequestHandlerService;
use tubesock_core::handshake::{Accept, Refusal, Upgrade};

use crate::Options;
use crate::fmt::complain;

/// A route of picoserve where a WebSocket is opened: `get_service(Hijack::new(..))`.
///
/// The connection has to be an [`HttpSocket`]; on another one picoserve reads
/// on, as if frames were requests.
#[derive(Debug, Clone, Copy)]
pub struct Hijack<'o, F = fn() -> bool> {
    options: Options<'o>,
    route: u8,
    has_room: F,
}

impl<'o> Hijack<'o> {
    /// A route that lets in whom `options` let in.
    #[must_use]
    pub fn new(options: Options<'o>) -> Self {
        Self { options, route: 0, has_room: || true }
    }
}

impl<'o, F> Hijack<'o, F> {
    /// Gives the route a number, which the program of the [`HttpSocket`] is
    /// told: so one program may serve several routes. 0 without this.
    #[must_use]
    pub fn route(self, number: u8) -> Self {
        Self { route: number, ..self }
    }

    /// Answers 503 while `has_room` says no: so that pages are still served
    /// when there are clients enough.
    #[must_use]
    pub fn while_there_is_room<G: Fn() -> bool>(self, has_room: G) -> Hijack<'o, G> {
        Hijack { options: self.options, route: self.route, has_room }
    }
}

impl<F: Fn() -> bool> Hijack<'_, F> {
    fn decide<R: Read>(&self, request: &Request<'_, R>) -> Result<Accept<'_>, Refusal> {
        let parts = request.parts;
        let fields = Fields(parts.headers().iter());
        let is_http_1_1 = parts.http_version() == "HTTP/1.1";
        let target = parts.path().encoded();
        // The route has matched; what remains of the path may be nothing.
        let target = if target.is_empty() { "/" } else { target };
        let upgrade = Upgrade::from_parsed(parts.method(), target, is_http_1_1, fields)?;
        let accept = self.options.decide(&upgrade)?;
        if (self.has_room)() { Ok(accept) } else { Err(Refusal::Unavailable) }
    }
}

impl<State, PathParameters, F: Fn() -> bool> RequestHandlerService<State, PathParameters>
    for Hijack<'_, F>
{
    async fn call_request_handler_service<R: Read, W: ResponseWriter<Error = R::Error>>(
        &self,
        _: &State,
        _: PathParameters,
        request: Request<'_, R>,
        response_writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let decided = self.decide(&request);
        let connection = request.body_connection.finalize().await?;
        match decided {
            Ok(accept) => {
                let response = Response::empty(StatusCode::SWITCHING_PROTOCOLS);
                let response = response.with_headers(Answer(self.route, accept));
                response_writer.write_response(connection, response).await
            }
            Err(refusal) => {
                complain!("websocket: refused: {}", refusal.as_str());
                let status = StatusCode::new(refusal.status());
                let response = Response::new(status, refusal.as_str());
                let response = response.with_headers(refusal.headers());
                response_writer.write_response(connection, response).await
            }
        }
    }
}

/// picoserve's header fields as the core wants them.
#[derive(Clone)]
struct Fields<'a>(HeadersIter<'a>);

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.0.next()?;
        // A name that is no text is no name that the handshake knows.
        Some((core::str::from_utf8(name.as_raw()).unwrap_or_default(), value.as_raw()))
    }
}

/// The core's header fields as picoserve wants them.
struct Answer<'a>(u8, Accept<'a>);

impl picoserve::response::HeadersIter for Answer<'_> {
    async fn for_each_header<F: ForEachHeader>(self, mut f: F) -> Result<F::Output, F::Error> {
        f.call(watch::ROUTE, self.0).await?; // first, where the socket looks
        for (name, value) in self.1.fields() {
            f.call(name, value).await?;
        }
        f.finalize().await
    }
}
