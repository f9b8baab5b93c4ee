//! Hijack a connection of edge-http.
//!
//! ```no_run
//! use edge_http::io::server::{Connection, Handler};
//! use embedded_io_async::{Read, Write};
//! use tubesock_embassy::{Event, Options, Storage, edge_http::hijack};
//!
//! struct Echo;
//!
//! impl Handler for Echo {
//!     type Error<E: core::fmt::Debug> = edge_http::io::Error<E>;
//!
//!     async fn handle<T, const N: usize>(
//!         &self,
//!         _: impl core::fmt::Display + Copy,
//!         connection: &mut Connection<'_, T, N>,
//!     ) -> Result<(), Self::Error<T::Error>>
//!     where
//!         T: Read + Write + edge_nal::TcpSplit,
//!     {
//!         let mut storage = Storage::<1024, 512>::new();
//!         let Ok(mut socket) = hijack(connection, storage.lend(), &Options::DEFAULT).await else {
//!             return Ok(()); // it has been answered
//!         };
//!         while let Ok(Some((event, mut reply))) = socket.recv().await {
//!             if let Event::Data(message) = event {
//!                 let _ = reply.send(message).await;
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//! ```
//!
//! The check is ours: edge-http's own wants `Connection` to be `Upgrade` and no
//! list, which Firefox sends. So is the 101: edge-http's has a `Content-Length`.
//! edge-http reads a head byte by byte, so no byte of the WebSocket is lost.

use edge_http::io::server::Connection;
use edge_http::{Headers, Method};
use edge_nal::TcpSplit;
use embedded_io_async::{ErrorType, Read, Write};
use tubesock_core::Server;
use tubesock_core::driver::asynch::WebSocket;
use tubesock_core::driver::{Buffers, HandshakeError};
use tubesock_core::handshake::{Refusal, Upgrade};

use crate::fmt::complain;
use crate::{EmbassyTimer, Options};

/// A connection of edge-http that has become a WebSocket.
pub type HijackedSocket<'c, 'b, T> =
    WebSocket<'b, <T as TcpSplit>::Read<'c>, <T as TcpSplit>::Write<'c>, EmbassyTimer, Server>;

/// Answers the request that `connection` is at: with a 101, and then the
/// connection is a WebSocket; or with what is wrong.
///
/// When the WebSocket has closed, return from the handler: edge-http closes
/// the connection.
///
/// # Errors
///
/// [`HandshakeError`]; a refusal has been answered, for which the receive
/// buffer has to have 320 bytes. [`HandshakeError::Ended`] too for a connection
/// that is not at a request.
pub async fn hijack<'c, 'b, T, const N: usize>(
    connection: &'c mut Connection<'_, T, N>,
    buffers: Buffers<'b>,
    options: &Options<'_>,
) -> Result<HijackedSocket<'c, 'b, T>, HandshakeError<<T as ErrorType>::Error, Refusal>>
where
    T: Read + Write + TcpSplit,
{
    buffers.check()?;
    let decided = {
        let head = connection.headers().map_err(|_| HandshakeError::Ended)?;
        let fields = Fields { headers: &head.headers, at: 0 };
        let method = if head.method == Method::Get { "GET" } else { "" };
        Upgrade::from_parsed(method, head.path, head.http11, fields)
            .and_then(|upgrade| options.decide(&upgrade))
    };
    let out = &mut *buffers.receive;
    let written = match &decided {
        Ok(accept) => accept.write(out),
        Err(refusal) => refusal.write(out),
    };
    let length = written.map_err(HandshakeError::Write)?;
    let io = connection.unbind().map_err(|_| HandshakeError::Ended)?;
    let head = out.get(..length).unwrap_or_default();
    io.write_all(head).await.map_err(HandshakeError::Transport)?;
    if let Err(refusal) = decided {
        complain!("websocket: refused: {}", refusal.as_str());
        return Err(HandshakeError::Refused(refusal));
    }
    Ok(WebSocket::new(Server, io.split(), EmbassyTimer, buffers, 0..0, &options.config)?)
}

/// edge-http's header fields, as often as they are wanted.
struct Fields<'h, 'b, const N: usize> {
    headers: &'h Headers<'b, N>,
    at: usize,
}

impl<const N: usize> Clone for Fields<'_, '_, N> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<'h, const N: usize> Iterator for Fields<'h, '_, N> {
    type Item = (&'h str, &'h [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.headers.iter_raw().nth(self.at)?;
        self.at += 1;
        Some(field)
    }
}
