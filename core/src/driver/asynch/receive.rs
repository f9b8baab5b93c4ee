//! The receive side: from the transport to an event.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};

use super::link::{Buffer, Hold, Link};
use super::sender::Sender;
use super::timer::poll_if_any;
use crate::driver::Error;
use crate::error::ProtocolError;
use crate::role::Role;
use crate::session::{Chunk, Event, Incoming, Token};

/// The receive half and its reader.
#[derive(Debug)]
pub(super) struct Receiving<B, Rd, R> {
    pub(super) io: Rd,
    pub(super) incoming: Incoming<R, B>,
    /// What the peer did wrong, until the Close that tells it so is out.
    pub(super) failed: Option<ProtocolError>,
}

/// An event, with the half to answer it.
pub(super) type Received<'r, L, D> = Option<(Event<'r, D>, Sender<L>)>;

pub(super) type ReceiveError<Rd> = Error<<Rd as ErrorType>::Error>;

impl<B: Buffer, Rd: Read, R: Role> Receiving<B, Rd, R> {
    pub(super) async fn message<'r, L>(
        &'r mut self,
        mut link: L,
    ) -> Result<Received<'r, L, crate::session::Message<'r>>, ReceiveError<Rd>>
    where
        L: Link<Role = R>,
        L::Writer: Write<Error = Rd::Error>,
    {
        let Some(token) = self.next(&mut link, false).await? else { return Ok(None) };
        let Self { incoming, failed, .. } = self;
        match link.replies(move |replies| incoming.event(token, replies)) {
            Some(Ok(event)) => Ok(Some((event, Sender::new(link, true)))),
            Some(Err(error)) => Err(tell(link, failed, error).await),
            None => Err(Error::Ended),
        }
    }

    pub(super) async fn chunk<'r, L>(
        &'r mut self,
        mut link: L,
    ) -> Result<Received<'r, L, Chunk<'r>>, ReceiveError<Rd>>
    where
        L: Link<Role = R>,
        L::Writer: Write<Error = Rd::Error>,
    {
        let Some(token) = self.next(&mut link, true).await? else { return Ok(None) };
        let Self { incoming, failed, .. } = self;
        match link.replies(move |replies| incoming.chunk(token, replies)) {
            Some(Ok(event)) => Ok(Some((event, Sender::new(link, true)))),
            Some(Err(error)) => Err(tell(link, failed, error).await),
            None => Err(Error::Ended),
        }
    }

    /// The next event; `None` when the closing handshake is through.
    ///
    /// Nothing lives in the future but the wait, so it can be dropped.
    pub(super) async fn next<L>(
        &mut self,
        link: &mut L,
        chunks: bool,
    ) -> Result<Option<Token>, ReceiveError<Rd>>
    where
        L: Link<Role = R>,
        L::Writer: Write<Error = Rd::Error>,
    {
        let clock = link.clock();
        loop {
            let incoming = &mut self.incoming;
            let polled = link.replies(|replies| {
                if chunks { incoming.poll_chunk(replies) } else { incoming.poll_message(replies) }
            });
            match polled.unwrap_or(Ok(None)) {
                Ok(None) => {}
                Ok(token) => return Ok(token),
                Err(error) => self.failed = Some(error),
            }
            if let Some(mut hold) = Hold::try_acquire(link) {
                hold.flush().await?;
            }
            link.forget_kick(); // all that it could tell is looked at from here on
            let ended = self.incoming.is_finished();
            if ended && link.close_is_out() {
                return match self.failed.take() {
                    Some(error) => Err(Error::Protocol(error)),
                    None => Ok(None),
                };
            }
            let incoming = &mut self.incoming;
            let deadline = link.replies(|replies| incoming.poll_timeout(replies)).flatten();
            let woken = {
                let mut read = pin!(self.io.read(self.incoming.space()));
                let mut late = pin!(clock.wait_until(deadline));
                poll_fn(|cx| {
                    // Once the peer has closed, only another sender is waited for.
                    if !ended {
                        if let Poll::Ready(read) = read.as_mut().poll(cx) {
                            return Poll::Ready(Woken::Read(read));
                        }
                    }
                    if poll_if_any(late.as_mut(), cx).is_ready() {
                        return Poll::Ready(Woken::Late);
                    }
                    link.poll_kicked(cx).map(|()| Woken::Kicked)
                })
                .await
            };
            match woken {
                Woken::Read(Ok(0)) => return Err(Error::Ended),
                Woken::Read(Ok(n)) => self.incoming.filled(n, clock.now()),
                Woken::Read(Err(error)) => return Err(Error::Transport(error)),
                Woken::Late => {
                    let incoming = &mut self.incoming;
                    link.replies(|replies| incoming.handle_timeout(clock.now(), replies))
                        .unwrap_or(Ok(()))?;
                }
                Woken::Kicked => {}
            }
        }
    }
}

enum Woken<E> {
    Read(Result<usize, E>),
    Late,
    Kicked,
}

/// Sends the Close that answers the peer's violation, if the wire is free.
async fn tell<L: Link>(
    mut link: L,
    failed: &mut Option<ProtocolError>,
    error: ProtocolError,
) -> Error<<L::Writer as ErrorType>::Error> {
    *failed = Some(error); // it is not lost if this future is
    if let Some(mut hold) = Hold::try_acquire(&mut link) {
        if let Err(error) = hold.flush().await {
            return error;
        }
    }
    *failed = None;
    Error::Protocol(error)
}
