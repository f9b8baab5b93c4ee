//! Receiving, blocking: the run loop of a connection on its thread.

use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;

use tubesock_core::handler::Closed;
use tubesock_core::session::MIN_RECEIVE;
use tubesock_core::{Chunk, CloseCode, CloseFrame, Event, Incoming, Message, Role, Token};

use crate::config::{Config, MILLISECOND};
use crate::deflate::Inflating;
use crate::error::Error;
use crate::link::{Link, Mode, SMALL, Shared};
use crate::transport::{Transport, is_timeout};

/// The receive buffer of a connection that is open and waits, in bytes: most
/// connections never have more to read at one time.
const QUIET: usize = 1536;

/// The receive half of a connection, with the deadlines that its thread keeps.
pub(crate) struct Receiver<R, T> {
    incoming: Incoming<R, Vec<u8>>,
    /// The small buffer, while a lent one has its place.
    small: Option<Vec<u8>>,
    inflating: Inflating,
    shared: Arc<Shared<R, T>>,
    read_buffer: usize,
    max_message: usize,
    park_after: Duration,
    /// What the transport's read timeout is set to, where that is known.
    timeout: Option<Option<Duration>>,
    /// A deadline had passed before the last read, which brought something
    /// all the same.
    late: bool,
    ended: Option<End>,
    finished: bool,
}

/// How the connection ended, for who asks afterwards.
struct End {
    code: CloseCode,
    reason: String,
    clean: bool,
}

/// What a wait for the peer came to.
enum Waited {
    /// A token to look at.
    Token(Token),
    /// The connection has ended in order, or its error was reported.
    Over,
}

