use super::*;
use flate2::{Compress as Zlib, Compression, FlushCompress};
use proptest::prelude::*;

/// zlib's messages with a window of `bits`, tails removed.
pub(super) fn zlib(bits: u8, level: u32, takeover: bool, messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut zlib = Zlib::new_with_window_bits(Compression::new(level), false, bits.max(9));
    messages
        .iter()
        .map(|message| {
            if message.is_empty() {
                return vec![0]; // zlib writes nothing for a second flush
            }
            let mut out = Vec::with_capacity(message.len() * 2 + 1000);
            zlib.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
            assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
            out.truncate(out.len() - 4);
            if !takeover {
                zlib.reset();
            }
            out
        })
        .collect()
}

/// A message through `inflater`, input and output cut into pieces whose lengths `cut` gives.
fn inflate(
    inflater: &mut Inflater<Vec<u8>>,
    compressed: &[u8],
    mut cut: impl FnMut() -> (usize, usize),
) -> Result<Vec<u8>, InvalidDeflate> {
    let (mut message, mut rest) = (vec![], compressed);
    loop {
        let (taken, room) = cut();
        let (now, later) = rest.split_at(taken.min(rest.len()));
        let mut input = now;
        let (mut buf, mut filled) = (vec![0xAA; room], 0);
        let stopped = inflater.inflate(&mut input, later.is_empty(), &mut buf, &mut filled)?;
        message.extend_from_slice(&buf[..filled]);
        rest = &rest[now.len() - input.len()..];
        match stopped {
            Stopped::Done => return Ok(message),
            Stopped::Starved => assert!(input.is_empty() && !later.is_empty()),
            Stopped::Full => assert_eq!(filled, room),
        }
    }
}

fn at_once(inflater: &mut Inflater<Vec<u8>>, compressed: &[u8]) -> Result<Vec<u8>, InvalidDeflate> {
    inflate(inflater, compressed, || (usize::MAX, 1 << 20))
}

fn inflater(bits: u8, takeover: bool) -> Inflater<Vec<u8>> {
    Inflater::new(&agreement(bits, takeover), vec![b'!'; 1 << bits]).unwrap()
}

#[test]
fn the_examples_of_rfc_7692_inflate() {
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];
    for room in [1, 2, 5, 100] {
        for taken in [1, 3, 100] {
            let mut inflater = inflater(15, true);
            let mut message = |bytes: &[u8]| inflate(&mut inflater, bytes, || (taken, room));
            assert_eq!(message(&hello).unwrap(), b"Hello", "§7.2.3.1");
            assert_eq!(message(&[0xF2, 0x00, 0x11, 0x00, 0x00]).unwrap(), b"Hello", "§7.2.3.2");
            let stored = [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00];
            assert_eq!(message(&stored).unwrap(), b"Hello", "§7.2.3.3");
            let last = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00];
            assert_eq!(message(&last).unwrap(), b"Hello", "§7.2.3.4");
            let two =
                [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00];
            assert_eq!(message(&two).unwrap(), b"Hello", "§7.2.3.5");
            assert_eq!(message(&[0]).unwrap(), b"", "§7.2.3.6");
        }
    }
}

#[test]
fn a_final_block_may_end_a_message_and_blocks_may_follow_it() {
    let last = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]; // BFINAL is set, no tail's beginning follows
    for room in [1, 5, 100] {
        for taken in [1, 6, 100] {
            let mut inflater = inflater(9, true);
            for _ in 0..3 {
                let got = inflate(&mut inflater, &last, || (taken, room)).unwrap();
                assert_eq!(got, b"Hello");
                let twice = [&last[..], &last, &[0]].concat();
                assert_eq!(
                    inflate(&mut inflater, &twice, || (taken, room)).unwrap(),
                    b"HelloHello"
                );
                // The context goes on behind it: a match of five bytes, five back.
                let back = [0x02, 0x13, 0x00, 0x00];
                assert_eq!(inflate(&mut inflater, &back, || (taken, room)).unwrap(), b"Hello");
            }
        }
    }
}

/// The empty block whose end RFC 7692 §7.2.1 takes away may be a final one.
#[test]
fn the_block_that_the_tail_ends_may_be_a_final_one() {
    let hello = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x04]; // with BFINAL in the last byte
    for (message, expected) in [(&hello[..], &b"Hello"[..]), (&[0x01], b""), (&[0x21], b"")] {
        for taken in [1, 100] {
            let mut inflater = inflater(9, true);
            for _ in 0..3 {
                let got = inflate(&mut inflater, message, || (taken, 8)).unwrap();
                assert_eq!(got, expected);
            }
        }
    }
}

