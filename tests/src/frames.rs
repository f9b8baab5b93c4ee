//! Frames, written and read as RFC 6455 §5.2 draws them: by hand, a byte at a time, without a line
//! of the code that is tested.

/// Who sends a frame: a client's are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// The key of frames where nothing hangs on it.
pub const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// First bytes of frames: FIN and the opcode.
pub mod first {
    /// A text in one frame.
    pub const TEXT: u8 = 0x81;
    /// A binary message in one frame.
    pub const BINARY: u8 = 0x82;
    /// A text's first fragment.
    pub const TEXT_BEGIN: u8 = 0x01;
    /// A binary message's first fragment.
    pub const BINARY_BEGIN: u8 = 0x02;
    /// A fragment in the middle.
    pub const MORE: u8 = 0x00;
    /// The last fragment.
    pub const LAST: u8 = 0x80;
    /// A Close.
    pub const CLOSE: u8 = 0x88;
    /// A ping.
    pub const PING: u8 = 0x89;
    /// A pong.
    pub const PONG: u8 = 0x8A;
}

/// A whole frame, its length in as few bytes as it needs.
#[must_use]
pub fn frame(from: From, b0: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(from, b0, payload.len() as u64);
    let key = if from == From::Client { KEY } else { [0; 4] };
    bytes.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    bytes
}

/// A header alone, with [`KEY`] where the client sends it.
#[must_use]
pub fn header(from: From, b0: u8, len: u64) -> Vec<u8> {
    let form = match len {
        0..=125 => len as u8,
        126..=0xFFFF => 126,
        _ => 127,
    };
    header_in_form(from, b0, form, len)
}

/// A header whose seven bits are `form`: the length follows in two bytes for 126, in eight for 127.
#[must_use]
pub fn header_in_form(from: From, b0: u8, form: u8, len: u64) -> Vec<u8> {
    let masked = from == From::Client;
    let mut bytes = vec![b0, form | if masked { 0x80 } else { 0 }];
    match form {
        126 => bytes.extend((len as u16).to_be_bytes()),
        127 => bytes.extend(len.to_be_bytes()),
        _ => {}
    }
    if masked {
        bytes.extend(KEY);
    }
    bytes
}

/// A Close with a code and a reason.
#[must_use]
pub fn close(from: From, code: u16, reason: &str) -> Vec<u8> {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    frame(from, first::CLOSE, &payload)
}

/// A frame as it was read from the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// FIN, the reserved bits and the opcode.
    pub b0: u8,
    /// The mask key, where there was one.
    pub key: Option<[u8; 4]>,
    /// The payload, unmasked.
    pub payload: Vec<u8>,
}

/// Reads all frames of `bytes`.
///
/// # Panics
///
/// Where they don't end with a whole frame, or a length is in more bytes than it needs.
#[must_use]
pub fn read_all(bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (frame, used) = read_one(rest).expect("a whole frame");
        frames.push(frame);
        rest = &rest[used..];
    }
    frames
}

/// Reads the first frame of `bytes`, and says how long it is; `None` while it isn't whole.
///
/// # Panics
///
/// Where the length is in more bytes than it needs.
#[must_use]
pub fn read_one(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (b0, b1) = (*bytes.first()?, *bytes.get(1)?);
    let (len, mut at) = match b1 & 0x7F {
        126 => (u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?), 10),
        len => (u64::from(len), 2),
    };
    assert!(at != 4 || len > 125, "a length of {len} in two bytes");
    assert!(at != 10 || len > 0xFFFF, "a length of {len} in eight bytes");
    let mut key = None;
    if b1 & 0x80 != 0 {
        key = Some(bytes.get(at..at + 4)?.try_into().ok()?);
        at += 4;
    }
    let end = at + usize::try_from(len).ok()?;
    let mask = key.unwrap_or([0; 4]);
    let payload = bytes.get(at..end)?.iter().enumerate().map(|(i, b)| b ^ mask[i % 4]).collect();
    Some((Frame { b0, key, payload }, end))
}
