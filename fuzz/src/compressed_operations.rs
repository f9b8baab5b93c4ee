//! Messages through a compressing half, a wire and an inflating half.

use arbitrary::{Arbitrary, Result, Unstructured};
use tubesock_core::deflate::{
    Agreement, Deflate, Encoder, INFLATER_MEMORY, Inflate, Settings, UnlimitedPeer, memory,
    table_len, tokens_len, window_len,
};
use tubesock_core::handshake::ExtensionOffers;
use tubesock_core::session::MIN_RECEIVE;
use tubesock_core::{DataKind, Event, Message, Role, SendError, Server, Session};

use crate::endpoint::{NO_DEADLINES, Seen, TestClient, at};

/// Two endpoints of any settings that agree agree on the same, mirrored, and on nothing that
/// either doesn't want. Then what one sends, compressed or not, whole or in pieces, with pings
/// between, is what the other sees, whole or in chunks, in order and once, and fits the buffers
/// that the agreement asks for.
pub fn check(bytes: &[u8]) {
    let _ = run(&mut Unstructured::new(bytes));
}

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let (ours, theirs) = (settings(input)?, settings(input)?);
    let Some((client, server)) = agree(&ours, &theirs) else { return Ok(()) };
    let mirrored = Agreement {
        receive_bits: server.send_bits,
        receive_takeover: server.send_takeover,
        send_bits: server.receive_bits,
        send_takeover: server.receive_takeover,
    };
    for (settings, agreement) in [(&ours, &client), (&theirs, &server)] {
        assert!(
            settings.receive_memory() >= INFLATER_MEMORY + agreement.ring_len()
                || !agreement.receive_takeover
        );
        assert!(settings.send_memory() >= memory(agreement.send_bits));
    }
    // Each may send less than it may: what counts is that the other's ring is large enough.
    assert!(
        client.receive_bits >= mirrored.receive_bits && server.receive_bits >= client.send_bits
    );
    assert!(client.receive_takeover >= mirrored.receive_takeover);
    assert!(server.receive_takeover >= client.send_takeover);
    if input.arbitrary()? {
        talk::<TestClient, Server>(input, &client, &server)
    } else {
        talk::<Server, TestClient>(input, &server, &client)
    }
}

fn settings(input: &mut Unstructured<'_>) -> Result<Settings> {
    let policies = [UnlimitedPeer::FullWindow, UnlimitedPeer::NoTakeover, UnlimitedPeer::Decline];
    Ok(Settings::new(input.int_in_range(7..=16)?, input.int_in_range(7..=16)?)
        .with_takeover(input.arbitrary()?, input.arbitrary()?)
        .with_unlimited_peer(*input.choose(&policies)?))
}

/// Through the values of the header fields, as they would be written.
fn agree(client: &Settings, server: &Settings) -> Option<(Agreement, Agreement)> {
    let (mut offer, mut value) = ([0; 240], [0; 240]);
    let offer = client.write_offer(&mut offer).expect("240 bytes are enough");
    let offers: std::result::Result<Vec<_>, ()> = ExtensionOffers::new(offer.as_bytes()).collect();
    let answer = server.accept(offers.expect("our own offer can be read"))?;
    let value = answer.write(&mut value).expect("240 bytes are enough");
    let agreement = client.verify(Some(value.as_bytes())).expect("our server's answer");
    Some((agreement.expect("it was answered"), answer.agreement))
}

fn talk<A: crate::endpoint::Side, B: crate::endpoint::Side>(
    input: &mut Unstructured<'_>,
    from: &Agreement,
    to: &Agreement,
) -> Result<()> {
    let bits = from.send_bits;
    let (mut window, mut table) = (vec![0xA5; window_len(bits)], vec![0xA5A5; table_len(bits)]);
    let mut tokens = vec![0xA5A5; tokens_len(bits)];
    let encoder = Encoder::new(bits, &mut window, &mut table, &mut tokens).expect("enough");
    let mut deflate = Deflate::new(from, encoder);
    if input.arbitrary()? {
        deflate = deflate.with_threshold(0);
    }
    let buffers =
        (vec![0; MIN_RECEIVE], vec![0; 252], vec![0; 140 + 9 * usize::from(u8::arbitrary(input)?)]);
    let mut sender = Session::new(A::new(), buffers, &NO_DEADLINES, at(0)).expect("enough");
    let chunks: bool = input.arbitrary()?;
    let receive = if chunks { MIN_RECEIVE + usize::from(u8::arbitrary(input)?) } else { 32 << 10 };
    let mut peer =
        Peer::<B>::new(to, receive, if chunks { 64 + receive % 500 } else { 32 << 10 }, chunks);
    let mut expected = Vec::new();
    for _ in 0..40 {
        if input.is_empty() {
            break;
        }
        let kind = if input.arbitrary()? { DataKind::Text } else { DataKind::Binary };
        let bytes = payload(input, kind)?;
        match input.int_in_range(0..=4u8)? {
            0 => {
                let ping = &bytes[..bytes.len().min(125)];
                if sender.outgoing.ping(ping).is_ok() {
                    expected.push(Seen::Ping(ping.to_vec()));
                }
                continue;
            }
            1 | 2 => loop {
                match deflate.stage(&mut sender.outgoing, message(kind, &bytes)) {
                    Ok(_) => break,
                    Err(SendError::Full) if !sender.pending().is_empty() => {
                        peer.take(&mut sender, usize::MAX);
                    }
                    Err(SendError::Full) => {
                        write(&mut deflate, &mut sender, &mut peer, kind, &[&bytes]);
                        break;
                    }
                    Err(other) => panic!("{other}"),
                }
            },
            3 => {
                let cut = input.int_in_range(0..=bytes.len())?;
                write(
                    &mut deflate,
                    &mut sender,
                    &mut peer,
                    kind,
                    &[&bytes[..cut], &[], &bytes[cut..]],
                );
            }
            _ => {
                // Past the compressor, which doesn't come to know of it.
                if sender.outgoing.stage(message(kind, &bytes)).is_err() {
                    continue;
                }
            }
        }
        expected.push(match kind {
            DataKind::Text => Seen::Text(String::from_utf8(bytes).expect("text")),
            DataKind::Binary => Seen::Binary(bytes),
        });
        peer.take(&mut sender, input.int_in_range(0..=400)?);
    }
    peer.take(&mut sender, usize::MAX);
    assert_eq!(peer.seen, expected);
    Ok(())
}

