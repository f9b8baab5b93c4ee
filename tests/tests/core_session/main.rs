//! The core's session, without a socket: sentences of RFC 6455, each for both roles, for whole
//! messages and for chunks, at every split of the input.

mod buffers;
mod closing;
mod deadlines;
mod limits;
mod messages;
mod sending;
mod simulated;
mod violations;

use tubesock_core::Server;
use tubesock_tests::endpoint::{Seen, TestClient};
use tubesock_tests::frames::From;
use tubesock_tests::script::{Script, play};

/// Plays the same exchange to a server and to a client.
fn both(bytes: fn(From) -> Vec<u8>, seen: Vec<Seen>, replies: Vec<(u8, Vec<u8>)>) {
    let script = Script { bytes, seen, replies };
    play::<Server>(&script);
    play::<TestClient>(&script);
}

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned())
}

fn binary(bytes: &[u8]) -> Seen {
    Seen::Binary(bytes.to_vec())
}

fn ping(payload: &[u8]) -> Seen {
    Seen::Ping(payload.to_vec())
}

fn pong(payload: &[u8]) -> Seen {
    Seen::Pong(payload.to_vec())
}

fn closed(code: u16, reason: &str) -> Seen {
    Seen::Close(code, reason.to_owned())
}

/// The Close frame that goes out with a code and a reason.
fn close_frame(code: u16, reason: &str) -> (u8, Vec<u8>) {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    (0x88, payload)
}
