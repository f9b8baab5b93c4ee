//! The codec tables, in Markdown:
//!
//! - `codec nanoseconds [ROUNDS]` times every library in rotation;
//! - `codec mask [ROUNDS]` times our masking beside a XOR in place;
//! - `codec once LIBRARY decode|encode CONTENT BYTES MESSAGES` is what a profiler runs.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::time::Instant;

use tubesock_bench::codec::{Decode, Encode, LIBRARIES, Limit, SIZES};
use tubesock_bench::frames::Content;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["nanoseconds"] => nanoseconds(15),
        ["nanoseconds", rounds] => rounds.parse().ok().and_then(nanoseconds),
        ["mask"] => mask(41),
        ["mask", rounds] => rounds.parse().ok().and_then(mask),
        ["once", library, direction, content, bytes, messages] => {
            once(library, direction, content, bytes, messages)
        }
        _ => None,
    };
    if done.is_some() {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "codec: usage: codec nanoseconds [ROUNDS] | codec mask [ROUNDS] | codec once LIBRARY decode|encode CONTENT BYTES MESSAGES"
    );
    ExitCode::FAILURE
}

fn once(name: &str, direction: &str, content: &str, bytes: &str, messages: &str) -> Option<()> {
    let library = LIBRARIES.iter().find(|library| library.name == name)?;
    let content = Content::named(content)?;
    let (bytes, messages) = (bytes.parse().ok()?, messages.parse::<usize>().ok()?);
    match direction {
        "decode" => {
            let mut decoder = (library.decoder)(content, bytes);
            decoder.decode(64); // what is done once is not per message
            bench_decode(&mut *decoder, messages);
        }
        "encode" => {
            let mut encoder = (library.encoder)(content, bytes);
            encoder.encode(64);
            bench_encode(&mut *encoder, messages);
        }
        _ => return None,
    }
    Some(())
}

/// What a profiler counts: it has a name of its own.
#[inline(never)]
fn bench_decode(decoder: &mut dyn Decode, messages: usize) {
    std::hint::black_box(decoder.decode(messages));
}

/// The same for sending.
#[inline(never)]
fn bench_encode(encoder: &mut dyn Encode, messages: usize) {
    std::hint::black_box(encoder.encode(messages));
}

fn nanoseconds(rounds: usize) -> Option<()> {
    for direction in ["decode", "encode"] {
        println!("\n{direction}, ns per message (median of {rounds} rounds in rotation)\n");
        let names: Vec<_> = LIBRARIES.iter().map(|library| library.name).collect();
        println!("| content | bytes | {} |", names.join(" | "));
        println!("|---|---:|{}", "---:|".repeat(names.len()));
        for content in Content::ALL {
            if direction == "encode" && content.is_text() {
                continue; // text is text already where a program sends it
            }
            for bytes in SIZES {
                let row = row(direction, content, bytes, rounds);
                println!("| {} | {bytes} | {} |", content.name(), row.join(" | "));
            }
        }
    }
    Some(())
}

/// Masking by itself, in cache, as a fraction of what the machine allows.
fn mask(rounds: usize) -> Option<()> {
    println!("\nmasking in cache, GB/s (median of {rounds} rounds in rotation)\n");
    println!("| bytes | tubesock | XOR in place | fraction |\n|---:|---:|---:|---:|");
    let limit = Limit::new();
    for bytes in SIZES {
        let mut payload = Content::Binary.payload(bytes);
        let times = (8_000_000 / bytes).max(2);
        let mut speeds = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (which, speeds) in speeds.iter_mut().enumerate() {
                let start = Instant::now();
                for _ in 0..times {
                    let payload = std::hint::black_box(&mut payload);
                    if which == 0 {
                        tubesock_core::wire::mask(payload, [1, 2, 3, 4]);
                    } else {
                        limit.xor(payload);
                    }
                }
                speeds.push((bytes * times) as f64 / start.elapsed().as_nanos() as f64);
            }
        }
        let [ours, xor] = speeds.map(|mut speeds| {
            speeds.sort_by(f64::total_cmp);
            speeds[rounds / 2]
        });
        println!("| {bytes} | {ours:.1} | {xor:.1} | {:.2} |", ours / xor);
    }
    Some(())
}

/// One line: each library in turn, over and over, so that what else the
/// machine does falls on all of them.
fn row(direction: &str, content: Content, bytes: usize, rounds: usize) -> Vec<String> {
    type Run = Box<dyn FnMut(usize)>;
    let mut runs: Vec<Run> = LIBRARIES
        .iter()
        .map(|library| -> Run {
            if direction == "decode" {
                let mut decoder = (library.decoder)(content, bytes);
                Box::new(move |n| bench_decode(&mut *decoder, n))
            } else {
                let mut encoder = (library.encoder)(content, bytes);
                Box::new(move |n| bench_encode(&mut *encoder, n))
            }
        })
        .collect();
    let messages = (2_000_000 / (bytes + 200)).max(2);
    let mut times = vec![Vec::new(); runs.len()];
    for round in 0..=rounds {
        for (run, times) in runs.iter_mut().zip(&mut times) {
            let start = Instant::now();
            run(messages);
            let each = start.elapsed().as_nanos() as f64 / messages as f64;
            if round > 0 {
                times.push(each);
            }
        }
    }
    times
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            let median = times[times.len() / 2];
            if median < 100.0 { format!("{median:.1}") } else { format!("{median:.0}") }
        })
        .collect()
}
