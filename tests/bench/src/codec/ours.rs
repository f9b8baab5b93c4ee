//! tubesock-core: a `Session`, driven by its run loop.

use std::hint::black_box;

use tubesock_core::session::{MIN_REPLIES, Message};
use tubesock_core::{Config, Event, Instant, Outgoing, Server, Session};

use super::memory::Memory;
use super::{Decode, Encode, Library};
use crate::frames::{BLOCK, Content};

pub(super) const LIBRARY: Library = Library {
    name: "tubesock",
    decoder: |content, len| Box::new(Receiving::new(content, len)),
    encoder: |content, len| Box::new(Sending::new(content, len)),
};

struct Receiving {
    session: Session<Server, Vec<u8>, Vec<u8>, Vec<u8>>,
    feed: Memory,
}

impl Receiving {
    fn new(content: Content, len: usize) -> Self {
        let buffers = (vec![0; BLOCK.max(len + 14) + 256], vec![0; MIN_REPLIES], vec![0; 512]);
        let session = Session::new(Server, buffers, &Config::DEFAULT, Instant::from_millis(0));
        Self { session: session.expect("large enough"), feed: Memory::new(content, len) }
    }
}

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        let (mut left, mut bytes) = (messages, 0);
        while left > 0 {
            match self.session.poll_message().expect("valid") {
                Some(token) => {
                    let (event, _) = self.session.event(token).expect("valid");
                    if let Event::Data(message) = event {
                        bytes += black_box(message).len();
                        left -= 1;
                    }
                }
                None => {
                    let n = self.feed.bench_feed(self.session.space());
                    self.session.filled(n, Instant::from_millis(0));
                }
            }
        }
        bytes
    }
}

struct Sending {
    outgoing: Outgoing<Server, Vec<u8>>,
    sink: Memory,
    payload: Vec<u8>,
}

impl Sending {
    fn new(content: Content, len: usize) -> Self {
        let outgoing = Outgoing::new(vec![0; 16 << 10], Server).expect("large enough");
        Self { outgoing, sink: Memory::silent(), payload: content.payload(len) }
    }

    fn flush(&mut self) {
        let n = self.sink.bench_take(self.outgoing.pending());
        self.outgoing.sent(n);
    }
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            let message = Message::Binary(black_box(&self.payload));
            let len = message.len();
            if len < 8 << 10 {
                if self.outgoing.stage(message).is_err() {
                    let n = self.sink.bench_take(self.outgoing.pending());
                    self.outgoing.sent(n);
                    self.outgoing.stage(message).expect("room");
                }
                continue;
            }
            // A large one goes past the buffer, as tubesock-std sends it.
            self.outgoing.begin_frame(message.kind(), len as u64, true, true).expect("in order");
            self.outgoing.payload_passed(len as u64);
            let n = self.sink.bench_take(self.outgoing.pending());
            self.outgoing.sent(n);
            self.sink.bench_take(&self.payload);
        }
        self.flush();
        self.sink.taken
    }
}
