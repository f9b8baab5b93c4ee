//! WebSocket (RFC 6455) for microcontrollers, on embassy-net: `no_std`, no
//! allocator, no unsafe code.
//!
//! A connection is hijacked: from an HTTP server, whose request it was, or from
//! a listening socket, where [`serve`] reads the request itself. The program is
//! a loop that receives, and answers while it holds what it received:
//!
//! ```no_run
//! use embassy_net::{Stack, tcp::TcpSocket};
//! use tubesock_embassy::{Event, Options, Storage, serve};
//!
//! async fn echo(stack: Stack<'static>) -> ! {
//!     let (mut rx, mut tx) = ([0; 1024], [0; 1024]);
//!     let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
//!     let mut storage = Storage::<1024, 1024>::new();
//!     loop {
//!         if socket.accept(8080).await.is_err() {
//!             continue;
//!         }
//!         let outcome = serve(&mut socket, storage.lend(), &Options::DEFAULT, async |socket| {
//!             while let Some((event, mut reply)) = socket.recv().await? {
//!                 if let Event::Data(message) = event {
//!                     reply.send(message).await?;
//!                 }
//!             }
//!             Ok(())
//!         })
//!         .await;
//!         // `outcome` says how it went; the socket is ready for the next one.
//!         let _ = outcome;
//!     }
//! }
//! ```
//!
//! [`WebSocket::split`] lets one task receive while others send:
//!
//! ```no_run
//! use embassy_futures::select::{Either, select};
//! use embassy_time::{Duration, Timer};
//! use tubesock_embassy::{Error, ServerSocket, TcpError};
//!
//! async fn sensor(socket: &mut ServerSocket<'_, '_>) -> Result<(), Error<TcpError>> {
//!     let (mut receiver, mut sender) = socket.split();
//!     let listen = async {
//!         while let Some((_event, _reply)) = receiver.recv().await? {} // pings are answered
//!         Ok(())
//!     };
//!     let push = async {
//!         loop {
//!             Timer::after(Duration::from_secs(1)).await;
//!             sender.send("21.5 °C").await?;
//!         }
//!     };
//!     match select(listen, push).await {
//!         Either::First(ended) | Either::Second(ended) => ended,
//!     }
//! }
//! ```
//!
//! Deadlines and keepalive run by embassy-time: a peer that vanishes is
//! noticed, and its socket aborted. See [`asynch`] for what holds of all this:
//! that every future may be dropped at any `.await`, and what is bounded by
//! what.
//!
//! # Ways in
//!
//! | from | with |
//! | --- | --- |
//! | a `TcpSocket` that has accepted | [`serve`], or [`accept()`] and [`end()`] |
//! | a `TcpSocket` that has connected | [`connect`] and [`end_client`] |
//! | a route of picoserve | feature `picoserve`: `picoserve::{Hijack, HttpSocket}` |
//! | a handler of edge-http | feature `edge-http`: `edge_http::hijack` |
//!
//! # What it does to the socket
//!
//! Nagle's algorithm is off. `flush` of embassy-net waits until the peer has
//! acknowledged everything, so it is called at the end alone, and bounded: it
//! never ends after some resets. A server closes its direction first, and
//! discards what still comes until the peer has closed too; closing with bytes
//! unread would reset the connection, and take from the peer what it has not
//! read yet.
//!
//! # Features
//!
//! - `picoserve`, `edge-http`: hijack from those servers;
//! - `defmt` or `log`: events of interest are logged. Neither by default.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "edge-http")]
pub mod edge_http;
mod end;
mod fmt;
mod options;
#[cfg(feature = "picoserve")]
pub mod picoserve;
mod server;
mod socket;
mod time;

pub use end::{abort, end, end_client};
pub use options::Options;
pub use server::{Outcome, serve};
pub use socket::{ClientSocket, ServerSocket, TcpError, accept, connect};
pub use time::EmbassyTimer;

pub use tubesock_core::driver::asynch::{
    self, Flushed, MAX_WAITERS, MessageWriter, Receiver, Reply, SplitSender, WebSocket,
};
pub use tubesock_core::driver::{Buffers, Error, HandshakeError, Storage};
pub use tubesock_core::{
    BufferTooSmall, Chunk, Client, CloseCode, CloseFrame, Config, Event, MaskSource, Message,
    ProtocolError, SendError, Server, Timeout, handshake,
};
