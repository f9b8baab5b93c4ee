//! A request, and what becomes of its connection.

use std::fmt;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use tubesock_core::Server;
use tubesock_core::handshake::{OriginPolicy, Refusal, Upgrade, host_is_allowed};

use crate::config::{Config, MILLISECOND, Origins};
use crate::deflate::{Agreement, answer};
use crate::reactor::Reactor;
use crate::registry::Seat;
use crate::response::send_response;
use crate::tubesock::Tubesock;
use crate::websocket::WebSocket;

/// An HTTP request with the connection that it came on.
///
/// Either [`respond`](Self::respond) to it, or take its connection:
/// [`hijack`](Self::hijack) it for handlers, or [`accept`](Self::accept) it as
/// a [`WebSocket`]. A request that is dropped is answered with 500.
pub struct Request {
    head: Head,
    stream: Option<TcpStream>,
    peer: Option<SocketAddr>,
    leftover: Vec<u8>,
    context: Context,
    subprotocol: Option<String>,
    headers: Vec<(String, String)>,
}

/// What a request needs of the server that it came to.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) config: Arc<Config>,
    pub(crate) reactor: Reactor,
    /// Its place among the server's connections, so that a shutdown reaches it.
    pub(crate) seat: Option<Arc<Seat>>,
}

/// A request head as an HTTP server has parsed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// `GET` and so on.
    pub method: String,
    /// Path and query, as they stand in the request line.
    pub target: String,
    /// Whether the version is HTTP/1.1.
    pub is_http_1_1: bool,
    /// All header fields, in order, several lines of one name included.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}

impl Request {
    /// A request that another HTTP server has parsed, with its connection and
    /// what was read past the head: **the way to hijack any server** that
    /// gives its socket away.
    #[must_use]
    pub fn from_parts(stream: TcpStream, leftover: Vec<u8>, head: Head, config: Config) -> Self {
        // Whoever gave it away may have polled it.
        let _ = stream.set_nonblocking(false);
        let context = Context { config: Arc::new(config), reactor: Reactor::shared(), seat: None };
        Self::new(stream, leftover, head, context)
    }

    pub(crate) fn new(stream: TcpStream, leftover: Vec<u8>, head: Head, context: Context) -> Self {
        let peer = stream.peer_addr().ok();
        let (subprotocol, headers) = (None, Vec::new());
        Self { head, stream: Some(stream), peer, leftover, context, subprotocol, headers }
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.head.method
    }

    /// The path, as it stands in the request line, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        let target = self.origin_form();
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// The target without the `http://host` that it may begin with.
    fn origin_form(&self) -> &str {
        let target = self.head.target.as_str();
        match target.split_once("://") {
            Some((_, rest)) if !target.starts_with('/') => {
                rest.find(['/', '?']).map_or("/", |at| &rest[at..])
            }
            _ => target,
        }
    }

