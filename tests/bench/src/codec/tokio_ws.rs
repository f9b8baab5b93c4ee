//! tokio-websockets, over a stream in memory.

use std::hint::black_box;

use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{Message, Payload, ServerBuilder, WebSocketStream};

use super::memory::{Memory, ready};
use super::{Decode, Encode, Library};

pub(super) const LIBRARY: Library = Library {
    name: "tokio-websockets",
    decoder: |content, len| {
        Box::new(Receiving(ServerBuilder::new().serve(Memory::new(content, len))))
    },
    encoder: |content, len| {
        let payload = Payload::from(content.payload(len));
        Box::new(Sending { socket: ServerBuilder::new().serve(Memory::silent()), payload })
    },
};

struct Receiving(WebSocketStream<Memory>);

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        let mut bytes = 0;
        for _ in 0..messages {
            let message = ready(self.0.next()).expect("endless").expect("valid");
            bytes += black_box(message).as_payload().len();
        }
        bytes
    }
}

struct Sending {
    socket: WebSocketStream<Memory>,
    payload: Payload,
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            ready(self.socket.feed(Message::binary(self.payload.clone()))).expect("memory");
        }
        ready(self.socket.flush()).expect("memory");
        self.socket.get_ref().taken
    }
}
