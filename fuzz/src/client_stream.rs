//! Any bytes that a server sends, into a client's session.

use crate::endpoint::TestClient;

/// See [`stream::check`](crate::stream::check).
pub fn check(bytes: &[u8]) {
    crate::stream::check::<TestClient>(bytes);
}
