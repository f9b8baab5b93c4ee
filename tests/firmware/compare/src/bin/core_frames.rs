//! tubesock-core's session driven by hand, without the handshake: it begins where one has been done.
#![no_std]
#![no_main]

compare::image!(echo);

async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>) {
    compare::frames::echo(socket, room, 0..0).await;
}
