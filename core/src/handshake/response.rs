//! Heads, written into a caller's buffer.

use super::WriteError;
use super::tokens::{is_field_value, is_same_name, is_token};

/// Bytes into a slice, without the machinery of formatting.
pub(super) struct Cursor<'o> {
    out: &'o mut [u8],
    at: usize,
}

impl<'o> Cursor<'o> {
    pub(super) fn new(out: &'o mut [u8]) -> Self {
        Self { out, at: 0 }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let end = self.at.saturating_add(bytes.len());
        let slot = self.out.get_mut(self.at..end).ok_or(WriteError::Full)?;
        slot.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    pub(super) fn number(&mut self, number: usize) -> Result<(), WriteError> {
        let mut digits = [b'0'; 20];
        let (mut rest, mut used) = (number, 0usize);
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.saturating_add((rest % 10) as u8);
            rest /= 10;
            used = used.saturating_add(1);
            if rest == 0 {
                break;
            }
        }
        let from = digits.len().saturating_sub(used);
        self.put(digits.get(from..).unwrap_or(&[]))
    }

    /// A header field of the program's, checked.
    pub(super) fn field(&mut self, name: &str, value: &str) -> Result<(), WriteError> {
        if !is_token(name.as_bytes()) || !is_field_value(value.as_bytes()) {
            return Err(WriteError::Invalid);
        }
        for piece in [name, ": ", value, "\r\n"] {
            self.put(piece.as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.at
    }
}

/// Writes the head of a response that ends its connection, and says how long
/// it is: status line, `Content-Length` of a body of `body_len` bytes,
/// `Connection: close`, and the fields given. A body without a `Content-Type`
/// among them is plain text.
///
/// # Errors
///
/// [`WriteError::Full`]; [`WriteError::Invalid`], also for a status outside
/// 200–599 and a 204 with a body; [`WriteError::Reserved`]
/// for fields that it writes itself.
pub fn write_response(
    out: &mut [u8],
    status: u16,
    headers: &[(&str, &str)],
    body_len: usize,
) -> Result<usize, WriteError> {
    if !(200..=599).contains(&status) {
        return Err(WriteError::Invalid);
    }
    let mut head = Cursor::new(out);
    head.put(b"HTTP/1.1 ")?;
    head.number(usize::from(status))?;
    head.put(b" ")?;
    head.put(reason_phrase(status).as_bytes())?;
    // An `Upgrade` field must be named as the connection's own (RFC 9110 §7.8).
    let upgrades = headers.iter().any(|(name, _)| is_same_name(name, "upgrade"));
    head.put(if upgrades {
        b"\r\nConnection: close, Upgrade\r\n"
    } else {
        b"\r\nConnection: close\r\n"
    })?;
    // A 204 has no body, and may not even say that it is empty (RFC 9110 §8.6).
    if status != 204 {
        head.put(b"Content-Length: ")?;
        head.number(body_len)?;
        head.put(b"\r\n")?;
    } else if body_len > 0 {
        return Err(WriteError::Invalid);
    }
    let mut typed = body_len == 0;
    for (name, value) in headers {
        let is = |other: &str| is_same_name(name, other);
        if is("connection") || is("content-length") || is("transfer-encoding") {
            return Err(WriteError::Reserved);
        }
        typed |= is("content-type");
        head.field(name, value)?;
    }
    if !typed {
        head.put(b"Content-Type: text/plain; charset=utf-8\r\n")?;
    }
    head.put(b"\r\n")?;
    Ok(head.len())
}

/// The usual words beside a status; empty for one that is rare here, which
/// RFC 9112 §4 allows.
const fn reason_phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    }
}
