//! The opening handshake (RFC 6455 §4), both sides of it.
//!
//! A server reads a head with [`HeadReader`], or has one from an HTTP server
//! that parsed it, makes an [`Upgrade`] of it, and answers with what
//! [`Upgrade::accept`] writes, or with the [`Refusal`] that it got instead:
//!
//! ```text
//! bytes ──► HeadReader ──► RequestHead ──► Upgrade ──► Accept ──► 101
//! an HTTP server's parsed request ───────────┘  └─ Refusal ─────► 4xx, 503
//! ```
//!
//! A client writes a [`ClientRequest`] and holds the response against the
//! [`Awaiting`] that it got for it.
//!
//! Bytes after a head belong to the WebSocket: each step says where they begin.
//!
//! ```
//! use tubesock_core::handshake::{HeaderSlots, RequestHead, Upgrade};
//!
//! let bytes = b"GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
//!     Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
//!     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x80";
//! let mut slots = HeaderSlots::<16>::new();
//! let (head, length) = RequestHead::parse(bytes, &mut slots)?.expect("it is all here");
//! let upgrade = Upgrade::new(&head)?;
//! let mut response = [0; 256];
//! let used = upgrade.accept().write(&mut response)?;
//! assert!(response[..used].starts_with(b"HTTP/1.1 101 Switching Protocols\r\n"));
//! assert_eq!(bytes[length..], [0x81, 0x80]); // the first bytes of the WebSocket
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept;
mod client;
mod error;
mod head;
mod key;
mod origin;
mod reader;
mod response;
mod tokens;
mod upgrade;

pub use accept::Accept;
pub use client::{Awaiting, ClientRequest, Established};
pub use error::{Refusal, RefusedByServer, WriteError};
pub use head::{HeaderSlots, Headers, RequestHead, ResponseHead};
pub use key::{AcceptKey, accept_key};
pub use origin::{OriginPolicy, host_is_allowed};
pub use reader::HeadReader;
pub use response::write_response;
pub use tokens::{Extension, ExtensionOffers, list_contains};
pub use upgrade::Upgrade;

/// The version of the protocol (RFC 6455 §4.1).
pub const VERSION: &str = "13";
