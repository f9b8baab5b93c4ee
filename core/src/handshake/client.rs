//! The client's side: the request, and the response held against it.

use super::accept::is_reserved;
use super::key::{answer, encode_key};
use super::response::Cursor;
use super::tokens::{is_same_name, is_token, token_list};
use super::upgrade::is_host;
use super::{
    AcceptKey, ExtensionOffers, RefusedByServer, ResponseHead, VERSION, WriteError, list_contains,
};

/// A request for a WebSocket (RFC 6455 §4.1).
///
/// ```
/// use tubesock_core::handshake::{ClientRequest, HeaderSlots, ResponseHead};
///
/// let request = ClientRequest::new("example.com", "/chat?room=1").subprotocols(&["chat"]);
/// let mut buf = [0; 512];
/// let nonce = *b"the sample nonce"; // sixteen random bytes, fresh for each request
/// let (length, awaiting) = request.write(nonce, &mut buf)?;
/// assert!(buf[..length].starts_with(b"GET /chat?room=1 HTTP/1.1\r\nHost: example.com\r\n"));
///
/// let response = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
///     Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///     Sec-WebSocket-Protocol: chat\r\n\r\n";
/// let mut slots = HeaderSlots::<16>::new();
/// let (head, _) = ResponseHead::parse(response, &mut slots)?.expect("it is all here");
/// assert_eq!(awaiting.verify(&head)?.subprotocol, Some("chat"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ClientRequest<'a> {
    host: &'a str,
    target: &'a str,
    subprotocols: &'a [&'a str],
    extensions: Option<&'a str>,
    headers: &'a [(&'a str, &'a str)],
}

impl<'a> ClientRequest<'a> {
    /// A request to `host`, with its port where that is not the scheme's, for
    /// `target`: a path, with its query where it has one.
    #[must_use]
    pub const fn new(host: &'a str, target: &'a str) -> Self {
        Self { host, target, subprotocols: &[], extensions: None, headers: &[] }
    }

    /// Offers subprotocols, in order of preference.
    #[must_use]
    pub const fn subprotocols(mut self, names: &'a [&'a str]) -> Self {
        self.subprotocols = names;
        self
    }

    /// Offers extensions, as a header field's value (RFC 6455 §9.1).
    #[must_use]
    pub const fn extensions(mut self, value: &'a str) -> Self {
        self.extensions = Some(value);
        self
    }

    /// More header fields, such as `Origin` or `Authorization`.
    #[must_use]
    pub const fn headers(mut self, headers: &'a [(&'a str, &'a str)]) -> Self {
        self.headers = headers;
        self
    }

    /// Writes the request with a key of sixteen random bytes, and says how
    /// long it is, and what to hold the response against.
    ///
    /// # Errors
    ///
    /// [`WriteError`].
    pub fn write(
        &self,
        nonce: [u8; 16],
        out: &mut [u8],
    ) -> Result<(usize, Awaiting<'a>), WriteError> {
        let path_is_clean = self.target.starts_with('/')
            && self.target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if !path_is_clean || !is_host(self.host) {
            return Err(WriteError::Invalid);
        }
        if self.headers.iter().any(|(name, _)| is_reserved(name)) {
            return Err(WriteError::Reserved);
        }
        let key = encode_key(nonce);
        let accept = answer(&key);
        let mut head = Cursor::new(out);
        for piece in ["GET ", self.target, " HTTP/1.1\r\nHost: ", self.host] {
            head.put(piece.as_bytes())?;
        }
        head.put(b"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ")?;
        head.put(&key)?;
        head.put(b"\r\n")?;
        head.field("Sec-WebSocket-Version", VERSION)?;
        self.write_subprotocols(&mut head)?;
        if let Some(value) = self.extensions {
            head.field("Sec-WebSocket-Extensions", value)?;
        }
        for (name, value) in self.headers {
            head.field(name, value)?;
        }
        head.put(b"\r\n")?;
        let offers_extensions = self.extensions.is_some();
        let awaiting = Awaiting { accept, subprotocols: self.subprotocols, offers_extensions };
        Ok((head.len(), awaiting))
    }

    fn write_subprotocols(&self, head: &mut Cursor<'_>) -> Result<(), WriteError> {
        for (index, name) in self.subprotocols.iter().enumerate() {
            let twice = self.subprotocols.get(..index).is_some_and(|seen| seen.contains(name));
            if twice || !is_token(name.as_bytes()) {
                return Err(WriteError::Subprotocol);
            }
            head.put(if index == 0 { b"Sec-WebSocket-Protocol: " } else { b", " })?;
            head.put(name.as_bytes())?;
        }
        if self.subprotocols.is_empty() { Ok(()) } else { head.put(b"\r\n") }
    }
}

/// A request is out: what its response must say.
#[derive(Debug, Clone, Copy)]
pub struct Awaiting<'a> {
    accept: AcceptKey,
    subprotocols: &'a [&'a str],
    offers_extensions: bool,
}

/// What the server agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Established<'a> {
    /// The subprotocol it chose, one of those offered.
    pub subprotocol: Option<&'a str>,
    /// The extensions it chose, as the value of the header field.
    pub extensions: Option<&'a [u8]>,
}

impl<'a> Awaiting<'a> {
    /// Holds a response against the request.
    ///
    /// # Errors
    ///
    /// [`RefusedByServer`]: this is no WebSocket, and the connection is to be
    /// dropped.
    pub fn verify<'b>(
        &self,
        response: &ResponseHead<'_, 'b>,
    ) -> Result<Established<'b>, RefusedByServer>
    where
        'a: 'b,
    {
        if response.status() != 101 {
            return Err(RefusedByServer::Status(response.status()));
        }
        let (mut upgrade, mut connection, mut accept) = (false, false, 0u32);
        let mut established = Established { subprotocol: None, extensions: None };
        for (name, value) in response.headers() {
            let (is, value) = (|other| is_same_name(name, other), value.trim_ascii());
            if is("upgrade") {
                upgrade |= list_contains(value, "websocket");
            } else if is("connection") {
                connection |= list_contains(value, "upgrade");
            } else if is("sec-websocket-accept") {
                if value != self.accept.as_str().as_bytes() {
                    return Err(RefusedByServer::AcceptKey);
                }
                accept = accept.saturating_add(1);
            } else if is("sec-websocket-protocol") {
                let chosen = self.chosen_subprotocol(value)?;
                if established.subprotocol.replace(chosen).is_some() {
                    return Err(RefusedByServer::Subprotocol);
                }
            } else if is("sec-websocket-extensions") {
                let none = ExtensionOffers::new(value).next().is_none();
                if !none && !self.offers_extensions || established.extensions.is_some() {
                    return Err(RefusedByServer::Extension);
                }
                established.extensions = if none { None } else { Some(value) };
            }
        }
        match (upgrade, connection, accept) {
            (false, _, _) => Err(RefusedByServer::Upgrade),
            (_, false, _) => Err(RefusedByServer::Connection),
            (_, _, 1) => Ok(established),
            _ => Err(RefusedByServer::AcceptKey),
        }
    }

    fn chosen_subprotocol(&self, value: &[u8]) -> Result<&'a str, RefusedByServer> {
        let mut chosen = token_list(value);
        match (chosen.next().flatten(), chosen.next()) {
            (Some(name), None) => self.subprotocols.iter().copied().find(|offer| *offer == name),
            _ => None,
        }
        .ok_or(RefusedByServer::Subprotocol)
    }
}
