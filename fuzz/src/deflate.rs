//! What our encoder makes of messages.

use arbitrary::{Result, Unstructured};
use tubesock_core::deflate::{Encoder, Flush, max_encoded_len, table_len, tokens_len, window_len};

use crate::naive_deflate::{self, Outcome};

/// Messages of any bytes, flushed in any way, some withdrawn, with any window and any lent buffers,
/// come out of a naive decoder with that window as they went in; they are no longer than the bound;
/// and what comes out does not depend on the pieces in which input and output are cut.
pub fn check(bytes: &[u8]) {
    let _ = run(&mut Unstructured::new(bytes));
}

/// One step of a run.
#[derive(Debug)]
enum Step {
    /// Bytes, and how they are flushed.
    Bytes(Vec<u8>, Flush),
    Withdraw,
    Reset,
    /// The buffers are let go of, and taken again.
    Pause,
}

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let bits = input.int_in_range(8..=15)?;
    let lent: [usize; 3] = [input.int_in_range(0..=300)?, 0, input.int_in_range(0..=300)?];
    let mut steps = Vec::new();
    let mut total = 0;
    while !input.is_empty() && steps.len() < 24 && total < 96 << 10 {
        let step = step(input, &steps)?;
        if let Step::Bytes(bytes, _) = &step {
            total += bytes.len();
        }
        steps.push(step);
    }
    let cuts = (input.int_in_range(1..=700)?, input.int_in_range(1..=300)?);
    let at_once = encode(bits, lent, &steps, (usize::MAX, 1 << 20));
    assert_eq!(encode(bits, lent, &steps, cuts), at_once);
    decode(bits, &steps, &at_once);
    Ok(())
}

fn step(input: &mut Unstructured<'_>, before: &[Step]) -> Result<Step> {
    let flush = match input.int_in_range(0..=5)? {
        0 => Flush::None,
        1 => Flush::Sync,
        _ => Flush::Message,
    };
    let bytes = match input.int_in_range(0..=10u8)? {
        0 => return Ok(Step::Withdraw),
        10 => return Ok(Step::Pause),
        1 => return Ok(Step::Reset),
        // The same again, or a part of it: there is something to refer to.
        2 | 3 if !before.is_empty() => {
            let Step::Bytes(bytes, _) = input.choose(before)? else { return Ok(Step::Reset) };
            bytes[input.int_in_range(0..=bytes.len())?..].to_vec()
        }
        4 => vec![input.arbitrary()?; input.int_in_range(0..=40_000)?],
        5 | 6 => {
            let part = part(input)?;
            let length = input.int_in_range(0..=9_000)?;
            part.iter().copied().cycle().take(if part.is_empty() { 0 } else { length }).collect()
        }
        7 => {
            let mut random = crate::random::Random::new(input.arbitrary()?);
            let spread = 1 + usize::from(input.arbitrary::<u8>()?);
            (0..input.int_in_range(0..=3_000)?).map(|_| random.below(spread) as u8).collect()
        }
        _ => part(input)?,
    };
    Ok(Step::Bytes(bytes, flush))
}

fn part(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = input.int_in_range(0..=60.min(input.len()))?;
    Ok(input.bytes(length)?.to_vec())
}

/// What has come out by each flush. Between two flushes it is the encoder's own affair when it
/// writes what, and what was withdrawn before one is nobody's.
fn encode(
    bits: u8,
    lent: [usize; 3],
    steps: &[Step],
    (piece, room): (usize, usize),
) -> Vec<Vec<u8>> {
    let mut window = vec![0xA5; window_len(bits) + lent[0]];
    let mut table = vec![0xA5A5; table_len(bits) + lent[1]];
    let mut tokens = vec![0xA5A5_A5A5; tokens_len(bits) + lent[2]];
    let mut encoder = Encoder::new(bits, &mut window, &mut table, &mut tokens).expect("enough");
    let mut output = vec![0; room];
    let mut all = Vec::new();
    let mut out = Vec::new();
    for step in steps {
        let mut ends = false;
        match step {
            Step::Withdraw => {
                encoder.withdraw();
                out.clear();
            }
            Step::Reset => {
                encoder.reset();
                out.clear();
            }
            Step::Pause => {
                let paused = encoder.pause();
                encoder = paused.resume(&mut window, &mut table, &mut tokens).expect("the same");
            }
            Step::Bytes(bytes, flush) => {
                ends = *flush != Flush::None;
                let mut list = bytes.chunks(piece.min(bytes.len().max(1))).peekable();
                let mut input = list.next().unwrap_or(&[]);
                loop {
                    let flush = if list.peek().is_some() { Flush::None } else { *flush };
                    let progress = encoder.compress(&mut input, &mut output, flush);
                    out.extend(&output[..progress.written]);
                    if !progress.done {
                        assert!(progress.written > 0, "no progress with {room} bytes of room");
                        continue;
                    }
                    assert!(input.is_empty(), "done, but not all is taken");
                    match list.next() {
                        Some(next) => input = next,
                        None => break,
                    }
                }
            }
        }
        all.push(if ends { std::mem::take(&mut out) } else { Vec::new() });
    }
    all
}

/// What the peer makes of it, flush by flush.
fn decode(bits: u8, steps: &[Step], outputs: &[Vec<u8>]) {
    let mut history = Vec::new();
    let (mut plain, mut encoded): (Vec<u8>, Vec<u8>) = Default::default();
    // Where the bytes begin that were flushed last.
    let mut last = 0;
    for (step, out) in steps.iter().zip(outputs) {
        match step {
            Step::Reset => {
                history.clear();
                last = 0;
            }
            Step::Pause => continue,
            Step::Withdraw if plain.is_empty() => history.truncate(last),
            Step::Withdraw => last = history.len(),
            Step::Bytes(bytes, flush) => {
                plain.extend(bytes);
                encoded.extend(out);
                if *flush == Flush::None {
                    continue;
                }
                assert!(encoded.len() <= max_encoded_len(plain.len()), "{} bytes", encoded.len());
                if *flush == Flush::Sync {
                    assert!(encoded.ends_with(&[0, 0, 0xFF, 0xFF]), "a sync flush ends at a byte");
                    encoded.truncate(encoded.len() - 4);
                }
                let decoded = naive_deflate::inflate(&encoded, &history, 1 << bits, 1 << 24);
                assert_eq!(decoded, Outcome::Bytes(plain.clone()));
                last = history.len();
                history.extend(&plain);
            }
        }
        (plain, encoded) = Default::default();
    }
}
