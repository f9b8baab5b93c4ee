//! WebSocket by hijacking the connection of any HTTP server, on threads.
//!
//! ```no_run
//! use tubesock_std::Server;
//!
//! fn main() -> std::io::Result<()> {
//!     let server = Server::bind("127.0.0.1:9001")?;
//!     println!("listening on {}", server.local_addr()?);
//!     server.run(|request| {
//!         request.hijack(|tubesock| {
//!             tubesock.on_message(|out, message| out.send(message));
//!         })
//!     })
//! }
//! ```
//!
//! A connection has one thread, which reads it, answers pings and keeps its
//! deadlines; there is no event loop, and a handler may block. A [`Sender`]
//! reaches the peer from any other thread meanwhile, and
//! [`try_send`](Transmit::try_send) never waits for a slow one.
//!
//! # Which way in
//!
//! | you have | use |
//! | --- | --- |
//! | nothing yet | [`Server::bind`], and [`Request::hijack`] in its handler |
//! | a listening socket | [`Server::from_listener`] |
//! | an HTTP server that gives its `TcpStream` away | [`Request::from_parts`] |
//! | a `tiny_http` or `rouille` server | their features, and `hijack_tiny_http`, `hijack_rouille` |
//! | a hyper or axum server | its feature, and `hyper::hijack` |
//! | a server to talk to | [`connect`], or [`Connect`] with more to say |
//! | a stream of another kind, such as TLS | [`connect_over`], [`WebSocket::from_transport`] |
//!
//! # Systems
//!
//! Linux, Android, macOS, iOS and the BSDs: a send that never waits is
//! `MSG_DONTWAIT`, which is theirs.
//!
//! # Panics
//!
//! A panic in a handler goes to the error handlers and ends that connection
//! with 1011; the server lives on, unless the program is built with
//! `panic = "abort"`.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(unix))]
compile_error!("tubesock-std needs a Unix: Linux, Android, macOS, iOS or a BSD");

mod accept;
mod client;
mod config;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(not(feature = "deflate"))]
#[path = "no_deflate.rs"]
mod deflate;
mod error;
mod hijack;
mod link;
mod owned;
mod pool;
mod random;
mod reactor;
mod receiver;
mod registry;
mod request;
mod response;
mod sender;
mod server;
mod transport;
mod tubesock;
mod url;
mod websocket;

pub use client::{
    ClientRole, ClientSocket, Connect, ConnectError, Response, connect, connect_over,
};
pub use config::{Config, Origins};
#[cfg(feature = "deflate")]
pub use deflate::{Agreement, Deflate};
pub use error::{BoxError, Error, Outcome, SendError};
#[cfg(feature = "rouille")]
pub use hijack::hijack_rouille;
#[cfg(feature = "hyper")]
pub use hijack::hyper;
#[cfg(feature = "tiny_http")]
pub use hijack::{TinyHttpRefused, hijack_tiny_http};
pub use owned::OwnedMessage;
pub use random::OsMask;
pub use request::{Head, Refused, Request};
pub use sender::{Prepared, Sender, Transmit};
pub use server::{RunningServer, Server, ServerHandle};
pub use transport::{Split, Transport, Unsplit};
pub use tubesock::{Handlers, Tubesock};
pub use tubesock_core::handler::Closed;
pub use tubesock_core::handshake::Refusal;
pub use tubesock_core::{Chunk, CloseCode, DataKind, Message, ProtocolError, Role, Timeout};
pub use websocket::{Messages, WebSocket};

/// The README's programs, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
