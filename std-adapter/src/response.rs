//! Plain responses, each of which ends its connection.

use std::io::{self, IoSlice, Write};
use std::net::TcpStream;

use tubesock_core::handshake::{Refusal, write_response};

use crate::config::{Config, MILLISECOND};
use crate::reactor::Reactor;

/// Sends a whole response and ends the connection cleanly.
pub(crate) fn send_response(
    mut stream: TcpStream,
    status: u16,
    headers: &[(&str, &str)],
    body: &[u8],
    is_head: bool,
    config: &Config,
    reactor: &Reactor,
) -> io::Result<()> {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut head = vec![0; size + 256];
    let written = write_response(&mut head, status, headers, body.len());
    let (head, body, result) = match written {
        Ok(len) => {
            head.truncate(len);
            (head, if is_head { &[] } else { body }, Ok(()))
        }
        Err(error) => {
            let len = write_response(&mut head, 500, &[], 0).unwrap_or(0);
            head.truncate(len);
            (head, &[][..], Err(io::Error::new(io::ErrorKind::InvalidInput, error)))
        }
    };
    stream.set_write_timeout(Some(config.write_timeout.max(MILLISECOND)))?;
    let sent = write_both(&mut stream, &head, body);
    reactor.drain_stream(stream, config.close_timeout);
    sent.and(result)
}

fn write_both(stream: &mut TcpStream, head: &[u8], body: &[u8]) -> io::Result<()> {
    let first = stream.write_vectored(&[IoSlice::new(head), IoSlice::new(body)])?;
    let of_head = first.min(head.len());
    stream.write_all(&head[of_head..])?;
    stream.write_all(&body[first - of_head..])
}

/// Sends what an [`Refusal`] says.
pub(crate) fn send_refusal(
    stream: TcpStream,
    refusal: Refusal,
    config: &Config,
    reactor: &Reactor,
) {
    let body = format!("{refusal}\n");
    let headers = refusal.headers();
    // The peer may be gone; then nobody misses the answer.
    let _ =
        send_response(stream, refusal.status(), headers, body.as_bytes(), false, config, reactor);
}
