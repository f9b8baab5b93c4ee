use super::peer::{Got, Peer, Reader, no_mask};
use super::*;
use crate::error::{ProtocolError, SendError};
use crate::role::{Client, Server};
use crate::session::Outgoing;
use crate::wire::{CloseCode, DataKind};
use crate::{Instant, Message};
use proptest::prelude::*;
use std::string::String;

/// Frames of a client with a mask of zeros.
fn frame(b0: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126);
    [&[b0, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
}

fn one(wire: &[u8]) -> (Vec<Got>, Option<ProtocolError>) {
    Reader::new(9, true, 512, 64).read(wire, || usize::MAX, false)
}

const HELLO: [u8; 7] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00];

#[test]
fn compressed_and_plain_messages_alternate_and_pings_go_between_fragments() {
    let wire = [
        frame(0xC1, &HELLO),
        frame(0x81, b"plain"),
        frame(0x41, &HELLO[..3]),
        frame(0x00, b""),
        frame(0x89, b"ping"),
        frame(0x80, &HELLO[3..]),
        frame(0xC2, &HELLO),
        frame(0x41, b""),
        frame(0x00, &HELLO),
        frame(0x80, b""),
    ]
    .concat();
    let hello = || Got::Text("Hello".into());
    let all = [hello(), Got::Text("plain".into()), hello(), Got::Binary(b"Hello".into()), hello()];
    for chunks in [false, true] {
        for cut in [1, 2, 7, 1000] {
            let mut reader = Reader::new(9, true, 512, 64);
            let (got, error) = reader.read(&wire, || cut, chunks);
            assert_eq!((&got[..], error), (&all[..], None), "{cut}");
            assert_eq!(reader.replied(), b"\x8A\x04ping");
        }
    }
}

#[test]
fn rsv1_on_a_continuation_or_a_control_frame_is_1002() {
    let hello = frame(0x41, &HELLO);
    for bad in [frame(0xC0, b""), frame(0xC9, b""), frame(0xC8, b"")] {
        let (got, error) = one(&[&hello[..], &bad].concat());
        assert_eq!((got.len(), error), (0, Some(ProtocolError::ReservedBit)));
    }
}

#[test]
fn bad_deflate_is_1007_and_what_follows_is_not_read() {
    let mut reader = Reader::new(9, true, 512, 64);
    let wire = [frame(0xC1, &[7, 7]), frame(0x81, b"more")].concat();
    assert_eq!(reader.read(&wire, || 1000, false), (vec![], Some(ProtocolError::InvalidDeflate)));
    assert_eq!(ProtocolError::InvalidDeflate.close_code(), CloseCode::INVALID_PAYLOAD);
    assert_eq!(reader.replied()[2..4], 1007u16.to_be_bytes());
    assert_eq!(reader.poll(false), Ok(None));
}

#[test]
fn bad_utf8_is_1007_at_the_first_bad_byte() {
    for (bytes, whole_fails_early) in [(&b"good \xFF"[..], true), (b"cut \xF0\x9F\xA6", false)] {
        let mut lent = Lent::new(9);
        let compressed = compress(&mut lent.encoder(), bytes);
        let (_, error) = one(&frame(0xC1, &compressed));
        assert_eq!(error, Some(ProtocolError::InvalidUtf8));
        // Its bytes are here, the message's end isn't.
        let mut lent = Lent::new(9);
        let mut out = vec![0; 100];
        let progress = lent.encoder().compress(&mut &bytes[..], &mut out, Flush::Sync);
        let (_, error) = one(&frame(0x41, &out[..progress.written]));
        assert_eq!(error, whole_fails_early.then_some(ProtocolError::InvalidUtf8));
    }
}

#[test]
fn a_whole_message_may_fill_the_buffer_and_not_exceed_it() {
    for (bits, ring, takeover) in [(9, 512, true), (9, 512, false), (15, 0, false)] {
        for (len, fits) in [(300, true), (301, false)] {
            let text = Dice(7).text(400);
            let bytes = &text[..len];
            for fragment in [5, 1000] {
                let mut lent = Lent::new(9);
                let compressed = compress(&mut lent.encoder(), bytes);
                let pieces = compressed.chunks(fragment.min(120)).count();
                let wire: Vec<u8> = compressed
                    .chunks(fragment.min(120))
                    .enumerate()
                    .flat_map(|(at, piece)| {
                        let fin = if at + 1 == pieces { 0x80 } else { 0 };
                        frame(fin | if at == 0 { 0x42 } else { 0 }, piece)
                    })
                    .collect();
                let mut reader = Reader::new(bits, takeover, ring, 300);
                let (got, error) = reader.read(&wire, || 9, false);
                if fits {
                    assert_eq!((got, error), (vec![Got::Binary(bytes.into())], None));
                } else {
                    assert_eq!((got, error), (vec![], Some(ProtocolError::MessageTooBig)));
                }
            }
        }
    }
}

