//! A client without a line of ours: heads and frames made by hand, over a `TcpStream`. It sends
//! what it is told to, right or wrong, and panics where an answer isn't what was expected, or
//! doesn't come within [`PATIENCE`].

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::frames::{self, Frame, From, first};

/// How long an answer may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The key of the RFC's example (§1.3), and what accepts it.
pub const HANDSHAKE_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What accepts [`HANDSHAKE_KEY`].
pub const HANDSHAKE_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A connection, with what was read of it and not looked at yet.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
    read: Vec<u8>,
    at: usize,
}

/// A response that ends its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// The status line and the header fields.
    pub head: String,
    /// All that follows the head.
    pub body: String,
}

impl Response {
    /// The one header field of that name.
    ///
    /// # Panics
    ///
    /// Where there are several.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut values = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value);
        assert!(values.next().is_none(), "{name} is there twice: {}", self.head);
        value
    }
}

/// The head of a request for a WebSocket, with further lines, each with its line break.
#[must_use]
pub fn upgrade(addr: SocketAddr, path: &str, lines: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {HANDSHAKE_KEY}\r\nSec-WebSocket-Version: 13\r\n{lines}\r\n"
    )
}

/// Sends `bytes` and gives the whole response, to the end of the connection.
///
/// # Panics
///
/// Where the connection doesn't end cleanly behind a response.
#[must_use]
pub fn request(addr: SocketAddr, bytes: impl AsRef<[u8]>) -> Response {
    let mut client = RawClient::connect(addr);
    client.send(bytes);
    client.response()
}

impl RawClient {
    /// A TCP connection.
    ///
    /// # Panics
    ///
    /// Where there is none to be had.
    #[must_use]
    pub fn connect(addr: SocketAddr) -> Self {
        Self::over(TcpStream::connect(addr).expect("a connection to the server"))
    }

