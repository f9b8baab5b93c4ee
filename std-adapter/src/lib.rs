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

#[cfg(not(unix))]
compile_error!("tubesock-std needs a Unix: Linux, Android, macOS, iOS or a BSD");

mod accept;
mod config;
mod error;
mod link;
mod reactor;
mod receiver;
mod registry;
mod request;
mod sender;
mod server;
mod transport;
mod tubesock;
mod websocket;

pub use config::{Config, Origins};
pub use error::{BoxError, Error, Outcome, SendError};
pub use request::{Head, Refused, Request};
pub use sender::{Prepared, Sender, Transmit};
pub use server::{RunningServer, Server, ServerHandle};
pub use tubesock::{Handlers, Tubesock};
pub use tubesock_core::handler::Closed;
pub use tubesock_core::handshake::Refusal;
pub use tubesock_core::{Chunk, CloseCode, DataKind, Message, ProtocolError, Role, Timeout};
pub use websocket::{Messages, OwnedMessage, WebSocket};
