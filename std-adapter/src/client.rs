//! The client's side: connecting.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use tubesock_core::Client;
use tubesock_core::handshake::{
    Awaiting, ClientRequest, HeadReader, HeaderSlots, RefusedByServer, ResponseHead, WriteError,
};

use crate::config::{Config, after};
use crate::deflate::{offer, verify};
use crate::random::{OsMask, fill};
use crate::reactor::Reactor;
use crate::transport::{Transport, Unsplit, is_timeout};
use crate::url::Url;
use crate::websocket::WebSocket;

/// The client's role, with mask keys from the operating system.
pub type ClientRole = Client<OsMask>;

/// A connection that this side has opened.
pub type ClientSocket<T = TcpStream> = WebSocket<ClientRole, T>;

/// Header fields that a response may have.
const MAX_HEADERS: usize = 64;

/// How much of the body of a refusal is kept.
const BODY_START: usize = 1024;

/// Connects to a `ws://` address.
///
/// ```no_run
/// let mut websocket = tubesock_std::connect("ws://127.0.0.1:9001/")?;
/// websocket.send("Hello")?;
/// while let Some(message) = websocket.recv()? {
///     println!("{message:?}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`ConnectError`].
pub fn connect(url: &str) -> Result<ClientSocket, ConnectError> {
    Connect::new(url).connect()
}

/// Opens a WebSocket over any stream, TLS for one, to `host` (with its port
/// where that is not the scheme's) for `target` (path and query). Such a
/// stream can't be split, so it has no sender for other threads, and it has
/// no deadlines; see [`Unsplit`].
///
/// # Errors
///
/// [`ConnectError`].
pub fn connect_over<S: Read + Write + Send + 'static>(
    stream: S,
    host: &str,
    target: &str,
) -> Result<ClientSocket<Unsplit<S>>, ConnectError> {
    Connect::new("").connect_over(stream, host, target)
}

/// A connection to be opened, with more to say than its address.
///
/// ```no_run
/// use tubesock_std::Connect;
///
/// let websocket = Connect::new("ws://127.0.0.1:3000/chat")
///     .subprotocols(&["tubesock-chat"])
///     .header("Origin", "http://127.0.0.1:3000")
///     .connect()?;
/// assert_eq!(websocket.subprotocol(), Some("tubesock-chat"));
/// # Ok::<(), tubesock_std::ConnectError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `connect`"]
pub struct Connect<'a> {
    url: &'a str,
    subprotocols: &'a [&'a str],
    headers: Vec<(&'a str, &'a str)>,
    config: Config,
}

impl<'a> Connect<'a> {
    /// A connection to a `ws://` address.
    pub fn new(url: &'a str) -> Self {
        Self { url, subprotocols: &[], headers: Vec::new(), config: Config::default() }
    }

    /// Offers subprotocols, in order of preference.
    pub fn subprotocols(mut self, names: &'a [&'a str]) -> Self {
        self.subprotocols = names;
        self
    }

    /// Adds a header field to the request.
    pub fn header(mut self, name: &'a str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Goes by these settings: `handshake_timeout` bounds both connecting and
    /// the handshake. Those of a server have no meaning here.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Connects, and shakes hands.
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub fn connect(self) -> Result<ClientSocket, ConnectError> {
        let url = Url::parse(self.url).map_err(ConnectError::Url)?;
        let deadline = after(self.config.handshake_timeout);
        let stream = dial(&url, deadline)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(self.config.write_timeout))?;
        let before_read = |stream: &TcpStream| {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))
        };
        self.shake_hands(stream, url.authority, &url.target, before_read, |stream| stream)
    }

    /// Shakes hands over a stream of any kind, as the function
    /// [`connect_over`].
    ///
    /// # Errors
    ///
    /// [`ConnectError`].
    pub fn connect_over<S: Read + Write + Send + 'static>(
        self,
        stream: S,
        host: &str,
        target: &str,
    ) -> Result<ClientSocket<Unsplit<S>>, ConnectError> {
        self.shake_hands(stream, host, target, |_| Ok(()), Unsplit::new)
    }

    fn shake_hands<S: Read + Write, T: Transport>(
        self,
        mut stream: S,
        host: &str,
        target: &str,
        before_read: impl Fn(&S) -> io::Result<()>,
        transport: impl FnOnce(S) -> T,
    ) -> Result<ClientSocket<T>, ConnectError> {
        let mut nonce = [0; 16];
        fill(&mut nonce)?;
        let request =
            ClientRequest::new(host, target).subprotocols(self.subprotocols).headers(&self.headers);
        let offer = offer(&self.config);
        let request = match &offer {
            Some(value) => request.extensions(value),
            None => request,
        };
        let mut head = vec![0; self.config.max_head.max(1024)];
        let (length, awaiting) = request.write(nonce, &mut head)?;
        stream.write_all(&head[..length])?;
        stream.flush()?;
        let Opened { subprotocol, extensions, leftover } =
            read_response(&mut stream, &awaiting, head, &before_read)?;
        let _agreement = verify(&self.config, extensions.as_deref())?;
        let role = Client(OsMask::new()?);
        let transport = transport(stream);
        let (config, reactor) = (&self.config, Reactor::shared());
        #[cfg_attr(not(feature = "deflate"), expect(unused_mut, reason = "for deflate"))]
        let mut websocket =
            WebSocket::new(transport, role, &leftover, config, reactor, subprotocol);
        #[cfg(feature = "deflate")]
        websocket.deflate(_agreement, config);
        Ok(websocket)
    }
}

