mod callbacks;
mod cancel;
#[cfg(feature = "handshake")]
mod handshake;
mod sim;
mod split;
mod whole;

use std::vec::Vec;

use super::WebSocket;
use crate::driver::Storage;
use crate::role::{Client, Role, Server};
use crate::session::Config;
use sim::{End, SimTimer, channel};

/// Mask keys from a counter: what is on the wire is the same each time.
fn keys() -> Client<impl FnMut() -> [u8; 4]> {
    let mut count = 0u32;
    Client(move || {
        count = count.wrapping_add(0x0101_0107);
        count.to_be_bytes()
    })
}

type Socket<'b, R> = WebSocket<'b, End, End, SimTimer, R>;
type Room = Storage<1024, 256>;

fn socket<'b, R: Role>(role: R, io: (End, End), room: &'b mut Room) -> Socket<'b, R> {
    socket_with(role, io, room, &Config::DEFAULT)
}

fn socket_with<'b, R: Role>(
    role: R,
    io: (End, End),
    room: &'b mut Room,
    config: &Config,
) -> Socket<'b, R> {
    WebSocket::new(role, io, SimTimer, room.lend(), 0..0, config).unwrap()
}

/// The ends of a connection: the server's, then the client's.
fn connection(capacity: usize, stutters: bool) -> ((End, End), (End, End)) {
    let (up, down) = (channel(capacity, stutters), channel(capacity, stutters));
    ((up.clone(), down.clone()), (down, up))
}

/// A client's frame, masked with zeros.
fn frame(b0: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = std::vec![b0];
    match payload.len() {
        n @ 0..=125 => bytes.push(0x80 | n as u8),
        n => {
            bytes.push(0x80 | 126);
            bytes.extend((n as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

fn server<'b>(room: &'b mut Room) -> (Socket<'b, Server>, End, End) {
    let (ours, theirs) = connection(4096, false);
    (socket(Server, ours, room), theirs.0, theirs.1)
}
