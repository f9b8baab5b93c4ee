//! Instructions that edge-ws takes to receive a frame that is there.
#![no_std]
#![no_main]

use compare::count::{ROOM, SIZES, calibrate, check, count, done, frame};
use edge_ws::{FrameHeader, FrameType};

#[cortex_m_rt::entry]
fn main() -> ! {
    let mut buffer = [0; ROOM];
    calibrate();
    for size in SIZES {
        let length = frame(size, &mut buffer);
        let payload = count(|| receive_one(&mut buffer[..length]));
        let Some((FrameType::Binary(false), payload)) = payload else { panic!("no message") };
        check(payload, size);
    }
    done()
}

#[inline(never)]
fn receive_one(bytes: &mut [u8]) -> Option<(FrameType, &mut [u8])> {
    let (header, at) = FrameHeader::deserialize(bytes).ok()?;
    let payload = bytes.get_mut(at..at + header.payload_len as usize)?;
    header.mask(payload, 0);
    Some((header.frame_type, payload))
}
