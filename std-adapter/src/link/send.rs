//! Sending: what each of a sender's calls does to the wire.

use std::io::{ErrorKind, IoSlice};
use std::net::Shutdown;
use std::sync::MutexGuard;
use std::time::{Duration, Instant as StdInstant};

use tubesock_core::wire::{CloseFrame, MaskKey};
use tubesock_core::{CloseCode, Message, Role, SendError as CoreError};

use super::wire::Wire;
use super::{By, LARGE, Link, Mode, SMALL, Shared};
use crate::config::after;
use crate::error::SendError;
use crate::sender::Prepared;
use crate::transport::{Transport, is_timeout};

impl<R: Role + Send + 'static, T: Transport> Link for Shared<R, T> {
    fn send(&self, message: Message<'_>, by: By) -> Result<(), SendError> {
        if by.mode == Mode::Batch && message.len() < LARGE {
            let mut wire = self.lock();
            wire.check()?;
            wire.stage_replies(); // what was asked first is answered first
            // Not to compress it twice, there is room for it before.
            if wire.deflating.is_on() {
                wire.grow(message.len(), self.limits.write_buffer);
            }
            match wire.stage(message, by.plain) {
                Ok(()) => return Ok(()),
                Err(CoreError::Full) if wire.grow(message.len(), self.limits.write_buffer) => {
                    return Ok(wire.stage(message, by.plain)?);
                }
                Err(CoreError::Full | CoreError::MessageInProgress) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let (wire, deadline) = self.wait_turn(Some(by.id))?;
        self.send_frame(wire, deadline, message, (true, true), by)
    }

    fn try_send(&self, message: Message<'_>) -> Result<(), SendError> {
        let mut wire = self.lock();
        wire.check()?;
        wire.stage_replies();
        wire.out.may_begin()?;
        if !wire.grow(message.len(), self.limits.max_queued) {
            return Err(SendError::QueueFull);
        }
        wire.stage(message, false)?;
        self.after_try(&mut wire)
    }

    fn try_send_prepared(&self, message: &Prepared) -> Result<(), SendError> {
        if !R::IS_SERVER {
            return self.try_send(message.message());
        }
        let mut wire = self.lock();
        let Some(frame) = message.frame_for(&wire.deflating) else {
            drop(wire);
            return self.try_send(message.message());
        };
        wire.check()?;
        wire.stage_replies();
        wire.out.may_begin()?;
        let mut rest = frame;
        if !wire.writing && wire.out.pending().is_empty() {
            match self.transport.try_write(&[IoSlice::new(rest)]) {
                Ok(n) if n == rest.len() => return Ok(()),
                Ok(n) => rest = rest.get(n..).unwrap_or(&[]),
                Err(error) if is_timeout(&error) || error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    wire.failed.get_or_insert(error.kind());
                    return Err(SendError::Io(error.kind()));
                }
            }
        }
        // A frame whose beginning is out must be taken whole.
        let limit = if rest.len() < frame.len() { usize::MAX } else { self.limits.max_queued };
        if !wire.grow(rest.len(), limit) {
            return Err(SendError::QueueFull);
        }
        wire.out.stage_encoded(rest)?;
        self.after_try(&mut wire)
    }

    fn fragment(&self, part: Message<'_>, last: bool, by: By) -> Result<(), SendError> {
        let (mut wire, deadline) = self.wait_turn(Some(by.id))?;
        wire.owner = Some(by.id);
        self.send_frame(wire, deadline, part, (false, last), by)?;
        if last {
            self.turn.notify_all();
        }
        Ok(())
    }

    fn abandon(&self, by: By) {
        let open = {
            let wire = self.lock();
            wire.out.in_message() && wire.owner == Some(by.id) && wire.check().is_ok()
        };
        if open {
            let reason = "a message was left unfinished";
            let _ = self.close(CloseFrame { code: CloseCode::INTERNAL, reason }, Mode::Now);
        }
    }

    fn ping(&self, payload: &[u8], mode: Mode) -> Result<(), SendError> {
        let (mut wire, deadline) = self.wait_turn(None)?;
        if !wire.grow(payload.len(), self.limits.write_buffer.max(SMALL)) {
            wire = self.write_out(wire, &[], deadline)?;
        }
        wire.out.ping(payload)?;
        match mode {
            Mode::Batch => Ok(()),
            Mode::Now => self.write_out(wire, &[], deadline).map(drop),
        }
    }

    fn close(&self, frame: CloseFrame<'_>, mode: Mode) -> Result<(), SendError> {
        let now = self.now();
        let mut wire = self.lock();
        if wire.failed.is_some() {
            return Ok(());
        }
        wire.replies.request_close(frame, now)?;
        if mode == Mode::Batch {
            return Ok(());
        }
        wire.stage_replies();
        if !wire.writing {
            self.try_write_out(&mut wire);
        }
        // The reader may sit in a read that ends long after the close deadline.
        wire.watched = true;
        drop(wire);
        if let Some(this) = self.this.upgrade() {
            self.reactor.watch(this, after(self.limits.close_timeout));
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), SendError> {
        self.flush_batch()
    }

    fn is_open(&self) -> bool {
        self.lock().check().is_ok()
    }

    fn abort(&self) {
        self.end(ErrorKind::TimedOut);
        let _ = self.transport.shutdown(Shutdown::Both);
    }

    fn push(&self) -> Option<StdInstant> {
        let mut wire = self.lock();
        if wire.failed.is_none() && !wire.writing {
            wire.stage_replies();
            self.try_write_out(&mut wire);
        }
        let left = !wire.out.pending().is_empty();
        let closing = wire.replies.closing_since();
        wire.watched = (left || closing.is_some()) && wire.failed.is_none();
        let until = match closing {
            _ if !wire.watched => None,
            Some(since) => {
                let since = self.clock + Duration::from_millis(since.as_millis());
                since.checked_add(self.limits.close_timeout).or_else(|| Some(after(Duration::MAX)))
            }
            None => Some(wire.due(self.limits.write_timeout)),
        };
        drop(wire);
        self.turn.notify_all();
        until
    }

    fn waits_for_room(&self) -> bool {
        let mut wire = self.lock();
        wire.polled = !wire.writing && !wire.out.pending().is_empty();
        wire.polled
    }

    fn transport(&self) -> &dyn Transport {
        &self.transport
    }
}

impl<R: Role + Send + 'static, T: Transport> Shared<R, T> {
    /// Sends one frame of a message, once it is this thread's turn.
    fn send_frame<'s>(
        &'s self,
        mut wire: MutexGuard<'s, Wire<R>>,
        deadline: StdInstant,
        part: Message<'_>,
        (first, last): (bool, bool),
        by: By,
    ) -> Result<(), SendError> {
        let len = part.len();
        wire.stage_replies();
        if !first && wire.deflating.is_on() {
            return self.send_deflated(wire, deadline, part, last, by.mode);
        }
        if len < LARGE {
            if !wire.grow(len, self.limits.write_buffer.max(len + 14)) {
                wire = self.write_out(wire, &[], deadline)?;
                wire.grow(len, usize::MAX);
            }
            if first {
                wire.stage(part, by.plain)?;
            } else {
                wire.out.fragment(part, last)?;
            }
            return match by.mode {
                Mode::Batch => Ok(()),
                Mode::Now => self.write_out(wire, &[], deadline).map(drop),
            };
        }
        wire.grow(0, usize::MAX);
        #[cfg(feature = "deflate")]
        if let Some(payload) = wire.compress(part, first && !by.plain)? {
            let key = wire.out.begin_compressed(part.kind(), payload.len() as u64)?;
            return self.send_payload(wire, deadline, key, payload);
        }
        let key = wire.out.begin_frame(part.kind(), len as u64, first, last)?;
        if key.is_some() {
            return self.send_payload(wire, deadline, key, part.as_bytes().to_vec());
        }
        // Whoever has the turn sends the payload before anything staged later.
        wire.out.payload_passed(len as u64);
        self.write_out(wire, part.as_bytes(), deadline).map(drop)
    }

    /// Sends the payload of the frame that was begun, masked in place.
    fn send_payload<'s>(
        &'s self,
        mut wire: MutexGuard<'s, Wire<R>>,
        deadline: StdInstant,
        key: Option<MaskKey>,
        mut payload: Vec<u8>,
    ) -> Result<(), SendError> {
        wire.out.payload_passed(payload.len() as u64);
        if let Some(mut key) = key {
            key.apply(&mut payload);
        }
        self.write_out(wire, &payload, deadline).map(drop)
    }

    /// Sends a fragment, compressed, in as many frames as it takes.
    fn send_deflated<'s>(
        &'s self,
        mut wire: MutexGuard<'s, Wire<R>>,
        deadline: StdInstant,
        part: Message<'_>,
        last: bool,
        mode: Mode,
    ) -> Result<(), SendError> {
        let mut rest = part.as_bytes();
        loop {
            let Wire { out, deflating, .. } = &mut *wire;
            if deflating.write(out, part.kind(), &mut rest, last)? {
                break;
            }
            let wanted = wire.out.capacity().max(rest.len() / 2).saturating_add(SMALL);
            if !wire.grow(wanted, self.limits.write_buffer) {
                wire = self.write_out(wire, &[], deadline)?;
            }
        }
        match mode {
            Mode::Batch => Ok(()),
            Mode::Now => self.write_out(wire, &[], deadline).map(drop),
        }
    }

    fn after_try(&self, wire: &mut Wire<R>) -> Result<(), SendError> {
        if wire.writing {
            return Ok(()); // whoever is sending looks again
        }
        self.try_write_out(wire);
        wire.check()?;
        self.watch_rest(wire);
        Ok(())
    }
}
