//! What an endpoint wants of permessage-deflate, what both agreed on, and what each choice costs.

use super::encoder;
use super::inflater::INFLATER_MEMORY;

/// What this endpoint wants (RFC 7692 §7.1), written as constants:
///
/// ```
/// use tubesock_core::deflate::{Settings, UnlimitedPeer};
///
/// const SMALL: Settings = Settings::new(10, 9).with_unlimited_peer(UnlimitedPeer::NoTakeover);
/// const _: () = assert!(SMALL.receive_memory() <= 12_500 && SMALL.send_memory() <= 4096);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    pub(super) receive_bits: u8,
    pub(super) send_bits: u8,
    pub(super) receive_takeover: bool,
    pub(super) send_takeover: bool,
    pub(super) unlimited: UnlimitedPeer,
}

/// What to do about a peer that can't be told to send with a small window: Firefox and Safari, which don't offer
/// `client_max_window_bits` (RFC 7692 §7.1.2.2), and a server that doesn't answer `server_max_window_bits`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum UnlimitedPeer {
    /// Lend a ring of 32 KiB for it.
    FullWindow,
    /// Have it begin each message afresh, and inflate into the message's own buffer, in which all that it refers to then
    /// lies. A message that is larger than the buffer ends in 1009, in chunks too.
    NoTakeover,
    /// Speak to it without compression.
    Decline,
}

impl Settings {
    /// Windows of 2^`receive_bits` bytes for what is received and 2^`send_bits` for what is sent, with context takeover.
    /// Values outside 8 to 15 are brought there.
    ///
    /// Below 9 few peers follow: zlib, which most of them use, can't make a window of 8 bits.
    #[must_use]
    pub const fn new(receive_bits: u8, send_bits: u8) -> Self {
        Self {
            receive_bits: clamp(receive_bits),
            send_bits: clamp(send_bits),
            receive_takeover: true,
            send_takeover: true,
            unlimited: UnlimitedPeer::FullWindow,
        }
    }

    /// Whether a message may refer to those before it, in each direction. Without, each begins afresh: the ratio of short
    /// messages suffers, and what is compressed once fits every peer.
    #[must_use]
    pub const fn with_takeover(mut self, receive: bool, send: bool) -> Self {
        (self.receive_takeover, self.send_takeover) = (receive, send);
        self
    }

    /// What to do about a peer that can't be told to use a small window. At 15 bits there is none.
    #[must_use]
    pub const fn with_unlimited_peer(mut self, policy: UnlimitedPeer) -> Self {
        self.unlimited = policy;
        self
    }

    /// The bytes that receiving takes at the most: the inflater's state and its ring. Message buffers are the program's.
    #[must_use]
    pub const fn receive_memory(&self) -> usize {
        let bits = match self.unlimited {
            UnlimitedPeer::FullWindow => 15,
            UnlimitedPeer::NoTakeover | UnlimitedPeer::Decline => self.receive_bits,
        };
        INFLATER_MEMORY.saturating_add(window(bits))
    }

    /// The bytes that sending takes with the encoder of this crate: its state, window, table and tokens.
    #[must_use]
    pub const fn send_memory(&self) -> usize {
        encoder::memory(self.send_bits)
    }
}

/// What both ends agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Agreement {
    /// The peer's window has at most 2^this bytes.
    pub receive_bits: u8,
    /// The peer's messages may refer to those before.
    pub receive_takeover: bool,
    /// Ours may have at most 2^this bytes.
    pub send_bits: u8,
    /// Our messages may refer to those before.
    pub send_takeover: bool,
}

impl Agreement {
    /// The bytes of the ring that an inflater needs: the peer's window. Without takeover there is the other way, a ring of
    /// no bytes: see [`Inflate::new`](super::Inflate::new).
    #[must_use]
    pub const fn ring_len(&self) -> usize {
        window(self.receive_bits)
    }
}

pub(super) const fn window(bits: u8) -> usize {
    1usize.wrapping_shl(bits as u32)
}

const fn clamp(bits: u8) -> u8 {
    match bits {
        0..=8 => 8,
        9..=14 => bits,
        _ => 15,
    }
}
