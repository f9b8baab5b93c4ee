//! A head, gathered in a buffer until it is whole.

use core::ops::Range;

use super::tokens::is_token_byte;
use super::{HeaderSlots, Refusal, RefusedByServer, RequestHead, ResponseHead};
use crate::time::Instant;

/// Gathers a head in a buffer, which the session can go on with afterwards:
/// what follows the head lies in [`leftover`](Self::leftover).
///
/// A head is parsed once it is whole and not at each byte, so that one sent a
/// byte at a time costs no more than one sent at once.
#[derive(Debug)]
pub struct HeadReader<B> {
    buf: B,
    filled: usize,
    /// Where the head begins: behind the empty lines before it.
    start: usize,
    /// How far the end of the head has been looked for.
    scanned: usize,
    has_line: bool,
    /// Where the head ends, once that is known.
    head_end: usize,
    deadline: Option<Instant>,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> HeadReader<B> {
    /// A reader over `buf`, whose size is the limit of a head, with the moment
    /// until which the head has to be there.
    #[must_use]
    pub const fn new(buf: B, deadline: Option<Instant>) -> Self {
        Self { buf, filled: 0, start: 0, scanned: 0, has_line: false, head_end: 0, deadline }
    }

    /// Where the transport reads into.
    pub fn space(&mut self) -> &mut [u8] {
        self.buf.as_mut().get_mut(self.filled..).unwrap_or_default()
    }

    /// Tells that `n` bytes were read into [`space`](Self::space).
    pub fn filled(&mut self, n: usize) {
        self.filled = self.filled.saturating_add(n).min(self.buf.as_ref().len());
    }

    /// Whether nothing has arrived yet: a connection may end here in peace.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// # Errors
    ///
    /// [`Refusal::Timeout`] when the head should have been here by `now`.
    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), Refusal> {
        match self.deadline {
            Some(deadline) if deadline <= now => Err(Refusal::Timeout),
            _ => Ok(()),
        }
    }

    /// The request head, once it is whole; call it after each read.
    ///
    /// # Errors
    ///
    /// [`Refusal`], as soon as the first line shows it.
    pub fn request<'b, 'h, const N: usize>(
        &'b mut self,
        slots: &'h mut HeaderSlots<'b, N>,
    ) -> Result<Option<RequestHead<'h, 'b>>, Refusal> {
        if !self.is_worth_parsing().map_err(|()| Refusal::Malformed)? {
            return if self.filled == self.buf.as_ref().len() {
                Err(Refusal::HeadTooLong)
            } else {
                Ok(None)
            };
        }
        let full = self.filled == self.buf.as_ref().len();
        let head_end = &mut self.head_end;
        let bytes = self.buf.as_ref().get(..self.filled).unwrap_or(&[]);
        match RequestHead::parse(bytes, slots)? {
            Some((head, length)) => {
                *head_end = length;
                Ok(Some(head))
            }
            None if full => Err(Refusal::HeadTooLong),
            None => Ok(None),
        }
    }

    /// The response head, once it is whole; call it after each read.
    ///
    /// # Errors
    ///
    /// [`RefusedByServer`], as soon as the first line shows it.
    pub fn response<'b, 'h, const N: usize>(
        &'b mut self,
        slots: &'h mut HeaderSlots<'b, N>,
    ) -> Result<Option<ResponseHead<'h, 'b>>, RefusedByServer> {
        if !self.is_worth_parsing().map_err(|()| RefusedByServer::Malformed)? {
            return if self.filled == self.buf.as_ref().len() {
                Err(RefusedByServer::HeadTooLong)
            } else {
                Ok(None)
            };
        }
        let full = self.filled == self.buf.as_ref().len();
        let head_end = &mut self.head_end;
        let bytes = self.buf.as_ref().get(..self.filled).unwrap_or(&[]);
        match ResponseHead::parse(bytes, slots)? {
            Some((head, length)) => {
                *head_end = length;
                Ok(Some(head))
            }
            None if full => Err(RefusedByServer::HeadTooLong),
            None => Ok(None),
        }
    }

    /// Where in the buffer what was read past the head lies.
    #[must_use]
    pub fn leftover(&self) -> Range<usize> {
        self.head_end.min(self.filled)..self.filled
    }

    /// All bytes that have arrived.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.buf.as_ref().get(..self.filled).unwrap_or(&[])
    }

    /// The buffer, to go on with.
    #[must_use]
    pub fn into_buffer(self) -> B {
        self.buf
    }

    /// Whether new bytes end the first line, or the head. Only these two
    /// moments tell more than the one before. Looks at each byte once.
    fn is_worth_parsing(&mut self) -> Result<bool, ()> {
        if self.head_end > 0 {
            return Ok(true);
        }
        let bytes = self.buf.as_ref().get(..self.filled).unwrap_or(&[]);
        if self.scanned == self.start {
            // Empty lines may come before a head (RFC 9112 §2.2).
            let rest = bytes.get(self.start..).unwrap_or(&[]);
            let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            self.start = self.start.saturating_add(empty);
            self.scanned = self.start;
            if bytes.get(self.start).is_some_and(|&byte| !is_token_byte(byte)) {
                return Err(()); // a TLS hello, say
            }
        }
        let from = self.scanned.saturating_sub(2).max(self.start);
        let new = bytes.get(from..).unwrap_or(&[]);
        self.scanned = self.filled;
        #[allow(clippy::manual_contains)] // `contains` brings `memchr` along: flash on a small chip
        let ends_line = !self.has_line && new.iter().any(|&byte| byte == b'\n');
        self.has_line |= ends_line;
        let ends_head = |end: &[u8]| end == b"\n\r\n" || end.ends_with(b"\n\n");
        Ok(ends_line || new.windows(3).any(ends_head))
    }
}

#[cfg(test)]
mod tests;
