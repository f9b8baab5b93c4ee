//! Any operations on two joined endpoints, and what the other side must see of them: kept by a
//! list of what was sent, which knows nothing of frames.

use std::collections::VecDeque;

use tubesock_core::{CloseCode, DataKind, Message, SendError, Server};

use crate::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient, at};

/// An operation on one of two endpoints. Lengths are in bytes.
#[derive(Debug, Clone)]
pub enum Op {
    /// A whole message in one frame.
    Stage(DataKind, usize),
    /// A fragment, the last one or not.
    Fragment(DataKind, usize, bool),
    /// Through `write`, with as much of the wire as it takes.
    Write(DataKind, usize, bool),
    /// Through `begin_frame` and `payload`.
    Frame(DataKind, usize, bool),
    /// A ping.
    Ping(usize),
    /// A pong that nobody asked for.
    Pong(usize),
    /// A Close with that code and a reason of that length.
    Close(u16, usize),
    /// So many bytes onto the wire.
    Send(usize),
    /// So many bytes off the wire.
    Receive(usize),
    /// Another receive buffer, this much larger than it has to be.
    Exchange(usize),
    /// Another transmit buffer, this much larger than it has to be.
    ExchangeTransmit(usize),
    /// Calls that no state permits.
    Wrong,
    /// All that is pending onto the wire, with the buffer that it is in.
    TakePending,
}

/// A client and a server with a wire each way.
#[derive(Debug)]
pub struct Model {
    client: End<TestClient>,
    server: End<Server>,
}

impl Model {
    /// Both with the same buffers, and without deadlines.
    #[must_use]
    pub fn new(sizes: Sizes, mode: Mode) -> Self {
        Self { client: End::new(sizes, mode), server: End::new(sizes, mode) }
    }

    /// One operation, by the client or by the server.
    ///
    /// # Panics
    ///
    /// Where it comes out otherwise than the model has it.
    pub fn apply(&mut self, is_client: bool, op: &Op) {
        match (op, is_client) {
            (Op::Receive(n), true) => {
                deliver(&mut self.server, &mut self.client, *n);
            }
            (Op::Receive(n), false) => {
                deliver(&mut self.client, &mut self.server, *n);
            }
            (op, true) => self.client.apply(op),
            (op, false) => self.server.apply(op),
        }
    }

    /// Lets everything arrive. Each must have seen what the other one sent, in order, once; and
    /// where one has closed, both have ended.
    ///
    /// # Panics
    ///
    /// Where that isn't so.
    pub fn finish(mut self) {
        let Self { client, server } = &mut self;
        loop {
            let sent = client.send(999) + server.send(999);
            if sent + deliver(client, server, 50) + deliver(server, client, 50) == 0 {
                break;
            }
        }
        check(client, server);
        check(server, client);
    }
}

/// An endpoint, the wire that leads away from it, and what its peer must come to see.
#[derive(Debug)]
struct End<R> {
    endpoint: Endpoint<R>,
    wire: VecDeque<u8>,
    sent: Vec<Seen>,
    open: Option<(DataKind, Vec<u8>)>,
    pings: Vec<Vec<u8>>,
    close: Option<Seen>,
    serial: u8,
}

impl<R: Side> End<R> {
    fn new(sizes: Sizes, mode: Mode) -> Self {
        let endpoint = Endpoint::new(sizes, &NO_DEADLINES, mode);
        let (wire, sent, pings) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { endpoint, wire, sent, open: None, pings, close: None, serial: 0 }
    }

    /// A payload that no other operation uses, of whole characters where it has to be text.
    fn payload(&mut self, kind: DataKind, len: usize) -> Vec<u8> {
        self.serial = self.serial.wrapping_add(1);
        let mark = char::from(b'!' + self.serial % 90);
        let text: String = [mark, 'é', '€', '😀'].into_iter().cycle().take(len / 2).collect();
        match kind {
            DataKind::Text => text.into_bytes(),
            DataKind::Binary => (0..len).map(|i| self.serial ^ i as u8).collect(),
        }
    }

    fn send(&mut self, n: usize) -> usize {
        let bytes = self.endpoint.output(n);
        self.wire.extend(&bytes);
        bytes.len()
    }

    /// A piece of a message is staged: so it is the peer's to see.
    fn piece(&mut self, kind: DataKind, payload: &[u8], last: bool) {
        let (kind, mut whole) = self.open.take().unwrap_or((kind, Vec::new()));
        whole.extend(payload);
        if !last {
            self.open = Some((kind, whole));
            return;
        }
        self.sent.push(match kind {
            DataKind::Text => Seen::Text(String::from_utf8(whole).expect("whole characters")),
            DataKind::Binary => Seen::Binary(whole),
        });
    }

