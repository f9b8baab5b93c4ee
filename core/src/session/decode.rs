//! Bytes become events: what [`Incoming`] does between a read and a token.

use super::event::TokenKind;
use super::{Deposit, Event, Incoming, Message, Token};
use crate::connection::Accepted;
use crate::error::ProtocolError;
use crate::role::Role;
use crate::wire::{CloseFrame, DataKind, FrameHeader, HeaderError, MaskKey, utf8};

/// Whole messages, or pieces of any size.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    Chunks,
}

impl<R: Role, B: AsRef<[u8]> + AsMut<[u8]>> Incoming<R, B> {
    #[inline]
    pub(super) fn poll<D: Deposit>(
        &mut self,
        delivery: Delivery,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        match self.quick() {
            Some(token) => Ok(Some(token)),
            None => self.poll_any(delivery, replies),
        }
    }

    #[inline(never)]
    fn poll_any<D: Deposit>(
        &mut self,
        delivery: Delivery,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        match self.advance(delivery, replies) {
            Err(error) => {
                self.fail(error, replies);
                Err(error)
            }
            done => done,
        }
    }

    #[inline]
    fn advance<D: Deposit>(
        &mut self,
        delivery: Delivery,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        loop {
            if self.state.has_ended() {
                (self.msg, self.msg_end, self.raw) = (self.end, self.end, self.end);
                return Ok(None);
            }
            if self.in_frame {
                match self.take_payload(delivery)? {
                    Progress::Event(token) => return Ok(Some(token)),
                    Progress::Starved => return Ok(None),
                    Progress::FrameDone => {}
                }
            }
            let Some(bytes) = self.buf.as_mut().get_mut(self.raw..self.end) else {
                return Ok(None);
            };
            let [b0, b1, ..] = *bytes else {
                return Ok(None);
            };
            let accepted = self.state.check(b0, b1)?;
            let Some((header, header_len)) = FrameHeader::parse(bytes).map_err(header_error)?
            else {
                return Ok(None);
            };
            let payload_at = self.raw.wrapping_add(header_len);
            let Accepted::Data(kind) = accepted else {
                let len = header.payload_len as usize;
                let frame_len = header_len.wrapping_add(len);
                let Some(payload) = bytes.get_mut(header_len..frame_len) else {
                    return Ok(None);
                };
                if let Some(key) = header.mask {
                    crate::wire::mask(payload, key);
                }
                self.raw = self.raw.wrapping_add(frame_len);
                return self.control(accepted, payload_at, len, replies).map(Some);
            };
            let fresh = !self.state.in_message();
            self.state.begin_data(&header, kind)?;
            let compressed = self.state.is_compressed();
            if delivery == Delivery::Whole && !compressed && !self.begun {
                let kept = self.msg_end.wrapping_sub(self.msg) as u64;
                if kept.saturating_add(header.payload_len) > self.limit as u64 {
                    return Err(ProtocolError::MessageTooBig);
                }
            }
            self.raw = payload_at;
            if fresh && header.fin {
                // The common case in one step: a message in a frame that is all here.
                if let Some(payload) = usize::try_from(header.payload_len)
                    .ok()
                    .and_then(|len| bytes.get_mut(header_len..header_len.checked_add(len)?))
                {
                    if let Some(key) = header.mask {
                        crate::wire::mask(payload, key);
                    }
                    let len = payload.len();
                    self.raw = payload_at.wrapping_add(len);
                    self.timers.data();
                    return Ok(Some(Token {
                        kind: token_kind(kind),
                        first: true,
                        last: true,
                        #[cfg(feature = "deflate")]
                        compressed,
                        at: payload_at,
                        len,
                    }));
                }
            }
            self.kind = kind;
            self.in_frame = true;
            self.remaining = header.payload_len;
            self.key = MaskKey::new(header.mask.unwrap_or([0; 4]));
        }
    }

    fn control<D: Deposit>(
        &mut self,
        accepted: Accepted,
        at: usize,
        len: usize,
        replies: &mut D,
    ) -> Result<Token, ProtocolError> {
        let payload = self.buf.as_ref().get(at..at.wrapping_add(len)).unwrap_or(&[]);
        let kind = match accepted {
            Accepted::Ping => {
                replies.pong(payload);
                TokenKind::Ping
            }
            Accepted::Close => {
                let frame = CloseFrame::parse(payload).map_err(ProtocolError::from)?;
                // The answer repeats the code (§5.5.1), and leaves the reason to its author.
                let answer = CloseFrame { code: frame.code, reason: "" };
                replies.close(answer, self.timers.last_received());
                self.state.end();
                TokenKind::Close
            }
            _ => TokenKind::Pong,
        };
        Ok(Token::control(kind, at, len))
    }

