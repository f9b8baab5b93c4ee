//! Callbacks: `on_open`, `on_message`, `on_close`, `on_error` over a session.

use core::fmt;

use crate::error::{ProtocolError, Timeout};
use crate::session::Message;
use crate::wire::{CloseCode, CloseFrame};

/// What a program does about the events of a connection.
///
/// `T` is what a callback answers with: the transmit half of whatever runs the
/// session. An error that a callback returns goes to
/// [`on_error`](Self::on_error), and whoever runs the session closes it with
/// 1011.
pub trait Handler<T: ?Sized> {
    /// The program's own error.
    type Error;

    /// The handshake is done.
    ///
    /// # Errors
    ///
    /// The program's own.
    fn on_open(&mut self, transmit: &mut T) -> Result<(), Self::Error> {
        let _ = transmit;
        Ok(())
    }

    /// A whole message. It may be answered while it is held.
    ///
    /// # Errors
    ///
    /// The program's own.
    fn on_message(&mut self, transmit: &mut T, message: Message<'_>) -> Result<(), Self::Error>;

    /// The connection is over; the last call of all.
    fn on_close(&mut self, closed: &Closed<'_>) {
        let _ = closed;
    }

    /// Something went wrong; [`on_close`](Self::on_close) follows.
    fn on_error(&mut self, error: HandlerError<Self::Error>) {
        let _ = error;
    }
}

/// How a connection ended, as browsers' `CloseEvent` has it.
///
/// | what happened | `code` | `reason` | `clean` |
/// | --- | --- | --- | --- |
/// | the peer closed, with a code | the peer's | the peer's | yes |
/// | the peer closed, without one | 1005 | empty | yes |
/// | we closed, and the peer answered | the peer's answer | the peer's | yes |
/// | the peer broke the protocol | the code we sent: 1002, 1007, 1008, 1009 | what was wrong | no |
/// | a callback failed | 1011 | empty | no |
/// | we closed, and no answer came in time | 1006 | `the peer answers no close` | no |
/// | the peer answered no ping | 1006 | `the peer answers no ping` | no |
/// | the transport ended or failed without a Close | 1006 | empty | no |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Closed<'a> {
    /// The close code; [`CloseCode::NO_STATUS`] or [`CloseCode::ABNORMAL`]
    /// where none was received.
    pub code: CloseCode,
    /// The reason, for a log.
    pub reason: &'a str,
    /// Whether the closing handshake went through, both ways (RFC 6455 §7.1.4).
    pub clean: bool,
}

impl<'a> Closed<'a> {
    /// The transport ended without a Close.
    pub const ABNORMAL: Closed<'static> =
        Closed { code: CloseCode::ABNORMAL, reason: "", clean: false };

    /// The closing handshake went through.
    #[must_use]
    pub const fn clean(frame: CloseFrame<'a>) -> Self {
        Self { code: frame.code, reason: frame.reason, clean: true }
    }
}

impl From<ProtocolError> for Closed<'static> {
    fn from(error: ProtocolError) -> Self {
        Self { code: error.close_code(), reason: error.as_str(), clean: false }
    }
}

impl From<Timeout> for Closed<'static> {
    fn from(timeout: Timeout) -> Self {
        Self { reason: timeout.as_str(), ..Closed::ABNORMAL }
    }
}

/// What [`Handler::on_error`] is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HandlerError<E> {
    /// A callback failed.
    Handler(E),
    /// The peer broke the protocol.
    Protocol(ProtocolError),
    /// A deadline has passed.
    Timeout(Timeout),
    /// The transport failed, or ended without a Close.
    Transport,
}

impl<E: fmt::Display> fmt::Display for HandlerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handler(error) => error.fmt(f),
            Self::Protocol(error) => error.fmt(f),
            Self::Timeout(timeout) => timeout.fmt(f),
            Self::Transport => f.write_str("the connection was lost"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for HandlerError<E> {}
