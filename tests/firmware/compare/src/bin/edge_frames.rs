//! edge-ws without the handshake: it begins where one has been done.
#![no_std]
#![no_main]

use edge_ws::{FrameType, io};

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    while let Ok((kind, length)) = io::recv(&mut *socket, room.transmit).await {
        let answer = match kind {
            FrameType::Ping => FrameType::Pong,
            FrameType::Pong => continue,
            other => other,
        };
        if io::send(&mut *socket, answer, None, &room.transmit[..length]).await.is_err()
            || answer == FrameType::Close
        {
            return;
        }
    }
}