    /// The query, without its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.head.target.split_once('?').map(|(_, query)| query)
    }

    /// The first header field of that name, in any case, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.fields();
        let (_, value) = fields.find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// All header fields, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.head.fields()
    }

    /// Where it comes from.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The origin of the page that asks, where it is a page (RFC 6454).
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.header("origin")
    }

    /// The subprotocols that it offers, in its order of preference.
    #[must_use]
    pub fn subprotocols(&self) -> Vec<&str> {
        self.upgrade().map_or_else(|_| Vec::new(), |upgrade| upgrade.subprotocols().collect())
    }

    /// Whether it asks for a WebSocket, as it should and from where it may.
    #[must_use]
    pub fn is_websocket(&self) -> bool {
        self.checked().is_ok()
    }

    /// Chooses the first of these, in the server's order of preference, that
    /// the client offers; the handshake goes without one where it offers none.
    #[must_use]
    pub fn select_subprotocol(mut self, supported: &[&str]) -> Self {
        let chosen = self.upgrade().ok().and_then(|upgrade| upgrade.select_subprotocol(supported));
        self.subprotocol = chosen.map(str::to_owned);
        self
    }

    /// The subprotocol that was chosen.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Adds a header field to the 101 response, such as `Set-Cookie`.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Answers with a whole response, and closes the connection. A response
    /// to `HEAD` goes without its body.
    ///
    /// # Errors
    ///
    /// The transport's; [`InvalidInput`](io::ErrorKind::InvalidInput) for
    /// header fields that may not be sent, which answers with 500.
    pub fn respond(
        mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> io::Result<()> {
        self.respond_by_ref(status, headers, body.as_ref())
    }

    /// Turns the connection into a WebSocket, and runs its handlers on this
    /// thread until it is over. `setup` adds them.
    ///
    /// ```no_run
    /// # use tubesock_std::{Refused, Request};
    /// # fn handle(request: Request) -> Result<(), Refused> {
    /// request.hijack(|tubesock| {
    ///     tubesock.on_open(|out| out.text("Hello, friend"));
    ///     tubesock.on_message(|out, message| out.send(message));
    ///     tubesock.on_close(|closed| println!("{} {}", closed.code, closed.reason));
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Refused`], with the request in it and the status to answer; nothing
    /// has been sent then.
    pub fn hijack<'env>(self, setup: impl FnOnce(&mut Tubesock<'env>)) -> Result<(), Refused> {
        self.accept()?.run(setup);
        Ok(())
    }

    /// Turns the connection into a [`WebSocket`].
    ///
    /// # Errors
    ///
    /// As [`hijack`](Self::hijack).
    pub fn accept(self) -> Result<WebSocket<Server>, Refused> {
        match self.accept_response() {
            Ok((response, deflate)) => self.open(&response, deflate),
            Err(reason) => Err(Refused { reason, request: Box::new(self) }),
        }
    }

    /// Says yes. Apart, so that neither half's frame lies below the other's.
    #[inline(never)]
    fn open(
        mut self,
        response: &[u8],
        _deflate: Option<Agreement>,
    ) -> Result<WebSocket<Server>, Refused> {
        let Some(mut stream) = self.stream.take() else {
            return Err(Refused { reason: Refusal::Malformed, request: Box::new(self) });
        };
        let Context { config, reactor, seat } = self.context.clone();
        let _ = stream.set_write_timeout(Some(config.write_timeout.max(MILLISECOND)));
        // A peer that is gone already shows in the first read.
        let _ = stream.write_all(response);
        let subprotocol = self.subprotocol.take();
        #[cfg_attr(not(feature = "deflate"), expect(unused_mut, reason = "for deflate"))]
        let mut websocket =
            WebSocket::new(stream, Server, &self.leftover, &config, reactor, subprotocol);
        #[cfg(feature = "deflate")]
        websocket.deflate(_deflate, &config);
        Ok(websocket.seated(seat))
    }

    fn upgrade(&self) -> Result<Upgrade<'_, impl Iterator<Item = (&str, &[u8])> + Clone>, Refusal> {
        let Head { method, target, is_http_1_1, .. } = &self.head;
        Upgrade::from_parsed(method, target, *is_http_1_1, self.head.fields())
    }

    fn checked(&self) -> Result<Upgrade<'_, impl Iterator<Item = (&str, &[u8])> + Clone>, Refusal> {
        let upgrade = self.upgrade()?;
        check_policy(&upgrade, &self.context.config)?;
        Ok(upgrade)
    }

    /// The 101, and what it agrees on compression.
    #[inline(never)] // see `read_head`: a frame for a moment, not below all that follows
    fn accept_response(&self) -> Result<(Vec<u8>, Option<Agreement>), Refusal> {
        let upgrade = self.checked()?;
        let (agreement, extensions) = answer(&self.context.config, &upgrade).unzip();
        let headers: Vec<_> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let accept = match &self.subprotocol {
            Some(name) => upgrade.accept_subprotocol(name).map_err(|_| Refusal::Subprotocol)?,
            None => upgrade.accept(),
        };
        let accept = match &extensions {
            Some(value) => accept.extensions(value),
            None => accept,
        };
        let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let size = size + extensions.as_ref().map_or(0, String::len);
        let mut response = vec![0; size + 256 + self.subprotocol.as_ref().map_or(0, String::len)];
        // The program's own header fields are the only thing that can be wrong here.
        let written = accept.headers(&headers).and_then(|accept| accept.write(&mut response));
        response.truncate(written.map_err(|_| Refusal::Internal)?);
        Ok((response, agreement))
    }

    fn respond_by_ref(
        &mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let Some(stream) = self.stream.take() else { return Ok(()) };
        let is_head = self.head.method == "HEAD";
        let config = &self.context.config;
        send_response(stream, status, headers, body, is_head, config, &self.context.reactor)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let _ = self.respond_by_ref(500, &[], b"The server gave no answer.\n");
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.head.method)
            .field("target", &self.head.target)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

/// A request that didn't become a WebSocket. The connection is as it was.
///
/// Returned from a server's handler, it is answered with its status.
#[derive(Debug)]
pub struct Refused {
    reason: Refusal,
    request: Box<Request>,
}

impl Refused {
    /// Why.
    #[must_use]
    pub fn reason(&self) -> Refusal {
        self.reason
    }

    /// The HTTP status to answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.reason.status()
    }

    /// Answers with the status and a sentence.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub fn respond(mut self) -> io::Result<()> {
        let body = format!("{}\n", self.reason);
        self.request.respond_by_ref(self.status(), self.reason.headers(), body.as_bytes())
    }

    /// The request, to be answered otherwise.
    #[must_use]
    pub fn into_request(self) -> Request {
        *self.request
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl std::error::Error for Refused {}

/// Whether the origin and the host may come in.
pub(crate) fn check_policy<'a, I: Iterator<Item = (&'a str, &'a [u8])> + Clone>(
    upgrade: &Upgrade<'a, I>,
    config: &Config,
) -> Result<(), Refusal> {
    if let Some(hosts) = &config.hosts {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        if !host_is_allowed(upgrade.host(), &hosts) {
            return Err(Refusal::HostNotAllowed);
        }
    }
    match &config.origins {
        Origins::SameHost => upgrade.check_origin(OriginPolicy::SameHost),
        Origins::Any => upgrade.check_origin(OriginPolicy::Any),
        Origins::AllowList(list) => {
            let list: Vec<&str> = list.iter().map(String::as_str).collect();
            upgrade.check_origin(OriginPolicy::AllowList(&list))
        }
    }
}
