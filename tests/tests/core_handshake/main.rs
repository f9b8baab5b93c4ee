//! The opening handshake, both sides of it, without a socket (RFC 6455 §4).

mod accepting;
mod heads;
mod refusals;
mod responses;
mod write;

use tubesock_core::handshake::{HeadReader, HeaderSlots, Refusal, Upgrade};

/// What a server makes of a request that comes in pieces.
fn judge<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<Result<(), Refusal>> {
    let mut reader = HeadReader::new(vec![0; 8 << 10], None);
    for piece in pieces {
        let n = piece.len().min(reader.space().len());
        reader.space()[..n].copy_from_slice(&piece[..n]);
        reader.filled(n);
        match reader.request(&mut HeaderSlots::<128>::new()) {
            Ok(None) => {}
            Ok(Some(head)) => return Some(Upgrade::new(&head).map(|_| ())),
            Err(refusal) => return Some(Err(refusal)),
        }
    }
    None
}

/// What a server makes of a request that is there at once.
fn judge_whole(request: impl AsRef<[u8]>) -> Result<(), Refusal> {
    judge([request.as_ref()].into_iter()).expect("a whole head")
}

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// The request with one text instead of another.
fn with(from: &str, to: &str) -> String {
    assert_eq!(REQUEST.matches(from).count(), 1, "{from}");
    REQUEST.replace(from, to)
}

/// The request with further header lines.
fn and(lines: &str) -> String {
    REQUEST.replace("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"))
}
