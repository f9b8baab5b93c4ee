//! The state machine of RFC 6455: every transition is in this file.
//!
//! It holds no bytes. [`ReceiveState`] is asked about each frame that arrives
//! and [`SendState`] about each that is to go; either half runs alone, so they
//! may live in two threads or tasks. What one must know of the other travels
//! in [`Replies`](crate::session::Replies): the Close that both have to see.
//!
//! ```text
//!                 first frame, not FIN
//!        ┌───────────────────────────────────┐
//!        │                                   ▼
//!   ┌─────────┐   last fragment (FIN)   ┌───────────┐
//!   │ between │ ◄────────────────────── │ inside a  │ ─┐ fragment,
//!   │messages │                         │  message  │ ◄┘ control frame
//!   └─────────┘                         └───────────┘
//!        │ Close, or a violation              │
//!        └────────────────► ended ◄───────────┘
//! ```
//!
//! Each half goes through these states by itself. A half that has ended stays
//! so: after the peer's Close nothing is read, after ours nothing is sent,
//! and the connection is closed when both have ended (RFC 6455 §7.1.4).

use core::marker::PhantomData;

use crate::error::{ProtocolError, SendError};
use crate::role::Role;
use crate::wire::{DataKind, FrameHeader, MAX_CONTROL_PAYLOAD, Opcode};

/// How many empty fragments may follow one another inside a message.
pub const MAX_EMPTY_FRAMES: u8 = 64;

/// RSV1: the message is compressed (RFC 7692 §6).
const RSV1: u8 = 0x40;

/// What an accepted frame is to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Accepted {
    /// A frame of a message of this kind: its only one, its first, or one
    /// that continues it.
    Data(DataKind),
    /// A ping, to be answered with its own payload.
    Ping,
    /// A pong.
    Pong,
    /// The closing handshake.
    Close,
}

/// The half that receives.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReceiveState<R> {
    message: Option<DataKind>,
    #[cfg(feature = "deflate")]
    compressed: bool,
    ended: bool,
    empty_frames: u8,
    /// The bits of the first byte that no extension uses.
    #[cfg(feature = "deflate")]
    reserved: u8,
    role: PhantomData<fn() -> R>,
}