#[test]
fn an_empty_message_is_withdrawn_and_not_the_one_before_it() {
    let mut lent = Lent::new(9);
    let (mut encoder, mut inflater) = (lent.encoder(), inflater(9, true));
    for message in ["a first message", "another that is sent", "", "a first message"] {
        let compressed = compress(&mut encoder, message.as_bytes());
        if message.is_empty() {
            encoder.withdraw();
            continue;
        }
        assert_eq!(at_once(&mut inflater, &compressed).unwrap(), message.as_bytes());
    }
}

#[test]
fn a_message_may_end_in_a_fragment_without_bytes() {
    let mut inflater = inflater(9, true);
    for bytes in [
        &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00][..],
        &[0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
    ] {
        let (mut buf, mut filled) = ([0; 9], 0);
        let mut input = bytes;
        assert_eq!(
            inflater.inflate(&mut input, false, &mut buf, &mut filled),
            Ok(Stopped::Starved)
        );
        assert_eq!(inflater.inflate(&mut input, true, &mut buf, &mut filled), Ok(Stopped::Done));
        assert_eq!(&buf[..filled], b"Hello");
    }
}

#[test]
fn full_means_one_byte_more_at_least() {
    let mut lent = Lent::new(9);
    let mut encoder = lent.encoder();
    for len in [1, 5, 100, 512, 513, 2000] {
        let message = Dice(len as u64).text(len)[..len].to_vec();
        let compressed = compress(&mut encoder, &message);
        for (room, takeover) in [(len, Stopped::Done), (len - 1, Stopped::Full)] {
            encoder.reset();
            let mut inflater = inflater(9, false);
            let (mut buf, mut filled, mut input) = (vec![0; room], 0, &compressed[..]);
            let stopped = inflater.inflate(&mut input, true, &mut buf, &mut filled);
            assert_eq!((stopped, filled), (Ok(takeover), room), "{len}");
        }
    }
}

#[test]
fn truncated_streams_bad_blocks_and_far_distances_are_no_deflate() {
    let bad: [&[u8]; 9] = [
        &[],                                   // not even an empty block's first byte
        &[0x07],                               // a block of the fourth kind
        &[0xF2, 0x48, 0xCD],                   // in the middle of a fixed block
        &[0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48], // in the middle of a stored block
        &[0x00, 0x00, 0x00, 0x00, 0x00],       // a stored block whose lengths differ
        &[0x02, 0x13, 0x00, 0x00],             // a distance of five where there is nothing
        &[0xF2, 0x00, 0x51, 0x00, 0x00],       // and where there is one byte
        &[0x05, 0xC0, 0x81, 0x00],             // a description of codes, cut short
        &[0xFF; 40],
    ];
    for compressed in bad {
        for takeover in [true, false] {
            for cut in [(1, 1), (1 << 20, 1 << 20)] {
                let mut inflater = inflater(9, takeover);

                let got = inflate(&mut inflater, compressed, || cut);
                assert_eq!(got, Err(InvalidDeflate), "{compressed:02x?}");
            }
        }
    }
}

#[test]
fn a_distance_beyond_the_agreed_window_is_no_deflate() {
    let text = [Dice(1).bytes(600), Dice(1).bytes(600)].concat();
    let [wide]: [Vec<u8>; 1] = zlib(15, 9, true, &[text.clone()]).try_into().unwrap();
    assert_eq!(at_once(&mut inflater(10, true), &wide), Ok(text));
    assert_eq!(at_once(&mut inflater(9, true), &wide), Err(InvalidDeflate));
}

#[test]
fn without_takeover_a_message_may_not_refer_to_the_one_before() {
    let mut lent = Lent::new(9);
    let mut encoder = lent.encoder();
    let text = Dice(2).text(300);
    let messages = [compress(&mut encoder, &text), compress(&mut encoder, &text)];
    let (mut keeps, mut forgets) = (inflater(9, true), inflater(9, false));
    assert_eq!(at_once(&mut keeps, &messages[0]), Ok(text.clone()));
    assert_eq!(at_once(&mut keeps, &messages[1]), Ok(text.clone()));
    assert_eq!(at_once(&mut forgets, &messages[0]), Ok(text));
    assert_eq!(at_once(&mut forgets, &messages[1]), Err(InvalidDeflate));
}

