//! Drivers: a session over the traits of `embedded-io`.
//!
//! - [`blocking`] (feature `embedded-io`) drives it over anything that blocks:
//!   a UART, a W5500, any blocking stack. Such a stream has no timeouts, so the
//!   session has no deadlines, and its type has no clock.
//! - [`asynch`] (feature `embedded-io-async`) drives it on any executor, with
//!   deadlines by a [`Timer`](asynch::Timer), and can be split between tasks.
//!
//! Neither allocates: the program lends [`Buffers`].

#[cfg(feature = "embedded-io-async")]
pub mod asynch;
#[cfg(feature = "embedded-io")]
pub mod blocking;
mod error;
#[cfg(feature = "handshake")]
mod heads;

pub use error::{Error, HandshakeError};

use crate::error::BufferTooSmall;
use crate::session::{MIN_RECEIVE, MIN_REPLIES, MIN_TRANSMIT};

/// What a program lends to a connection, for the handshake and the session.
#[derive(Debug)]
pub struct Buffers<'b> {
    /// Holds the request's or response's head, then what is received: at least
    /// [`MIN_RECEIVE`] bytes, and what a browser's head needs, about 700.
    pub receive: &'b mut [u8],
    /// Holds pongs and the Close: at least [`MIN_REPLIES`] bytes.
    pub replies: &'b mut [u8],
    /// Holds our own head, then what is sent: at least [`MIN_TRANSMIT`] bytes.
    pub transmit: &'b mut [u8],
}

impl Buffers<'_> {
    /// Whether each is as large as it has to be.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], which says which isn't.
    pub fn check(&self) -> Result<(), BufferTooSmall> {
        if self.receive.len() < MIN_RECEIVE {
            Err(BufferTooSmall::Receive)
        } else if self.replies.len() < MIN_REPLIES {
            Err(BufferTooSmall::Replies)
        } else if self.transmit.len() < MIN_TRANSMIT {
            Err(BufferTooSmall::Transmit)
        } else {
            Ok(())
        }
    }
}

/// Memory for [`Buffers`], to be lent to one connection after the other.
///
/// ```
/// use tubesock_core::driver::Storage;
///
/// static ROOM: std::sync::Mutex<Storage<1024, 512>> = std::sync::Mutex::new(Storage::new());
/// assert!(ROOM.lock().unwrap().lend().check().is_ok());
/// ```
#[derive(Debug)]
pub struct Storage<const RECEIVE: usize, const TRANSMIT: usize> {
    receive: [u8; RECEIVE],
    replies: [u8; MIN_REPLIES],
    transmit: [u8; TRANSMIT],
}

impl<const RECEIVE: usize, const TRANSMIT: usize> Storage<RECEIVE, TRANSMIT> {
    /// Memory of these sizes, in bytes, and [`MIN_REPLIES`] more.
    #[must_use]
    pub const fn new() -> Self {
        const {
            assert!(RECEIVE >= MIN_RECEIVE, "the receive buffer must hold at least 134 bytes");
            assert!(TRANSMIT >= MIN_TRANSMIT, "the transmit buffer must hold at least 131 bytes");
        }
        Self { receive: [0; RECEIVE], replies: [0; MIN_REPLIES], transmit: [0; TRANSMIT] }
    }

    /// Lends it.
    pub fn lend(&mut self) -> Buffers<'_> {
        Buffers {
            receive: &mut self.receive,
            replies: &mut self.replies,
            transmit: &mut self.transmit,
        }
    }
}

impl<const RECEIVE: usize, const TRANSMIT: usize> Default for Storage<RECEIVE, TRANSMIT> {
    fn default() -> Self {
        Self::new()
    }
}
