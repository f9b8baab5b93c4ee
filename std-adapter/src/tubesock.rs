//! Handlers: several each for open, message, close and error, run in order.

use std::any::Any;
use std::fmt;
use std::io::ErrorKind;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tubesock_core::handler::Closed;
use tubesock_core::{CloseCode, Message, Role};

use crate::error::{BoxError, Error, Outcome};
use crate::receiver::Receiver;
use crate::sender::{Sender, Transmit};
use crate::transport::Transport;

type OnOpen<'env> = Box<dyn FnMut(&Transmit) -> Result<(), BoxError> + 'env>;
type OnMessage<'env> = Box<dyn FnMut(&Transmit, Message<'_>) -> Result<(), BoxError> + 'env>;
type OnClose<'env> = Box<dyn FnMut(&Closed<'_>) + 'env>;
type OnError<'env> = Box<dyn FnMut(&Error) + 'env>;

/// What a program does about a hijacked connection: its handlers, and the
/// [`Sender`] to reach the peer from elsewhere.
///
/// It has all of [`Handlers`]' methods.
pub struct Tubesock<'env> {
    pub(crate) handlers: Handlers<'env>,
    sender: Sender,
}

impl<'env> Tubesock<'env> {
    pub(crate) fn new(sender: Sender) -> Self {
        Self { handlers: Handlers::default(), sender }
    }

    /// What sends from any thread.
    #[must_use]
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }
}

impl<'env> Deref for Tubesock<'env> {
    type Target = Handlers<'env>;

    fn deref(&self) -> &Handlers<'env> {
        &self.handlers
    }
}

impl DerefMut for Tubesock<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.handlers
    }
}

impl fmt::Debug for Tubesock<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tubesock").field("sender", &self.sender).finish_non_exhaustive()
    }
}

/// The handlers of one connection. All run on its thread, in the order in
/// which they were added, so they may share state in a `Cell` or `RefCell`
/// that outlives the call which runs them.
///
/// Handlers that may fail give a `Result` with any error. An error, and a
/// panic, goes to the [`on_error`](Self::on_error) handlers; then the
/// connection is closed with 1011.
///
/// What `on_close` sees on each way that a connection can end is a table at
/// [`Closed`].
#[derive(Default)]
pub struct Handlers<'env> {
    open: Vec<OnOpen<'env>>,
    message: Vec<OnMessage<'env>>,
    close: Vec<OnClose<'env>>,
    error: Vec<OnError<'env>>,
    stay_open: bool,
}

impl<'env> Handlers<'env> {
    /// When the handshake is done.
    pub fn on_open<O: Outcome>(&mut self, mut handler: impl FnMut(&Transmit) -> O + 'env) {
        self.open.push(Box::new(move |out| handler(out).into_result()));
    }

    /// For each message; it may be answered while it is held.
    pub fn on_message<O: Outcome>(
        &mut self,
        mut handler: impl FnMut(&Transmit, Message<'_>) -> O + 'env,
    ) {
        self.message.push(Box::new(move |out, message| handler(out, message).into_result()));
    }

    /// When the connection is over, however it ended; the last call.
    pub fn on_close(&mut self, handler: impl FnMut(&Closed<'_>) + 'env) {
        self.close.push(Box::new(handler));
    }

    /// When something went wrong, of the peer, the network or a handler.
    pub fn on_error(&mut self, handler: impl FnMut(&Error) + 'env) {
        self.error.push(Box::new(handler));
    }

    /// Whether the connection goes on after a handler's error. It doesn't
    /// after a panic.
    pub fn stay_open_on_error(&mut self, stay: bool) {
        self.stay_open = stay;
    }

    pub(crate) fn run<R: Role + Send + 'static, T: Transport>(
        &mut self,
        receiver: &mut Receiver<R, T>,
        out: &Transmit,
    ) {
        let mut failed = false;
        for handler in &mut self.open {
            if let Err(error) = guard(|| handler(out)) {
                failed = !tell(&mut self.error, &error, self.stay_open, out);
                if failed {
                    break;
                }
            }
        }
        loop {
            match receiver.recv() {
                Ok(Some(_)) if failed => {}
                Ok(Some(message)) => {
                    for handler in &mut self.message {
                        if let Err(error) = guard(|| handler(out, message)) {
                            failed = !tell(&mut self.error, &error, self.stay_open, out);
                            break;
                        }
                    }
                }
                Ok(None) => break,
                // After our 1011 the rest of the story is no news.
                Err(_) if failed => break,
                Err(error) => {
                    tell(&mut self.error, &error, true, out);
                    break;
                }
            }
        }
        let failure = Closed { code: CloseCode::INTERNAL, reason: "", clean: false };
        let closed = match receiver.closed() {
            _ if failed => failure,
            Some(closed) => closed,
            None => Closed::ABNORMAL,
        };
        for handler in &mut self.close {
            // A panic here has nobody left to be told; the hook has shown it.
            let _ = catch_unwind(AssertUnwindSafe(|| handler(&closed)));
        }
        receiver.set_closed(&Closed::ABNORMAL, ErrorKind::UnexpectedEof);
    }
}

impl fmt::Debug for Handlers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("open", &self.open.len())
            .field("message", &self.message.len())
            .field("close", &self.close.len())
            .field("error", &self.error.len())
            .finish_non_exhaustive()
    }
}

/// Tells the error handlers, and closes with 1011 unless the connection is to
/// go on; whether it does.
fn tell(handlers: &mut [OnError<'_>], error: &Error, stay_open: bool, out: &Transmit) -> bool {
    for handler in handlers {
        let _ = catch_unwind(AssertUnwindSafe(|| handler(error)));
    }
    let goes_on = stay_open && !matches!(error, Error::Panic(_));
    if !goes_on {
        let _ = out.close(CloseCode::INTERNAL, "");
    }
    goes_on
}

/// A handler's error, or its panic, as an error.
fn guard(handler: impl FnOnce() -> Result<(), BoxError>) -> Result<(), Error> {
    match catch_unwind(AssertUnwindSafe(handler)) {
        Ok(result) => result.map_err(Error::Handler),
        Err(panic) => Err(Error::Panic(panic_message(&*panic))),
    }
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "something that is no text".to_owned())
}
