//! Handshakes on a `TcpSocket`, and the types that come of them.

use embassy_net::tcp::{self, TcpReader, TcpSocket, TcpWriter};
use tubesock_core::driver::asynch::{self, Handshake, Timer, WebSocket};
use tubesock_core::driver::{Buffers, HandshakeError};
use tubesock_core::handshake::{
    Accept, ClientRequest, Established, Headers, Refusal, RefusedByServer, Upgrade,
};
use tubesock_core::{Client, MaskSource, Server};

use crate::{EmbassyTimer, Options};

/// What embassy-net's sockets fail with.
pub type TcpError = tcp::Error;

/// A server's connection over a `TcpSocket`.
pub type ServerSocket<'s, 'b> = WebSocket<'b, TcpReader<'s>, TcpWriter<'s>, EmbassyTimer, Server>;

/// A client's connection over a `TcpSocket`.
pub type ClientSocket<'s, 'b, M> =
    WebSocket<'b, TcpReader<'s>, TcpWriter<'s>, EmbassyTimer, Client<M>>;

/// Reads the request of a socket that has accepted, and answers it as `decide`
/// says: [`Options::decide`] is one such way.
///
/// Whatever comes of it, [`end()`](crate::end()) the socket afterwards.
///
/// # Errors
///
/// [`HandshakeError`]; a refusal has been answered.
pub async fn accept<'s, 'b, 'p>(
    socket: &'s mut TcpSocket<'_>,
    mut buffers: Buffers<'b>,
    options: &Options<'_>,
    decide: impl FnOnce(&Upgrade<'_, Headers<'_, '_>>) -> Result<Accept<'p>, Refusal>,
) -> Result<ServerSocket<'s, 'b>, HandshakeError<TcpError, Refusal>> {
    let (mut reader, mut writer) = halves(socket);
    let io = handshake(&mut reader, &mut writer, options);
    let leftover = asynch::accept(io, &mut buffers, decide).await?;
    let io = (reader, writer);
    Ok(WebSocket::new(Server, io, EmbassyTimer, buffers, leftover, &options.config)?)
}

/// Asks the server that the socket is connected to for a WebSocket.
///
/// `nonce` is sixteen random bytes, fresh for each request, and `masks` gives
/// four more for each frame (RFC 6455 §5.3). `agreed` is told what the server
/// has chosen. Of `options`, those that a server uses are of no account here.
///
/// # Errors
///
/// [`HandshakeError`]; then [`abort`](crate::abort) the socket.
pub async fn connect<'s, 'b, M: MaskSource>(
    socket: &'s mut TcpSocket<'_>,
    mut buffers: Buffers<'b>,
    options: &Options<'_>,
    request: &ClientRequest<'_>,
    (nonce, masks): ([u8; 16], M),
    agreed: impl FnOnce(&Established<'_>),
) -> Result<ClientSocket<'s, 'b, M>, HandshakeError<TcpError, RefusedByServer>> {
    let (mut reader, mut writer) = halves(socket);
    let io = handshake(&mut reader, &mut writer, options);
    let leftover = asynch::connect(io, &mut buffers, request, nonce, agreed).await?;
    let io = (reader, writer);
    Ok(WebSocket::new(Client(masks), io, EmbassyTimer, buffers, leftover, &options.config)?)
}

fn halves<'s>(socket: &'s mut TcpSocket<'_>) -> (TcpReader<'s>, TcpWriter<'s>) {
    socket.set_nagle_enabled(false);
    socket.split()
}

fn handshake<'t, 's>(
    reader: &'t mut TcpReader<'s>,
    writer: &'t mut TcpWriter<'s>,
    options: &Options<'_>,
) -> Handshake<'t, TcpReader<'s>, TcpWriter<'s>, EmbassyTimer> {
    let deadline = Some(EmbassyTimer.now() + options.handshake_timeout);
    Handshake { reader, writer, timer: EmbassyTimer, deadline }
}
