//! permessage-deflate (RFC 7692) over the caller's buffers, without an allocator.
//!
//! ```text
//!   Settings ── accept / write_offer, verify ──► Agreement     in the handshake
//!                                                   │
//!        Incoming ──► Inflate ──► tokens, events    │          receiving
//!        Outgoing ◄── Deflate ◄── messages ◄────────┘          sending
//! ```
//!
//! [`Inflate`] stands before an [`Incoming`](crate::Incoming) and gives the same tokens, [`Deflate`] before an
//! [`Outgoing`](crate::Outgoing); a connection that agreed on nothing uses those two by themselves.
//!
//! ```
//! use tubesock_core::deflate::{Agreement, Compress, Deflate, Encoder, Inflate};
//! use tubesock_core::deflate::{table_len, tokens_len, window_len};
//! use tubesock_core::{Config, Event, Instant, Message, Server, Session};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let agreement = // of the handshake: `Settings::accept(..)`
//!     Agreement { receive_bits: 9, receive_takeover: true, send_bits: 9, send_takeover: true };
//!
//! // The session, with compression let in, and a ring and a message buffer to inflate with.
//! let buffers = ([0u8; 256], [0u8; 252], [0u8; 512]);
//! let mut session = Session::new(Server, buffers, &Config::DEFAULT, Instant::default())?;
//! session.incoming.allow_compression();
//! let mut inflate = Inflate::new(&agreement, [0u8; 512], [0u8; 1024])?;
//!
//! // An encoder over a window, a hash table, and tokens.
//! let (mut window, mut table, mut tokens) =
//!     ([0; window_len(9)], [0; table_len(9)], [0; tokens_len(9)]);
//! let encoder = Encoder::new(agreement.send_bits, &mut window, &mut table, &mut tokens)?;
//! let mut deflate = Deflate::new(&agreement, encoder);
//!
//! // "Hello", compressed as in RFC 7692 §7.2.3.1, masked with zeros.
//! let wire = b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00";
//! session.space()[..wire.len()].copy_from_slice(wire);
//! session.filled(wire.len(), Instant::default());
//! while let Some(token) = inflate.poll_message(&mut session.incoming, &mut session.replies)? {
//!     let event = inflate.event(&mut session.incoming, token, &mut session.replies)?;
//!     if let Event::Data(message) = event {
//!         assert_eq!(message, Message::Text("Hello"));
//!         deflate.stage(&mut session.outgoing, Message::Text("Hello, Hello, Hello, Hello"))?;
//!     }
//! }
//! assert!(session.pending().len() < 20);
//! # Ok(()) }
//! ```
//!
//! # What it costs
//!
//! Receiving takes [`INFLATER_MEMORY`], about 10.5 KB, a ring of 2^bits bytes, which the *peer's* window decides, and a
//! message buffer. Sending takes [`memory`] bytes at the window bits of our own choice, and up to 4 KB of stack while it
//! runs. [`Settings`] gives both sums as constants.
//!
//! | window bits | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 |
//! | --- | --- | --- | --- | --- | --- | --- | --- | --- |
//! | ring, bytes | 256 | 512 | 1,024 | 2,048 | 4,096 | 8,192 | 16,384 | 32,768 |
#![doc = include_str!("memory.md")]
//!
//! # What it saves
//!
//! With context takeover, each message flushed, from one run of
//! `cargo test --release -p tubesock-core --features deflate --lib zlib_at_level_1 -- --nocapture`,
//! on a machine with 64 bits; zlib is the C library, 1.2.13.
//!
#![doc = include_str!("figures.md")]
//!
//! # When it pays
//!
//! With context takeover each message may refer to those before it, and short messages that resemble one another (JSON
//! with the same keys) shrink to a quarter or less, also in the smallest window. Without, only messages of some hundred
//! bytes and more shrink; what is compressed once can then go to everybody, so a broadcast costs one compression.
//! Bytes that are compressed already (pictures, sound, archives) don't shrink: stage those by the `Outgoing` itself, and no
//! time is spent on trying. On a fast network compression costs more time than it saves; it pays where bytes are dear.
//!
//! # What each peer gets
//!
//! Asked for [`Settings::new(10, 12)`](Settings::new), a server agrees on, by [`UnlimitedPeer`]:
//!
//! | peer | its offer | `FullWindow` | `NoTakeover` | `Decline` |
//! | --- | --- | --- | --- | --- |
//! | Chromium, Chrome, Edge, Opera | `client_max_window_bits` | a ring of 1 KiB | a ring of 1 KiB | a ring of 1 KiB |
//! | Firefox, Safari | no parameter | a ring of 32 KiB | no ring, messages afresh | no compression |
//! | Python `websockets` | `client_max_window_bits` | a ring of 1 KiB | a ring of 1 KiB | a ring of 1 KiB |
//! | Node `ws` | `client_max_window_bits` | a ring of 1 KiB | a ring of 1 KiB | a ring of 1 KiB |
//!
//! Our own window is in our own hands: each of them inflates what it is sent with 12 bits, with context takeover.
//!
//! # Secrets
//!
//! The length of what is compressed tells what it resembles. Where one context compresses both a secret and bytes that an
//! attacker chooses, and the attacker sees how long the frames are, the secret can be guessed piece by piece, TLS or not:
//! that is CRIME, and BREACH. Send messages with secrets in them (tokens, cookies, passwords) uncompressed, or don't
//! put what others choose into the same message, and turn context takeover off.

mod compress;
pub mod encoder;
mod inflate;
mod inflater;
#[cfg(feature = "handshake")]
mod negotiate;
mod settings;

#[cfg(test)]
mod tests;

use core::fmt;

pub use compress::{Compress, Deflate};
pub use encoder::{
    BuffersTooSmall, Encoder, Flush, Paused, Progress, max_encoded_len, memory, table_len,
    tokens_len, window_len,
};
pub use inflate::{Inflate, MIN_MESSAGE};
pub use inflater::{INFLATER_MEMORY, Inflater, InvalidDeflate, Stopped};
#[cfg(feature = "handshake")]
pub use negotiate::{Answer, MAX_VALUE, NAME};
pub use settings::{Agreement, Settings, UnlimitedPeer};

/// A buffer lent for inflating is too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BufferTooSmall {
    /// The ring, which must hold the peer's window: [`Agreement::ring_len`].
    Ring,
    /// The message buffer: at least [`MIN_MESSAGE`] bytes.
    Message,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ring => "the ring must hold the peer's window",
            Self::Message => "the message buffer must hold at least 64 bytes",
        })
    }
}

impl core::error::Error for BufferTooSmall {}
