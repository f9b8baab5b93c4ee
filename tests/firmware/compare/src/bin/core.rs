//! tubesock-core's handshake and session driven by hand.
#![no_std]
#![no_main]

use embedded_io_async::Write;
use tubesock_core::handshake::{HeadReader, HeaderSlots, Upgrade};

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    let mut head = HeadReader::new(&mut *room.receive, None);
    let length = loop {
        match socket.read(head.space()).await {
            Ok(read @ 1..) => head.filled(read),
            _ => return,
        }
        if let Some(answer) = accept(&mut head, room.transmit) {
            break answer;
        }
    };
    let leftover = head.leftover();
    let Some(length) = length else { return };
    if socket.write_all(&room.transmit[..length]).await.is_ok() {
        compare::frames::echo(socket, room, leftover).await;
    }
}

/// The length of the answer in `to`: nothing while bytes are missing, `Some(None)` for no WebSocket.
fn accept(head: &mut HeadReader<&mut [u8]>, to: &mut [u8]) -> Option<Option<usize>> {
    let mut slots = HeaderSlots::<32>::new();
    let request = match head.request(&mut slots) {
        Ok(Some(request)) => request,
        Ok(None) => return None,
        Err(_) => return Some(None),
    };
    Some(Upgrade::new(&request).ok().and_then(|upgrade| upgrade.accept().write(to).ok()))
}