    /// The same over a stream that is there already.
    ///
    /// # Panics
    ///
    /// Where the system refuses a timeout.
    #[must_use]
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).expect("Nagle off");
        stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a write timeout");
        Self { stream, read: Vec::new(), at: 0 }
    }

    /// A WebSocket at `/`.
    ///
    /// # Panics
    ///
    /// Where the server refuses.
    #[must_use]
    pub fn open(addr: SocketAddr) -> Self {
        let mut client = Self::connect(addr);
        client.shake_hands(addr, "");
        client
    }

    /// Asks for a WebSocket, and gives the head of the response.
    ///
    /// # Panics
    ///
    /// Where the server refuses.
    pub fn shake_hands(&mut self, addr: SocketAddr, lines: &str) -> String {
        self.send(upgrade(addr, "/", lines));
        let head = self.head();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(head.contains(HANDSHAKE_ACCEPT), "{head}");
        head
    }

    /// The stream, for what this client has no method for.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The stream alone.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Another handle on the stream, to write with while this one reads.
    ///
    /// # Panics
    ///
    /// Where the system has no descriptor left.
    #[must_use]
    pub fn writer(&self) -> TcpStream {
        self.stream.try_clone().expect("a second descriptor")
    }

    /// Sends bytes.
    ///
    /// # Panics
    ///
    /// Where the server takes them no more.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes the bytes");
    }

    /// Sends a frame.
    pub fn frame(&mut self, b0: u8, payload: impl AsRef<[u8]>) {
        self.send(frames::frame(From::Client, b0, payload.as_ref()));
    }

    /// Sends a text.
    pub fn text(&mut self, text: &str) {
        self.frame(first::TEXT, text);
    }

    /// Sends a Close.
    pub fn close(&mut self, code: u16, reason: &str) {
        self.send(frames::close(From::Client, code, reason));
    }

    /// Sends no more: the end of this direction.
    ///
    /// # Panics
    ///
    /// Where the connection is gone.
    pub fn shutdown_write(&self) {
        self.stream.shutdown(Shutdown::Write).expect("a half-close");
    }

    /// The next frame.
    ///
    /// # Panics
    ///
    /// Where there is none, or one with a mask.
    #[must_use]
    pub fn receive(&mut self) -> Frame {
        self.receive_or_end().expect("another frame before the end of the connection")
    }

    /// The next frame; `None` at a clean end.
    ///
    /// # Panics
    ///
    /// Where a frame has a mask, or the connection is reset, or ends inside a frame.
    pub fn receive_or_end(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, used)) = frames::read_one(&self.read[self.at..]) {
                assert_eq!(frame.key, None, "a server's frame with a mask");
                self.at += used;
                return Some(frame);
            }
            if !self.fill().expect("frames, or a clean end") {
                assert_eq!(&self.read[self.at..], [], "the connection ended inside a frame");
                return None;
            }
        }
    }

    /// Expects this frame next.
    ///
    /// # Panics
    ///
    /// Where another comes.
    pub fn expect(&mut self, b0: u8, payload: impl AsRef<[u8]>) {
        let frame = self.receive();
        let payload = payload.as_ref();
        assert!(
            frame.b0 == b0 && frame.payload == payload,
            "{:#x} with {} bytes ({:?}) where {b0:#x} with {} was expected ({:?})",
            frame.b0,
            frame.payload.len(),
            String::from_utf8_lossy(&frame.payload[..frame.payload.len().min(60)]),
            payload.len(),
            String::from_utf8_lossy(&payload[..payload.len().min(60)]),
        );
    }

    /// Expects a Close with this code next, and gives its reason.
    ///
    /// # Panics
    ///
    /// Where something else comes.
    pub fn expect_close(&mut self, code: u16) -> String {
        let frame = self.receive();
        assert_eq!(frame.b0, first::CLOSE, "{frame:?}");
        let (sent, reason) = frame.payload.split_first_chunk::<2>().expect("a code");
        assert_eq!(u16::from_be_bytes(*sent), code, "{:?}", String::from_utf8_lossy(reason));
        String::from_utf8(reason.to_vec()).expect("a reason in UTF-8")
    }

    /// Expects the clean end of the connection.
    ///
    /// # Panics
    ///
    /// Where more comes, or it is reset.
    pub fn expect_end(&mut self) {
        if let Some(frame) = self.receive_or_end() {
            panic!("{frame:?} where the end was expected");
        }
    }

    /// Reads until the connection ends somehow, and says whether it was cleanly.
    ///
    /// # Panics
    ///
    /// Where it doesn't end.
    pub fn drain(&mut self) -> bool {
        loop {
            self.at = self.read.len();
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return true,
                Err(error) => {
                    assert!(!is_timeout(&error), "the connection doesn't end");
                    return false;
                }
            }
        }
    }

    /// A response head; what follows stays.
    ///
    /// # Panics
    ///
    /// Where none comes.
    pub fn head(&mut self) -> String {
        loop {
            let rest = &self.read[self.at..];
            if let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
                let head = String::from_utf8(rest[..end + 2].to_vec()).expect("a head in ASCII");
                self.at += end + 4;
                return head;
            }
            assert!(self.fill().expect("a response head"), "the connection ended inside a head");
        }
    }

    /// A whole response, to the clean end of the connection.
    ///
    /// # Panics
    ///
    /// Where none comes, or the connection is reset, or the body isn't as long as the head says.
    pub fn response(&mut self) -> Response {
        let head = self.head();
        while self.fill().expect("a body and a clean end") {}
        let body = String::from_utf8(self.read[self.at..].to_vec()).expect("a body in UTF-8");
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).expect("a status");
        Response { status, head, body }
    }

    /// Reads more; `false` at the end of the connection.
    fn fill(&mut self) -> std::io::Result<bool> {
        if self.at > 64 << 10 {
            self.read.drain(..self.at);
            self.at = 0;
        }
        let mut chunk = [0; 64 << 10];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(n) => {
                    self.read.extend(&chunk[..n]);
                    return Ok(n > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A TCP connection with so little room in its receive buffer that the server notices soon when
/// nothing is read.
///
/// # Panics
///
/// Where there is none to be had.
#[must_use]
pub fn narrow_stream(addr: SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};
    let family = if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, SocketType::STREAM, None).expect("a socket");
    sockopt::set_socket_recv_buffer_size(&socket, 8 << 10).expect("a small buffer");
    connect(&socket, &addr).expect("a connection to the server");
    socket.into()
}

/// Waits until `done`, and says how long that took.
///
/// # Panics
///
/// Where it takes longer than [`PATIENCE`].
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
