//! Instructions that embedded-websocket takes to receive a frame that is there.
#![no_std]
#![no_main]

use compare::count::{ROOM, SIZES, calibrate, check, count, done, frame};
use embedded_websocket::{WebSocketReceiveMessageType, WebSocketServer, WebSocketState};

#[cortex_m_rt::entry]
fn main() -> ! {
    let (mut buffer, mut message) = ([0; ROOM], [0; ROOM]);
    let mut websocket = WebSocketServer::new_server();
    websocket.state = WebSocketState::Open;
    calibrate();
    for size in SIZES {
        let length = frame(size, &mut buffer);
        let payload = count(|| receive_one(&mut websocket, &buffer[..length], &mut message));
        let Some(payload) = payload else { panic!("no message") };
        check(payload, size);
    }
    done()
}

#[inline(never)]
fn receive_one<'m>(
    websocket: &mut WebSocketServer,
    bytes: &[u8],
    to: &'m mut [u8],
) -> Option<&'m [u8]> {
    let read = websocket.read(bytes, to).ok()?;
    (read.end_of_message && read.message_type == WebSocketReceiveMessageType::Binary)
        .then_some(())?;
    to.get(..read.len_to)
}