    /// Takes what is there of the payload of the frame at hand.
    fn take_payload(&mut self, delivery: Delivery) -> Result<Progress, ProtocolError> {
        if delivery == Delivery::Whole && !self.begun && !self.state.is_compressed() {
            // Its header may have come while chunks were wanted, which have no limit.
            let kept = self.msg_end.wrapping_sub(self.msg) as u64;
            if kept.saturating_add(self.remaining) > self.limit as u64 {
                return Err(ProtocolError::MessageTooBig);
            }
        }
        let here = self.end.saturating_sub(self.raw);
        let n = usize::try_from(self.remaining).map_or(here, |remaining| remaining.min(here));
        let to = self.raw.wrapping_add(n);
        let buf = self.buf.as_mut();
        if let Some(piece) = buf.get_mut(self.raw..to) {
            self.key.apply(piece);
        }
        if self.msg == self.msg_end {
            (self.msg, self.checked, self.msg_end) = (self.raw, self.raw, self.raw);
        }
        super::buffer::move_down(buf, self.raw..to, self.msg_end);
        self.raw = to;
        self.msg_end = self.msg_end.wrapping_add(n);
        self.remaining = self.remaining.wrapping_sub(n as u64);
        let frame_done = self.remaining == 0;
        let last = frame_done && !self.state.in_message();
        let compressed = self.state.is_compressed();
        if self.kind == DataKind::Text && !compressed {
            let new = self.buf.as_ref().get(self.checked..self.msg_end).unwrap_or(&[]);
            let valid = utf8::complete_prefix(new).map_err(|_| ProtocolError::InvalidUtf8)?;
            self.checked = self.checked.wrapping_add(valid);
            if last && self.checked != self.msg_end {
                return Err(ProtocolError::InvalidUtf8);
            }
        } else {
            self.checked = self.msg_end;
        }
        self.in_frame = !frame_done;
        self.timers.data();
        let skip = delivery == Delivery::Whole && self.begun && !compressed;
        let chunked = delivery == Delivery::Chunks || compressed;
        let ready = self.checked.wrapping_sub(self.msg);
        if skip {
            self.msg = self.checked;
            self.begun = !last;
        } else if last || (chunked && ready > 0) {
            let token = Token {
                kind: token_kind(self.kind),
                first: !self.begun,
                last,
                #[cfg(feature = "deflate")]
                compressed,
                at: self.msg,
                len: ready,
            };
            self.msg = self.checked;
            self.begun = chunked && !last;
            return Ok(Progress::Event(token));
        }
        Ok(if frame_done { Progress::FrameDone } else { Progress::Starved })
    }

    #[inline]
    pub(super) fn open<'a, T, D: Deposit>(
        &'a mut self,
        token: Token,
        replies: &mut D,
        data: impl FnOnce(Message<'a>) -> T,
    ) -> Result<Event<'a, T>, ProtocolError> {
        let range = token.at..token.at.wrapping_add(token.len);
        let bytes = self.buf.as_ref().get(range).unwrap_or(&[]);
        Ok(match token.kind {
            TokenKind::Text => match utf8::validate(bytes) {
                Ok(text) => Event::Data(data(Message::Text(text))),
                Err(_) => {
                    let error = ProtocolError::InvalidUtf8;
                    self.state.end();
                    let frame = CloseFrame { code: error.close_code(), reason: error.as_str() };
                    replies.close(frame, self.timers.last_received());
                    return Err(error);
                }
            },
            TokenKind::Binary => Event::Data(data(Message::Binary(bytes))),
            TokenKind::Ping => Event::Ping(bytes),
            TokenKind::Pong => Event::Pong(bytes),
            TokenKind::Close => Event::Close(CloseFrame::parse(bytes).unwrap_or(CloseFrame::EMPTY)),
        })
    }
}

enum Progress {
    Event(Token),
    FrameDone,
    Starved,
}

#[inline]
const fn token_kind(kind: DataKind) -> TokenKind {
    match kind {
        DataKind::Text => TokenKind::Text,
        DataKind::Binary => TokenKind::Binary,
    }
}

const fn header_error(error: HeaderError) -> ProtocolError {
    match error {
        HeaderError::ReservedOpcode => ProtocolError::ReservedOpcode,
        HeaderError::NonMinimalLength => ProtocolError::NonMinimalLength,
        HeaderError::LengthTooLarge => ProtocolError::LengthTooLarge,
    }
}
