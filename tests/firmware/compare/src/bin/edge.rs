//! edge-http for the handshake, edge-ws for the frames.
#![no_std]
#![no_main]

use edge_http::io::server::Connection;
use edge_http::ws::MAX_BASE64_KEY_RESPONSE_LEN;
use edge_ws::{FrameType, io};

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    let Ok(mut connection) = Connection::<_, 32>::new(room.receive, &mut *socket).await else {
        return;
    };
    if !matches!(connection.is_ws_upgrade_request(), Ok(true)) {
        let _ = connection.initiate_response(400, None, &[]).await;
        let _ = connection.complete().await;
        return;
    }
    let mut key = [0; MAX_BASE64_KEY_RESPONSE_LEN];
    if connection.initiate_ws_upgrade_response(&mut key).await.is_err()
        || connection.complete().await.is_err()
    {
        return;
    }
    let Ok(socket) = connection.unbind() else { return };
    while let Ok((kind, length)) = io::recv(&mut **socket, room.transmit).await {
        let answer = match kind {
            FrameType::Ping => FrameType::Pong,
            FrameType::Pong => continue,
            other => other,
        };
        if io::send(&mut **socket, answer, None, &room.transmit[..length]).await.is_err()
            || answer == FrameType::Close
        {
            return;
        }
    }
}
