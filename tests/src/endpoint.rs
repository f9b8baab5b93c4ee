//! One endpoint, which writes down what it sees.

use tubesock_core::{
    Client, Config, DataKind, Event, Instant, Message, ProtocolError, Role, Server, Session,
    Timeout,
};

use crate::frames::From;
use crate::random::Keys;

/// Something that the program above an endpoint was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A whole text.
    Text(String),
    /// A whole binary message.
    Binary(Vec<u8>),
    /// A ping.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// The peer's Close.
    Close(u16, String),
    /// The peer broke the protocol.
    Failed(ProtocolError),
    /// A deadline has passed.
    TimedOut(Timeout),
}

/// How messages are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Whole.
    Whole,
    /// In chunks, which the endpoint puts together again to write them down.
    Chunks,
}

/// The sizes of an endpoint's buffers, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Of the receive buffer.
    pub receive: usize,
    /// Of the reply buffer.
    pub replies: usize,
    /// Of the transmit buffer.
    pub transmit: usize,
}

impl Sizes {
    /// Ample ones.
    pub const AMPLE: Self = Self { receive: 4096, replies: 1024, transmit: 4096 };
    /// The least that a session takes.
    pub const LEAST: Self = Self {
        receive: tubesock_core::session::MIN_RECEIVE,
        replies: tubesock_core::session::MIN_REPLIES,
        transmit: tubesock_core::session::MIN_TRANSMIT,
    };
}

/// A role that the tests can make and name.
pub trait Side: Role + Sized {
    /// As whom it sends.
    const IS: From;
    /// As whom its peer sends.
    const PEER: From;
    /// One of it.
    fn new() -> Self;
}

impl Side for Server {
    const IS: From = From::Server;
    const PEER: From = From::Client;
    fn new() -> Self {
        Self
    }
}

impl Side for Client<Keys> {
    const IS: From = From::Client;
    const PEER: From = From::Server;
    fn new() -> Self {
        Self(Keys::new(1))
    }
}

/// The client of the tests.
pub type TestClient = Client<Keys>;

/// A session over buffers of its own, and what was seen of it.
#[derive(Debug)]
pub struct Endpoint<R> {
    /// The session.
    pub session: Session<R, Vec<u8>, Vec<u8>, Vec<u8>>,
    /// How messages are taken.
    pub mode: Mode,
    /// What its program was told, in order.
    pub seen: Vec<Seen>,
    /// The chunks so far of the message that is open.
    open: Option<(DataKind, Vec<u8>)>,
}

impl<R: Side> Endpoint<R> {
    /// An endpoint at moment 0.
    ///
    /// # Panics
    ///
    /// Where a size is below the least.
    #[must_use]
    pub fn new(sizes: Sizes, config: &Config, mode: Mode) -> Self {
        let buffers = (vec![0; sizes.receive], vec![0; sizes.replies], vec![0; sizes.transmit]);
        let session = Session::new(R::new(), buffers, config, at(0)).expect("sizes that will do");
        Self { session, mode, seen: Vec::new(), open: None }
    }

    /// An endpoint with ample buffers and no deadlines.
    #[must_use]
    pub fn ample(mode: Mode) -> Self {
        Self::new(Sizes::AMPLE, &NO_DEADLINES, mode)
    }

    /// Takes all of `bytes`, as if each fill of the buffer were a read of its own.
    ///
    /// # Panics
    ///
    /// Where there is no room although every event has been taken: a read would never end.
    pub fn receive(&mut self, mut bytes: &[u8], now: u64) {
        while !bytes.is_empty() {
            let space = self.session.space();
            assert!(!space.is_empty(), "no room to read into");
            let n = space.len().min(bytes.len());
            space[..n].copy_from_slice(&bytes[..n]);
            self.session.filled(n, at(now));
            bytes = &bytes[n..];
            self.poll();
        }
    }

    /// Takes every event that is there.
    pub fn poll(&mut self) {
        while self.poll_one() {}
    }

