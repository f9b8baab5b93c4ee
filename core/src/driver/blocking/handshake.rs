//! The opening handshake, over a blocking stream.

use core::ops::Range;

use embedded_io::{Read, Write};

use crate::driver::heads::{answer, refuse, verify};
use crate::driver::{Buffers, HandshakeError};
use crate::handshake::{
    Accept, ClientRequest, Established, HeadReader, Headers, Refusal, RefusedByServer, Upgrade,
};

/// Reads a request's head into the receive buffer and answers it as `decide`
/// says; gives the range of that buffer that the session begins with.
///
/// A refusal is answered with its status, and then the stream is to be ended
/// as after a session.
///
/// # Errors
///
/// [`HandshakeError`]; [`HandshakeError::Ended`] too for a peer that left
/// before it said anything.
pub fn accept<'p, T: Read + Write>(
    io: &mut T,
    buffers: &mut Buffers<'_>,
    decide: impl FnOnce(&Upgrade<'_, Headers<'_, '_>>) -> Result<Accept<'p>, Refusal>,
) -> Result<Range<usize>, HandshakeError<T::Error, Refusal>> {
    buffers.check()?;
    let mut head = HeadReader::new(&mut *buffers.receive, None);
    let mut decide = Some(decide);
    loop {
        match io.read(head.space()).map_err(HandshakeError::Transport)? {
            0 => return Err(HandshakeError::Ended),
            n => head.filled(n),
        }
        match answer(&mut head, &mut decide, buffers.transmit) {
            Ok(0) => {}
            Ok(length) => {
                write_all(io, buffers.transmit.get(..length).unwrap_or_default())?;
                return Ok(head.leftover());
            }
            Err(refusal) => {
                let length = refuse(refusal, buffers.transmit);
                write_all(io, buffers.transmit.get(..length).unwrap_or_default())?;
                return Err(HandshakeError::Refused(refusal));
            }
        }
    }
}

/// Sends a request for a WebSocket and reads the response's head into the
/// receive buffer; gives the range of that buffer that the session begins with.
///
/// `nonce` is sixteen random bytes, fresh for each request. `agreed` is told
/// what the server has chosen.
///
/// # Errors
///
/// [`HandshakeError`].
pub fn connect<T: Read + Write>(
    io: &mut T,
    buffers: &mut Buffers<'_>,
    request: &ClientRequest<'_>,
    nonce: [u8; 16],
    agreed: impl FnOnce(&Established<'_>),
) -> Result<Range<usize>, HandshakeError<T::Error, RefusedByServer>> {
    buffers.check()?;
    let (length, awaiting) =
        request.write(nonce, buffers.transmit).map_err(HandshakeError::Write)?;
    write_all(io, buffers.transmit.get(..length).unwrap_or_default())?;
    let mut head = HeadReader::new(&mut *buffers.receive, None);
    let mut agreed = Some(agreed);
    loop {
        match io.read(head.space()).map_err(HandshakeError::Transport)? {
            0 => return Err(HandshakeError::Ended),
            n => head.filled(n),
        }
        if verify(&mut head, &awaiting, &mut agreed).map_err(HandshakeError::Refused)? {
            return Ok(head.leftover());
        }
    }
}

fn write_all<T: Write, R>(io: &mut T, mut bytes: &[u8]) -> Result<(), HandshakeError<T::Error, R>> {
    while !bytes.is_empty() {
        match io.write(bytes).map_err(HandshakeError::Transport)? {
            0 => return Err(HandshakeError::Ended),
            n => bytes = bytes.get(n..).unwrap_or_default(),
        }
    }
    io.flush().map_err(HandshakeError::Transport)
}
