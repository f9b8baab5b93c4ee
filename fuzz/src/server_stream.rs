//! Any bytes that a client sends, into a server's session.

use tubesock_core::Server;

/// See [`stream::check`](crate::stream::check).
pub fn check(bytes: &[u8]) {
    crate::stream::check::<Server>(bytes);
}
