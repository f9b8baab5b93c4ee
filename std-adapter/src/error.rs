//! What can go wrong.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use tubesock_core::{ProtocolError, Timeout};

/// Any error of the program's.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a connection ended otherwise than by a closing handshake, or what went
/// wrong in a handler.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke the protocol, or a limit of ours; it was told why.
    Protocol(ProtocolError),
    /// A deadline has passed.
    Timeout(Timeout),
    /// The transport failed, or ended without a Close
    /// ([`UnexpectedEof`](io::ErrorKind::UnexpectedEof)).
    Io(io::Error),
    /// A handler gave an error.
    Handler(BoxError),
    /// A handler panicked, with this message.
    Panic(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => write!(f, "the peer broke the protocol: {error}"),
            Self::Timeout(timeout) => timeout.fmt(f),
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("the peer left without a close")
            }
            Self::Io(error) => write!(f, "the connection was lost: {error}"),
            Self::Handler(error) => write!(f, "a handler failed: {error}"),
            Self::Panic(message) => write!(f, "a handler panicked: {message}"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            Self::Timeout(timeout) => Some(timeout),
            Self::Io(error) => Some(error),
            Self::Handler(error) => Some(&**error),
            Self::Panic(_) => None,
        }
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl From<Timeout> for Error {
    fn from(timeout: Timeout) -> Self {
        Self::Timeout(timeout)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Why something was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closing or closed.
    Closed,
    /// The peer didn't take the message in time. The connection is dropped:
    /// part of the message may be out.
    TimedOut,
    /// The peer reads too slowly: what waits for it has reached the limit.
    QueueFull,
    /// Somebody's fragmented message is open, and didn't end in time.
    MessageInProgress,
    /// A ping payload above 125 bytes, or a close reason above 123.
    TooLong,
    /// A close code that may not be sent (RFC 6455 §7.4).
    CloseCode,
    /// The transport failed.
    Io(io::ErrorKind),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the connection is closed",
            Self::TimedOut => "the peer didn't take the message in time",
            Self::QueueFull => "the peer reads too slowly: its queue is full",
            Self::MessageInProgress => "another sender's fragmented message is open",
            Self::TooLong => "a ping holds 125 bytes, a close reason 123",
            Self::CloseCode => "that close code may not be sent",
            Self::Io(kind) => return write!(f, "the connection was lost: {kind}"),
        })
    }
}

impl StdError for SendError {}

impl From<tubesock_core::SendError> for SendError {
    fn from(error: tubesock_core::SendError) -> Self {
        use tubesock_core::SendError as Core;
        match error {
            Core::Full => Self::QueueFull,
            Core::MessageInProgress | Core::FrameInProgress => Self::MessageInProgress,
            Core::TooLong | Core::ControlTooLong => Self::TooLong,
            Core::CloseCode => Self::CloseCode,
            _ => Self::Closed,
        }
    }
}

/// What a handler may give back: nothing, or a result with any error.
pub trait Outcome {
    /// It as a result.
    #[allow(missing_docs, clippy::missing_errors_doc)]
    fn into_result(self) -> Result<(), BoxError>;
}

impl Outcome for () {
    fn into_result(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> Outcome for Result<(), E> {
    fn into_result(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}
