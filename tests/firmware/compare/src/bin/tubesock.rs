//! tubesock-embassy: handshake, echo, close, and the end of TCP.
#![no_std]
#![no_main]

use tubesock_embassy::{Buffers as Lent, Event, Options, serve as hijack};

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    let lent = Lent { receive: room.receive, replies: room.replies, transmit: room.transmit };
    let _ = hijack(socket, lent, &Options::DEFAULT, async |websocket| {
        while let Some((event, mut reply)) = websocket.recv().await? {
            if let Event::Data(message) = event {
                reply.send(message).await?;
            }
        }
        Ok(())
    })
    .await;
}
