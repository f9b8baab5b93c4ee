//! A request for a WebSocket, checked (RFC 6455 §4.2.1).

use super::tokens::{is_same_name, split_scheme, token_list};
use super::{
    Accept, AcceptKey, ExtensionOffers, Headers, OriginPolicy, Refusal, RequestHead, VERSION,
    WriteError, accept_key, list_contains,
};

/// A request that asks for a WebSocket as RFC 6455 wants it asked.
///
/// Whether it gets one is the program's to say: with [`accept`](Self::accept),
/// or with a [`Refusal`] or any other response. `I` gives the header fields
/// again, so nothing of them has to be stored.
#[derive(Debug, Clone)]
pub struct Upgrade<'a, I> {
    target: &'a str,
    host: &'a str,
    origin: Option<&'a str>,
    key: AcceptKey,
    headers: I,
}

impl<'h, 'b> Upgrade<'b, Headers<'h, 'b>> {
    /// Checks a head that was read from bytes.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with the status to answer.
    pub fn new(head: &RequestHead<'h, 'b>) -> Result<Self, Refusal> {
        let version = head.minor_version();
        Self::from_parsed(head.method(), head.target(), version >= 1, head.headers())
    }
}

impl<'a, I: Iterator<Item = (&'a str, &'a [u8])> + Clone> Upgrade<'a, I> {
    /// Checks a request that an HTTP server has parsed: its method, its target
    /// (path and query), whether its version is HTTP/1.1, and its fields, all
    /// lines of those that are lists.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with the status to answer.
    pub fn from_parsed(
        method: &str,
        target: &'a str,
        is_http_1_1: bool,
        headers: I,
    ) -> Result<Self, Refusal> {
        if !is_http_1_1 {
            return Err(Refusal::HttpVersion);
        }
        if method != "GET" {
            return Err(Refusal::Method);
        }
        let seen = Seen::gather(headers.clone())?;
        let host = seen.host.filter(|host| is_host(host)).ok_or(Refusal::Host)?;
        let target = origin_form(target, host).ok_or(Refusal::Target)?;
        if seen.body {
            return Err(Refusal::Body);
        }
        if !seen.upgrade {
            return Err(Refusal::NotWebSocket);
        }
        if !seen.connection {
            return Err(Refusal::Connection);
        }
        if seen.version != Some(VERSION.as_bytes()) {
            return Err(Refusal::Version);
        }
        let key = accept_key(seen.key.ok_or(Refusal::KeyMissing)?).ok_or(Refusal::Key)?;
        Ok(Self { target, host, origin: seen.origin, key, headers })
    }

    /// The path, without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The query, without its question mark.
    #[must_use]
    pub fn query(&self) -> Option<&'a str> {
        self.target.split_once('?').map(|(_, query)| query)
    }

    /// The host, with its port where one is given.
    #[must_use]
    pub const fn host(&self) -> &'a str {
        self.host
    }

    /// The origin of the page that asks, where it is a page.
    #[must_use]
    pub const fn origin(&self) -> Option<&'a str> {
        self.origin
    }

    /// Whether the origin may come in.
    ///
    /// # Errors
    ///
    /// [`Refusal::Origin`].
    pub fn check_origin(&self, policy: OriginPolicy<'_>) -> Result<(), Refusal> {
        if policy.admits(self.origin, self.host) { Ok(()) } else { Err(Refusal::Origin) }
    }

    /// The subprotocols offered, in the client's order of preference, over all
    /// lines of the field.
    pub fn subprotocols(&self) -> impl Iterator<Item = &'a str> + use<'a, I> {
        fields(self.headers.clone(), "sec-websocket-protocol").flat_map(token_list).flatten()
    }

    /// The first of `supported`, in the server's order of preference, that is
    /// offered.
    #[must_use]
    pub fn select_subprotocol<'s>(&self, supported: &[&'s str]) -> Option<&'s str> {
        supported.iter().copied().find(|name| self.offers(name))
    }

    /// The extensions offered, in the client's order of preference, over all
    /// lines of the field.
    pub fn extensions(&self) -> impl Iterator<Item = super::Extension<'a>> + use<'a, I> {
        fields(self.headers.clone(), "sec-websocket-extensions")
            .flat_map(ExtensionOffers::new)
            .flatten()
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> I {
        self.headers.clone()
    }

    /// A yes without a subprotocol.
    #[must_use]
    pub const fn accept<'p>(&self) -> Accept<'p> {
        Accept { key: self.key, subprotocol: None, extensions: None, headers: &[] }
    }

    /// A yes with a subprotocol.
    ///
    /// # Errors
    ///
    /// [`WriteError::Subprotocol`] for one that was not offered.
    pub fn accept_subprotocol<'p>(&self, name: &'p str) -> Result<Accept<'p>, WriteError> {
        if !self.offers(name) {
            return Err(WriteError::Subprotocol);
        }
        Ok(Accept { subprotocol: Some(name), ..self.accept() })
    }

    /// Whether the subprotocol is offered: by loops, which are smaller than
    /// the adapters of [`subprotocols`](Self::subprotocols).
    fn offers(&self, subprotocol: &str) -> bool {
        self.headers.clone().any(|(name, value)| {
            is_same_name(name, "sec-websocket-protocol")
                && token_list(value).any(|offered| offered == Some(subprotocol))
        })
    }
}

