//! WebSocket (RFC 6455) as a state machine over fixed buffers: no I/O, no
//! allocator, no clock, no unsafe code, no panic.
//!
//! It is the core of tubesock, and what an adapter for a transport is made of.
//! Programs use an adapter: `tubesock-std` for threads and `std::net`,
//! `tubesock-embassy` for microcontrollers.
//!
//! ```text
//!   wire ◄── handshake                       codecs; the opening handshake
//!     ▲
//!   connection                               every transition of RFC 6455
//!     ▲
//!   session: Incoming, Replies, Outgoing     buffers, events, deadlines
//!     ▲
//!   handler, and the drivers                 callbacks; a transport
//! ```
//!
//! # The run loop
//!
//! After the [`handshake`], a [`Session`] is driven in four steps, over and
//! over. This is all of the contract:
//!
//! 1. **Events.** Call [`Session::poll_message`] (or
//!    [`poll_chunk`](Session::poll_chunk)) until it gives `None`. Each token
//!    becomes an event with [`Session::event`], and may be answered at once.
//! 2. **Output.** Send [`Session::pending`], and say with
//!    [`sent`](Session::sent) how much of it went, until it is empty.
//! 3. **The end.** When [`Session::is_finished`], end the transport: a server
//!    first, with a half-close, and reads until the peer's end (§7.1.1).
//! 4. **Input.** Wait for bytes, at most until [`Session::poll_timeout`]. Read
//!    them into [`Session::space`] and say [`filled`](Session::filled); when
//!    the time has come instead, call [`handle_timeout`](Session::handle_timeout).
//!
//! So replies to all frames of one read go out in one write, and nothing
//! waits: before a read blocks, everything pending is out.
//!
//! ```
//! use tubesock_core::{CloseCode, Config, Event, Instant, Server, Session};
//!
//! let mut wire = std::collections::VecDeque::<u8>::new(); // what the client sent
//! wire.extend(b"\x81\x85\x01\x02\x03\x04\x69\x67\x6f\x68\x6e"); // "hello", masked
//! wire.extend(b"\x88\x82\0\0\0\0\x03\xe8"); // Close 1000
//! let mut out = Vec::<u8>::new(); // what it will receive
//! let now = Instant::from_millis(0); // a clock of your own
//!
//! let buffers = ([0u8; 512], [0u8; 252], [0u8; 512]);
//! let mut session = Session::new(Server, buffers, &Config::DEFAULT, now)?;
//! loop {
//!     while let Some(token) = session.poll_message()? { // 1
//!         let (event, outgoing) = session.event(token)?;
//!         match event {
//!             Event::Data(message) => outgoing.stage(message)?, // an echo
//!             Event::Close(frame) => assert_eq!(frame.code, CloseCode::NORMAL),
//!             _ => {}
//!         }
//!     }
//!     while !session.pending().is_empty() { // 2
//!         let n = { out.extend(session.pending()); session.pending().len() };
//!         session.sent(n);
//!     }
//!     if session.is_finished() { // 3
//!         break;
//!     }
//!     let space = session.space(); // 4
//!     let n = space.len().min(wire.len()).min(3); // a slow wire
//!     space.iter_mut().zip(wire.drain(..n)).for_each(|(to, from)| *to = from);
//!     session.filled(n, now);
//! }
//! assert_eq!(out, b"\x81\x05hello\x88\x02\x03\xe8");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Buffers
//!
//! | buffer | at least | what decides its size |
//! | --- | --- | --- |
//! | receive | [`MIN_RECEIVE`](session::MIN_RECEIVE), 134 B | the largest message to take whole, and 131 B |
//! | replies | [`MIN_REPLIES`](session::MIN_REPLIES), 252 B | how many pongs may wait for the wire |
//! | transmit | [`MIN_TRANSMIT`](session::MIN_TRANSMIT), 131 B | the largest message to send in one frame, and 14 B |
//!
//! They are anything that is `AsRef<[u8]> + AsMut<[u8]>`: `&mut [u8]`, arrays,
//! `heapless::Vec` or `Vec<u8>`. Messages of any size pass in chunks.
//!
//! # Features
//!
//! - `handshake` (default): the opening handshake, with `httparse`,
//!   `sha1_smol` and `base64`;
//! - `simdutf8`: text is checked with wide registers;
//! - `simd`: long payloads are masked with wide registers;
//! - `deflate`: permessage-deflate (RFC 7692);
//! - `embedded-io`, `embedded-io-async`: drivers over those traits;
//! - `defmt`: every public type formats.
//!
//! # Panics
//!
//! Nothing here panics, whatever the input. Lints deny what could, and an
//! image of the wire, connection and session layers links with `panic-never`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::arithmetic_side_effects,
    )
)]

#[cfg(test)]
extern crate std;

pub mod connection;
#[cfg(feature = "deflate")]
pub mod deflate;
#[cfg(any(feature = "embedded-io", feature = "embedded-io-async"))]
pub mod driver;
mod error;
pub mod handler;
#[cfg(feature = "handshake")]
pub mod handshake;
mod role;
pub mod session;
mod time;
pub mod wire;

pub use error::{BufferTooSmall, ProtocolError, SendError, Timeout};
pub use role::{Client, MaskSource, Role, Server};
pub use session::{Chunk, Config, Event, Incoming, Message, Outgoing, Replies, Session, Token};
pub use time::Instant;
pub use wire::{CloseCode, CloseFrame, DataKind};
