//! Whose pages may connect (RFC 6455 §10.2), and under which name.

use super::tokens::{is_same_name, split_scheme};

/// Which origins may open a WebSocket here. Clients that are no browsers send
/// none, and pass each of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum OriginPolicy<'a> {
    /// Pages of this host: the origin's host and port are those of `Host`.
    #[default]
    SameHost,
    /// Pages of any origin. Cookies then prove nothing about the page.
    Any,
    /// Pages of these origins, such as `https://example.com`.
    AllowList(&'a [&'a str]),
}

impl OriginPolicy<'_> {
    /// Whether a request with this `Origin` and `Host` passes.
    ///
    /// ```
    /// use tubesock_core::handshake::OriginPolicy;
    ///
    /// let same = OriginPolicy::SameHost;
    /// assert!(same.admits(None, "example.com"));
    /// assert!(same.admits(Some("https://Example.com"), "example.com:443"));
    /// assert!(!same.admits(Some("https://example.com:8443"), "example.com"));
    /// assert!(!same.admits(Some("null"), "example.com")); // a sandboxed frame
    /// ```
    #[must_use]
    pub fn admits(&self, origin: Option<&str>, host: &str) -> bool {
        let Some(origin) = origin else { return true };
        match self {
            Self::Any => true,
            Self::AllowList(list) => list.iter().any(|item| is_same_name(item, origin)),
            Self::SameHost => {
                let Some((scheme, authority)) = split_scheme(origin) else { return false };
                let port = if is_same_name(scheme, "https") { ":443" } else { ":80" };
                let bare = |name: &str| name.strip_suffix(port).unwrap_or(name).len();
                let origin = authority.get(..bare(authority)).unwrap_or_default();
                let host = host.get(..bare(host)).unwrap_or_default();
                !host.is_empty() && is_same_name(origin, host)
            }
        }
    }
}

/// Whether `host`, a `Host` field, is on the list: against DNS rebinding, by
/// which a stranger's page reaches a server under the stranger's name. An
/// item without a port stands for any port.
///
/// ```
/// use tubesock_core::handshake::host_is_allowed;
/// assert!(host_is_allowed("LOCALHOST:3000", &["localhost", "127.0.0.1"]));
/// assert!(!host_is_allowed("evil.example", &["localhost"]));
/// ```
#[must_use]
pub fn host_is_allowed(host: &str, list: &[&str]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    list.iter().any(|item| item.eq_ignore_ascii_case(host) || item.eq_ignore_ascii_case(name))
}
