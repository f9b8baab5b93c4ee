//! What an endpoint must see of bytes: naive, from the beginning each time, with all the memory
//! that it likes. The optimised code is held against it.

use tubesock_core::ProtocolError;

use crate::endpoint::Seen;
use crate::frames::From;

/// What an endpoint sees whose peer, `from`, has sent `bytes` so far; a whole message may have up
/// to `limit` bytes. A failure is given by any error with the right close code.
#[must_use]
pub fn sees(bytes: &[u8], from: From, limit: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    if let Err(error) = read(bytes, from, limit, &mut seen) {
        seen.push(Seen::Failed(error));
    }
    seen
}

const WRONG: ProtocolError = ProtocolError::ReservedBit;

/// Stops with `None` where bytes are missing.
fn read(
    mut rest: &[u8],
    from: From,
    limit: usize,
    seen: &mut Vec<Seen>,
) -> Result<(), ProtocolError> {
    let mut open: Option<(bool, Vec<u8>)> = None;
    let mut empties = 0;
    loop {
        let [b0, b1, ..] = *rest else { return Ok(()) };
        let (fin, opcode) = (b0 & 0x80 != 0, b0 & 0x0F);
        let masked = b1 & 0x80 != 0;
        if b0 & 0x70 != 0 || masked != (from == From::Client) {
            return Err(WRONG);
        }
        let is_control = match (opcode, &open) {
            (0, Some(_)) | (1 | 2, None) => false,
            (8..=10, _) if fin && b1 & 0x7F < 126 => true,
            _ => return Err(WRONG),
        };
        let (len, head) = match b1 & 0x7F {
            126 if rest.len() < 4 => return Ok(()),
            127 if rest.len() < 10 => return Ok(()),
            126 => (u64::from(u16::from_be_bytes([rest[2], rest[3]])), 4),
            127 => (u64::from_be_bytes(rest[2..10].try_into().expect("eight bytes")), 10),
            len => (u64::from(len), 2),
        };
        if head == 4 && len < 126 || head == 10 && len < 65_536 || len >= 1 << 63 {
            return Err(WRONG);
        }
        let head = head + if masked { 4 } else { 0 };
        if rest.len() < head {
            return Ok(());
        }
        let key: [u8; 4] = match masked {
            true => rest[head - 4..head].try_into().expect("four bytes"),
            false => [0; 4],
        };
        let here = &rest[head..];
        let here = &here[..here.len().min(usize::try_from(len).unwrap_or(usize::MAX))];
        let unmask = |(i, byte): (usize, &u8)| byte ^ key[i % 4];
        let payload: Vec<u8> = here.iter().enumerate().map(unmask).collect();
        let is_whole = payload.len() as u64 == len;
        if is_control {
            if !is_whole {
                return Ok(());
            }
            seen.push(match opcode {
                8 => {
                    seen.push(close(&payload)?);
                    return Ok(());
                }
                9 => Seen::Ping(payload),
                _ => Seen::Pong(payload),
            });
        } else {
            let (is_text, message) = open.get_or_insert((opcode == 1, Vec::new()));
            empties = if len == 0 && !fin { empties + 1 } else { 0 };
            if empties > 64 {
                return Err(ProtocolError::EmptyFragments);
            }
            if message.len() as u64 + len > limit as u64 {
                return Err(ProtocolError::MessageTooBig);
            }
            message.extend(payload);
            let text = std::str::from_utf8(message);
            let is_bad = text.is_err_and(|error| error.error_len().is_some() || fin && is_whole);
            if *is_text && is_bad {
                return Err(ProtocolError::InvalidUtf8);
            }
            if !is_whole {
                return Ok(());
            }
            if fin {
                let (is_text, message) = open.take().expect("it is open");
                seen.push(if is_text {
                    Seen::Text(String::from_utf8(message).expect("it was checked"))
                } else {
                    Seen::Binary(message)
                });
            }
        }
        rest = &rest[head + here.len()..];
    }
}

fn close(payload: &[u8]) -> Result<Seen, ProtocolError> {
    let [a, b, reason @ ..] = payload else {
        let empty = Seen::Close(1005, String::new());
        return if payload.is_empty() { Ok(empty) } else { Err(ProtocolError::CloseLength) };
    };
    let code = u16::from_be_bytes([*a, *b]);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(ProtocolError::CloseCode);
    }
    match std::str::from_utf8(reason) {
        Ok(reason) => Ok(Seen::Close(code, reason.to_owned())),
        Err(_) => Err(ProtocolError::InvalidUtf8),
    }
}
