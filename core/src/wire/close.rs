//! Close codes and the payload of a Close frame (RFC 6455 §5.5.1, §7.4).

use core::fmt;

use super::utf8;

/// Why a connection ends, as a number (RFC 6455 §7.4).
///
/// Every value can be held; [`is_sendable`](Self::is_sendable) says which may
/// stand in a Close frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of message that this endpoint can't take.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: the Close frame carried no code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the connection ended without a Close frame. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: a message that isn't what its type says, text that isn't UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a message that breaks this endpoint's policy.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message too big to take.
    pub const TOO_BIG: Self = Self(1009);
    /// 1010: the server didn't negotiate an extension that the client needs.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: the server met something that it can't cope with.
    pub const INTERNAL: Self = Self(1011);
    /// 1012: the service restarts.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later.
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1014: a gateway got a bad answer from upstream.
    pub const BAD_GATEWAY: Self = Self(1014);

    /// Whether the code may stand in a Close frame: 1000–1003, 1007–1014 and
    /// 3000–4999 (RFC 6455 §7.4.1, §7.4.2 and the IANA registry).
    #[inline]
    #[must_use]
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

/// What a Close frame said (RFC 6455 §5.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CloseFrame<'a> {
    /// The code; [`CloseCode::NO_STATUS`] where the frame carried none.
    pub code: CloseCode,
    /// The reason, at most 123 bytes; for a log, not for a person.
    pub reason: &'a str,
}

/// What is wrong with the payload of a Close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadClose {
    /// One byte: neither nothing nor a code.
    Length,
    /// A code that may not stand in a frame.
    Code,
    /// A reason that is not UTF-8.
    Reason,
}

impl From<BadClose> for crate::ProtocolError {
    fn from(bad: BadClose) -> Self {
        match bad {
            BadClose::Length => Self::CloseLength,
            BadClose::Code => Self::CloseCode,
            BadClose::Reason => Self::InvalidUtf8,
        }
    }
}

impl<'a> CloseFrame<'a> {
    /// A Close frame without code and reason.
    pub const EMPTY: CloseFrame<'static> = CloseFrame { code: CloseCode::NO_STATUS, reason: "" };

    /// Reads the payload of a Close frame.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, BadClose> {
        if payload.is_empty() {
            return Ok(Self::EMPTY);
        }
        let Some((code, reason)) = payload.split_first_chunk::<2>() else {
            return Err(BadClose::Length);
        };
        let code = CloseCode(u16::from_be_bytes(*code));
        if !code.is_sendable() {
            return Err(BadClose::Code);
        }
        let reason = utf8::validate(reason).map_err(|_| BadClose::Reason)?;
        Ok(Self { code, reason })
    }
}
