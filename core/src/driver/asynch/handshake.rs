//! The opening handshake, over a transport.

use core::ops::Range;

use embedded_io_async::{Read, Write};

use super::timer::{Clock, Timer};
use crate::driver::heads::{answer, refuse, verify};
use crate::driver::{Buffers, HandshakeError};
use crate::handshake::{
    Accept, ClientRequest, Established, HeadReader, Headers, Refusal, RefusedByServer, Upgrade,
};
use crate::time::{Instant, Millis};

/// What an answer gets beyond the deadline that it tells about.
const GRACE: Millis = Millis::new(Some(core::time::Duration::from_secs(1)));

/// What a handshake runs on.
#[derive(Debug)]
pub struct Handshake<'t, Rd, Wr, T> {
    /// What is read from.
    pub reader: &'t mut Rd,
    /// What is written to.
    pub writer: &'t mut Wr,
    /// Whose time it is.
    pub timer: T,
    /// When it has to be done.
    pub deadline: Option<Instant>,
}

/// Reads a request's head into the receive buffer and answers it as `decide`
/// says; gives the range of that buffer that the session begins with.
///
/// A refusal is answered with its status and no words, which a chip has no
/// room for, and then the transport is to be ended as after a session.
/// Cancel-safe in this sense: dropped, it leaves a transport that is good for
/// nothing but its end.
///
/// # Errors
///
/// [`HandshakeError`]; [`HandshakeError::Ended`] too for a peer that left
/// before it said anything.
pub async fn accept<'p, Rd: Read, Wr: Write<Error = Rd::Error>, T: Timer>(
    io: Handshake<'_, Rd, Wr, T>,
    buffers: &mut Buffers<'_>,
    decide: impl FnOnce(&Upgrade<'_, Headers<'_, '_>>) -> Result<Accept<'p>, Refusal>,
) -> Result<Range<usize>, HandshakeError<Rd::Error, Refusal>> {
    buffers.check()?;
    let clock = Clock { timer: io.timer, patience: GRACE };
    let mut head = HeadReader::new(&mut *buffers.receive, None);
    let mut decide = Some(decide);
    let mut refused = None;
    let mut length = 0;
    while length == 0 {
        let answered = match clock.until(io.deadline, io.reader.read(head.space())).await {
            None => Err(Refusal::Timeout),
            Some(Ok(0)) => return Err(HandshakeError::Ended),
            Some(Ok(n)) => {
                head.filled(n);
                answer(&mut head, &mut decide, buffers.transmit)
            }
            Some(Err(error)) => return Err(HandshakeError::Transport(error)),
        };
        length = answered.unwrap_or_else(|refusal| {
            refused = Some(refusal);
            refuse(refusal, buffers.transmit)
        });
    }
    let leftover = head.leftover();
    let bytes = buffers.transmit.get(..length).unwrap_or_default();
    write_all(io.writer, clock, clock.deadline(), bytes).await?;
    refused.map_or(Ok(leftover), |refusal| Err(HandshakeError::Refused(refusal)))
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
pub async fn connect<Rd: Read, Wr: Write<Error = Rd::Error>, T: Timer>(
    io: Handshake<'_, Rd, Wr, T>,
    buffers: &mut Buffers<'_>,
    request: &ClientRequest<'_>,
    nonce: [u8; 16],
    agreed: impl FnOnce(&Established<'_>),
) -> Result<Range<usize>, HandshakeError<Rd::Error, RefusedByServer>> {
    buffers.check()?;
    let clock = Clock { timer: io.timer, patience: Millis::new(None) };
    let (length, awaiting) =
        request.write(nonce, buffers.transmit).map_err(HandshakeError::Write)?;
    let bytes = buffers.transmit.get(..length).unwrap_or_default();
    write_all(io.writer, clock, io.deadline, bytes).await?;
    let mut head = HeadReader::new(&mut *buffers.receive, io.deadline);
    let mut agreed = Some(agreed);
    loop {
        match clock.until(io.deadline, io.reader.read(head.space())).await {
            None => return Err(HandshakeError::Refused(RefusedByServer::Timeout)),
            Some(Ok(0)) => return Err(HandshakeError::Ended),
            Some(Ok(n)) => head.filled(n),
            Some(Err(error)) => return Err(HandshakeError::Transport(error)),
        }
        if verify(&mut head, &awaiting, &mut agreed).map_err(HandshakeError::Refused)? {
            return Ok(head.leftover());
        }
    }
}

async fn write_all<W: Write, T: Timer, R>(
    writer: &mut W,
    clock: Clock<T>,
    deadline: Option<Instant>,
    mut bytes: &[u8],
) -> Result<(), HandshakeError<W::Error, R>> {
    while !bytes.is_empty() {
        let written = clock.until(deadline, writer.write(bytes)).await;
        match written.ok_or(HandshakeError::Stalled)?.map_err(HandshakeError::Transport)? {
            0 => return Err(HandshakeError::Ended),
            n => bytes = bytes.get(n..).unwrap_or_default(),
        }
    }
    Ok(())
}
