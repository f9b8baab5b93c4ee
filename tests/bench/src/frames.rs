//! Frames made by hand, as a client sends them (RFC 6455 §5.2).

/// What a payload is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Any bytes, in binary frames.
    Binary,
    /// Text of one byte a character.
    Ascii,
    /// Text of two, three and four bytes a character.
    Multibyte,
}

impl Content {
    /// Every content.
    pub const ALL: [Self; 3] = [Self::Binary, Self::Ascii, Self::Multibyte];

    /// Its name on the command line and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ASCII",
            Self::Multibyte => "multi-byte",
        }
    }

    /// The content of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|content| content.name() == name)
    }

    /// Whether it is sent in text frames.
    #[must_use]
    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Binary)
    }

    /// A payload of exactly `len` bytes.
    #[must_use]
    pub fn payload(self, len: usize) -> Vec<u8> {
        let source: Vec<u8> = match self {
            Self::Binary => (0..=255u8).map(|byte| byte.wrapping_mul(97)).collect(),
            Self::Ascii => b"The quick brown fox jumps over the lazy dog. ".to_vec(),
            Self::Multibyte => {
                "Zwölf Boxkämpfer jagen Viktor über den Sylter Deich – 天地玄黃宇宙洪荒 🦊🐶 "
                    .into()
            }
        };
        let mut payload = Vec::with_capacity(len + source.len());
        while payload.len() + source.len() <= len {
            payload.extend_from_slice(&source);
        }
        payload.resize(len, b'.');
        payload
    }
}

/// Appends one whole frame; `mask` of a client.
pub fn push_frame(out: &mut Vec<u8>, text: bool, payload: &[u8], mask: Option<[u8; 4]>) {
    out.push(0x80 | if text { 1 } else { 2 });
    let masked = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        len @ 0..126 => out.push(masked | len as u8),
        len @ 126..0x1_0000 => {
            out.push(masked | 126);
            out.extend((len as u16).to_be_bytes());
        }
        len => {
            out.push(masked | 127);
            out.extend((len as u64).to_be_bytes());
        }
    }
    out.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// The same frame over and over: whole ones, with keys that differ, in a block that
/// stays in the first cache while frames are short.
#[must_use]
pub fn block(content: Content, len: usize) -> Vec<u8> {
    let payload = content.payload(len);
    let mut block = Vec::new();
    let mut key = 0x1234_5678_u32;
    loop {
        key = key.wrapping_mul(0x9E37_79B1).rotate_left(7) | 0x0101;
        push_frame(&mut block, content.is_text(), &payload, Some(key.to_be_bytes()));
        if block.len() + len + 14 > BLOCK {
            return block;
        }
    }
}

/// How long a block is that holds several frames, at most, in bytes.
pub const BLOCK: usize = 16 << 10;
