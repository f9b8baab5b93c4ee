//! The server's yes (RFC 6455 §4.2.2).

use super::response::Cursor;
use super::{AcceptKey, WriteError};

/// A 101 response that is to be written, or handed to an HTTP server as
/// [`fields`](Self::fields).
#[derive(Debug, Clone, Copy)]
pub struct Accept<'a> {
    pub(super) key: AcceptKey,
    pub(super) subprotocol: Option<&'a str>,
    pub(super) extensions: Option<&'a str>,
    pub(super) headers: &'a [(&'a str, &'a str)],
}

impl<'a> Accept<'a> {
    /// More header fields, such as `Set-Cookie`.
    ///
    /// # Errors
    ///
    /// [`WriteError::Reserved`] for one that the handshake writes itself.
    pub fn headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Result<Self, WriteError> {
        if headers.iter().any(|(name, _)| is_reserved(name)) {
            return Err(WriteError::Reserved);
        }
        self.headers = headers;
        Ok(self)
    }

    /// The extensions agreed on, as a header field's value (RFC 6455 §9.1).
    #[must_use]
    pub const fn extensions(mut self, value: &'a str) -> Self {
        self.extensions = Some(value);
        self
    }

    /// The subprotocol that was chosen.
    #[must_use]
    pub const fn chosen_subprotocol(&self) -> Option<&'a str> {
        self.subprotocol
    }

    /// The header fields of the response, for an HTTP server that writes it.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        [("Upgrade", "websocket"), ("Connection", "Upgrade")]
            .into_iter()
            .chain([("Sec-WebSocket-Accept", self.key.as_str())])
            .chain(self.subprotocol.map(|name| ("Sec-WebSocket-Protocol", name)))
            .chain(self.extensions.map(|value| ("Sec-WebSocket-Extensions", value)))
            .chain(self.headers.iter().copied())
    }

    /// Writes the whole response, and says how long it is.
    ///
    /// # Errors
    ///
    /// [`WriteError::Full`]: 129 bytes are enough without options.
    /// [`WriteError::Invalid`]: a character that may not stand in a head.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, WriteError> {
        let mut head = Cursor::new(out);
        head.put(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
        )?;
        head.put(self.key.as_bytes())?;
        head.put(b"\r\n")?;
        if let Some(name) = self.subprotocol {
            head.field("Sec-WebSocket-Protocol", name)?;
        }
        if let Some(value) = self.extensions {
            head.field("Sec-WebSocket-Extensions", value)?;
        }
        for (name, value) in self.headers {
            head.field(name, value)?;
        }
        head.put(b"\r\n")?;
        Ok(head.len())
    }
}

/// Fields that the handshake writes, and those that would give a 101 a body.
pub(super) fn is_reserved(name: &str) -> bool {
    const NAMES: [&str; 5] =
        ["upgrade", "connection", "content-length", "transfer-encoding", "host"];
    NAMES.iter().any(|reserved| name.eq_ignore_ascii_case(reserved))
        || name.get(..14).is_some_and(|start| start.eq_ignore_ascii_case("sec-websocket-"))
}
