//! One endpoint and a script of bytes, at every split of them.

use tubesock_core::Config;

use crate::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes};
use crate::frames::{Frame, From, read_all};

/// What the peer sends, and what must come of it.
#[derive(Debug, Clone)]
pub struct Script {
    /// The bytes, as a peer of the endpoint sends them.
    pub bytes: fn(From) -> Vec<u8>,
    /// What the program is told.
    pub seen: Vec<Seen>,
    /// What is sent back: the first byte and the payload of each frame.
    pub replies: Vec<(u8, Vec<u8>)>,
}

/// Plays a script to an endpoint of role `R`: in one piece, cut in two at every place, and a byte
/// at a time; whole messages and chunks; in ample buffers and, for chunks, in the least.
///
/// # Panics
///
/// Where it comes out otherwise, anywhere.
pub fn play<R: Side>(script: &Script) {
    let bytes = (script.bytes)(R::PEER);
    for mode in [Mode::Whole, Mode::Chunks] {
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            check::<R>(script, [a, b].into_iter(), Sizes::AMPLE, mode, &format!("cut at {cut}"));
        }
        for size in 1..=3 {
            let context = format!("{size} at a time");
            check::<R>(script, bytes.chunks(size), Sizes::AMPLE, mode, &context);
            if mode == Mode::Chunks {
                check::<R>(script, bytes.chunks(size), Sizes::LEAST, mode, &context);
            }
        }
        if mode == Mode::Chunks {
            check::<R>(script, [&bytes[..]].into_iter(), Sizes::LEAST, mode, "the least buffers");
        }
    }
}

fn check<'a, R: Side>(
    script: &Script,
    pieces: impl Iterator<Item = &'a [u8]>,
    sizes: Sizes,
    mode: Mode,
    context: &str,
) {
    let mut endpoint = Endpoint::<R>::new(sizes, &NO_DEADLINES, mode);
    let mut output = Vec::new();
    for piece in pieces {
        endpoint.receive(piece, 0);
        output.extend(endpoint.all_output());
    }
    let context = format!("{}, {mode:?}, {context}", Endpoint::<R>::name());
    assert_eq!(endpoint.seen, script.seen, "seen by a {context}");
    assert_eq!(replies::<R>(&output), script.replies, "replies of a {context}");
}

/// The first byte and the payload of each frame that an endpoint of role `R` sent.
///
/// # Panics
///
/// Where it masked as a server, or didn't as a client.
#[must_use]
pub fn replies<R: Side>(output: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let summary = |frame: Frame| {
        assert_eq!(frame.key.is_some(), !R::IS_SERVER, "clients mask, servers don't");
        (frame.b0, frame.payload)
    };
    read_all(output).into_iter().map(summary).collect()
}

/// After how many of `bytes` the endpoint fails, and why; `None` where it doesn't.
#[must_use]
pub fn fails_after<R: Side>(
    bytes: &[u8],
    config: &Config,
    mode: Mode,
) -> Option<(usize, tubesock_core::ProtocolError)> {
    let mut endpoint = Endpoint::<R>::new(Sizes::AMPLE, config, mode);
    for (index, byte) in bytes.iter().enumerate() {
        endpoint.receive(&[*byte], 0);
        if let Some(Seen::Failed(error)) = endpoint.seen.last() {
            return Some((index + 1, *error));
        }
    }
    None
}
