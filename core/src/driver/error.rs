//! What can go wrong while a driver runs: the transport's errors beside ours.

use core::fmt;

use crate::error::{BufferTooSmall, ProtocolError, SendError, Timeout};
#[cfg(feature = "handshake")]
use crate::handshake::WriteError;

/// Why a connection could not go on, or why something was not sent.
///
/// After any of them but [`Send`](Self::Send) the connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The peer broke the protocol, and has been told.
    Protocol(ProtocolError),
    /// This was not sent; the connection goes on.
    Send(SendError),
    /// A deadline has passed: the peer is gone.
    Timeout(Timeout),
    /// The peer takes no bytes: its pong deadline passed without progress.
    Stalled,
    /// The transport ended without a Close.
    Ended,
    /// The transport failed.
    Transport(E),
}

impl<E> From<SendError> for Error<E> {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl<E> From<Timeout> for Error<E> {
    fn from(timeout: Timeout) -> Self {
        Self::Timeout(timeout)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
            Self::Timeout(timeout) => timeout.fmt(f),
            Self::Stalled => f.write_str("the peer takes no bytes"),
            Self::Ended => f.write_str("the connection ended without a close"),
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for Error<E> {}

/// Why there is no WebSocket: `R` is [`Refusal`](crate::handshake::Refusal)
/// for a server, [`RefusedByServer`](crate::handshake::RefusedByServer) for a
/// client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HandshakeError<E, R> {
    /// A lent buffer is too small; nothing was read or written.
    Buffer(BufferTooSmall),
    /// The other's head is not what it has to be. A server has answered it.
    Refused(R),
    /// Our own head can't be written.
    #[cfg(feature = "handshake")]
    Write(WriteError),
    /// The peer took no bytes until the deadline.
    Stalled,
    /// The transport ended before the head did.
    Ended,
    /// The transport failed.
    Transport(E),
}

impl<E, R> From<BufferTooSmall> for HandshakeError<E, R> {
    fn from(error: BufferTooSmall) -> Self {
        Self::Buffer(error)
    }
}

impl<E: fmt::Display, R: fmt::Display> fmt::Display for HandshakeError<E, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Buffer(error) => error.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            #[cfg(feature = "handshake")]
            Self::Write(error) => error.fmt(f),
            Self::Stalled => f.write_str("the peer takes no bytes"),
            Self::Ended => f.write_str("the connection ended in the handshake"),
            Self::Transport(error) => error.fmt(f),
        }
    }
}

impl<E, R> core::error::Error for HandshakeError<E, R>
where
    E: fmt::Debug + fmt::Display,
    R: fmt::Debug + fmt::Display,
{
}
