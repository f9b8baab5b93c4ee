//! What the receive half hands out.

use crate::wire::{CloseFrame, DataKind};

/// Something has arrived: where it lies in the receive buffer.
///
/// It borrows nothing, so that a loop may read more when there is none yet;
/// [`Incoming::event`](super::Incoming::event) turns it into the borrow. It
/// is good until the next poll or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a token that is dropped is an event that is lost"]
pub struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) first: bool,
    pub(crate) last: bool,
    #[cfg(feature = "deflate")]
    pub(crate) compressed: bool,
    pub(crate) at: usize,
    pub(crate) len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum TokenKind {
    Text,
    Binary,
    Ping,
    Pong,
    Close,
}

impl Token {
    /// Whether it is a message or a piece of one, and of which kind.
    #[inline]
    #[must_use]
    pub const fn data_kind(&self) -> Option<DataKind> {
        match self.kind {
            TokenKind::Text => Some(DataKind::Text),
            TokenKind::Binary => Some(DataKind::Binary),
            _ => None,
        }
    }

    /// Whether it is the peer's Close.
    #[inline]
    #[must_use]
    pub const fn is_close(&self) -> bool {
        matches!(self.kind, TokenKind::Close)
    }

    /// Whether its bytes are compressed (RFC 7692): then they are to be had
    /// with [`Incoming::compressed`](super::Incoming::compressed) only.
    #[inline]
    #[must_use]
    pub const fn is_compressed(&self) -> bool {
        #[cfg(feature = "deflate")]
        return self.compressed;
        #[cfg(not(feature = "deflate"))]
        return false;
    }

    /// Whether a message begins with it.
    #[inline]
    #[must_use]
    pub const fn is_first(&self) -> bool {
        self.first
    }

    /// Whether a message ends with it.
    #[inline]
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    pub(crate) const fn control(kind: TokenKind, at: usize, len: usize) -> Self {
        Self {
            kind,
            first: true,
            last: true,
            #[cfg(feature = "deflate")]
            compressed: false,
            at,
            len,
        }
    }
}

/// A message, borrowed from the buffer that it arrived in (RFC 6455 §5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Message<'a> {
    /// UTF-8, checked.
    Text(&'a str),
    /// Any bytes.
    Binary(&'a [u8]),
}

impl<'a> Message<'a> {
    /// Its payload.
    #[inline]
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Its text; `None` for a binary message.
    #[inline]
    #[must_use]
    pub const fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// Text or binary.
    #[inline]
    #[must_use]
    pub const fn kind(self) -> DataKind {
        match self {
            Self::Text(_) => DataKind::Text,
            Self::Binary(_) => DataKind::Binary,
        }
    }

    /// The length of its payload, in bytes.
    #[inline]
    #[must_use]
    pub const fn len(self) -> usize {
        self.as_bytes().len()
    }

    /// The first `at` bytes at the most, to a character boundary, and the rest.
    #[must_use]
    pub(super) fn split_at(self, at: usize) -> (Self, Self) {
        match self {
            Self::Text(text) => {
                let mut at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at = at.saturating_sub(1);
                }
                let (a, b) = text.split_at_checked(at).unwrap_or((text, ""));
                (Self::Text(a), Self::Text(b))
            }
            Self::Binary(bytes) => {
                let (a, b) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
                (Self::Binary(a), Self::Binary(b))
            }
        }
    }

    /// Whether its payload is empty.
    #[inline]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl<'a> From<&'a str> for Message<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Message<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Binary(bytes)
    }
}

/// A piece of a message, as it arrived.
///
/// Pieces follow one another without a gap; a text piece ends on a character
/// boundary. A piece may be empty only where it is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Chunk<'a> {
    /// The piece, of the kind that its message is.
    pub part: Message<'a>,
    /// The message begins with it.
    pub first: bool,
    /// The message ends with it.
    pub last: bool,
}

/// What has arrived: `D` is a whole [`Message`], or a [`Chunk`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event<'a, D = Message<'a>> {
    /// A message, or a piece of one.
    Data(D),
    /// A ping. Its answer is queued already.
    Ping(&'a [u8]),
    /// A pong, asked for or not.
    Pong(&'a [u8]),
    /// The peer's Close. Its answer is queued already, and nothing follows.
    Close(CloseFrame<'a>),
}
