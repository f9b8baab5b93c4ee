//! Why a handshake fails, and what is answered.

use core::fmt;

/// Why a server doesn't accept a request, with the status to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// Bytes that are no HTTP request head (400).
    Malformed,
    /// A head longer than its buffer (431).
    HeadTooLong,
    /// More header fields than there are slots for (431).
    TooManyHeaders,
    /// HTTP/1.0 or below: it knows no upgrade (400).
    HttpVersion,
    /// A target that is no path, or names another host (400).
    Target,
    /// Another method than GET (405, `Allow: GET`).
    Method,
    /// `Host` missing, given twice, or no host (400).
    Host,
    /// A body announced on an upgrade, which would hide in what follows (400).
    Body,
    /// No `Upgrade: websocket`: an ordinary request (426).
    NotWebSocket,
    /// `Upgrade: websocket` without `Connection: Upgrade` (400).
    Connection,
    /// Another version of the protocol than 13 (426, `Sec-WebSocket-Version: 13`).
    Version,
    /// `Sec-WebSocket-Version` given twice (400).
    DuplicateVersion,
    /// `Sec-WebSocket-Key` missing (400).
    KeyMissing,
    /// `Sec-WebSocket-Key` given twice (400).
    DuplicateKey,
    /// `Sec-WebSocket-Key` that is not 16 bytes in base64 (400).
    Key,
    /// `Sec-WebSocket-Protocol` that is no list of tokens (400).
    Subprotocol,
    /// `Sec-WebSocket-Extensions` that is no list of extensions (400).
    Extension,
    /// An origin that may not come in (403).
    Origin,
    /// A host name that isn't ours (403).
    HostNotAllowed,
    /// Nothing lives at that path (404).
    NotFound,
    /// The head didn't arrive in time (408).
    Timeout,
    /// No room for another connection (503).
    Unavailable,
    /// The server's own response can't be written (500).
    Internal,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::HeadTooLong | Self::TooManyHeaders => 431,
            Self::Method => 405,
            Self::NotWebSocket | Self::Version => 426,
            Self::Origin | Self::HostNotAllowed => 403,
            Self::NotFound => 404,
            Self::Timeout => 408,
            Self::Unavailable => 503,
            Self::Internal => 500,
            _ => 400,
        }
    }

    /// The header fields that the status brings with it.
    #[must_use]
    pub const fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self.status() {
            405 => &[("Allow", "GET")],
            426 => &[("Upgrade", "websocket"), ("Sec-WebSocket-Version", super::VERSION)],
            _ => &[],
        }
    }

    /// What was wrong, in a sentence for the body.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "This is not an HTTP request head.",
            Self::HeadTooLong => "The request head is too long.",
            Self::TooManyHeaders => "The request has too many header fields.",
            Self::HttpVersion => "A WebSocket needs HTTP/1.1.",
            Self::Target => "The request target must be a path on this host.",
            Self::Method => "A WebSocket is opened with GET.",
            Self::Host => "The request needs one Host header field with a host in it.",
            Self::Body => "A request to upgrade must not announce a body.",
            Self::NotWebSocket => "Only WebSocket connections are served here.",
            Self::Connection => "The Connection header field must list Upgrade.",
            Self::Version => "Only version 13 of the WebSocket protocol is served here.",
            Self::DuplicateVersion => "Sec-WebSocket-Version is there twice.",
            Self::KeyMissing => "Sec-WebSocket-Key is missing.",
            Self::DuplicateKey => "Sec-WebSocket-Key is there twice.",
            Self::Key => "Sec-WebSocket-Key must be 16 bytes in base64.",
            Self::Subprotocol => "Sec-WebSocket-Protocol must be a list of tokens.",
            Self::Extension => "Sec-WebSocket-Extensions must be a list of extensions.",
            Self::Origin => "Pages of that origin may not connect here.",
            Self::HostNotAllowed => "That host name is not served here.",
            Self::NotFound => "Nothing is here.",
            Self::Timeout => "The request head took too long.",
            Self::Unavailable => "There is no room for another connection now.",
            Self::Internal => "The server could not write its answer.",
        }
    }

    /// Writes the whole response, with the sentence as its body, and says how
    /// long it is.
    ///
    /// # Errors
    ///
    /// [`WriteError::Full`]; 320 bytes are enough for each.
    pub fn write(self, out: &mut [u8]) -> Result<usize, WriteError> {
        let body = self.as_str().as_bytes();
        let head = super::write_response(out, self.status(), self.headers(), body.len())?;
        let end = head.saturating_add(body.len());
        out.get_mut(head..end).ok_or(WriteError::Full)?.copy_from_slice(body);
        Ok(end)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for Refusal {}

/// Why a head can't be written. What is in the buffer then is to be thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum WriteError {
    /// The buffer is too small.
    Full,
    /// A host, target, header name or value with a character that must not be
    /// there: a line break in it would make header fields of its own.
    Invalid,
    /// A header field that the handshake writes itself.
    Reserved,
    /// A subprotocol that was not offered, or is no token.
    Subprotocol,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the head doesn't fit into its buffer",
            Self::Invalid => "a character that may not stand in a head",
            Self::Reserved => "a header field that the handshake writes itself",
            Self::Subprotocol => "a subprotocol that was not offered",
        })
    }
}

impl core::error::Error for WriteError {}

/// Why a client doesn't take a response for a WebSocket (RFC 6455 §4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RefusedByServer {
    /// Bytes that are no HTTP response head.
    Malformed,
    /// A head longer than its buffer.
    HeadTooLong,
    /// More header fields than there are slots for.
    TooManyHeaders,
    /// Another status than 101: the server refuses, or asks for something else.
    Status(u16),
    /// No `Upgrade: websocket`.
    Upgrade,
    /// No `Connection: Upgrade`.
    Connection,
    /// `Sec-WebSocket-Accept` missing, given twice, or not of our key.
    AcceptKey,
    /// A subprotocol that was not offered, or two of them.
    Subprotocol,
    /// An extension that was not offered.
    Extension,
    /// The response didn't arrive in time.
    Timeout,
}

impl fmt::Display for RefusedByServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the response is not HTTP",
            Self::HeadTooLong => "the response head is too long",
            Self::TooManyHeaders => "the response has too many header fields",
            Self::Status(status) => return write!(f, "the server answered with status {status}"),
            Self::Upgrade => "the response has no Upgrade: websocket",
            Self::Connection => "the response has no Connection: Upgrade",
            Self::AcceptKey => "the response has not the right Sec-WebSocket-Accept",
            Self::Subprotocol => "the server chose a subprotocol that was not offered",
            Self::Extension => "the server chose an extension that was not offered",
            Self::Timeout => "the response took too long",
        })
    }
}

impl core::error::Error for RefusedByServer {}
