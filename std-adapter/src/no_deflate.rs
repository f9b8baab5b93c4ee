//! What takes the place of `deflate` where the feature is off: nothing.

use tubesock_core::handshake::{RefusedByServer, Upgrade};
use tubesock_core::session::Deposit;
use tubesock_core::{DataKind, Event, Incoming, Message, Outgoing, ProtocolError, Role, Token};

use crate::config::Config;

pub(crate) enum Agreement {}

pub(crate) fn answer<I>(_: &Config, _: &Upgrade<'_, I>) -> Option<(Agreement, String)> {
    None
}

pub(crate) fn offer(_: &Config) -> Option<String> {
    None
}

pub(crate) fn verify(_: &Config, _: Option<&[u8]>) -> Result<Option<Agreement>, RefusedByServer> {
    Ok(None)
}

pub(crate) struct Inflating;

impl Inflating {
    pub(crate) const OFF: Self = Self;

    #[inline(always)]
    pub(crate) fn poll<R: Role, D: Deposit>(
        &mut self,
        chunks: bool,
        incoming: &mut Incoming<R, Vec<u8>>,
        replies: &mut D,
    ) -> Result<Option<Token>, ProtocolError> {
        if chunks { incoming.poll_chunk(replies) } else { incoming.poll_message(replies) }
    }

    #[inline(always)]
    pub(crate) fn event<'a, R: Role, D: Deposit>(
        &'a self,
        incoming: &'a mut Incoming<R, Vec<u8>>,
        token: Token,
        replies: &mut D,
    ) -> Result<Event<'a>, ProtocolError> {
        incoming.event(token, replies)
    }

    pub(crate) fn park(&mut self) {}
}

pub(crate) struct Deflating;

impl Deflating {
    pub(crate) const OFF: Self = Self;

    pub(crate) fn is_on(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(crate) fn stage<R: Role>(
        &mut self,
        out: &mut Outgoing<R, Vec<u8>>,
        message: Message<'_>,
    ) -> Result<(), tubesock_core::SendError> {
        out.stage(message)
    }

    pub(crate) fn write<R: Role>(
        &mut self,
        _: &mut Outgoing<R, Vec<u8>>,
        _: DataKind,
        _: &mut &[u8],
        _: bool,
    ) -> Result<bool, tubesock_core::SendError> {
        Ok(true)
    }

    pub(crate) fn park(&mut self) {}
}