impl<R: Role + Send + 'static, T: Transport> Receiver<R, T> {
    /// A receive half that begins with what was read past the head.
    pub(crate) fn new(shared: Arc<Shared<R, T>>, leftover: &[u8], config: &Config) -> Self {
        let read_buffer = config.read_buffer.max(SMALL);
        let size = QUIET.min(read_buffer).max(leftover.len() + MIN_RECEIVE);
        let now = shared.now();
        let mut incoming = Incoming::new(vec![0; size], &config.session(), now)
            .expect("the receive buffer is above the minimum");
        incoming.set_max_message(config.max_message);
        incoming.feed(leftover, now);
        Self {
            incoming,
            small: None,
            inflating: Inflating::OFF,
            shared,
            read_buffer,
            max_message: config.max_message,
            park_after: config.park_after,
            timeout: None,
            late: false,
            ended: None,
            finished: false,
        }
    }

    /// Lets compressed messages in.
    #[cfg(feature = "deflate")]
    pub(crate) fn inflate(&mut self, agreement: tubesock_core::deflate::Agreement) {
        self.incoming.allow_compression();
        self.inflating = Inflating::new(agreement, self.max_message);
    }

    pub(crate) fn shared(&self) -> &Arc<Shared<R, T>> {
        &self.shared
    }

    /// The next message; `None` once the connection has ended in order.
    pub(crate) fn recv(&mut self) -> Result<Option<Message<'_>>, Error> {
        loop {
            let Waited::Token(token) = self.wait(false)? else { return Ok(None) };
            if token.is_close() {
                self.peer_closed(token);
                return Ok(None);
            }
            if token.data_kind().is_some() {
                return self.message(token).map(Some);
            }
        }
    }

    /// The next piece of a message; `None` once the connection has ended in
    /// order.
    pub(crate) fn recv_chunk(&mut self) -> Result<Option<Chunk<'_>>, Error> {
        loop {
            let Waited::Token(token) = self.wait(true)? else { return Ok(None) };
            if token.is_close() {
                self.peer_closed(token);
                return Ok(None);
            }
            if token.data_kind().is_some() {
                let part = self.message(token)?;
                return Ok(Some(Chunk { part, first: token.is_first(), last: token.is_last() }));
            }
        }
    }

    /// How the connection ended, once it has.
    pub(crate) fn closed(&self) -> Option<Closed<'_>> {
        self.ended.as_ref().map(|end| Closed {
            code: end.code,
            reason: &end.reason,
            clean: end.clean,
        })
    }

    /// Records how it ended, and tells the senders.
    pub(crate) fn set_closed(&mut self, closed: &Closed<'_>, kind: ErrorKind) {
        if self.ended.is_none() {
            let Closed { code, reason, clean } = *closed;
            self.ended = Some(End { code, reason: reason.to_owned(), clean });
        }
        self.shared.end(kind);
    }

    fn message(&mut self, token: Token) -> Result<Message<'_>, Error> {
        let mut replies = &*self.shared;
        let ended = &mut self.ended;
        match self.inflating.event(&mut self.incoming, token, &mut replies) {
            Ok(Event::Data(message)) => Ok(message),
            Ok(_) => Ok(Message::Binary(&[])),
            Err(error) => {
                let _ = self.shared.flush_batch();
                end_with(ended, &Closed::from(error));
                self.shared.end(ErrorKind::UnexpectedEof);
                Err(error.into())
            }
        }
    }

    fn wait(&mut self, chunks: bool) -> Result<Waited, Error> {
        if self.ended.is_some() {
            return Ok(Waited::Over);
        }
        loop {
            let mut replies = &*self.shared;
            match self.inflating.poll(chunks, &mut self.incoming, &mut replies) {
                Ok(Some(token)) => return Ok(Waited::Token(token)),
                Ok(None) => {}
                Err(error) => {
                    let _ = self.shared.flush_batch();
                    self.set_closed(&error.into(), ErrorKind::UnexpectedEof);
                    self.finish();
                    return Err(error.into());
                }
            }
            // A peer that sends without end must not outrun its deadlines. What
            // came is looked at first: it may be what was waited for.
            if std::mem::take(&mut self.late) {
                self.handle_timeout()?;
            }
            // What fails to go out shows in the read as well, or has a deadline.
            let _ = self.shared.flush_batch();
            self.read()?;
        }
    }

    /// Reads once, or does what is due.
    fn read(&mut self) -> Result<(), Error> {
        loop {
            let late = self.set_timeout()?;
            if self.incoming.space().is_empty() {
                self.grow();
            }
            let error = match self.read_some() {
                Ok(0) => ErrorKind::UnexpectedEof.into(),
                Ok(_) => {
                    self.late = late;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_timeout(&error) => {
                    self.handle_timeout()?;
                    return Ok(());
                }
                Err(error) => error,
            };
            // The reactor may have come before us.
            if self.shared.lock().failed == Some(ErrorKind::TimedOut) {
                self.handle_timeout()?;
            }
            // Where a sender has given up before, that is the cause.
            let error = self.shared.lock().failed.map_or(error, Into::into);
            self.set_closed(&Closed::ABNORMAL, ErrorKind::UnexpectedEof);
            return Err(Error::Io(error));
        }
    }

    /// Reads what is there, or waits for it: with a large buffer while bytes
    /// come, with the small one while they don't.
    fn read_some(&mut self) -> io::Result<usize> {
        let transport = &self.shared.transport;
        // In a large frame, whose rest is on its way, there is nothing to give back.
        if self.small.is_some() && self.incoming.wanted_capacity() <= QUIET {
            match transport.try_read(self.incoming.space()) {
                Err(error) if is_timeout(&error) => self.give_back(),
                read => {
                    let n = read?;
                    self.incoming.filled(n, self.shared.now());
                    return Ok(n);
                }
            }
        }
        let space = self.incoming.space();
        let room = space.len();
        let n = self.shared.transport.read(space)?;
        self.incoming.filled(n, self.shared.now());
        if n == room && self.incoming.capacity() < self.read_buffer {
            self.borrow_large();
            // All that is there makes one batch; an end or error shows again.
            if let Ok(more) = self.shared.transport.try_read(self.incoming.space()) {
                self.incoming.filled(more, self.shared.now());
            }
        }
        Ok(n)
    }

    fn borrow_large(&mut self) {
        let large = self.shared.pool().take(self.read_buffer);
        match self.incoming.exchange(large) {
            Ok(small) => self.small = Some(small),
            Err(large) => self.shared.pool().give(large),
        }
    }

    fn give_back(&mut self) {
        self.shared.give_back();
        if let Some(small) = self.small.take() {
            match self.incoming.exchange(small) {
                Ok(large) => self.shared.pool().give(large),
                Err(small) => self.small = Some(small),
            }
        }
    }

    fn handle_timeout(&mut self) -> Result<(), Error> {
        self.park();
        let now = self.shared.now();
        let result = self.incoming.handle_timeout(now, &mut self.shared.lock().replies);
        if let Err(timeout) = result {
            self.set_closed(&timeout.into(), ErrorKind::TimedOut);
            let _ = self.shared.transport.shutdown(Shutdown::Both);
            return Err(timeout.into());
        }
        // The timeout that woke us may have been shorter than it need be now.
        self.timeout = None;
        Ok(())
    }

    /// Keeps the transport's read timeout at or below what is left until the
    /// next deadline, with few system calls: while messages come, the deadline
    /// moves away as fast as time passes, and a timeout that is too short only
    /// wakes the thread for nothing, once. Says whether the deadline has passed.
    fn set_timeout(&mut self) -> Result<bool, Error> {
        let now = self.shared.now();
        let next = self.incoming.poll_timeout(&self.shared.lock().replies);
        let late = next.is_some_and(|at| at <= now);
        let mut left = next.map(|at| now.until(at));
        if self.is_parkable() {
            left = Some(left.map_or(self.park_after, |left| left.min(self.park_after)));
        }
        let left = left.map(|left| left.max(MILLISECOND));
        match (left, self.timeout) {
            (None, Some(None)) => return Ok(late),
            (Some(left), Some(Some(set))) if set <= left => return Ok(late),
            _ => {}
        }
        // Not all of what is left, so that the timeout still fits a little later.
        let timeout =
            left.map(|left| if left > Duration::from_secs(8) { left * 3 / 4 } else { left });
        self.shared.transport.set_read_timeout(timeout)?;
        self.timeout = Some(timeout);
        Ok(late)
    }

    fn is_parkable(&self) -> bool {
        self.incoming.capacity() > QUIET && self.incoming.kept() < QUIET - MIN_RECEIVE
    }

    /// Gives the buffers of a quiet connection back.
    fn park(&mut self) {
        if self.is_parkable() {
            let lent = self.small.is_some();
            let small = self.small.take().unwrap_or_else(|| vec![0; QUIET]);
            if let (true, Ok(large)) = (lent, self.incoming.exchange(small)) {
                self.shared.pool().give(large);
            }
        }
        self.inflating.park();
        self.shared.park();
    }

    /// More room for a message that is longer than the buffer.
    fn grow(&mut self) {
        let capacity = self.incoming.capacity();
        let most = self.max_message.saturating_add(self.read_buffer);
        let wanted = self.incoming.wanted_capacity().min(most);
        let next = capacity.saturating_mul(2).min(wanted).max(self.read_buffer);
        let before = self.incoming.exchange(vec![0; next.max(capacity + MIN_RECEIVE)]);
        if let (Some(_), Ok(large)) = (self.small.take(), before) {
            self.shared.pool().give(large);
        }
    }

    fn peer_closed(&mut self, token: Token) {
        let mut replies = &*self.shared;
        match self.incoming.event(token, &mut replies) {
            Ok(Event::Close(frame)) => end_with(&mut self.ended, &Closed::clean(frame)),
            _ => end_with(&mut self.ended, &Closed::ABNORMAL),
        }
        let _ = self.shared.flush_batch();
        self.shared.end(ErrorKind::UnexpectedEof);
        self.finish();
    }

    /// Ends the transport, the server first, without cutting off what the
    /// peer has still to read (RFC 6455 §7.1.1). Once; who still holds the
    /// connection doesn't keep it open.
    pub(crate) fn finish(&mut self) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        if self.ended.is_none() {
            let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "" };
            let _ = self.shared.close(frame, Mode::Batch);
            let _ = self.shared.flush_batch();
            end_with(&mut self.ended, &Closed::ABNORMAL);
            self.shared.end(ErrorKind::UnexpectedEof);
        }
        self.shared.flush_last();
        if R::IS_SERVER {
            let _ = self.shared.transport.shutdown(Shutdown::Write);
        }
        self.shared.drain(self.shared.limits.close_timeout);
    }
}

fn end_with(slot: &mut Option<End>, closed: &Closed<'_>) {
    if slot.is_none() {
        let Closed { code, reason, clean } = *closed;
        *slot = Some(End { code, reason: reason.to_owned(), clean });
    }
}