/// What one pass over the header fields finds.
#[derive(Default)]
struct Seen<'a> {
    host: Option<&'a str>,
    origin: Option<&'a str>,
    key: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    upgrade: bool,
    connection: bool,
    body: bool,
}

impl<'a> Seen<'a> {
    fn gather(headers: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Self, Refusal> {
        let mut seen = Self::default();
        for (name, value) in headers {
            seen.field(name, value.trim_ascii())?;
        }
        Ok(seen)
    }

    fn field(&mut self, name: &str, value: &'a [u8]) -> Result<(), Refusal> {
        let is = |other: &str| is_same_name(name, other);
        if is("host") {
            let host = core::str::from_utf8(value).map_err(|_| Refusal::Host)?;
            once(&mut self.host, host, Refusal::Host)?;
        } else if is("upgrade") {
            self.upgrade |= list_contains(value, "websocket");
        } else if is("connection") {
            self.connection |= list_contains(value, "upgrade");
        } else if is("origin") {
            let origin = core::str::from_utf8(value).map_err(|_| Refusal::Origin)?;
            once(&mut self.origin, origin, Refusal::Origin)?;
        } else if is("content-length") {
            self.body |= value.is_empty() || value.iter().any(|&digit| digit != b'0');
        } else if is("transfer-encoding") {
            self.body = true;
        } else if is("sec-websocket-key") {
            once(&mut self.key, value, Refusal::DuplicateKey)?;
        } else if is("sec-websocket-version") {
            once(&mut self.version, value, Refusal::DuplicateVersion)?;
        } else if is("sec-websocket-protocol") {
            if token_list(value).any(|item| item.is_none()) {
                return Err(Refusal::Subprotocol);
            }
        } else if is("sec-websocket-extensions")
            && ExtensionOffers::new(value).any(|offer| offer.is_err())
        {
            return Err(Refusal::Extension);
        }
        Ok(())
    }
}

fn once<T>(slot: &mut Option<T>, value: T, twice: Refusal) -> Result<(), Refusal> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(twice),
    }
}

fn fields<'a, I: Iterator<Item = (&'a str, &'a [u8])>>(
    headers: I,
    wanted: &'static str,
) -> impl Iterator<Item = &'a [u8]> + use<'a, I> {
    headers.filter(move |(name, _)| is_same_name(name, wanted)).map(|(_, value)| value)
}

/// A name, an address or an address in brackets, with or without a port.
pub(super) fn is_host(host: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'[' | b']' | b'%')
    };
    !host.is_empty() && host.bytes().all(allowed)
}

/// The path and query of a target: as it stands, or behind `http://host`,
/// which must then be the host of the `Host` field (RFC 9112 §3.2).
fn origin_form<'a>(target: &'a str, host: &str) -> Option<&'a str> {
    if target.starts_with('/') {
        return Some(target);
    }
    let (scheme, rest) = split_scheme(target)?;
    if !["http", "https", "ws", "wss"].iter().any(|known| is_same_name(scheme, known)) {
        return None;
    }
    let end = rest.bytes().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    if !is_same_name(authority, host) {
        return None;
    }
    match path {
        "" => Some("/"),
        _ if path.starts_with('/') => Some(path),
        _ => None, // a query without a path: there is no slice that says `/?query`
    }
}