#[test]
fn the_rest_of_a_message_begun_in_chunks_is_skipped_by_poll_message() {
    let mut lent = Lent::new(9);
    let mut peer = Peer::new(&mut lent, true);
    let long = String::from_utf8(Dice(3).text(5000)).unwrap();
    peer.deflate.stage(&mut peer.out, Message::Text(&long)).unwrap();
    peer.deflate.stage(&mut peer.out, Message::Text("the next one, the next one")).unwrap();
    let wire = peer.sent();
    let mut reader = Reader::new(9, true, 512, 64);
    let n = reader.incoming.feed(&wire, Instant::default());
    assert!(reader.poll(true).unwrap().unwrap().is_first());
    let (got, error) = reader.read(&wire[n..], || 50, false);
    assert_eq!((got, error), (vec![Got::Text("the next one, the next one".into())], None));
}

#[test]
fn a_chunk_gives_all_that_has_come_before_more_is_asked_for() {
    let mut lent = Lent::new(12);
    let mut peer = Peer::new(&mut lent, true);
    // So that one byte stands for hundreds.
    let part = vec![b'a'; 3000];
    let mut rest = &part[..];
    assert!(peer.deflate.write(&mut peer.out, DataKind::Binary, &mut rest, false).unwrap());
    let wire = peer.sent();
    for message in [64, 100, 3000, 4000] {
        let mut reader = Reader::new(12, true, 4096, message);
        reader.incoming.feed(&wire, Instant::default());
        let mut received = 0;
        while let Some(token) = reader.poll(true).unwrap() {
            received += token.len;
        }
        assert_eq!(received, 3000, "by pieces of {message}");
    }
}

#[test]
fn short_messages_and_those_that_do_not_shrink_go_out_as_they_are() {
    let mut lent = Lent::new(9);
    let mut peer = Peer::new(&mut lent, true);
    let noise = Dice(9).bytes(100);
    let long = "tube sock ".repeat(5);
    assert_eq!(peer.deflate.stage(&mut peer.out, Message::Text("aaaaaaa")), Ok(false));
    assert_eq!(peer.deflate.stage(&mut peer.out, Message::Binary(&noise)), Ok(false));
    assert_eq!(peer.deflate.stage(&mut peer.out, Message::Text(&long)), Ok(true));
    let wire = peer.sent();
    assert_eq!((wire[0], wire[13], wire[13 + 106]), (0x81, 0x82, 0xC1));
    let all = [Got::Text("aaaaaaa".into()), Got::Binary(noise), Got::Text(long)];
    let got = Reader::new(9, true, 512, 200).read(&wire, || 11, false);
    assert_eq!(got, (all.to_vec(), None));
}

#[test]
fn a_message_without_room_is_withdrawn_and_may_be_staged_again() {
    let mut lent = Lent::new(9);
    let mut deflate = Deflate::new(&agreement(9, true), lent.encoder());
    let mut out = Outgoing::new(vec![0; 200], Server).unwrap();
    let text = Dice(4).bytes(400);
    assert_eq!(deflate.stage(&mut out, Message::Binary(&text)), Err(SendError::Full));
    let short = "short and short again".repeat(2);
    assert_eq!(deflate.stage(&mut out, Message::Text(&short)), Ok(true));
    assert!(out.pending().len() < short.len());
}

#[test]
fn inside_an_uncompressed_message_nothing_compressed_begins() {
    let mut lent = Lent::new(9);
    let mut peer = Peer::new(&mut lent, true);
    peer.out.fragment(Message::Text("begun"), false).unwrap();
    let mut rest = &b"some more, some more"[..];
    let write = peer.deflate.write(&mut peer.out, DataKind::Text, &mut rest, true);
    assert_eq!((write, rest.len()), (Err(SendError::MessageInProgress), 20));
    let stage = peer.deflate.stage(&mut peer.out, Message::Text("some more, some more"));
    assert_eq!(stage, Err(SendError::MessageInProgress));
}

