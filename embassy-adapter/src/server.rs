//! A connection from its first byte to its last.

use embassy_net::tcp::TcpSocket;
use tubesock_core::CloseCode;
use tubesock_core::driver::{Buffers, Error, HandshakeError};
use tubesock_core::handshake::Refusal;

use crate::end::has_ended;
use crate::fmt::{complain, report};
use crate::{Options, ServerSocket, TcpError, abort, accept};

/// How a connection that [`serve`] had went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Outcome {
    /// It came to an orderly end.
    Closed,
    /// There was no WebSocket.
    Refused(HandshakeError<TcpError, Refusal>),
    /// The program or the connection failed.
    Failed(Error<TcpError>),
}

/// Serves one connection of a socket that has accepted: handshake, program,
/// close, and the end of TCP. Afterwards the socket can accept again.
///
/// When `program` returns, the connection is closed with 1000; with 1011 where
/// it returns [`Error::Send`]. A peer that is gone is not waited for.
///
/// To look at the request, or to answer it otherwise than
/// [`Options::decide`] does, call [`accept()`] and [`end()`](crate::end()) instead.
pub async fn serve<'s>(
    socket: &mut TcpSocket<'s>,
    buffers: Buffers<'_>,
    options: &Options<'_>,
    program: impl AsyncFnOnce(&mut ServerSocket<'_, '_>) -> Result<(), Error<TcpError>>,
) -> Outcome {
    let limit = options.config.close_timeout.unwrap_or(options.handshake_timeout);
    let outcome = match accept(socket, buffers, options, |upgrade| options.decide(upgrade)).await {
        Err(error) => Outcome::Refused(error),
        Ok(mut websocket) => converse(&mut websocket, program).await,
    };
    finish(socket, outcome, limit).await;
    outcome
}

/// What comes between the handshake and the end of TCP.
pub(crate) async fn converse(
    websocket: &mut ServerSocket<'_, '_>,
    program: impl AsyncFnOnce(&mut ServerSocket<'_, '_>) -> Result<(), Error<TcpError>>,
) -> Outcome {
    report!("websocket: open");
    let mut result = program(websocket).await;
    let code = match result {
        Err(Error::Send(_)) => CloseCode::INTERNAL,
        _ => CloseCode::NORMAL, // unless a violation has set another
    };
    if matches!(result, Ok(()) | Err(Error::Send(_) | Error::Protocol(_))) {
        result = websocket.finish(code, "").await.and(result);
    }
    result.map_or_else(Outcome::Failed, |()| Outcome::Closed)
}

/// Ends TCP as the outcome asks for it.
pub(crate) async fn finish(
    socket: &mut TcpSocket<'_>,
    outcome: Outcome,
    limit: core::time::Duration,
) {
    let mut gone = false;
    match outcome {
        Outcome::Closed => report!("websocket: closed"),
        Outcome::Failed(Error::Protocol(error)) => {
            let _reason = error.as_str();
            complain!("websocket: the peer broke the protocol: {}", _reason);
        }
        Outcome::Refused(HandshakeError::Refused(refusal)) => {
            let _reason = refusal.as_str();
            complain!("websocket: refused: {}", _reason);
        }
        Outcome::Failed(Error::Send(_)) => complain!("websocket: the program failed to send"),
        _ => {
            complain!("websocket: the peer is gone");
            gone = true;
        }
    }
    if !gone {
        socket.close();
        gone = !has_ended(socket, limit).await;
    }
    if gone {
        abort(socket).await;
    }
}
