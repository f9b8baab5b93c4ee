//! A connection by callbacks.

use embedded_io_async::{Read, Write};

use super::link::Hold;
use super::{Timer, WebSocket};
use crate::driver::Error;
use crate::handler::{Closed, Handler, HandlerError};
use crate::role::Role;
use crate::session::{Event, Outgoing};
use crate::wire::CloseCode;

impl<'b, Rd: Read, Wr: Write<Error = Rd::Error>, T: Timer, R: Role> WebSocket<'b, Rd, Wr, T, R> {
    /// Runs the connection by callbacks to its end, which `on_close` is told.
    ///
    /// A callback stages its answers, and what is staged goes out before the
    /// next message is waited for. One that has to wait itself is better
    /// written as a loop around [`recv`](Self::recv).
    ///
    /// Cancel-safe, but for that `on_open` is called again.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv): the handler has been told, and this tells how
    /// the transport is to be ended. A callback that fails is none: the
    /// connection is closed with 1011.
    pub async fn run<H>(&mut self, handler: &mut H) -> Result<(), Error<Rd::Error>>
    where
        H: Handler<Outgoing<R, &'b mut [u8]>>,
    {
        let failed = match self.call(handler).await {
            Ok(None) => return Ok(()),
            Ok(Some(failed)) => failed,
            Err(error) => {
                let (told, closed) = match error {
                    Error::Protocol(error) => (HandlerError::Protocol(error), error.into()),
                    Error::Timeout(timeout) => (HandlerError::Timeout(timeout), timeout.into()),
                    _ => (HandlerError::Transport, Closed::ABNORMAL),
                };
                handler.on_error(told);
                handler.on_close(&closed);
                return Err(error);
            }
        };
        handler.on_error(HandlerError::Handler(failed));
        let ended = self.finish(CloseCode::INTERNAL, "").await;
        handler.on_close(&Closed { code: CloseCode::INTERNAL, reason: "", clean: false });
        ended
    }

    /// Until the peer has closed, or a callback fails.
    async fn call<H>(&mut self, handler: &mut H) -> Result<Option<H::Error>, Error<Rd::Error>>
    where
        H: Handler<Outgoing<R, &'b mut [u8]>>,
    {
        let mut link = self.shared.whole();
        if let Err(failed) = handler.on_open(&mut link.wire.outgoing) {
            return Ok(Some(failed));
        }
        while let Some(token) = self.receiving.next(&mut link, false).await? {
            match self.receiving.incoming.event(token, link.replies) {
                Ok(Event::Data(message)) => {
                    if let Err(failed) = handler.on_message(&mut link.wire.outgoing, message) {
                        return Ok(Some(failed));
                    }
                }
                Ok(Event::Close(frame)) => {
                    if let Some(mut hold) = Hold::try_acquire(&mut link) {
                        hold.flush().await?;
                    }
                    handler.on_close(&Closed::clean(frame));
                    return Ok(None);
                }
                Ok(_) => {}
                Err(error) => self.receiving.failed = Some(error), // told before it is returned
            }
        }
        Ok(None)
    }
}
