//! Connections of other HTTP servers.

#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "rouille")]
mod rouille;
#[cfg(feature = "tiny_http")]
mod tiny_http;

#[cfg(feature = "rouille")]
pub use self::rouille::hijack_rouille;
#[cfg(feature = "tiny_http")]
pub use self::tiny_http::{TinyHttpRefused, hijack_tiny_http};

#[cfg(any(feature = "tiny_http", feature = "rouille"))]
use {
    crate::request::{Head, check_policy},
    crate::{Config, Refusal},
    tubesock_core::handshake::Upgrade,
};

/// The header fields of a 101 for this head, for a server that writes
/// `Upgrade` and `Connection` itself.
#[cfg(any(feature = "tiny_http", feature = "rouille"))]
fn accept_fields(head: &Head, config: &Config) -> Result<Vec<(String, String)>, Refusal> {
    let Head { method, target, is_http_1_1, .. } = head;
    let upgrade = Upgrade::from_parsed(method, target, *is_http_1_1, head.fields())?;
    check_policy(&upgrade, config)?;
    let accept = upgrade.accept();
    let fields = accept.fields().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(fields.filter(|(name, _)| !matches!(name.as_str(), "Upgrade" | "Connection")).collect())
}