fn messages(dice: &mut Dice, most: usize) -> Vec<Got> {
    (0..10)
        .map(|_| {
            let octave = dice.below(11);
            let len = dice.below((1 << octave).min(most));
            match dice.below(5) {
                0 => Got::Binary(dice.bytes(len)),
                1 => Got::Binary(vec![b'x'; len * 10]),
                _ => Got::Text(String::from_utf8(dice.text(len)).unwrap()),
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 200 } else { 2000 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_come_through_whole_or_in_chunks_at_any_cut(
        seed: u64, bits in 8..=15u8, takeover: bool, chunks: bool, ring: bool, most_in in 1..400usize, message in 64..3000usize,
    ) {
        let mut dice = Dice(seed);
        let all = messages(&mut dice, 1000);
        let mut lent = Lent::new(bits);
        let mut peer = Peer::new(&mut lent, takeover);
        let mut wire = vec![];
        for message in &all {
            match dice.below(4) {
                0 => peer.out.stage(message.message()).unwrap(),
                1 => {
                    let pieces = dice.below(300) + 1;
                    let bytes = message.message().as_bytes();
                    let mut rest = bytes.chunks(pieces).peekable();
                    while let Some(mut piece) = rest.next() {
                        let last = rest.peek().is_none();
                        prop_assert!(peer.deflate.write(&mut peer.out, message.message().kind(), &mut piece, last).unwrap());
                        let _ = peer.out.ping(b"");
                    }
                    if bytes.is_empty() {
                        peer.deflate.write(&mut peer.out, message.message().kind(), &mut &[][..], true).unwrap();
                    }
                }
                _ => { peer.deflate.stage(&mut peer.out, message.message()).unwrap(); }
            }
            wire.extend(peer.sent());
        }
        let ring = if takeover || ring { 1 << bits } else { 0 };
        let message = if chunks && ring > 0 { message } else { 12_000 };
        let mut reader = Reader::new(bits, takeover, ring, message);
        // Whole plain messages have to fit the receive buffer.
        reader.incoming.exchange(vec![0; 12_000]).unwrap();
        reader.incoming.set_max_message(11_000);
        let (got, error) = reader.read(&wire, || dice.below(most_in) + 1, chunks);
        prop_assert_eq!(error, None);
        prop_assert_eq!(got, all);
    }

    #[test]
    fn a_message_is_written_through_a_transmit_buffer_of_any_size(seed: u64, bits in 8..=15u8, takeover: bool, room in 131..900usize) {
        let mut dice = Dice(seed);
        let mut lent = Lent::new(bits);
        let mut deflate = Deflate::new(&agreement(bits, takeover), lent.encoder());
        let mut out = Outgoing::new(vec![0; room], Client(no_mask as fn() -> [u8; 4])).unwrap();
        let (mut wire, mut all) = (vec![], vec![]);
        for _ in 0..4 {
            let text = if dice.below(3) == 0 { dice.bytes(5000) } else { dice.text(5000) };
            let mut rest = &text[..];
            while !deflate.write(&mut out, DataKind::Binary, &mut rest, true).unwrap() {
                wire.extend_from_slice(out.pending());
                out.sent(out.pending().len());
            }
            all.push(Got::Binary(text));
        }
        wire.extend_from_slice(out.pending());
        let mut reader = Reader::new(bits, takeover, 1 << bits, 6000);
        let (got, error) = reader.read(&wire, || dice.below(500) + 1, false);
        prop_assert_eq!((got == all, error), (true, None));
    }

    #[test]
    fn random_frames_never_panic(seed: u64, chunks: bool, bits in 8..=15u8) {
        let mut dice = Dice(seed);
        let mut reader = Reader::new(bits, seed % 2 == 0, 1 << bits, 64);
        let mut wire = vec![];
        for _ in 0..6 {
            let len = dice.below(125);
            let bytes = dice.bytes(len);
            wire.extend(frame([0xC1, 0xC2, 0x41, 0x80, 0x00, 0x81][dice.below(6)], &bytes));
        }
        let _ = reader.read(&wire, || dice.below(100) + 1, chunks);
    }
}
