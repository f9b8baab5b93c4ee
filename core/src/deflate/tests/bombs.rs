use super::*;
use crate::Instant;
use crate::error::ProtocolError;
use crate::role::Server;
use crate::session::{Config, Incoming, MIN_REPLIES, Replies};

/// So many MiB of zeros as DEFLATE of about a thousandth of that, its tail removed.
fn bomb(mib: usize) -> Vec<u8> {
    let mut zlib = flate2::Compress::new_with_window_bits(flate2::Compression::best(), false, 15);
    let zeros = vec![0; 1 << 20];
    let mut mib_of_zeros = || {
        let mut out = Vec::with_capacity(1 << 20);
        zlib.compress_vec(&zeros, &mut out, flate2::FlushCompress::Sync).unwrap();
        out
    };
    // From the second on they are all the same.
    let mut out = mib_of_zeros();
    out.extend(mib_of_zeros().repeat(mib - 1));
    assert!(out.ends_with(&[0, 0, 0xFF, 0xFF]));
    out.truncate(out.len() - 4);
    out
}

#[test]
fn a_bomb_is_refused_at_the_limit_and_passes_in_chunks() {
    let limit = 10_000;
    for (chunks, mib) in [(false, 1024), (true, 72)] {
        let bomb = bomb(mib);
        assert!((mib * 900..mib * 1200).contains(&bomb.len()), "{}", bomb.len());
        let mut header = vec![0xC2, 0xFF];
        header.extend((bomb.len() as u64).to_be_bytes());
        header.extend([0; 4]);
        let mut incoming =
            Incoming::<Server, _>::new(vec![0; 4096], &Config::DEFAULT, Instant::default())
                .unwrap();
        incoming.allow_compression();
        let mut replies = Replies::new(vec![0; MIN_REPLIES]).unwrap();
        let mut inflate =
            Inflate::new(&agreement(15, true), vec![1; 1 << 15], vec![1; limit]).unwrap();
        let (mut fed, mut inflated) = (0, 0u64);
        let wire = [&header[..], &bomb].concat();
        let end = loop {
            let polled = if chunks {
                inflate.poll_chunk(&mut incoming, &mut replies)
            } else {
                inflate.poll_message(&mut incoming, &mut replies)
            };
            match polled {
                Ok(Some(token)) => {
                    inflated += token.len as u64;
                    if token.is_last() {
                        break Ok(());
                    }
                }
                Ok(None) => {
                    assert!(!inflate.wants_room());
                    fed += incoming.feed(&wire[fed..], Instant::default());
                }
                Err(error) => break Err(error),
            }
        };
        if chunks {
            assert_eq!((end, inflated), (Ok(()), 72 << 20));
        } else {
            assert_eq!(end, Err(ProtocolError::MessageTooBig));
            assert!(fed < 5000, "{fed} bytes were enough to see it");
        }
    }
}
