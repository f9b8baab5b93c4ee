//! Both ends of a compressed connection, without one.

use super::*;
use crate::error::ProtocolError;
use crate::role::{Client, Server};
use crate::session::{Config, Incoming, MIN_REPLIES, Outgoing, Replies, Token};
use crate::{Chunk, Event, Instant, Message};
use std::string::String;

/// A client's compressing transmit half, its frames masked with zeros.
pub(super) struct Peer<'b> {
    pub(super) out: Outgoing<Client<fn() -> [u8; 4]>, Vec<u8>>,
    pub(super) deflate: Deflate<Encoder<'b>>,
}

pub(super) fn no_mask() -> [u8; 4] {
    [0; 4]
}

impl<'b> Peer<'b> {
    pub(super) fn new(lent: &'b mut Lent, takeover: bool) -> Self {
        let deflate = Deflate::new(&agreement(lent.bits, takeover), lent.encoder());
        let out = Outgoing::new(vec![0; 1 << 20], Client(no_mask as fn() -> [u8; 4])).unwrap();
        Self { out, deflate }
    }

    pub(super) fn sent(&mut self) -> Vec<u8> {
        let sent = self.out.pending().to_vec();
        self.out.sent(sent.len());
        sent
    }
}

/// A server's inflating receive half.
pub(super) struct Reader {
    pub(super) incoming: Incoming<Server, Vec<u8>>,
    pub(super) replies: Replies<Vec<u8>>,
    pub(super) inflate: Inflate<Vec<u8>, Vec<u8>>,
}

impl Reader {
    pub(super) fn new(bits: u8, takeover: bool, ring: usize, message: usize) -> Self {
        let mut incoming =
            Incoming::new(vec![0; 400], &Config::DEFAULT, Instant::default()).unwrap();
        incoming.allow_compression();
        let agreement = agreement(bits, takeover);
        Self {
            incoming,
            replies: Replies::new(vec![0; MIN_REPLIES]).unwrap(),
            inflate: Inflate::new(&agreement, vec![b'!'; ring], vec![b'?'; message]).unwrap(),
        }
    }

    /// What of a wire's bytes become messages, and the error that ends them; in chunks where `chunks` says so.
    pub(super) fn read(
        &mut self,
        mut wire: &[u8],
        mut cut: impl FnMut() -> usize,
        chunks: bool,
    ) -> (Vec<Got>, Option<ProtocolError>) {
        let (mut got, mut open) = (vec![], None::<(bool, Vec<u8>)>);
        loop {
            match self.poll(chunks) {
                Ok(Some(token)) => match self.take(token, chunks, &mut open) {
                    Ok(one) => got.extend(one),
                    Err(error) => return (got, Some(error)),
                },
                Ok(None) if self.inflate.wants_room() => {
                    let more = vec![0; self.inflate.capacity() * 2];
                    self.inflate.exchange(more).unwrap();
                }
                Ok(None) if wire.is_empty() => return (got, None),
                Ok(None) => {
                    let n =
                        self.incoming.feed(&wire[..cut().clamp(1, wire.len())], Instant::default());
                    wire = &wire[n..];
                }
                Err(error) => return (got, Some(error)),
            }
        }
    }

    pub(super) fn replied(&mut self) -> Vec<u8> {
        let mut out = Outgoing::new(vec![0; 400], Server).unwrap();
        assert!(out.stage_replies(&mut self.replies));
        out.pending().to_vec()
    }

    pub(super) fn poll(&mut self, chunks: bool) -> Result<Option<Token>, ProtocolError> {
        if chunks {
            self.inflate.poll_chunk(&mut self.incoming, &mut self.replies)
        } else {
            self.inflate.poll_message(&mut self.incoming, &mut self.replies)
        }
    }

    fn take(
        &mut self,
        token: Token,
        chunks: bool,
        open: &mut Option<(bool, Vec<u8>)>,
    ) -> Result<Option<Got>, ProtocolError> {
        if !chunks {
            return Ok(match self.inflate.event(&mut self.incoming, token, &mut self.replies)? {
                Event::Data(message) => Some(Got::from(message)),
                _ => None,
            });
        }
        let event = self.inflate.chunk(&mut self.incoming, token, &mut self.replies)?;
        let Event::Data(Chunk { part, first, last }) = event else { return Ok(None) };
        assert_eq!(first, open.is_none());
        assert!(last || !part.is_empty());
        let (text, bytes) = open.get_or_insert((part.as_text().is_some(), vec![]));
        assert_eq!(*text, part.as_text().is_some());
        bytes.extend_from_slice(part.as_bytes());
        Ok(last.then(|| match open.take().unwrap() {
            (true, bytes) => Got::Text(String::from_utf8(bytes).unwrap()),
            (false, bytes) => Got::Binary(bytes),
        }))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Got {
    Text(String),
    Binary(Vec<u8>),
}

impl From<Message<'_>> for Got {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.into()),
            Message::Binary(bytes) => Self::Binary(bytes.into()),
        }
    }
}

impl Got {
    pub(super) fn message(&self) -> Message<'_> {
        match self {
            Self::Text(text) => Message::Text(text),
            Self::Binary(bytes) => Message::Binary(bytes),
        }
    }
}