fn dial(url: &Url<'_>, deadline: Instant) -> Result<TcpStream, ConnectError> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in url.resolve()? {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ConnectError::Refused(RefusedByServer::Timeout));
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// What a response has agreed on, and what was read past it.
struct Opened {
    subprotocol: Option<String>,
    extensions: Option<Vec<u8>>,
    leftover: Vec<u8>,
}

fn read_response<S: Read>(
    stream: &mut S,
    awaiting: &Awaiting<'_>,
    buf: Vec<u8>,
    before_read: &impl Fn(&S) -> io::Result<()>,
) -> Result<Opened, ConnectError> {
    let mut reader = HeadReader::new(buf, None);
    loop {
        match read_some(stream, reader.space(), before_read) {
            Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
            Ok(n) => reader.filled(n),
            Err(error) if is_timeout(&error) => return Err(RefusedByServer::Timeout.into()),
            Err(error) => return Err(error.into()),
        }
        let mut slots = HeaderSlots::<MAX_HEADERS>::new();
        let Some(head) = reader.response(&mut slots)? else { continue };
        let verdict = awaiting.verify(&head);
        let (subprotocol, extensions) = match verdict {
            Ok(established) => (
                established.subprotocol.map(str::to_owned),
                established.extensions.map(<[u8]>::to_vec),
            ),
            Err(RefusedByServer::Status(_)) => {
                let mut response = Response::new(&head);
                let start = reader.bytes().get(reader.leftover()).unwrap_or(&[]);
                response.read_body(start, stream, before_read);
                return Err(ConnectError::Status(Box::new(response)));
            }
            Err(error) => return Err(error.into()),
        };
        let leftover = reader.bytes().get(reader.leftover()).unwrap_or(&[]).to_vec();
        return Ok(Opened { subprotocol, extensions, leftover });
    }
}

fn read_some<S: Read>(
    stream: &mut S,
    buf: &mut [u8],
    before_read: &impl Fn(&S) -> io::Result<()>,
) -> io::Result<usize> {
    loop {
        before_read(stream)?;
        match stream.read(buf) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// What a server answered instead of 101.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The header fields, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The start of the body, at most 1 KiB.
    pub body_start: Vec<u8>,
}

impl Response {
    fn new(head: &ResponseHead<'_, '_>) -> Self {
        let headers =
            head.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        Self { status: head.status(), headers, body_start: Vec::new() }
    }

    /// The first header field of that name, in any case, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(field, _)| field.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// What there is of the body, whatever ends it.
    fn read_body<S: Read>(
        &mut self,
        start: &[u8],
        stream: &mut S,
        before_read: &impl Fn(&S) -> io::Result<()>,
    ) {
        let announced = self.header("content-length").and_then(|value| value.parse().ok());
        let most = announced.unwrap_or(BODY_START).min(BODY_START);
        self.body_start = start[..start.len().min(most)].to_vec();
        let mut buf = [0; BODY_START];
        while self.body_start.len() < most {
            let room = most - self.body_start.len();
            match read_some(stream, &mut buf[..room], before_read) {
                Ok(n) if n > 0 => self.body_start.extend_from_slice(&buf[..n]),
                _ => break,
            }
        }
    }
}

/// Why there is no connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address can't be used; says why.
    Url(&'static str),
    /// The request can't be written: a header field, a subprotocol or the
    /// target has a character that may not stand there.
    Request(WriteError),
    /// The network's error.
    Io(io::Error),
    /// The server answered with another status than 101.
    Status(Box<Response>),
    /// The response is no proper answer to the handshake.
    Refused(RefusedByServer),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(why) => f.write_str(why),
            Self::Request(error) => write!(f, "the request can't be written: {error}"),
            Self::Io(error) => write!(f, "can't connect: {error}"),
            Self::Status(response) => {
                write!(f, "the server answered with status {}", response.status)
            }
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Request(error) => Some(error),
            Self::Io(error) => Some(error),
            Self::Refused(error) => Some(error),
            Self::Url(_) | Self::Status(_) => None,
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<WriteError> for ConnectError {
    fn from(error: WriteError) -> Self {
        Self::Request(error)
    }
}

impl From<RefusedByServer> for ConnectError {
    fn from(error: RefusedByServer) -> Self {
        Self::Refused(error)
    }
}
