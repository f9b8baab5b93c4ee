//! permessage-deflate (RFC 7692): what to ask for, and both directions of a
//! connection that has it.

mod compressor;
mod prepared;
mod receive;
mod send;

pub use tubesock_core::deflate::Agreement;
use tubesock_core::deflate::{MAX_VALUE, Settings};
use tubesock_core::handshake::{RefusedByServer, Upgrade};

use crate::config::Config;

pub(crate) use prepared::Once;
pub(crate) use receive::Inflating;
pub(crate) use send::Deflating;

/// Compression of messages (RFC 7692), as [`Config::deflate`] turns it on.
///
/// ```
/// use tubesock_std::{Config, Deflate};
///
/// let config = Config { deflate: Some(Deflate::default()), ..Config::default() };
/// ```
///
/// A connection's memory for it comes with its first compressed message, in
/// each direction: 10.5 KB and the peer's window to receive; about four times
/// the window to send. Those of a quiet connection without context takeover
/// are given back.
///
/// The length of what is compressed tells what it resembles: see the caution
/// about secrets in the docs of [`tubesock_core::deflate`].
///
/// [`Config::deflate`]: crate::Config::deflate
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deflate {
    /// The window of what is sent, 2^8 to 2^15 bytes. Default: 12.
    pub send_bits: u8,
    /// The window that the peer is asked to keep to, 2^8 to 2^15 bytes; one
    /// that can't be asked, as Firefox and Safari, gets 15. Default: 12.
    pub receive_bits: u8,
    /// Whether a message that is sent may refer to those before it. Without,
    /// a [`Prepared`](crate::Prepared) one is compressed once for everybody.
    /// Default: true.
    pub send_takeover: bool,
    /// Whether the peer's messages may. Default: true.
    pub receive_takeover: bool,
    /// Shorter messages go out as they are. Default: 8 bytes with context
    /// takeover, 64 without.
    pub threshold: Option<usize>,
    /// Compresses with zlib, in Rust, at a level of 1 to 9, for better ratios
    /// and some 270 KB for each connection. Default: our own encoder.
    #[cfg(feature = "zlib")]
    #[cfg_attr(docsrs, doc(cfg(feature = "zlib")))]
    pub zlib_level: Option<u8>,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            send_bits: 12,
            receive_bits: 12,
            send_takeover: true,
            receive_takeover: true,
            threshold: None,
            #[cfg(feature = "zlib")]
            zlib_level: None,
        }
    }
}

/// The server's answer to what is offered, and the header field's value that
/// says it.
pub(crate) fn answer<'a, I: Iterator<Item = (&'a str, &'a [u8])> + Clone>(
    config: &Config,
    upgrade: &Upgrade<'a, I>,
) -> Option<(Agreement, String)> {
    let answer = config.deflate?.settings().accept(upgrade.extensions())?;
    let mut value = [0; MAX_VALUE];
    Some((answer.agreement, answer.write(&mut value).ok()?.to_owned()))
}

/// What a client offers, as the header field's value.
pub(crate) fn offer(config: &Config) -> Option<String> {
    let mut value = [0; MAX_VALUE];
    Some(config.deflate?.settings().write_offer(&mut value).ok()?.to_owned())
}

/// What the server's answer agrees on.
pub(crate) fn verify(
    config: &Config,
    answer: Option<&[u8]>,
) -> Result<Option<Agreement>, RefusedByServer> {
    match config.deflate {
        Some(deflate) => deflate.settings().verify(answer),
        None => Ok(None), // the handshake has refused what was not offered
    }
}

impl Deflate {
    fn settings(&self) -> Settings {
        Settings::new(self.receive_bits, self.send_bits)
            .with_takeover(self.receive_takeover, self.send_takeover)
    }
}
