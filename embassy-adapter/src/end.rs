//! The end of a TCP connection, so that nothing is lost and nothing waits for ever.

use core::time::Duration;

use embassy_net::tcp::TcpSocket;
use embassy_time::{Instant, with_deadline};

use crate::fmt::complain;
use crate::time::ticks;

/// How long a reset may take to leave.
const RESET: Duration = Duration::from_millis(200);

/// Ends a server's TCP connection after the WebSocket has ended: with a
/// half-close, and then it discards what comes until the client has closed too
/// (RFC 6455 §7.1.1). After `limit` it is reset instead.
///
/// Afterwards the socket can accept again.
pub async fn end(socket: &mut TcpSocket<'_>, limit: Duration) {
    socket.close();
    end_client(socket, limit).await;
}

/// Ends a client's TCP connection after the WebSocket has ended: when the
/// server has closed it, which goes first (RFC 6455 §7.1.1). After `limit` it
/// is reset instead.
///
/// Afterwards the socket can connect again.
pub async fn end_client(socket: &mut TcpSocket<'_>, limit: Duration) {
    if !has_ended(socket, limit).await {
        abort(socket).await;
    }
}

/// Waits for the peer to close, and closes; says whether that came in time.
pub(crate) async fn has_ended(socket: &mut TcpSocket<'_>, limit: Duration) -> bool {
    let deadline = Instant::now().checked_add(ticks(limit)).unwrap_or(Instant::MAX);
    let ended = with_deadline(deadline, async {
        let mut scrap = [0; 64];
        while let Ok(1..) = socket.read(&mut scrap).await {}
        socket.close();
        // Until the peer has acknowledged all, our close among it.
        let _ = socket.flush().await;
    });
    let in_time = ended.await.is_ok();
    if !in_time {
        complain!("websocket: the peer left the connection open; reset");
    }
    in_time
}

/// Resets the TCP connection, for a peer that is gone or not to be trusted.
///
/// Afterwards the socket can accept or connect again.
pub async fn abort(socket: &mut TcpSocket<'_>) {
    socket.abort();
    // The reset leaves with the next flush, which never ends where it can't.
    let _ = embassy_time::with_timeout(ticks(RESET), socket.flush()).await;
}
