//! sockudo-ws, over a stream in memory.

use std::hint::black_box;

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::protocol::Message;
use sockudo_ws::{Config, WebSocketStream};
use tungstenite::Bytes;

use super::memory::{Memory, ready};
use super::{Decode, Encode, Library};

pub(super) const LIBRARY: Library = Library {
    name: "sockudo-ws",
    decoder: |content, len| {
        Box::new(Receiving(WebSocketStream::server(Memory::new(content, len), Config::default())))
    },
    encoder: |content, len| {
        let socket = WebSocketStream::server(Memory::silent(), Config::default());
        Box::new(Sending { socket, payload: content.payload(len).into(), sent: 0 })
    },
};

struct Receiving(WebSocketStream<Memory>);

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        let mut bytes = 0;
        for _ in 0..messages {
            let message = ready(self.0.next()).expect("endless").expect("valid");
            bytes += black_box(message).as_bytes().len();
        }
        bytes
    }
}

struct Sending {
    socket: WebSocketStream<Memory>,
    payload: Bytes,
    sent: usize,
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            ready(self.socket.feed(Message::Binary(self.payload.clone()))).expect("memory");
            self.sent += self.payload.len();
        }
        ready(self.socket.flush()).expect("memory");
        self.sent
    }
}
