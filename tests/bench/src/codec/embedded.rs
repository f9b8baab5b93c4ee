//! embedded-websocket, from one buffer to another. It leaves validating text
//! to its user.

use std::hint::black_box;

use embedded_websocket::{
    WebSocketReceiveMessageType, WebSocketSendMessageType, WebSocketServer, WebSocketState,
};

use super::memory::Memory;
use super::{Decode, Encode, Library};
use crate::frames::BLOCK;

pub(super) const LIBRARY: Library = Library {
    name: "embedded-websocket",
    decoder: |content, len| {
        Box::new(Receiving {
            socket: server(),
            feed: Memory::new(content, len),
            from: vec![0; BLOCK.max(len + 14) + 256],
            start: 0,
            end: 0,
            to: vec![0; len],
        })
    },
    encoder: |content, len| {
        let (payload, to) = (content.payload(len), vec![0; len + 14]);
        Box::new(Sending { socket: server(), payload, to, sink: Memory::silent() })
    },
};

fn server() -> WebSocketServer {
    let mut socket = WebSocketServer::new_server();
    socket.state = WebSocketState::Open;
    socket
}

struct Receiving {
    socket: WebSocketServer,
    feed: Memory,
    from: Vec<u8>,
    start: usize,
    end: usize,
    to: Vec<u8>,
}

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        let mut bytes = 0;
        for _ in 0..messages {
            if self.start == self.end {
                // Blocks are whole frames, and the buffer holds one.
                (self.start, self.end) = (0, self.feed.bench_feed(&mut self.from));
            }
            let from = &self.from[self.start..self.end];
            let read = self.socket.read(from, &mut self.to).expect("valid");
            assert!(read.end_of_message);
            self.start += read.len_from;
            let payload = &self.to[..read.len_to];
            if read.message_type == WebSocketReceiveMessageType::Text {
                bytes += black_box(std::str::from_utf8(payload).expect("valid")).len();
            } else {
                bytes += black_box(payload).len();
            }
        }
        bytes
    }
}

struct Sending {
    socket: WebSocketServer,
    payload: Vec<u8>,
    to: Vec<u8>,
    sink: Memory,
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            let (kind, from) = (WebSocketSendMessageType::Binary, black_box(&self.payload));
            let n = self.socket.write(kind, true, from, &mut self.to).expect("room");
            self.sink.bench_take(&self.to[..n]);
        }
        self.sink.taken
    }
}
