//! edge-ws, frame by frame over a stream in memory. It leaves validating text,
//! and nearly all of RFC 6455, to its user.

use std::hint::black_box;

use edge_ws::{FrameHeader, FrameType};

use super::memory::{Memory, ready};
use super::{Decode, Encode, Library};
use crate::frames::BLOCK;

pub(super) const LIBRARY: Library = Library {
    name: "edge-ws",
    decoder: |content, len| {
        Box::new(Receiving {
            feed: Memory::new(content, len),
            buf: vec![0; BLOCK.max(len + 14) + 256],
            start: 0,
            end: 0,
        })
    },
    encoder: |content, len| {
        Box::new(Sending { payload: content.payload(len), sink: Memory::silent() })
    },
};

struct Receiving {
    feed: Memory,
    buf: Vec<u8>,
    start: usize,
    end: usize,
}

impl Decode for Receiving {
    fn decode(&mut self, messages: usize) -> usize {
        let mut bytes = 0;
        for _ in 0..messages {
            if self.start == self.end {
                (self.start, self.end) = (0, self.feed.bench_feed(&mut self.buf));
            }
            let rest = &mut self.buf[self.start..self.end];
            let (header, len) = FrameHeader::deserialize(rest).expect("whole");
            let end = len + header.payload_len as usize;
            let payload = &mut rest[len..end];
            header.mask(payload, 0);
            self.start += end;
            if matches!(header.frame_type, FrameType::Text(_)) {
                bytes += black_box(std::str::from_utf8(payload).expect("valid")).len();
            } else {
                bytes += black_box(payload).len();
            }
        }
        bytes
    }
}

struct Sending {
    payload: Vec<u8>,
    sink: Memory,
}

impl Encode for Sending {
    fn encode(&mut self, messages: usize) -> usize {
        for _ in 0..messages {
            let kind = FrameType::Binary(false);
            ready(edge_ws::io::send(&mut self.sink, kind, None, black_box(&self.payload)))
                .expect("memory");
        }
        self.sink.taken
    }
}
