//! Each target with a few inputs of chance: no fuzzer, but no corpus either.

use tubesock_fuzz::random::Random;

#[test]
fn every_target_holds_on_random_inputs() {
    for (name, check) in tubesock_fuzz::TARGETS {
        let mut random = Random::new(1);
        for number in 0..2_000 {
            let length = random.below(200);
            let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
            println!("{name} {number} {bytes:?}");
            check(&bytes);
        }
    }
}