    fn message(kind: DataKind, payload: &[u8]) -> Message<'_> {
        match kind {
            DataKind::Text => Message::Text(std::str::from_utf8(payload).expect("text")),
            DataKind::Binary => Message::Binary(payload),
        }
    }

    /// Whether an operation that wants to stage `len` bytes of payload went through; and if not,
    /// that it was for a reason, and staged nothing.
    fn went_through<T>(&self, before: &[u8], len: usize, result: &Result<T, SendError>) -> bool {
        let Err(error) = *result else { return true };
        assert_eq!(self.endpoint.session.outgoing.pending(), before, "nothing is staged");
        match error {
            SendError::Full => {
                let free = self.endpoint.session.outgoing.capacity() - before.len();
                assert!(len + 14 > free, "{len} bytes would have fitted into {free}");
            }
            SendError::Closed => assert!(self.close.is_some()),
            SendError::MessageInProgress => assert!(self.open.is_some()),
            other => panic!("{other}"),
        }
        false
    }

    fn apply(&mut self, op: &Op) {
        let out = &mut self.endpoint.session.outgoing;
        let before = out.pending().to_vec();
        // Of an open message the kind is decided, and it must not grow past the peer's limit.
        let kind_of = |kind: DataKind, open: &Option<(DataKind, Vec<u8>)>| {
            open.as_ref().map_or(kind, |(kind, _)| *kind)
        };
        let is_long = self.open.as_ref().is_some_and(|(_, bytes)| bytes.len() > 1_000);
        match *op {
            Op::Stage(kind, len) => {
                let payload = self.payload(kind, len);
                let result = self.endpoint.session.outgoing.stage(Self::message(kind, &payload));
                if self.went_through(&before, payload.len(), &result) {
                    assert!(self.open.is_none());
                    self.piece(kind, &payload, true);
                }
            }
            Op::Fragment(kind, len, last) => {
                let kind = kind_of(kind, &self.open);
                let last = last || is_long;
                let payload = self.payload(kind, len);
                let message = Self::message(kind, &payload);
                let result = self.endpoint.session.outgoing.fragment(message, last);
                if self.went_through(&before, payload.len(), &result) {
                    self.piece(kind, &payload, last);
                }
            }
            Op::Write(kind, len, last) => {
                let kind = kind_of(kind, &self.open);
                let last = last || is_long;
                let payload = self.payload(kind, len);
                let mut rest = Self::message(kind, &payload);
                loop {
                    let had = rest.len();
                    let written = self.endpoint.session.outgoing.write(&mut rest, last);
                    let done = payload.len() - rest.len();
                    match written {
                        Ok(true) => {
                            if had > 0 || last {
                                self.piece(kind, &payload[payload.len() - had..], last);
                            }
                            break;
                        }
                        Ok(false) => {
                            if had > rest.len() {
                                let from = payload.len() - had;
                                self.piece(kind, &payload[from..done], false);
                            }
                            assert!(self.send(100) > 0, "neither room nor progress");
                        }
                        Err(error) => {
                            assert_eq!(error, SendError::Closed);
                            assert!(self.close.is_some());
                            break;
                        }
                    }
                }
            }
            Op::Frame(kind, len, last) => {
                let kind = kind_of(kind, &self.open);
                let last = last || is_long;
                let payload = self.payload(kind, len);
                let len = payload.len() as u64;
                let result = self.endpoint.session.outgoing.begin_frame(kind, len, false, last);
                if self.went_through(&before, 0, &result) {
                    let mut rest = &payload[..];
                    while !rest.is_empty() {
                        self.endpoint.session.outgoing.payload(&mut rest).expect("it is due");
                        assert!(rest.is_empty() || self.send(77) > 0);
                    }
                    self.piece(kind, &payload, last);
                }
            }
            Op::Ping(len) => {
                let payload = self.payload(DataKind::Binary, len);
                let result = self.endpoint.session.outgoing.ping(&payload);
                if self.went_through(&before, payload.len(), &result) {
                    self.sent.push(Seen::Ping(payload.clone()));
                    self.pings.push(payload);
                }
            }
            Op::Pong(len) => {
                let payload = [&[0xEE; 3][..], &vec![0; len.min(122)]].concat();
                let result = self.endpoint.session.outgoing.pong(&payload);
                if self.went_through(&before, payload.len(), &result) {
                    self.sent.push(Seen::Pong(payload));
                }
            }
            Op::Close(code, len) => {
                let reason = if code == 1005 { String::new() } else { "r".repeat(len) };
                self.endpoint.session.close(CloseCode(code), &reason, at(0)).expect("a good code");
                self.close.get_or_insert(Seen::Close(code, reason));
            }
            Op::Send(n) => {
                self.send(n);
            }
            Op::Receive(_) => {}
            Op::Exchange(more) => {
                let incoming = &mut self.endpoint.session.incoming;
                let size = match self.endpoint.mode {
                    Mode::Chunks => incoming.kept() + Sizes::LEAST.receive + more,
                    Mode::Whole => incoming.capacity() + more,
                };
                assert!(incoming.exchange(vec![0; size]).is_ok());
            }
            Op::ExchangeTransmit(more) => {
                let size = before.len().max(Sizes::LEAST.transmit) + more;
                assert!(
                    out.exchange(vec![0; before.len().min(Sizes::LEAST.transmit - 1)]).is_err()
                );
                assert!(out.exchange(vec![0xEE; size]).is_ok());
                assert_eq!(out.pending(), before);
            }
            Op::Wrong => {
                self.is_refused();
                assert_eq!(self.endpoint.session.outgoing.pending(), before, "nothing is staged");
            }
            Op::TakePending => {
                let spare = vec![0xEE; out.capacity()];
                let (buffer, pending) = out.take_pending(spare).expect("it is large enough");
                assert_eq!(buffer[pending.clone()], before);
                self.wire.extend(&buffer[pending]);
                assert!(self.endpoint.session.outgoing.pending().is_empty());
            }
        }
    }

    fn is_refused(&mut self) {
        let session = &mut self.endpoint.session;
        let out = &mut session.outgoing;
        let mut errors = vec![
            out.payload(&mut &[0][..]).expect_err("no payload is due"),
            out.ping(&[0; 126]).expect_err("too long for a ping"),
            out.begin_frame(DataKind::Text, 1 << 63, false, true).expect_err("too long"),
            out.stage_encoded(&vec![0; out.capacity() + 1]).expect_err("too long for the buffer"),
        ];
        assert!(out.take_pending(vec![0; Sizes::LEAST.transmit - 1]).is_err());
        for (code, reason) in [(1004, 0), (1005, 1), (1016, 0), (5000, 9), (1000, 124)] {
            let reason = "r".repeat(reason);
            errors.push(session.close(CloseCode(code), &reason, at(0)).expect_err("no such Close"));
        }
        for error in errors {
            assert_ne!(error, SendError::FrameInProgress);
            assert!(!error.to_string().contains('\n'));
        }
    }

    /// The peer's Close makes one of ours, unless there is one.
    fn note_close(&mut self) {
        if let Some(Seen::Close(code, _)) = self.endpoint.seen.last() {
            self.close.get_or_insert(Seen::Close(*code, String::new()));
        }
    }
}