/// For each distance, a first message that refers so far back: it must fail, or the ring's old bytes would show.
#[test]
fn a_ring_lent_again_never_shows_its_old_bytes() {
    for bits in [8, 9, 10] {
        let mut ring = b"SECRET".repeat(1000)[..1 << bits].to_vec();
        for prefix in [0, 1, 5, 100, (1 << bits) - 1] {
            for back in [prefix + 1, prefix + 2, prefix + 50, 1 << bits] {
                let mut stream = vec![];
                let mut writer = Bits::default();
                writer.put(&mut stream, 0b010, 3); // not final, fixed codes
                (0..prefix).for_each(|_| writer.literal(&mut stream, b'.'));
                writer.copy(&mut stream, back.min(1 << bits));
                writer.end(&mut stream);
                let mut inflater = Inflater::new(&agreement(bits, true), ring).unwrap();
                let got = at_once(&mut inflater, &stream);
                ring = inflater.into_ring();
                if back > prefix && back <= 1 << bits && prefix < back {
                    assert_eq!(got, Err(InvalidDeflate), "{back} back after {prefix}, {bits} bits");
                }
            }
        }
        // The same stream is good where the history is this connection's.
        let mut stream = vec![];
        let mut writer = Bits::default();
        writer.put(&mut stream, 0b010, 3);
        (0..1 << bits).for_each(|_| writer.literal(&mut stream, b'.'));
        writer.copy(&mut stream, 1 << bits);
        writer.end(&mut stream);
        let mut inflater = Inflater::new(&agreement(bits, true), ring).unwrap();
        assert_eq!(at_once(&mut inflater, &stream), Ok(vec![b'.'; (1 << bits) + 3]));
    }
}

/// Writes a block with fixed codes.
#[derive(Default)]
struct Bits {
    value: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, out: &mut Vec<u8>, value: u64, count: u32) {
        self.value |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            out.push(self.value as u8);
            self.value >>= 8;
            self.count -= 8;
        }
    }

    /// Codes are written from their highest bit.
    fn code(&mut self, out: &mut Vec<u8>, code: u64, count: u32) {
        self.put(out, code.reverse_bits() >> (64 - count), count);
    }

    fn literal(&mut self, out: &mut Vec<u8>, byte: u8) {
        self.code(out, 0x30 + u64::from(byte), 8);
    }

    /// Three bytes from `back` bytes ago.
    fn copy(&mut self, out: &mut Vec<u8>, back: usize) {
        self.code(out, 1, 7);
        let (mut code, mut base, mut extra) = (0, 1, 0);
        while back >= base + (1 << extra) {
            base += 1 << extra;
            code += 1;
            extra = if code < 2 { 0 } else { code as u32 / 2 - 1 };
        }
        self.code(out, code, 5);
        self.put(out, (back - base) as u64, extra);
    }

    fn end(mut self, out: &mut Vec<u8>) {
        self.code(out, 0, 7);
        self.put(out, 0, 3);
        self.put(out, 0, (8 - self.count) % 8);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 150 } else { 2000 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_our_encoder_and_zlib_compress_inflates_at_any_cut(
        seed: u64, bits in 8..=15u8, takeover: bool, level in 1..10u32, most_in in 1..3000usize, most_out in 1..3000usize,
    ) {
        let mut dice = Dice(seed);
        let messages: Vec<_> = (0..12).map(|at| {
            let len = dice.below(1 << (at + 1));
            if dice.below(4) == 0 { dice.bytes(len) } else { dice.text(len) }
        }).collect();
        let mut lent = Lent::new(bits);
        let mut encoder = lent.encoder();
        let ours: Vec<_> = messages.iter().map(|message| {
            if !takeover { encoder.reset(); }
            compress(&mut encoder, message)
        }).collect();
        let theirs = zlib(bits, level, takeover, &messages);
        for (compressed, bits) in [(ours, bits), (theirs, bits.max(9))] {
            let mut inflater = inflater(bits, takeover);
            for (compressed, message) in compressed.iter().zip(&messages) {
                let got = inflate(&mut inflater, compressed, || (dice.below(most_in) + 1, dice.below(most_out) + 1));
                prop_assert_eq!(got.as_ref(), Ok(message));
            }
        }
    }

    #[test]
    fn random_bytes_are_inflated_or_refused(seed: u64, bits in 8..=15u8, len in 0..400usize) {
        let mut dice = Dice(seed);
        let mut inflater = inflater(bits, seed % 2 == 0);
        for _ in 0..4 {
            let bytes = dice.bytes(len);
            if inflate(&mut inflater, &bytes, || (dice.below(50) + 1, dice.below(50) + 1)).is_err() {
                break;
            }
        }
    }
}
