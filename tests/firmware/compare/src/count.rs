//! Where the counting of instructions begins and ends: two addresses that QEMU's plugin looks for.
#![allow(unsafe_code)]

use core::hint::black_box;

/// The payloads that are counted, in bytes. The first count, of nothing, is what counting itself takes.
pub const SIZES: [usize; 4] = [16, 125, 1024, 8192];

/// The largest frame, in bytes.
pub const ROOM: usize = 8192 + 14;

/// Begins counting.
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn count_start() {
    cortex_m::asm::nop();
}

/// Ends counting.
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn count_stop() {
    // Two, or the linker would make one function of both.
    cortex_m::asm::nop();
    cortex_m::asm::nop();
}

/// Counts what `work` does, with its result kept alive.
#[inline(always)]
pub fn count<T>(work: impl FnOnce() -> T) -> T {
    count_start();
    let result = work();
    count_stop();
    black_box(result)
}

/// Counts nothing, once.
pub fn calibrate() {
    count(|| ());
}

/// A masked binary frame with a payload of `size` bytes, written to `out`; gives its length.
pub fn frame(size: usize, out: &mut [u8]) -> usize {
    const KEY: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let head = match size {
        0..=125 => {
            out[1] = 0x80 | size as u8;
            2
        }
        _ => {
            out[1] = 0x80 | 126;
            out[2..4].copy_from_slice(&(size as u16).to_be_bytes());
            4
        }
    };
    out[0] = 0x82;
    out[head..head + 4].copy_from_slice(&KEY);
    for (at, byte) in out[head + 4..head + 4 + size].iter_mut().enumerate() {
        *byte = plain(at) ^ KEY[at % 4];
    }
    head + 4 + size
}

/// Byte `at` of a payload.
fn plain(at: usize) -> u8 {
    (at * 7 + at / 256) as u8
}

/// Panics unless this is the payload of [`frame`]: what is counted is what works.
pub fn check(payload: &[u8], size: usize) {
    assert_eq!(payload.len(), size);
    assert!(payload.iter().enumerate().all(|(at, &byte)| byte == plain(at)));
}

/// Ends QEMU in order.
pub fn done() -> ! {
    tubesock_firmware::exit::exit(0)
}
