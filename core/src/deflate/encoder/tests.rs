#![allow(unreachable_pub)] // helpers that the modules below share
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

mod corpora;
mod inflate;
mod ratio;

use super::*;
use corpora::Dice;
use flate2::{Decompress, FlushDecompress};
use inflate::inflate;
use proptest::prelude::*;
use std::{vec, vec::Vec};

const ALL_BITS: std::ops::RangeInclusive<u8> = MIN_WINDOW_BITS..=MAX_WINDOW_BITS;

/// Buffers of the least size for a window, full of something.
struct Lent {
    bits: u8,
    window: Vec<u8>,
    table: Vec<u16>,
    tokens: Vec<u32>,
}

impl Lent {
    fn new(bits: u8) -> Self {
        let window = corpora::english(window_len(bits));
        let table = (0..table_len(bits)).map(|at| (at * 7) as u16).collect();
        Self { bits, window, table, tokens: vec![u32::MAX; tokens_len(bits)] }
    }

    fn encoder(&mut self) -> Encoder<'_> {
        Encoder::new(self.bits, &mut self.window, &mut self.table, &mut self.tokens).unwrap()
    }
}

/// One message, its input and its output cut into pieces whose lengths `cut` gives.
fn message(
    encoder: &mut Encoder,
    bytes: &[u8],
    flush: Flush,
    mut cut: impl FnMut() -> (usize, usize),
) -> Vec<u8> {
    let mut sent = vec![];
    let mut rest = bytes;
    loop {
        let (taken, room) = cut();
        let (now, later) = rest.split_at(taken.min(rest.len()));
        let mut input = now;
        let mut output = vec![0xAA; room.min(1 << 21)];
        let flush = if later.is_empty() { flush } else { Flush::None };
        let progress = encoder.compress(&mut input, &mut output, flush);
        sent.extend_from_slice(&output[..progress.written]);
        rest = &rest[now.len() - input.len()..];
        if progress.done {
            assert!(input.is_empty());
            if later.is_empty() {
                return sent;
            }
        }
    }
}

fn whole(encoder: &mut Encoder, bytes: &[u8]) -> Vec<u8> {
    message(encoder, bytes, Flush::Message, || (usize::MAX, max_encoded_len(bytes.len())))
}

/// zlib's inflater with a window of `bits`, over messages whose tails are removed.
fn zlib(bits: u8, messages: &[Vec<u8>]) -> Vec<u8> {
    let mut zlib = Decompress::new_with_window_bits(false, bits.max(9));
    let mut inflated = vec![];
    for message in messages {
        let mut input = [&message[..], &[0, 0, 0xFF, 0xFF]].concat();
        while !input.is_empty() {
            inflated.reserve(4096);
            let before = zlib.total_in();
            zlib.decompress_vec(&input, &mut inflated, FlushDecompress::Sync).unwrap();
            input.drain(..(zlib.total_in() - before) as usize);
        }
        // What is left inside comes out without input.
        while inflated.len() == inflated.capacity() {
            inflated.reserve(4096);
            let _ = zlib.decompress_vec(&[], &mut inflated, FlushDecompress::Sync);
        }
    }
    inflated
}

fn all_corpora() -> Vec<Vec<Vec<u8>>> {
    let noise = (0..40).map(|at| corpora::noise(at * at, 7 + at as u64)).collect();
    vec![
        corpora::json(),
        corpora::chat(),
        vec![corpora::english(1 << 16)],
        vec![corpora::logs(1 << 18)],
        noise,
    ]
}

#[test]
fn every_corpus_inflates_in_zlib_at_every_window() {
    for bits in ALL_BITS {
        for messages in all_corpora() {
            let mut lent = Lent::new(bits);
            let mut encoder = lent.encoder();
            let sent: Vec<_> = messages.iter().map(|bytes| whole(&mut encoder, bytes)).collect();
            assert!(zlib(bits, &sent) == messages.concat(), "{bits} bits");
        }
    }
}

#[test]
fn no_distance_exceeds_the_window_and_every_kind_of_block_occurs() {
    for bits in ALL_BITS {
        let mut kinds = [0; 3];
        for messages in all_corpora() {
            let mut lent = Lent::new(bits);
            let mut encoder = lent.encoder();
            let mut inflated = vec![];
            for bytes in &messages {
                let sent = whole(&mut encoder, bytes);
                let more = inflate(&sent, &mut inflated, 1 << bits).unwrap();
                kinds = std::array::from_fn(|kind| kinds[kind] + more[kind]);
            }
            assert!(inflated == messages.concat(), "{bits} bits");
        }
        assert!(kinds.iter().all(|count| *count > 5), "{kinds:?} at {bits} bits");
    }
}