fn deliver<A: Side, B: Side>(from: &mut End<A>, to: &mut End<B>, n: usize) -> usize {
    let n = n.min(from.wire.len());
    let bytes: Vec<u8> = from.wire.drain(..n).collect();
    to.endpoint.receive(&bytes, 0);
    to.note_close();
    n
}

fn is_answer(seen: &Seen) -> bool {
    matches!(seen, Seen::Pong(payload) if !payload.starts_with(&[0xEE; 3]))
}

/// Whether `to` saw what `from` sent.
fn check<A: Side, B: Side>(from: &End<A>, to: &End<B>) {
    let mut expected = from.sent.clone();
    expected.extend(from.close.clone());
    let seen: Vec<Seen> = to.endpoint.seen.iter().filter(|s| !is_answer(s)).cloned().collect();
    assert_eq!(seen, expected);
    // Answers to pings come in order, and none that wasn't asked for.
    let mut pings = to.pings.iter();
    for seen in to.endpoint.seen.iter().filter(|seen| is_answer(seen)) {
        let Seen::Pong(payload) = seen else { unreachable!("it is a pong") };
        assert!(pings.any(|ping| ping == payload), "a pong for nothing");
    }
    if from.close.is_none() {
        let last = to.endpoint.seen.iter().rfind(|seen| is_answer(seen));
        let expected = to.pings.last().cloned().map(Seen::Pong);
        assert_eq!(last.cloned(), expected, "the latest ping is always answered");
    }
    assert_eq!(to.endpoint.session.is_finished(), from.close.is_some());
}
