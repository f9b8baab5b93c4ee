//! Heads of HTTP/1.1 messages, read from bytes.

use super::{Refusal, RefusedByServer};

/// Room for the header fields of a head: `N` of them, each four words.
#[derive(Debug)]
pub struct HeaderSlots<'b, const N: usize = 64>([httparse::Header<'b>; N]);

impl<const N: usize> HeaderSlots<'_, N> {
    /// Empty slots.
    #[must_use]
    pub const fn new() -> Self {
        Self([httparse::EMPTY_HEADER; N])
    }
}

impl<const N: usize> Default for HeaderSlots<'_, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Header fields in the order they came, as names and values.
#[derive(Debug, Clone)]
pub struct Headers<'h, 'b>(core::slice::Iter<'h, httparse::Header<'b>>);

impl<'b> Iterator for Headers<'_, 'b> {
    type Item = (&'b str, &'b [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|header| (header.name, header.value))
    }
}

/// The head of a request (RFC 9112 §3).
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'h, 'b> {
    method: &'b str,
    target: &'b str,
    minor_version: u8,
    headers: &'h [httparse::Header<'b>],
}

impl<'h, 'b> RequestHead<'h, 'b> {
    /// Reads the head at the start of `bytes`: it and its length in bytes, or
    /// `None` while bytes are missing.
    ///
    /// # Errors
    ///
    /// [`Refusal::Malformed`], [`Refusal::TooManyHeaders`].
    pub fn parse<const N: usize>(
        bytes: &'b [u8],
        slots: &'h mut HeaderSlots<'b, N>,
    ) -> Result<Option<(Self, usize)>, Refusal> {
        let mut request = httparse::Request::new(&mut slots.0);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::TooManyHeaders),
            Err(_) => return Err(Refusal::Malformed),
        };
        let (Some(method), Some(target), Some(minor_version)) =
            (request.method, request.path, request.version)
        else {
            return Err(Refusal::Malformed);
        };
        Ok(Some((Self { method, target, minor_version, headers: request.headers }, length)))
    }

    /// The method, as it stands there.
    #[must_use]
    pub fn method(&self) -> &'b str {
        self.method
    }

    /// The request target: a path with its query, mostly.
    #[must_use]
    pub fn target(&self) -> &'b str {
        self.target
    }

    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    #[must_use]
    pub fn minor_version(&self) -> u8 {
        self.minor_version
    }

    /// Its header fields.
    #[must_use]
    pub fn headers(&self) -> Headers<'h, 'b> {
        Headers(self.headers.iter())
    }
}

/// The head of a response (RFC 9112 §4).
#[derive(Debug, Clone, Copy)]
pub struct ResponseHead<'h, 'b> {
    status: u16,
    headers: &'h [httparse::Header<'b>],
}

impl<'h, 'b> ResponseHead<'h, 'b> {
    /// Reads the head at the start of `bytes`: it and its length in bytes, or
    /// `None` while bytes are missing.
    ///
    /// # Errors
    ///
    /// [`RefusedByServer::Malformed`], also for a 101 of HTTP/1.0, and
    /// [`RefusedByServer::TooManyHeaders`].
    pub fn parse<const N: usize>(
        bytes: &'b [u8],
        slots: &'h mut HeaderSlots<'b, N>,
    ) -> Result<Option<(Self, usize)>, RefusedByServer> {
        let mut response = httparse::Response::new(&mut slots.0);
        let length = match response.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(RefusedByServer::TooManyHeaders),
            Err(_) => return Err(RefusedByServer::Malformed),
        };
        let (Some(status), Some(minor_version)) = (response.code, response.version) else {
            return Err(RefusedByServer::Malformed);
        };
        // An old proxy may refuse in HTTP/1.0, but can't switch protocols.
        if status == 101 && minor_version == 0 {
            return Err(RefusedByServer::Malformed);
        }
        Ok(Some((Self { status, headers: response.headers }, length)))
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Its header fields.
    #[must_use]
    pub fn headers(&self) -> Headers<'h, 'b> {
        Headers(self.headers.iter())
    }
}
