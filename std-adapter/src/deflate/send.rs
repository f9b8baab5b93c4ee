//! Sending compressed messages, under the wire's lock: the order in which
//! messages are compressed is the order in which they go out.

use tubesock_core::deflate::{Agreement, Deflate as Layer};
use tubesock_core::{DataKind, Message, Outgoing, Role, SendError};

use super::Deflate;
use super::compressor::Compressor;

/// What stands before an [`Outgoing`]: a compressor, where one was agreed on.
pub(crate) struct Deflating(Option<Box<Agreed>>);

struct Agreed {
    agreement: Agreement,
    settings: Deflate,
    /// Made when the first message is to be compressed.
    layer: Option<Box<Layer<Compressor>>>,
}

impl Deflating {
    pub(crate) const OFF: Self = Self(None);

    pub(crate) fn new(agreement: Agreement, settings: Deflate) -> Self {
        Self(Some(Box::new(Agreed { agreement, settings, layer: None })))
    }

    /// Whether messages are compressed.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The window for messages that refer to nothing before them, and the
    /// threshold that was set; `None` where they may refer to it.
    pub(crate) fn fresh_bits(&self) -> Option<(u8, usize)> {
        let agreed = self.0.as_ref()?;
        let Agreement { send_bits, send_takeover, .. } = agreed.agreement;
        (!send_takeover).then(|| (send_bits, agreed.settings.threshold.unwrap_or(0)))
    }

    pub(crate) fn stage<R: Role>(
        &mut self,
        out: &mut Outgoing<R, Vec<u8>>,
        message: Message<'_>,
    ) -> Result<(), SendError> {
        match self.layer() {
            Some(layer) => layer.stage(out, message).map(drop),
            None => out.stage(message),
        }
    }

    /// The message, compressed, if it shrinks.
    pub(crate) fn compress(&mut self, message: Message<'_>) -> Option<Vec<u8>> {
        let mut output = vec![0; message.len()];
        let len = self.layer()?.compress(message.as_bytes(), &mut output)?;
        output.truncate(len);
        Some(output)
    }

    /// Stages what there is room for of a fragment; says whether that is all.
    pub(crate) fn write<R: Role>(
        &mut self,
        out: &mut Outgoing<R, Vec<u8>>,
        kind: DataKind,
        rest: &mut &[u8],
        last: bool,
    ) -> Result<bool, SendError> {
        match self.layer() {
            Some(layer) => layer.write(out, kind, rest, last),
            None => Ok(true),
        }
    }

    /// Gives back what a quiet connection does without.
    pub(crate) fn park(&mut self) {
        if let Some(agreed) = &mut self.0
            && agreed.layer.as_ref().is_some_and(|layer| layer.is_fresh() && !layer.in_message())
        {
            agreed.layer = None;
        }
    }

    fn layer(&mut self) -> Option<&mut Layer<Compressor>> {
        let Agreed { agreement, settings, layer } = &mut **self.0.as_mut()?;
        Some(layer.get_or_insert_with(|| new(agreement, settings)))
    }
}

/// Out of line, and boxed: it would make each thread's stack deeper.
#[cold]
#[inline(never)]
fn new(agreement: &Agreement, settings: &Deflate) -> Box<Layer<Compressor>> {
    let layer = Layer::new(agreement, Compressor::new(agreement, settings));
    Box::new(match settings.threshold {
        Some(bytes) => layer.with_threshold(bytes),
        None => layer,
    })
}