impl<R: Role> ReceiveState<R> {
    /// The state after the opening handshake.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            message: None,
            #[cfg(feature = "deflate")]
            compressed: false,
            ended: false,
            empty_frames: 0,
            #[cfg(feature = "deflate")]
            reserved: 0x70,
            role: PhantomData,
        }
    }

    /// Lets RSV1 stand for a compressed message (RFC 7692 §6).
    #[cfg(feature = "deflate")]
    pub const fn allow_compression(&mut self) {
        self.reserved = 0x70 & !RSV1;
    }

    #[inline(always)]
    const fn reserved(&self) -> u8 {
        #[cfg(feature = "deflate")]
        return self.reserved;
        #[cfg(not(feature = "deflate"))]
        return 0x70;
    }

    /// Whether a frame that begins with these two bytes may come now; they
    /// are enough to tell, so a violation is known before the rest arrives.
    ///
    /// # Errors
    ///
    /// The rule that it breaks.
    #[inline]
    pub fn check(&self, b0: u8, b1: u8) -> Result<Accepted, ProtocolError> {
        if b0 & self.reserved() != 0 {
            return Err(ProtocolError::ReservedBit);
        }
        if (b1 & 0x80 != 0) != R::IS_SERVER {
            return Err(if R::IS_SERVER { ProtocolError::Unmasked } else { ProtocolError::Masked });
        }
        let kind = match b0 & 0x0F {
            0x0 => {
                if b0 & RSV1 != 0 {
                    return Err(ProtocolError::ReservedBit);
                }
                return match self.message {
                    Some(kind) => Ok(Accepted::Data(kind)),
                    None => Err(ProtocolError::UnexpectedContinuation),
                };
            }
            0x1 => DataKind::Text,
            0x2 => DataKind::Binary,
            control => return Self::check_control(control, b0, b1),
        };
        if self.message.is_some() {
            return Err(ProtocolError::ExpectedContinuation);
        }
        Ok(Accepted::Data(kind))
    }

    /// Whether a message may begin: none is open, and reading is not over.
    #[inline(always)]
    pub(crate) const fn is_between_messages(&self) -> bool {
        !self.ended && self.message.is_none()
    }

    /// The kind of the message that a frame with these first two bytes is by
    /// itself, uncompressed, between two messages. It leaves the state as it
    /// is: what it says `None` to goes by [`check`](Self::check) and
    /// [`begin_data`](Self::begin_data).
    #[inline(always)]
    pub(crate) const fn whole_message(&self, b0: u8, b1: u8) -> Option<DataKind> {
        if (b1 & 0x80 != 0) != R::IS_SERVER {
            return None;
        }
        match b0 {
            0x81 => Some(DataKind::Text),
            0x82 => Some(DataKind::Binary),
            _ => None,
        }
    }

    fn check_control(opcode: u8, b0: u8, b1: u8) -> Result<Accepted, ProtocolError> {
        let accepted = match Opcode::from_bits(opcode) {
            Some(Opcode::Close) => Accepted::Close,
            Some(Opcode::Ping) => Accepted::Ping,
            Some(Opcode::Pong) => Accepted::Pong,
            _ => return Err(ProtocolError::ReservedOpcode),
        };
        if b0 & RSV1 != 0 {
            return Err(ProtocolError::ReservedBit);
        }
        if b0 & 0x80 == 0 {
            return Err(ProtocolError::FragmentedControl);
        }
        if usize::from(b1 & 0x7F) > MAX_CONTROL_PAYLOAD {
            return Err(ProtocolError::ControlTooLong);
        }
        Ok(accepted)
    }

    /// Takes in a data frame that [`check`](Self::check) let pass, by its
    /// whole header: from here on it is part of the message.
    ///
    /// # Errors
    ///
    /// [`ProtocolError::EmptyFragments`].
    #[inline]
    pub fn begin_data(
        &mut self,
        header: &FrameHeader,
        kind: DataKind,
    ) -> Result<(), ProtocolError> {
        if self.message.is_none() {
            #[cfg(feature = "deflate")]
            {
                self.compressed = header.rsv & RSV1 != 0;
            }
            self.empty_frames = 0;
        }
        if header.payload_len == 0 && !header.fin {
            self.empty_frames = self.empty_frames.saturating_add(1);
            if self.empty_frames > MAX_EMPTY_FRAMES {
                return Err(ProtocolError::EmptyFragments);
            }
        } else {
            self.empty_frames = 0;
        }
        self.message = if header.fin { None } else { Some(kind) };
        Ok(())
    }

    /// Whether a message is open: more fragments must come.
    #[inline]
    #[must_use]
    pub const fn in_message(&self) -> bool {
        self.message.is_some()
    }

    /// Whether the message at hand is compressed.
    #[inline]
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.compressed;
        #[cfg(not(feature = "deflate"))]
        return false;
    }

    /// The peer's Close has come, or its violation: nothing more is read.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether reading is over.
    #[inline]
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }
}

impl<R: Role> Default for ReceiveState<R> {
    fn default() -> Self {
        Self::new()
    }
}

/// The half that sends.
#[derive(Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SendState {
    in_message: bool,
    ended: bool,
}

impl SendState {
    /// The state after the opening handshake.
    #[must_use]
    pub const fn new() -> Self {
        Self { in_message: false, ended: false }
    }

    /// The opcode of a frame of a message of `kind`: its own, or Continuation.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`] after our Close.
    #[inline]
    pub const fn data(&self, kind: DataKind) -> Result<Opcode, SendError> {
        if self.ended {
            return Err(SendError::Closed);
        }
        Ok(if self.in_message { Opcode::Continuation } else { kind.opcode() })
    }

    /// The data frame is staged.
    #[inline]
    pub const fn staged_data(&mut self, fin: bool) {
        self.in_message = !fin;
    }

    /// Whether a control frame may go: at any time but after our Close.
    ///
    /// # Errors
    ///
    /// [`SendError::Closed`].
    #[inline]
    pub const fn control(&self) -> Result<(), SendError> {
        if self.ended { Err(SendError::Closed) } else { Ok(()) }
    }

    /// Whether a message is open: its fragments must be finished first.
    #[inline]
    #[must_use]
    pub const fn in_message(&self) -> bool {
        self.in_message
    }

    /// Our Close is staged: nothing follows it.
    pub const fn end(&mut self) {
        self.ended = true;
    }

    /// Whether our Close has been staged.
    #[inline]
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.ended
    }
}
