//! The receive half with compressed messages in it.

use super::inflater::{Inflater, Stopped};
use super::{Agreement, BufferTooSmall};
use crate::error::ProtocolError;
use crate::role::Role;
use crate::session::{Chunk, Deposit, Event, Incoming, Message, Token};
use crate::wire::{DataKind, utf8};

/// The least size of a message buffer, in bytes.
pub const MIN_MESSAGE: usize = 64;

/// Inflates what an [`Incoming`] receives, into a message buffer of its own.
///
/// It is polled in the place of the `Incoming`, and gives the same tokens; those of messages that came uncompressed pass
/// through it, and their bytes stay where they are.
///
/// `W` is the ring of an [`Inflater`], `M` holds the message, or the piece of one: anything that is
/// `AsRef<[u8]> + AsMut<[u8]>`.
pub struct Inflate<W, M> {
    inflater: Inflater<W>,
    message: M,
    limit: usize,
    /// Inflated bytes in `message`: up to `given` handed out as chunks, up to `checked` whole characters.
    filled: usize,
    checked: usize,
    given: usize,
    /// The compressed bytes at hand, and how many of them are inflated.
    piece: Option<Token>,
    taken: usize,
    in_message: bool,
    /// A part of the open message has been handed out as a chunk.
    begun: bool,
    wants_room: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Whole,
    Chunks,
}

impl<W: AsRef<[u8]> + AsMut<[u8]>, M: AsRef<[u8]> + AsMut<[u8]>> Inflate<W, M> {
    /// Over a ring of [`Agreement::ring_len`] bytes, and a message buffer of at least [`MIN_MESSAGE`] bytes: the largest
    /// message to receive whole, inflated.
    ///
    /// Without context takeover the ring may be shorter, or empty: then it is not used, and the message buffer limits
    /// messages that are received in chunks too. [`Incoming::allow_compression`] must be called as well.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`], which says which.
    pub fn new(agreement: &Agreement, ring: W, message: M) -> Result<Self, BufferTooSmall> {
        if message.as_ref().len() < MIN_MESSAGE {
            return Err(BufferTooSmall::Message);
        }
        Ok(Self {
            inflater: Inflater::new(agreement, ring)?,
            limit: message.as_ref().len(),
            message,
            filled: 0,
            checked: 0,
            given: 0,
            piece: None,
            taken: 0,
            in_message: false,
            begun: false,
            wants_room: false,
        })
    }

