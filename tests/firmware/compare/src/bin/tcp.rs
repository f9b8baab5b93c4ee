//! A raw TCP echo: what the WebSocket layers are measured against.
#![no_std]
#![no_main]

use embedded_io_async::Write;

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    while let Ok(read @ 1..) = socket.read(room.receive).await {
        if socket.write_all(&room.receive[..read]).await.is_err() {
            break;
        }
    }
}
