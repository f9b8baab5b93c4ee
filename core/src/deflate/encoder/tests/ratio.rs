//! Bytes, memory and speed against zlib at level 1. The README's table is what this prints:
//! `cargo test --release -p tubesock-core --features deflate --lib zlib_at_level_1 -- --nocapture`

use super::{Flush, Lent, corpora, max_encoded_len, memory, whole};
use flate2::{Compress, Compression, FlushCompress};
use std::time::{Duration, Instant};
use std::{println, vec, vec::Vec};

use crate::deflate::{Agreement, INFLATER_MEMORY, Inflater, Stopped};

const BITS: [u8; 4] = [9, 10, 12, 15];

/// What zlib 1.2.13, the C library, makes of each corpus at level 1 and at each of [`BITS`], each message
/// sync-flushed and its tail not counted.
const ZLIB: [(&str, [usize; 4]); 4] = [
    ("json", [81_768, 64_784, 53_688, 49_259]),
    ("chat", [49_455, 44_136, 37_572, 34_047]),
    ("english", [31_992, 29_355, 26_126, 24_208]),
    ("logs", [501_390, 407_258, 317_849, 289_344]),
];

fn zlib_rs(bits: u8, messages: &[Vec<u8>]) -> usize {
    let mut zlib = Compress::new_with_window_bits(Compression::new(1), false, bits);
    let mut output = vec![0; 2 << 20];
    for message in messages {
        let before = zlib.total_in();
        zlib.compress(message, &mut output, FlushCompress::Sync).unwrap();
        assert_eq!(zlib.total_in() - before, message.len() as u64);
    }
    zlib.total_out() as usize - 4 * messages.len()
}

/// The promise is 5 % above zlib for short messages and 10 % for long texts; what is held is more: never above it.
#[test]
fn no_corpus_takes_more_bytes_than_zlib_at_level_1() {
    let corpora = [
        corpora::json(),
        corpora::chat(),
        vec![corpora::english(1 << 16)],
        vec![corpora::logs(1 << 20)],
    ];
    println!(
        "corpus   bits  to send  to receive      raw     ours  zlib 1.2.13  zlib-rs  MB/s: ours  zlib-rs  inflating"
    );
    for ((name, zlib), messages) in ZLIB.iter().zip(&corpora) {
        for (bits, zlib) in BITS.iter().zip(zlib) {
            let mut lent = Lent::new(*bits);
            let mut encoder = lent.encoder();
            let sent: Vec<_> = messages.iter().map(|bytes| whole(&mut encoder, bytes)).collect();
            let ours: usize = sent.iter().map(Vec::len).sum();
            let raw: usize = messages.iter().map(Vec::len).sum();
            let mut output = vec![0; max_encoded_len(raw)];
            let our_speed = speed(raw, || {
                for message in messages {
                    let _ = encoder.compress(&mut &message[..], &mut output, Flush::Message);
                }
            });
            let zlib_speed = speed(raw, || {
                let _ = zlib_rs(*bits, messages);
            });
            let inflating = speed(raw, || inflate_all(*bits, &sent, &mut output));
            let zlib_rs = zlib_rs(*bits, messages);
            println!(
                "{name:8} {bits:4} {:8} {:11} {raw:8} {ours:8} {zlib:12} {zlib_rs:8} {our_speed:11} {zlib_speed:8} {inflating:10}",
                memory(*bits),
                INFLATER_MEMORY + (1 << *bits),
            );
            assert!(
                ours <= *zlib && ours <= zlib_rs,
                "{name} at {bits} bits: {ours} bytes, zlib {zlib}, zlib-rs {zlib_rs}"
            );
        }
    }
}

fn inflate_all(bits: u8, messages: &[Vec<u8>], output: &mut [u8]) {
    let agreement = Agreement {
        receive_bits: bits,
        receive_takeover: true,
        send_bits: bits,
        send_takeover: true,
    };
    let mut inflater = Inflater::new(&agreement, vec![0; 1 << bits]).unwrap();
    for message in messages {
        let stopped = inflater.inflate(&mut &message[..], true, output, &mut 0);
        assert_eq!(stopped, Ok(Stopped::Done));
    }
}

/// Millions of bytes a second of this thread's own time, over and over for a while where it matters.
fn speed(bytes: usize, mut work: impl FnMut()) -> u64 {
    let least = if cfg!(debug_assertions) { Duration::ZERO } else { Duration::from_millis(100) };
    let begun = Instant::now();
    let busy = || {
        // What other programs take of a machine is not ours to count.
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
        nanos.map_or_else(|| begun.elapsed(), Duration::from_nanos)
    };
    let (start, mut done) = (busy(), 0);
    while done == 0 || busy().saturating_sub(start) < least {
        work();
        done += bytes as u64;
    }
    done * 1000 / (busy().saturating_sub(start).as_nanos() as u64).max(1)
}
