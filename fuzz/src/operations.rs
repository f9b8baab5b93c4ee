//! Any sequence of public operations on two joined endpoints, against the model.

use arbitrary::{Arbitrary, Result, Unstructured};
use tubesock_core::DataKind;

use crate::endpoint::{Mode, Sizes};
use crate::model::{Model, Op};

/// What one endpoint sent is what the other sees, in order and once, whatever the operations, the
/// pieces on the wire and the sizes of the buffers; an operation that is refused is refused for a
/// reason, and stages nothing; pings are answered; and where one closes, both end.
pub fn check(bytes: &[u8]) {
    let _ = run(&mut Unstructured::new(bytes));
}

fn run(input: &mut Unstructured<'_>) -> Result<()> {
    let mode = if input.arbitrary()? { Mode::Chunks } else { Mode::Whole };
    let sizes = Sizes {
        receive: match mode {
            Mode::Chunks => Sizes::LEAST.receive + usize::from(u8::arbitrary(input)?),
            Mode::Whole => 8_192,
        },
        replies: Sizes::LEAST.replies + 3 * usize::from(u8::arbitrary(input)?),
        transmit: Sizes::LEAST.transmit + 3 * usize::from(u8::arbitrary(input)?),
    };
    let mut model = Model::new(sizes, mode);
    for _ in 0..200 {
        if input.is_empty() {
            break;
        }
        let is_client = input.arbitrary()?;
        let op = op(input, mode)?;
        model.apply(is_client, &op);
    }
    model.finish();
    Ok(())
}

fn op(input: &mut Unstructured<'_>, mode: Mode) -> Result<Op> {
    let kind = if input.arbitrary()? { DataKind::Text } else { DataKind::Binary };
    Ok(match input.int_in_range(0..=16u8)? {
        0 | 1 => Op::Stage(kind, length(input)?),
        2 | 3 => Op::Fragment(kind, length(input)?, input.arbitrary()?),
        4 => Op::Write(kind, input.int_in_range(0..=900)?, input.arbitrary()?),
        5 => Op::Frame(kind, input.int_in_range(0..=400)?, input.arbitrary()?),
        6 => Op::Ping(input.int_in_range(0..=125)?),
        7 => Op::Pong(input.int_in_range(0..=125)?),
        8 => Op::Close(*input.choose(&[1000, 1001, 1005, 4999])?, input.int_in_range(0..=123)?),
        9 | 10 => Op::Send(input.int_in_range(1..=400)?),
        11 | 12 => Op::Receive(input.int_in_range(1..=400)?),
        13 => {
            let more = input.int_in_range(0..=300)?;
            if kind == DataKind::Text { Op::Exchange(more) } else { Op::ExchangeTransmit(more) }
        }
        14 => Op::Wrong,
        // Longer than the peer's buffer, in chunks.
        15 if mode == Mode::Chunks => Op::Frame(kind, input.int_in_range(65_000..=66_000)?, true),
        _ => Op::TakePending,
    })
}

fn length(input: &mut Unstructured<'_>) -> Result<usize> {
    Ok(match u8::arbitrary(input)? {
        short @ 0..200 => usize::from(short % 16),
        long => 60 + 4 * usize::from(long - 200),
    })
}