    /// Sets the largest message to receive whole, in bytes. Where it is above the buffer's size, the buffer is to be
    /// [exchanged](Self::exchange) when this [wants room](Self::wants_room).
    pub fn set_max_message(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// The next whole message, inflated, or control frame, as [`Incoming::poll_message`]; also `None` when this
    /// [wants room](Self::wants_room).
    ///
    /// # Errors
    ///
    /// What the peer did wrong, its Close deposited: [`ProtocolError::InvalidDeflate`];
    /// [`ProtocolError::MessageTooBig`] at the first inflated byte over the limit, however short the input is;
    /// [`ProtocolError::InvalidUtf8`]; and those of [`Incoming::poll_message`].
    pub fn poll_message<R: Role, B: AsRef<[u8]> + AsMut<[u8]>, D: Deposit>(
        &mut self,
        incoming: &mut Incoming<R, B>,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        self.poll(Delivery::Whole, incoming, replies)
    }

    /// The next piece of a message, inflated, or control frame, as [`Incoming::poll_chunk`]: a message may inflate to
    /// any size.
    ///
    /// # Errors
    ///
    /// As [`poll_message`](Self::poll_message); `MessageTooBig` only without a ring.
    pub fn poll_chunk<R: Role, B: AsRef<[u8]> + AsMut<[u8]>, D: Deposit>(
        &mut self,
        incoming: &mut Incoming<R, B>,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        self.poll(Delivery::Chunks, incoming, replies)
    }

    /// Takes a compressed token that the `Incoming` itself has given: for adapters that lend the buffers only when the
    /// first compressed message is there. Poll this next.
    pub fn take(&mut self, token: Token) {
        let _ = self.begin(token);
    }

    /// What `token` of [`poll_message`](Self::poll_message) stands for.
    ///
    /// # Errors
    ///
    /// As [`Incoming::event`].
    pub fn event<'a, R: Role, B: AsRef<[u8]> + AsMut<[u8]>, D: Deposit>(
        &'a self,
        incoming: &'a mut Incoming<R, B>,
        token: Token,
        replies: &mut D,
    ) -> Result<Event<'a>, ProtocolError> {
        if !token.is_compressed() {
            return incoming.event(token, replies);
        }
        let range = token.at..token.at.saturating_add(token.len);
        let bytes = self.message.as_ref().get(range).unwrap_or(&[]);
        if token.data_kind() != Some(DataKind::Text) {
            return Ok(Event::Data(Message::Binary(bytes)));
        }
        match utf8::validate(bytes) {
            Ok(text) => Ok(Event::Data(Message::Text(text))),
            Err(_) => {
                incoming.fail(ProtocolError::InvalidUtf8, replies);
                Err(ProtocolError::InvalidUtf8)
            }
        }
    }

    /// What `token` of [`poll_chunk`](Self::poll_chunk) stands for.
    ///
    /// # Errors
    ///
    /// As [`Incoming::chunk`].
    pub fn chunk<'a, R: Role, B: AsRef<[u8]> + AsMut<[u8]>, D: Deposit>(
        &'a self,
        incoming: &'a mut Incoming<R, B>,
        token: Token,
        replies: &mut D,
    ) -> Result<Event<'a, Chunk<'a>>, ProtocolError> {
        let Token { first, last, .. } = token;
        Ok(match self.event(incoming, token, replies)? {
            Event::Data(part) => Event::Data(Chunk { part, first, last }),
            Event::Ping(payload) => Event::Ping(payload),
            Event::Pong(payload) => Event::Pong(payload),
            Event::Close(frame) => Event::Close(frame),
        })
    }

    /// Whether the message buffer is full and the message's limit isn't reached: give it a larger one.
    #[must_use]
    pub const fn wants_room(&self) -> bool {
        self.wants_room
    }

    /// Whether no compressed message is open: the message buffer holds nothing but what was handed out.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        !self.in_message
    }

    /// Whether nothing at all is remembered, so that all of this may be dropped and made anew for the next message.
    #[must_use]
    pub const fn is_disposable(&self) -> bool {
        !self.in_message && self.inflater.is_between_contexts()
    }

    /// The size of the message buffer, in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.message.as_ref().len()
    }

    /// Goes on in another message buffer, and gives back the one before. Releases the last event.
    ///
    /// # Errors
    ///
    /// Gives `to` back where it is below [`MIN_MESSAGE`], or has no room beyond what is kept.
    pub fn exchange(&mut self, mut to: M) -> Result<M, M> {
        let kept = if self.in_message { self.filled } else { 0 };
        if to.as_ref().len() < MIN_MESSAGE.max(kept.saturating_add(1)) {
            return Err(to);
        }
        if let (Some(to), Some(from)) =
            (to.as_mut().get_mut(..kept), self.message.as_ref().get(..kept))
        {
            to.copy_from_slice(from);
        }
        self.wants_room = false;
        Ok(core::mem::replace(&mut self.message, to))
    }

    /// Gives the ring and the message buffer back.
    #[must_use]
    pub fn into_buffers(self) -> (W, M) {
        (self.inflater.into_ring(), self.message)
    }

    fn poll<R: Role, B: AsRef<[u8]> + AsMut<[u8]>, D: Deposit>(
        &mut self,
        delivery: Delivery,
        incoming: &mut Incoming<R, B>,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        loop {
            let token = match self.piece {
                Some(token) if !incoming.is_finished() => token,
                _ => {
                    let polled = match delivery {
                        Delivery::Whole => incoming.poll_message(replies)?,
                        Delivery::Chunks => incoming.poll_chunk(replies)?,
                    };
                    match polled {
                        Some(token) if token.is_compressed() => self.begin(token),
                        other => return Ok(other),
                    }
                }
            };
            match self.advance(delivery, token, incoming.compressed(&token)) {
                Ok(Progress::Event(token)) => return Ok(Some(token)),
                Ok(Progress::WantsRoom) => return Ok(None),
                Ok(Progress::Goes) => {}
                Err(error) => {
                    incoming.fail(error, replies);
                    return Err(error);
                }
            }
        }
    }

    fn begin(&mut self, token: Token) -> Token {
        if token.is_first() {
            (self.filled, self.checked, self.given) = (0, 0, 0);
            (self.in_message, self.begun) = (true, false);
        }
        (self.piece, self.taken) = (Some(token), 0);
        token
    }

    /// Inflates the piece at hand as far as there is room.
    fn advance(
        &mut self,
        delivery: Delivery,
        token: Token,
        compressed: &[u8],
    ) -> Result<Progress, ProtocolError> {
        let skipping = delivery == Delivery::Whole && self.begun;
        if self.begun && !self.inflater.is_contiguous() {
            self.drop_given();
        }
        let whole = delivery == Delivery::Whole && !skipping || self.inflater.is_contiguous();
        let capacity = self.message.as_ref().len();
        let most = if whole { self.limit.min(capacity) } else { capacity };
        let buf = self.message.as_mut().get_mut(..most).unwrap_or_default();
        let mut input = compressed.get(self.taken..).unwrap_or(&[]);
        let before = input.len();
        let stopped = self
            .inflater
            .inflate(&mut input, token.last, buf, &mut self.filled)
            .map_err(|_| ProtocolError::InvalidDeflate)?;
        self.taken = self.taken.saturating_add(before.saturating_sub(input.len()));
        let done = stopped == Stopped::Done;
        let fresh = token.first && self.checked == 0;
        if !(done && whole && fresh && delivery == Delivery::Whole) {
            self.check(token, done)?;
        }
        // What the decoder may still have comes with the next piece, unless somebody waits for it.
        let full = stopped == Stopped::Full
            && !(input.is_empty() && !token.last && delivery == Delivery::Whole);
        if !full {
            self.piece = None;
        }
        if done {
            self.in_message = false;
        }
        self.wants_room = false;
        let ready = self.checked.saturating_sub(self.given);
        if skipping {
            self.given = self.checked;
            self.begun = !done;
        } else if delivery == Delivery::Chunks && (done || ready > 0) {
            let token =
                Token { first: !self.begun, last: done, at: self.given, len: ready, ..token };
            (self.given, self.begun) = (self.checked, !done);
            return Ok(Progress::Event(token));
        } else if done {
            return Ok(Progress::Event(Token { first: true, at: 0, len: self.filled, ..token }));
        }
        if full && whole {
            if most >= self.limit {
                return Err(ProtocolError::MessageTooBig);
            }
            self.wants_room = true;
            return Ok(Progress::WantsRoom);
        }
        Ok(Progress::Goes)
    }

    /// Holds new text against UTF-8.
    fn check(&mut self, token: Token, done: bool) -> Result<(), ProtocolError> {
        if token.data_kind() == Some(DataKind::Text) {
            let new = self.message.as_ref().get(self.checked..self.filled).unwrap_or(&[]);
            let valid = utf8::complete_prefix(new).map_err(|_| ProtocolError::InvalidUtf8)?;
            self.checked = self.checked.saturating_add(valid);
            if done && self.checked != self.filled {
                return Err(ProtocolError::InvalidUtf8);
            }
        } else {
            self.checked = self.filled;
        }
        Ok(())
    }

    /// Moves the start of a character whose rest is to come to the front.
    fn drop_given(&mut self) {
        let rest = self.filled.saturating_sub(self.given);
        let mut kept = [0; 4];
        let message = self.message.as_mut();
        if let (Some(kept), Some(from)) =
            (kept.get_mut(..rest), message.get(self.given..self.filled))
        {
            kept.copy_from_slice(from);
        }
        if let (Some(kept), Some(to)) = (kept.get(..rest), message.get_mut(..rest)) {
            to.copy_from_slice(kept);
        }
        (self.given, self.checked, self.filled) = (0, 0, rest);
    }
}

enum Progress {
    Event(Token),
    WantsRoom,
    Goes,
}

impl<W, M> core::fmt::Debug for Inflate<W, M> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inflate").field("inflater", &self.inflater).finish_non_exhaustive()
    }
}
