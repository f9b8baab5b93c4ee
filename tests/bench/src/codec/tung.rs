//! tungstenite, over a stream in memory.

use std::hint::black_box;

use tungstenite::protocol::Role;
use tungstenite::{Bytes, Message, WebSocket};

use super::memory::Memory;
use super::{Decode, Encode, Library};

pub(super) const LIBRARY: Library = Library {
    name: "tungstenite",
    decoder: |content, len| {
        Box::new(Receiving(WebSocket::from_raw_socket(
            Memory::new(content, len),
            Role::Server,
            None,
        )))
    },
    encoder: |content, len| {
        let payload = Bytes::from(content.payload(len));
        let socket = WebSocket::from_raw_socket(Memory::silent(), Role::Server, None);
        Box::new(Sending { socket, payload })
    },
};

struct Receiving(WebSocket<Memory>);

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        (0..messages).map(|_| black_box(self.0.read().expect("valid")).len()).sum()
    }
}

struct Sending {
    socket: WebSocket<Memory>,
    payload: Bytes,
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            self.socket.write(Message::Binary(self.payload.clone())).expect("room");
        }
        self.socket.flush().expect("memory");
        self.socket.get_ref().taken
    }
}