fn message(kind: DataKind, bytes: &[u8]) -> Message<'_> {
    match kind {
        DataKind::Text => Message::Text(std::str::from_utf8(bytes).expect("text")),
        DataKind::Binary => Message::Binary(bytes),
    }
}

type Over<R> = Session<R, Vec<u8>, Vec<u8>, Vec<u8>>;

fn write<A: Role, B: crate::endpoint::Side>(
    deflate: &mut Deflate<Encoder<'_>>,
    sender: &mut Over<A>,
    peer: &mut Peer<B>,
    kind: DataKind,
    parts: &[&[u8]],
) {
    for (at, part) in parts.iter().enumerate() {
        let mut rest = *part;
        let last = at + 1 == parts.len();
        while !deflate.write(&mut sender.outgoing, kind, &mut rest, last).expect("it is open") {
            assert!(!sender.pending().is_empty(), "neither room nor progress");
            peer.take(sender, usize::MAX);
        }
    }
    assert!(!deflate.in_message());
}

fn payload(input: &mut Unstructured<'_>, kind: DataKind) -> Result<Vec<u8>> {
    let length = input.int_in_range(0..=40.min(input.len()))?;
    let seed = input.bytes(length)?;
    let times = *input.choose(&[1, 1, 2, 5, 90])?;
    let bytes = seed.repeat(times);
    Ok(match kind {
        DataKind::Text => String::from_utf8_lossy(&bytes).into_owned().into_bytes(),
        DataKind::Binary => bytes,
    })
}

/// Who inflates.
struct Peer<R> {
    session: Over<R>,
    inflate: Inflate<Vec<u8>, Vec<u8>>,
    chunks: bool,
    open: Vec<u8>,
    seen: Vec<Seen>,
}

impl<R: crate::endpoint::Side> Peer<R> {
    fn new(agreement: &Agreement, receive: usize, message: usize, chunks: bool) -> Self {
        let buffers = (vec![0; receive], vec![0; 4096], vec![0; 4096]);
        let mut session = Session::new(R::new(), buffers, &NO_DEADLINES, at(0)).expect("enough");
        session.incoming.allow_compression();
        let ring = vec![0xEE; agreement.ring_len()];
        let inflate = Inflate::new(agreement, ring, vec![0; message]).expect("enough");
        Self { session, inflate, chunks, open: Vec::new(), seen: Vec::new() }
    }

    /// So many bytes of what the sender has, at the most.
    fn take<A: Role>(&mut self, sender: &mut Over<A>, most: usize) {
        let mut left = most;
        while left > 0 && !sender.pending().is_empty() {
            let pending = sender.pending();
            let space = self.session.space();
            assert!(!space.is_empty(), "no room to read into");
            let n = space.len().min(pending.len()).min(left);
            space[..n].copy_from_slice(&pending[..n]);
            sender.sent(n);
            left -= n;
            self.session.filled(n, at(0));
            while self.poll() {}
        }
    }

    fn poll(&mut self) -> bool {
        let Session { incoming, replies, .. } = &mut self.session;
        let polled = match self.chunks {
            true => self.inflate.poll_chunk(incoming, replies),
            false => self.inflate.poll_message(incoming, replies),
        };
        let Some(token) = polled.expect("our own frames") else { return false };
        match self.inflate.chunk(incoming, token, replies).expect("our own frames") {
            Event::Data(chunk) => {
                self.open.extend(chunk.part.as_bytes());
                if !self.chunks || chunk.last {
                    let whole = std::mem::take(&mut self.open);
                    self.seen.push(match chunk.part.kind() {
                        DataKind::Text => Seen::Text(String::from_utf8(whole).expect("text")),
                        DataKind::Binary => Seen::Binary(whole),
                    });
                }
            }
            Event::Ping(payload) => self.seen.push(Seen::Ping(payload.to_vec())),
            other => panic!("{other:?} was never sent"),
        }
        true
    }
}
