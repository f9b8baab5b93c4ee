//! Receiving compressed messages.

use tubesock_core::deflate::{Agreement, Inflate};
use tubesock_core::session::Deposit;
use tubesock_core::{Event, Incoming, ProtocolError, Role, Token};

/// The message buffer to begin with, and the largest piece in chunks, in
/// bytes.
const MESSAGE: usize = 16 << 10;

/// The same while the connection is quiet.
const PARKED: usize = 1 << 10;

/// What stands before an [`Incoming`]: an inflater, where one was agreed on.
pub(crate) struct Inflating(Option<Box<Agreed>>);

type Boxed = Box<Inflate<Box<[u8]>, Vec<u8>>>;

struct Agreed {
    agreement: Agreement,
    max_message: usize,
    /// Made when the first compressed message is there.
    /// Boxed, and made out of line: it would make the stack of each
    /// connection's thread three pages deeper.
    inflate: Option<Boxed>,
}

impl Inflating {
    pub(crate) const OFF: Self = Self(None);

    pub(crate) fn new(agreement: Agreement, max_message: usize) -> Self {
        Self(Some(Box::new(Agreed { agreement, max_message, inflate: None })))
    }

    pub(crate) fn poll<R: Role, D: Deposit>(
        &mut self,
        chunks: bool,
        incoming: &mut Incoming<R, Vec<u8>>,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        let Some(agreed) = &mut self.0 else {
            return poll(chunks, incoming, replies);
        };
        let inflate = match &mut agreed.inflate {
            Some(inflate) => inflate,
            None => match poll(chunks, incoming, replies)? {
                Some(token) if token.is_compressed() => {
                    let inflate = agreed.inflate.insert(new(&agreed.agreement, agreed.max_message));
                    inflate.take(token);
                    inflate
                }
                other => return Ok(other),
            },
        };
        loop {
            let polled = if chunks {
                inflate.poll_chunk(incoming, replies)?
            } else {
                inflate.poll_message(incoming, replies)?
            };
            if polled.is_some() || !inflate.wants_room() {
                return Ok(polled);
            }
            let more = inflate.capacity().saturating_mul(2).min(agreed.max_message);
            let _ = inflate.exchange(vec![0; more.max(inflate.capacity() + 1)]);
        }
    }

    pub(crate) fn event<'a, R: Role, D: Deposit>(
        &'a self,
        incoming: &'a mut Incoming<R, Vec<u8>>,
        token: Token,
        replies: &mut D,
    ) -> Result<Event<'a>, ProtocolError> {
        match self.0.as_ref().and_then(|agreed| agreed.inflate.as_ref()) {
            Some(inflate) => inflate.event(incoming, token, replies),
            None => incoming.event(token, replies),
        }
    }

    /// Gives back what a quiet connection does without.
    pub(crate) fn park(&mut self) {
        let Some(agreed) = &mut self.0 else { return };
        if agreed.inflate.as_ref().is_some_and(|inflate| inflate.is_disposable()) {
            agreed.inflate = None;
        }
        if let Some(inflate) = &mut agreed.inflate
            && inflate.is_idle()
            && inflate.capacity() > PARKED
        {
            let _ = inflate.exchange(vec![0; PARKED]);
        }
    }
}

fn poll<R: Role, D: Deposit>(
    chunks: bool,
    incoming: &mut Incoming<R, Vec<u8>>,
    replies: &mut D,
) -> Result<Option<Token>, ProtocolError> {
    if chunks { incoming.poll_chunk(replies) } else { incoming.poll_message(replies) }
}

#[cold]
#[inline(never)]
fn new(agreement: &Agreement, max_message: usize) -> Boxed {
    let ring = vec![0; agreement.ring_len()].into();
    let mut inflate = Inflate::new(agreement, ring, vec![0; MESSAGE])
        .expect("the ring has the length that the agreement asks for");
    inflate.set_max_message(max_message);
    Box::new(inflate)
}
