//! fastwebsockets, over a stream in memory. It leaves validating a whole text
//! frame to its user.

use std::hint::black_box;

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};

use super::memory::{Memory, ready};
use super::{Decode, Encode, Library};

pub(super) const LIBRARY: Library = Library {
    name: "fastwebsockets",
    decoder: |content, len| {
        let socket = WebSocket::after_handshake(Memory::new(content, len), Role::Server);
        Box::new(Receiving(FragmentCollector::new(socket)))
    },
    encoder: |content, len| {
        let socket = WebSocket::after_handshake(Memory::silent(), Role::Server);
        Box::new(Sending { socket, payload: content.payload(len), sent: 0 })
    },
};

struct Receiving(FragmentCollector<Memory>);

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        let mut bytes = 0;
        for _ in 0..messages {
            let frame = ready(self.0.read_frame()).expect("valid");
            assert!(frame.opcode != OpCode::Text || frame.is_utf8());
            bytes += black_box(frame).payload.len();
        }
        bytes
    }
}

struct Sending {
    socket: WebSocket<Memory>,
    payload: Vec<u8>,
    sent: usize,
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            let frame = Frame::binary(Payload::Borrowed(black_box(&self.payload)));
            ready(self.socket.write_frame(frame)).expect("memory");
            self.sent += self.payload.len();
        }
        ready(self.socket.flush()).expect("memory");
        self.sent
    }
}
