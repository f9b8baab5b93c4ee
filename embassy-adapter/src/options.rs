//! What a server says yes to.

use core::time::Duration;

use tubesock_core::Config;
use tubesock_core::handshake::{Accept, OriginPolicy, Refusal, Upgrade};

/// Limits and deadlines of a connection, and whom a server lets in.
#[derive(Debug, Clone, Copy)]
pub struct Options<'o> {
    /// The session's own.
    pub config: Config,
    /// How long the opening handshake may take. Default: 5 s.
    pub handshake_timeout: Duration,
    /// Whose pages may connect. Default: those of the same host.
    pub origins: OriginPolicy<'o>,
    /// The subprotocols that are spoken, the best first. Default: none.
    pub subprotocols: &'o [&'o str],
}

impl<'o> Options<'o> {
    /// The defaults, as a constant.
    pub const DEFAULT: Options<'static> = Options {
        config: Config::DEFAULT,
        handshake_timeout: Duration::from_secs(5),
        origins: OriginPolicy::SameHost,
        subprotocols: &[],
    };

    /// The answer to a request: yes, with the first of our subprotocols that
    /// is offered, or without one.
    ///
    /// # Errors
    ///
    /// [`Refusal::Origin`].
    pub fn decide<'a, I>(&self, upgrade: &Upgrade<'a, I>) -> Result<Accept<'o>, Refusal>
    where
        I: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        upgrade.check_origin(self.origins)?;
        match upgrade.select_subprotocol(self.subprotocols) {
            Some(name) => upgrade.accept_subprotocol(name).map_err(|_| Refusal::Subprotocol),
            None => Ok(upgrade.accept()),
        }
    }
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self::DEFAULT
    }
}
