//! The transmit half, as a program sees it.

use embedded_io_async::ErrorType;

use super::link::{Hold, Link, Need};
use super::message::MessageWriter;
use crate::driver::Error;
use crate::error::SendError;
use crate::session::Message;
use crate::wire::{CloseCode, CloseFrame};

/// What [`Sender`] and [`MessageWriter`] fail with.
pub(super) type SenderError<L> = Error<<<L as Link>::Writer as ErrorType>::Error>;

/// Sends on a connection. `L` is how it gets there: alone, or in turns.
///
/// The one that comes with an event only stages, so that the answers to all
/// that came at once leave at once: the next `recv` sends them before it
/// waits. Any other sends before it returns. When the buffer is full, both
/// send what is in it.
///
/// # Cancel safety
///
/// A future that is dropped has staged the whole message or nothing of it;
/// what is staged goes out with the next call, of whichever half. The exception
/// is a message larger than the transmit buffer: when [`send`](Self::send) is
/// dropped in the midst of one, the connection is closed with 1011. Where that
/// matters, send it with [`message`](Self::message), whose `write` can be
/// dropped and called again.
#[derive(Clone)]
pub struct Sender<L> {
    link: L,
    stages_only: bool,
}

impl<L: Link> Sender<L> {
    pub(super) fn new(link: L, stages_only: bool) -> Self {
        Self { link, stages_only }
    }

    /// Sends a message: in one frame where the transmit buffer holds it with
    /// 14 bytes more, else in fragments.
    ///
    /// # Errors
    ///
    /// [`Error::Send`]: [`SendError::Closed`] once the connection is closing;
    /// [`SendError::MessageInProgress`] or [`SendError::FrameInProgress`] where
    /// other senders have not come to an end within the pong deadline, or more
    /// than [`MAX_WAITERS`](super::MAX_WAITERS) wait. [`Error::Stalled`],
    /// [`Error::Ended`] and [`Error::Transport`] when the connection is lost.
    pub async fn send<'m>(
        &mut self,
        message: impl Into<Message<'m>>,
    ) -> Result<(), SenderError<L>> {
        let mut message = message.into();
        self.message().finish(&mut message).await
    }

    /// Begins a message of unknown length, or larger than the transmit buffer.
    ///
    /// It is open from the first `write` on. Until it is finished, messages of
    /// other senders wait. Dropped before that, it closes the connection with
    /// 1011: there is no other way to take a begun message back.
    pub fn message(&mut self) -> MessageWriter<'_, L> {
        MessageWriter::new(&mut self.link, self.stages_only)
    }

    /// Sends a ping (RFC 6455 §5.5.2), with up to 125 bytes. Keepalive needs
    /// none: it sends its own.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`], else as [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), SenderError<L>> {
        let mut hold = Hold::acquire(&mut self.link, Need::Frame).await?;
        let mut flushed = false;
        loop {
            let Some(wire) = hold.link.held() else { return Ok(()) };
            match wire.outgoing.ping(payload) {
                Ok(()) if self.stages_only => return Ok(()),
                Ok(()) => return hold.flush().await,
                Err(SendError::Full) if !flushed => hold.flush().await?,
                Err(error) => return Err(error.into()),
            }
            flushed = true;
        }
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2). Where it has begun
    /// already, nothing happens. What the peer still sends is received: go on
    /// with `recv` until it says that the connection is closed.
    ///
    /// It waits for nobody: where another sender is at work, that one sends
    /// the Close.
    ///
    /// # Errors
    ///
    /// [`SendError::CloseCode`], [`SendError::ControlTooLong`]; else as
    /// [`send`](Self::send).
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), SenderError<L>> {
        let now = self.link.clock().now();
        let frame = CloseFrame { code, reason };
        self.link.replies(|replies| replies.request_close(frame, now)).unwrap_or(Ok(()))?;
        self.link.kick(); // the close deadline begins
        self.flush().await
    }

    /// Sends what is staged now, unless another sender is at work, who does.
    ///
    /// # Errors
    ///
    /// [`Error::Stalled`], [`Error::Ended`] and [`Error::Transport`].
    pub async fn flush(&mut self) -> Result<(), SenderError<L>> {
        match Hold::try_acquire(&mut self.link) {
            Some(mut hold) => hold.flush().await,
            None => Ok(()),
        }
    }
}