#[test]
fn output_does_not_depend_on_how_input_and_output_are_cut() {
    let text = [corpora::english(9000), corpora::noise(5000, 1), corpora::logs(30_000)].concat();
    for bits in [8, 9, 11, 15] {
        let mut lent = Lent::new(bits);
        let at_once = whole(&mut lent.encoder(), &text);
        for cut in
            [(1, 1), (usize::MAX, 1), (1, usize::MAX), (7, 16), (100, 8), (1000, 333), (4096, 9)]
        {
            let mut lent = Lent::new(bits);
            let pieces = message(&mut lent.encoder(), &text, Flush::Message, || cut);
            assert!(pieces == at_once, "{cut:?} at {bits} bits");
        }
    }
}

#[test]
fn output_may_be_empty() {
    let mut lent = Lent::new(9);
    let mut encoder = lent.encoder();
    let mut rooms = (0..).map(|call| usize::from(call % 3 == 0) * 5);
    let text = corpora::logs(3000);
    let sent = message(&mut encoder, &text, Flush::Message, || (50, rooms.next().unwrap()));
    assert!(zlib(9, &[sent]) == text);
}

#[test]
fn hello_is_encoded_as_in_rfc_7692() {
    let mut lent = Lent::new(15);
    let mut encoder = lent.encoder();
    assert_eq!(
        whole(&mut encoder, b"Hello"),
        [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
        "section 7.2.3.1"
    );
    // Section 7.2.3.2 writes the H as a literal, F2 00 11 00 00; one match does for all five.
    assert_eq!(whole(&mut encoder, b"Hello"), [0x02, 0x13, 0x00, 0x00]);
    encoder.reset();
    assert_eq!(
        whole(&mut encoder, b"Hello"),
        [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
        "no context takeover"
    );
}

#[test]
fn an_empty_message_is_one_zero_byte() {
    let mut lent = Lent::new(9);
    let mut encoder = lent.encoder();
    for _ in 0..3 {
        assert_eq!(whole(&mut encoder, b""), [0], "RFC 7692 section 7.2.3.6");
    }
}

#[test]
fn sync_flush_leaves_the_tail_that_message_removes() {
    for room in [1, 3, 1000] {
        let (mut one, mut other) = (Lent::new(9), Lent::new(9));
        let (mut one, mut other) = (one.encoder(), other.encoder());
        for bytes in corpora::chat().iter().take(50) {
            let mut expected = message(&mut one, bytes, Flush::Message, || (10, room));
            expected.extend([0, 0, 0xFF, 0xFF]);
            assert_eq!(message(&mut other, bytes, Flush::Sync, || (10, room)), expected);
        }
    }
}

#[test]
fn after_a_reset_nothing_older_is_referred_to() {
    for bits in ALL_BITS {
        let mut lent = Lent::new(bits);
        let mut encoder = lent.encoder();
        for (round, bytes) in corpora::json().iter().cycle().take(1500).enumerate() {
            let sent = whole(&mut encoder, bytes);
            // A fresh inflater refuses a distance beyond the message's own first byte.
            let mut inflated = vec![];
            inflate(&sent, &mut inflated, 1 << bits)
                .unwrap_or_else(|why| panic!("round {round}: {why}"));
            assert!(inflated == *bytes);
            encoder.reset();
        }
    }
}

#[test]
fn an_encoder_in_used_buffers_refers_to_none_of_their_bytes() {
    for bits in ALL_BITS {
        let text = corpora::english(window_len(bits));
        let mut lent = Lent::new(bits);
        for part in [&text[..], &text[text.len() / 3..], &text[1..]] {
            let sent = whole(&mut lent.encoder(), part);
            let mut inflated = vec![];
            inflate(&sent, &mut inflated, 1 << bits).unwrap();
            assert!(inflated == part);
        }
    }
}

#[test]
fn a_withdrawn_message_is_as_if_it_had_never_been() {
    let mut dice = Dice::new(5);
    for bits in ALL_BITS {
        let mut lent = Lent::new(bits);
        let mut encoder = lent.encoder();
        let (mut inflated, mut kept) = (vec![], vec![]);
        for bytes in corpora::json() {
            match dice.below(4) {
                0 => {
                    let _ = whole(&mut encoder, &bytes);
                    encoder.withdraw();
                }
                1 => {
                    let long = bytes.repeat(1 + dice.below(100));
                    let _ = encoder.compress(&mut &long[..], &mut [0; 30], Flush::None);
                    encoder.withdraw();
                }
                _ => {
                    let sent = whole(&mut encoder, &bytes);
                    inflate(&sent, &mut inflated, 1 << bits).unwrap();
                    kept.extend(bytes);
                }
            }
        }
        assert!(inflated == kept, "{bits} bits");
    }
}

#[test]
fn a_context_survives_a_withdrawn_message_that_fits_the_window() {
    let mut lent = Lent::new(12);
    let mut encoder = lent.encoder();
    let text = corpora::english(1500);
    let first = whole(&mut encoder, &text);
    let _ = whole(&mut encoder, &corpora::noise(1500, 3));
    encoder.withdraw();
    let again = whole(&mut encoder, &text);
    assert!(again.len() * 10 < first.len(), "{} after {}", again.len(), first.len());
}

#[test]
fn short_buffers_and_unknown_windows_are_refused() {
    for bits in ALL_BITS {
        let lens = [window_len(bits), table_len(bits), tokens_len(bits)];
        for short in [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]] {
            let [window, table, tokens] = std::array::from_fn(|at| lens[at] - short[at]);
            let made =
                Encoder::new(bits, &mut vec![0; window], &mut vec![0; table], &mut vec![0; tokens])
                    .is_ok();
            assert_eq!(made, short == [0; 3]);
        }
    }
    for bits in [0, 7, 16, 255] {
        assert!(
            Encoder::new(bits, &mut [0; 100_000], &mut [0; 100_000], &mut [0; 100_000]).is_err()
        );
    }
}

#[test]
fn a_window_of_512_bytes_takes_at_most_4_kilobytes_in_all() {
    assert!(memory(9) <= 4096, "{}", memory(9));
    let lent = Lent::new(9);
    let buffers = size_of_val(&lent.window[..])
        + size_of_val(&lent.table[..])
        + size_of_val(&lent.tokens[..]);
    assert_eq!(memory(9), buffers + size_of::<Encoder>());
}

#[test]
fn nothing_grows_by_more_than_the_bound() {
    for bits in ALL_BITS {
        // Matches of three bytes as far back as possible, between literals that the fixed code likes least.
        let far = |at: usize| {
            if at % 4 == 3 { 200 + (at * 31 % 56) as u8 } else { (at % (1 << bits) * 5 >> 3) as u8 }
        };
        let patterns: [Vec<u8>; 4] = [
            corpora::noise(30_000, 9),
            (0..30_000).map(far).collect(),
            corpora::noise(20_000, 2).iter().map(|byte| byte | 0x80).collect(),
            [corpora::english(3000), corpora::noise(3000, 1)].concat().repeat(10),
        ];
        for bytes in patterns {
            for piece in [1, 2, 50, 700, usize::MAX] {
                let mut lent = Lent::new(bits);
                let mut encoder = lent.encoder();
                for bytes in bytes.chunks(piece).take(100) {
                    let len = whole(&mut encoder, bytes).len();
                    assert!(
                        len + 4 <= max_encoded_len(bytes.len()),
                        "{len} from {} at {bits} bits",
                        bytes.len()
                    );
                }
            }
        }
    }
}

/// Bytes that repeat in many ways: pieces of text, of noise, of what came before, and runs of one byte.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    (any::<u64>(), 0..12usize).prop_map(|(seed, pieces)| {
        let mut dice = Dice::new(seed);
        let mut bytes = vec![];
        for _ in 0..pieces {
            let octave = dice.below(13);
            let len = dice.below(1 << octave);
            match dice.below(5) {
                0 => bytes.extend(corpora::noise(len, dice.roll())),
                1 => bytes.extend(std::iter::repeat_n(dice.roll() as u8, len)),
                2 if !bytes.is_empty() => {
                    let start = dice.below(bytes.len());
                    let copy: Vec<u8> = bytes[start..].iter().cycle().take(len).copied().collect();
                    bytes.extend(copy);
                }
                3 => bytes.extend((0..len).map(|_| b"ab\xFFz"[dice.below(4)])),
                _ => {
                    let (start, text) = (dice.below(200), corpora::logs(len + 200));
                    bytes.extend(&text[start..][..len]);
                }
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 80 } else { 1000 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_cut_and_flushed_anywhere_come_back(
        bytes in bytes(), bits in ALL_BITS, seed: u64, most_in in 1..5000usize, most_out in 1..5000usize, messages in 1..20usize,
    ) {
        let mut dice = Dice::new(seed);
        let mut lent = Lent::new(bits);
        let mut encoder = lent.encoder();
        let (mut sent, mut kept, mut inflated) = (vec![], vec![], vec![]);
        for bytes in bytes.chunks(bytes.len() / messages + 1) {
            if dice.below(8) == 0 {
                let _ = whole(&mut encoder, bytes);
                encoder.withdraw();
                continue;
            }
            let more = message(&mut encoder, bytes, Flush::Message, || (dice.below(most_in) + 1, dice.below(most_out) + 1));
            prop_assert!(more.len() + 4 <= max_encoded_len(bytes.len()));
            inflate(&more, &mut inflated, 1 << bits).unwrap();
            sent.push(more);
            kept.extend_from_slice(bytes);
        }
        prop_assert!(inflated == kept);
        prop_assert!(zlib(bits, &sent) == kept);
    }
}
