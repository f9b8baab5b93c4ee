//! Pure codecs: frame headers, masking, close codes, UTF-8 in pieces.
//!
//! Nothing here keeps state between calls or knows a role; what may follow
//! what is the business of [`connection`](crate::connection).

mod close;
mod header;
mod mask;
mod opcode;
pub mod utf8;

pub use close::{CloseCode, CloseFrame};
pub use header::{FrameHeader, HeaderError};
pub use mask::{MaskKey, mask};
pub use opcode::{DataKind, Opcode};

/// The longest payload of a control frame, in bytes (RFC 6455 §5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// The longest control frame as a client sends it, in bytes: header of 2,
/// mask key of 4, payload of 125.
pub const MAX_CONTROL_FRAME: usize = 131;
