//! Heads of the opening handshake, between bytes that came and bytes to send.

use crate::handshake::{
    Accept, Awaiting, Established, HeadReader, HeaderSlots, Headers, Refusal, RefusedByServer,
    Upgrade,
};

/// How many header fields a head may have; a browser sends up to about 20.
const MAX_HEADERS: usize = 32;

/// Writes the answer to a request that is whole, and says how long it is.
//
// Not part of an async function: the slots live on the stack for a moment, and
// not in its future.
#[inline(never)]
pub(super) fn answer<'p>(
    head: &mut HeadReader<&mut [u8]>,
    decide: &mut Option<impl FnOnce(&Upgrade<'_, Headers<'_, '_>>) -> Result<Accept<'p>, Refusal>>,
    out: &mut [u8],
) -> Result<usize, Refusal> {
    let mut slots = HeaderSlots::<MAX_HEADERS>::new();
    let Some(request) = head.request(&mut slots)? else { return Ok(0) };
    let upgrade = Upgrade::new(&request)?;
    let Some(decide) = decide.take() else { return Ok(0) };
    // What doesn't fit is ours to mend, but the peer wants to know.
    decide(&upgrade)?.write(out).map_err(|_| Refusal::Unavailable)
}

/// The least answer, the same for all but the status: each field may stand
/// beside each of them.
const REFUSAL: [u8; 123] = *b"HTTP/1.1 400 \r\nConnection: close, Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n";

pub(super) fn refuse(refusal: Refusal, out: &mut [u8]) -> usize {
    let Some(out) = out.first_chunk_mut::<{ REFUSAL.len() }>() else { return 0 };
    *out = REFUSAL;
    let mut status = refusal.status();
    for digit in out.iter_mut().skip(9).take(3).rev() {
        *digit = b'0' | (status % 10) as u8;
        status /= 10;
    }
    REFUSAL.len()
}

pub(super) fn verify(
    head: &mut HeadReader<&mut [u8]>,
    awaiting: &Awaiting<'_>,
    agreed: &mut Option<impl FnOnce(&Established<'_>)>,
) -> Result<bool, RefusedByServer> {
    let mut slots = HeaderSlots::<MAX_HEADERS>::new();
    let Some(response) = head.response(&mut slots)? else { return Ok(false) };
    let established = awaiting.verify(&response)?;
    if let Some(agreed) = agreed.take() {
        agreed(&established);
    }
    Ok(true)
}
