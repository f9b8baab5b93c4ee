//! What can go wrong after the handshake: whose fault, and which close code.

use core::fmt;

use crate::wire::CloseCode;

/// The peer broke RFC 6455, or a bound of ours. A Close with the code has been
/// queued, and nothing more is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit without an extension that gives it a meaning (§5.2).
    ReservedBit,
    /// An opcode that RFC 6455 reserves (§5.2).
    ReservedOpcode,
    /// A client's frame without a mask (§5.1).
    Unmasked,
    /// A server's frame with a mask (§5.1).
    Masked,
    /// A control frame in fragments (§5.5).
    FragmentedControl,
    /// A control frame of more than 125 bytes (§5.5).
    ControlTooLong,
    /// A length in more bytes than it needs (§5.2).
    NonMinimalLength,
    /// A length of 2^63 or above (§5.2).
    LengthTooLarge,
    /// A continuation where no message is open (§5.4).
    UnexpectedContinuation,
    /// A new message inside an open one (§5.4).
    ExpectedContinuation,
    /// A Close payload of one byte (§5.5.1).
    CloseLength,
    /// A Close with a code that may not stand in a frame (§7.4).
    CloseCode,
    /// Text or a reason that is not UTF-8 (§8.1).
    InvalidUtf8,
    /// A message above the limit, or above what the buffer holds (§7.4.1).
    MessageTooBig,
    /// More empty fragments in a row than anybody needs (§10.4).
    EmptyFragments,
    /// Compressed bytes that are no DEFLATE (RFC 7692 §7.2.2).
    InvalidDeflate,
}

impl ProtocolError {
    /// The code of the Close that answers it (RFC 6455 §7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::InvalidDeflate => CloseCode::INVALID_PAYLOAD,
            Self::MessageTooBig => CloseCode::TOO_BIG,
            Self::EmptyFragments => CloseCode::POLICY,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }

    /// The sentence, short enough for a Close's reason.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReservedBit => "a reserved bit is set",
            Self::ReservedOpcode => "a reserved opcode",
            Self::Unmasked => "a client's frame must be masked",
            Self::Masked => "a server's frame must not be masked",
            Self::FragmentedControl => "a control frame in fragments",
            Self::ControlTooLong => "a control frame of more than 125 bytes",
            Self::NonMinimalLength => "a length in more bytes than it needs",
            Self::LengthTooLarge => "a length of 2^63 or above",
            Self::UnexpectedContinuation => "a continuation without a message",
            Self::ExpectedContinuation => "a message inside a message",
            Self::CloseLength => "a close payload of one byte",
            Self::CloseCode => "a close code that may not be sent",
            Self::InvalidUtf8 => "text that is not UTF-8",
            Self::MessageTooBig => "a message above the limit",
            Self::EmptyFragments => "too many empty fragments",
            Self::InvalidDeflate => "compressed data that is not DEFLATE",
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for ProtocolError {}

/// Why something was not sent. Nothing of it has been staged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// The transmit buffer has no room now: send what is pending first, or
    /// send a large message in pieces.
    Full,
    /// A fragmented message is open: finish it first (§5.4).
    MessageInProgress,
    /// A frame's header is out and its payload isn't: finish it first.
    FrameInProgress,
    /// A piece longer than what its frame's header announced, or a frame of
    /// 2^63 bytes or above.
    TooLong,
    /// A control payload of more than 125 bytes, a reason of more than 123.
    ControlTooLong,
    /// A close code that may not be sent, or a reason without a code (§7.4).
    CloseCode,
    /// A Close has been sent: no data follows it (§5.5.1).
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the transmit buffer is full",
            Self::MessageInProgress => "a fragmented message is open: finish it first",
            Self::FrameInProgress => "a frame is open: finish its payload first",
            Self::TooLong => "more payload than the frame's header announced",
            Self::ControlTooLong => "a control frame holds 125 bytes, a reason 123",
            Self::CloseCode => "that close code may not be sent",
            Self::Closed => "the connection is closing: no data can follow the close",
        })
    }
}

impl core::error::Error for SendError {}

/// A lent buffer is too small; found when the session is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BufferTooSmall {
    /// The receive buffer: at least [`MIN_RECEIVE`](crate::session::MIN_RECEIVE) bytes.
    Receive,
    /// The reply buffer: at least [`MIN_REPLIES`](crate::session::MIN_REPLIES) bytes.
    Replies,
    /// The transmit buffer: at least [`MIN_TRANSMIT`](crate::session::MIN_TRANSMIT) bytes.
    Transmit,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Receive => "the receive buffer must hold at least 134 bytes",
            Self::Replies => "the reply buffer must hold at least 252 bytes",
            Self::Transmit => "the transmit buffer must hold at least 131 bytes",
        })
    }
}

impl core::error::Error for BufferTooSmall {}

/// A deadline has passed, and the connection with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Timeout {
    /// No byte came since the ping was sent: the peer is gone. Drop the
    /// connection; there is nobody to tell.
    Pong,
    /// Our Close was never answered. Drop the connection.
    Close,
}

impl Timeout {
    /// The sentence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pong => "the peer answers no ping",
            Self::Close => "the peer answers no close",
        }
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl core::error::Error for Timeout {}
