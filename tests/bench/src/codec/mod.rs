//! Each library's codec, fed from memory: the next message, taken as its user takes it.

mod edge;
mod embedded;
mod fast;
mod limit;
mod memory;
mod ours;
mod sockudo;
mod tokio_ws;
mod tung;

pub use limit::Limit;

use crate::frames::Content;

/// Receives messages from an endless row of the same frame.
pub trait Decode {
    /// Receives so many messages, and gives their payloads' length together.
    /// Text has been validated by then.
    fn decode(&mut self, messages: usize) -> usize;
}

/// Sends the same message over and over, as a server.
pub trait Encode {
    /// Sends so many messages, and gives how many bytes went out.
    fn encode(&mut self, messages: usize) -> usize;
}

/// A library, or a limit.
pub struct Library {
    /// Its name.
    pub name: &'static str,
    /// Its receiving side, fed with frames of this content and payload length.
    pub decoder: fn(Content, usize) -> Box<dyn Decode>,
    /// Its sending side.
    pub encoder: fn(Content, usize) -> Box<dyn Encode>,
}

/// All of them, ours first, the limits last.
pub const LIBRARIES: [Library; 8] = [
    ours::LIBRARY,
    tung::LIBRARY,
    fast::LIBRARY,
    tokio_ws::LIBRARY,
    sockudo::LIBRARY,
    embedded::LIBRARY,
    edge::LIBRARY,
    limit::LIBRARY,
];

/// The sizes of the tables, in bytes.
pub const SIZES: [usize; 5] = [16, 125, 1 << 10, 16 << 10, 1 << 20];
