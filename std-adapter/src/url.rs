//! `ws://` addresses (RFC 6455 §3).

use std::net::{SocketAddr, ToSocketAddrs};

/// A `ws://` address, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// Name and port as they stand, for the `Host` field.
    pub(crate) authority: &'a str,
    host: &'a str,
    port: u16,
    /// Path and query.
    pub(crate) target: String,
}

impl<'a> Url<'a> {
    /// # Errors
    ///
    /// What is wrong, in a sentence.
    pub(crate) fn parse(url: &'a str) -> Result<Self, &'static str> {
        let (scheme, rest) = url.split_once("://").ok_or("an address begins with ws://")?;
        if scheme.eq_ignore_ascii_case("wss") {
            return Err("wss:// needs TLS: connect a TLS stream, and use connect_over");
        }
        if !scheme.eq_ignore_ascii_case("ws") {
            return Err("an address begins with ws://");
        }
        if rest.contains('#') {
            return Err("a WebSocket address has no fragment (#)");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err("an address can't carry a user name: send a header field instead");
        }
        let (host, port) = split_port(authority)?;
        if host.is_empty() {
            return Err("the address names no host");
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self { authority, host, port, target: format!("{slash}{path}") })
    }

    pub(crate) fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        Ok((host, self.port).to_socket_addrs()?.collect())
    }
}

fn split_port(authority: &str) -> Result<(&str, u16), &'static str> {
    let after_name = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[after_name..].rfind(':') {
        None => Ok((authority, 80)),
        Some(colon) => {
            let (host, port) = authority.split_at(after_name + colon);
            let port = port[1..].parse().map_err(|_| "the port is not a number below 65,536")?;
            Ok((host, port))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gives_host_port_and_target() {
        for (url, authority, host, port, target) in [
            ("ws://example.com", "example.com", "example.com", 80, "/"),
            ("WS://example.com:81/a?b=c", "example.com:81", "example.com", 81, "/a?b=c"),
            ("ws://[::1]:9001?x", "[::1]:9001", "[::1]", 9001, "/?x"),
            ("ws://[::1]/", "[::1]", "[::1]", 80, "/"),
        ] {
            let target = target.to_owned();
            assert_eq!(Url::parse(url), Ok(Url { authority, host, port, target }));
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_says_why() {
        for url in [
            "example.com",
            "http://example.com",
            "wss://example.com",
            "ws://",
            "ws://u@h/",
            "ws://h/#f",
            "ws://h:x/",
            "ws://h:65536/",
        ] {
            assert!(Url::parse(url).is_err(), "{url}");
        }
    }
}
