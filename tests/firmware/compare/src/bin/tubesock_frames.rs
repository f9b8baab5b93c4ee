//! tubesock-embassy's driver without the handshake: it begins where one has been done.
#![no_std]
#![no_main]

use tubesock_embassy::asynch::WebSocket;
use tubesock_embassy::{Buffers as Lent, Config, EmbassyTimer, Event, Server};

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    let lent = Lent { receive: room.receive, replies: room.replies, transmit: room.transmit };
    let (reader, writer) = socket.split();
    let io = (reader, writer);
    let Ok(mut websocket) = WebSocket::new(Server, io, EmbassyTimer, lent, 0..0, &Config::DEFAULT)
    else {
        return;
    };
    while let Ok(Some((event, mut reply))) = websocket.recv().await {
        if let Event::Data(message) = event {
            if reply.send(message).await.is_err() {
                return;
            }
        }
    }
}
