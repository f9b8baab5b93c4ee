//! All settings, in one place.

use std::time::{Duration, Instant};

/// Limits and deadlines of a server, a client, or a hijacked connection.
///
/// Begin with [`Config::default`], and change what you need:
///
/// ```
/// use std::time::Duration;
/// use tubesock_std::Config;
///
/// let config = Config { max_message: 64 << 10, idle_timeout: Some(Duration::from_secs(300)), ..Config::default() };
/// ```
///
/// `None` is "never". A deadline is met to a few milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The largest message to receive whole, in bytes; a larger one ends the
    /// connection with 1009. Default: 16 MiB. The buffer grows up to it with
    /// what really arrives.
    pub max_message: usize,
    /// The largest request or response head, in bytes; a longer one gets 431.
    /// Default: 8 KiB.
    pub max_head: usize,
    /// The receive buffer while the connection is busy, in bytes. Default:
    /// 64 KiB.
    pub read_buffer: usize,
    /// How much may be batched for one write, in bytes. Default: 64 KiB.
    pub write_buffer: usize,
    /// How much [`try_send`](crate::Transmit::try_send) may leave for later,
    /// in bytes. Default: 256 KiB.
    pub max_queued: usize,
    /// A connection that is quiet for so long gives its buffers back. Default:
    /// 1 s.
    pub park_after: Duration,
    /// The head must be there by then. Default: 10 s.
    pub handshake_timeout: Duration,
    /// A ping goes out when nothing has come for so long. Default: 30 s.
    pub ping_interval: Option<Duration>,
    /// The peer is given up when no byte has come for so long after a ping.
    /// Default: 10 s.
    pub pong_timeout: Option<Duration>,
    /// The connection is closed, with 1001, when the peer has sent nothing of
    /// a message for so long. Default: never.
    pub idle_timeout: Option<Duration>,
    /// The connection is dropped when our Close has no answer for so long.
    /// Default: 5 s.
    pub close_timeout: Duration,
    /// A message must be out by then. Default: 10 s.
    pub write_timeout: Duration,
    /// A server's connections at one time; further ones get 503. Default:
    /// 10,000.
    pub max_connections: usize,
    /// The stack of a server's thread for one connection, in bytes. Default:
    /// 256 KiB, of which the system hands out what is touched.
    pub stack_size: usize,
    /// Connections must be gone by then after
    /// [`shutdown`](crate::ServerHandle::shutdown). Default: 5 s.
    pub shutdown_timeout: Duration,
    /// Whose pages may connect. Default: those of the same host.
    pub origins: Origins,
    /// Under which names the server may be addressed, against DNS rebinding;
    /// a name without a port stands for any port. Default: any.
    pub hosts: Option<Vec<String>>,
    /// Compression of messages (RFC 7692), for peers that have it too.
    /// Default: none.
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub deflate: Option<crate::Deflate>,
}

/// Which origins may open a WebSocket (RFC 6455 §10.2). Clients that are no
/// browsers send none, and pass each of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Origins {
    /// Pages of this host: the origin's host and port are those of `Host`.
    #[default]
    SameHost,
    /// Pages of any origin. Cookies then prove nothing about the page.
    Any,
    /// Pages of these origins, such as `https://example.com`.
    AllowList(Vec<String>),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message: 16 << 20,
            max_head: 8 << 10,
            read_buffer: 64 << 10,
            write_buffer: 64 << 10,
            max_queued: 256 << 10,
            park_after: Duration::from_secs(1),
            handshake_timeout: Duration::from_secs(10),
            ping_interval: Some(Duration::from_secs(30)),
            pong_timeout: Some(Duration::from_secs(10)),
            idle_timeout: None,
            close_timeout: Duration::from_secs(5),
            write_timeout: Duration::from_secs(10),
            max_connections: 10_000,
            stack_size: 256 << 10,
            shutdown_timeout: Duration::from_secs(5),
            origins: Origins::SameHost,
            hosts: None,
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}

impl Config {
    /// What of it the core's session goes by.
    pub(crate) fn session(&self) -> tubesock_core::Config {
        tubesock_core::Config {
            max_message: self.max_message,
            ping_interval: self.ping_interval,
            pong_timeout: self.pong_timeout,
            idle_timeout: self.idle_timeout,
            close_timeout: Some(self.close_timeout),
        }
    }
}

/// The least that a socket takes for a timeout: zero is an error, or never.
pub(crate) const MILLISECOND: Duration = Duration::from_millis(1);

/// The moment `within` from now. One that the clock can't hold is as good as
/// never.
pub(crate) fn after(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or_else(|| now + Duration::from_secs(1 << 31))
}
