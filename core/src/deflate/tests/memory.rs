use super::*;
use std::string::String;

fn thousands(number: usize) -> String {
    if number < 1000 {
        std::format!("{number}")
    } else {
        std::format!("{},{:03}", number / 1000, number % 1000)
    }
}

#[test]
fn the_table_of_the_docs_is_right_on_64_bits() {
    if size_of::<usize>() == 8 {
        let cells: String =
            (8..=15).map(|bits| std::format!("{} | ", thousands(memory(bits)))).collect();
        assert_eq!(
            include_str!("../memory.md").trim(),
            std::format!("| sending, bytes | {}", cells.trim())
        );
    }
}

#[test]
fn nine_bits_take_12_5_kilobytes_to_receive_and_4_to_send() {
    const SMALL: Settings = Settings::new(9, 9).with_unlimited_peer(UnlimitedPeer::NoTakeover);
    assert!(SMALL.receive_memory() <= 12_500, "{}", SMALL.receive_memory());
    assert!(SMALL.send_memory() <= 4096, "{}", SMALL.send_memory());
    let layers = size_of::<Inflate<&mut [u8], &mut [u8]>>() - INFLATER_MEMORY;
    assert!(layers < 192, "{layers}");
    assert!(size_of::<Deflate<Encoder<'_>>>() - size_of::<Encoder<'_>>() <= 24);
}

#[test]
fn an_encoder_goes_on_after_a_pause_as_if_there_had_been_none() {
    let messages: Vec<_> = (0..60).map(|seed| Dice(seed).text(seed as usize * 9)).collect();
    for bits in [8, 9, 12, 15] {
        let (mut one, mut other) = (Lent::new(bits), Lent::new(bits));
        let mut steady = one.encoder();
        let mut paused = other.encoder().pause();
        for message in &messages {
            let mut encoder =
                paused.resume(&mut other.window, &mut other.table, &mut other.tokens).unwrap();
            assert!(compress(&mut steady, message) == compress(&mut encoder, message));
            paused = encoder.pause();
        }
        assert!(paused.resume(&mut other.window, &mut other.table, &mut []).is_err());
    }
}