    /// Takes the next event, if one is there.
    pub fn poll_one(&mut self) -> bool {
        let event = match self.mode {
            Mode::Whole => self.poll_message(),
            Mode::Chunks => self.poll_chunk(),
        };
        match event {
            Ok(None) => return false,
            Ok(Some(Some(seen))) => self.seen.push(seen),
            Ok(Some(None)) => {}
            Err(error) => self.seen.push(Seen::Failed(error)),
        }
        true
    }

    fn poll_message(&mut self) -> Result<Option<Option<Seen>>, ProtocolError> {
        let Some(token) = self.session.poll_message()? else { return Ok(None) };
        let (event, _) = self.session.event(token)?;
        Ok(Some(Some(match event {
            Event::Data(message) => seen_message(message),
            other => seen_control(&other),
        })))
    }

    /// Checks what a chunk promises, and puts the message together.
    fn poll_chunk(&mut self) -> Result<Option<Option<Seen>>, ProtocolError> {
        let Some(token) = self.session.poll_chunk()? else { return Ok(None) };
        let (event, _) = self.session.chunk(token)?;
        let chunk = match event {
            Event::Data(chunk) => chunk,
            other => return Ok(Some(Some(seen_control(&other)))),
        };
        assert_eq!(chunk.first, self.open.is_none(), "`first` marks the first chunk");
        assert!(chunk.last || !chunk.part.is_empty(), "only the last chunk may be empty");
        let (kind, bytes) = self.open.get_or_insert((chunk.part.kind(), Vec::new()));
        assert_eq!(*kind, chunk.part.kind(), "all chunks are of one kind");
        bytes.extend(chunk.part.as_bytes());
        if !chunk.last {
            return Ok(Some(None));
        }
        let (kind, bytes) = self.open.take().expect("it is open");
        Ok(Some(Some(match kind {
            DataKind::Text => Seen::Text(String::from_utf8(bytes).expect("chunks of text")),
            DataKind::Binary => Seen::Binary(bytes),
        })))
    }

    /// Takes at most `limit` bytes for the wire.
    pub fn output(&mut self, limit: usize) -> Vec<u8> {
        let pending = self.session.pending();
        let bytes = pending[..limit.min(pending.len())].to_vec();
        self.session.sent(bytes.len());
        bytes
    }

    /// Takes everything that there is for the wire.
    pub fn all_output(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let bytes = self.output(usize::MAX);
            if bytes.is_empty() {
                return all;
            }
            all.extend(bytes);
        }
    }

    /// Lets the time come.
    pub fn time_is(&mut self, now: u64) {
        if let Err(timeout) = self.session.handle_timeout(at(now)) {
            self.seen.push(Seen::TimedOut(timeout));
        }
    }

    /// The moment that it waits for.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        self.session.poll_timeout().map(Instant::as_millis)
    }

    /// Bytes of the message that has come in chunks so far.
    #[must_use]
    pub fn open_message(&self) -> Option<&[u8]> {
        self.open.as_ref().map(|(_, bytes)| bytes.as_slice())
    }

    /// The role by its name, for what a failed test says.
    #[must_use]
    pub fn name() -> &'static str {
        if R::IS_SERVER { "server" } else { "client" }
    }
}

/// The limits of a session whose time stands still.
pub const NO_DEADLINES: Config = Config {
    max_message: usize::MAX,
    ping_interval: None,
    pong_timeout: None,
    idle_timeout: None,
    close_timeout: None,
};

/// The moment `millis` after the start.
#[must_use]
pub const fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// A message as something seen.
#[must_use]
pub fn seen_message(message: Message<'_>) -> Seen {
    match message {
        Message::Text(text) => Seen::Text(text.to_owned()),
        Message::Binary(bytes) => Seen::Binary(bytes.to_vec()),
    }
}

fn seen_control<D>(event: &Event<'_, D>) -> Seen {
    match event {
        Event::Ping(payload) => Seen::Ping(payload.to_vec()),
        Event::Pong(payload) => Seen::Pong(payload.to_vec()),
        Event::Close(frame) => Seen::Close(frame.code.0, frame.reason.to_owned()),
        Event::Data(_) => unreachable!("data is taken before"),
    }
}
