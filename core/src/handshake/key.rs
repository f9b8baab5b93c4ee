//! The key and its answer (RFC 6455 §4.2.2).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 as clients write keys: padded; the bits beyond the sixteenth byte
/// may be anything, as Python's and Go's decoders have it.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a server answers a key with: 28 characters of base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AcceptKey([u8; 28]);

impl AcceptKey {
    /// It as text, for a header field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The `Sec-WebSocket-Accept` of a `Sec-WebSocket-Key`; `None` for a key that
/// is not 16 bytes in base64.
///
/// ```
/// let accept = tubesock_core::handshake::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
/// assert_eq!(accept.as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455 §1.3
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> Option<AcceptKey> {
    let mut nonce = [0; 18];
    if key.len() != 24 || ENGINE.decode_slice(key, &mut nonce).ok()? != 16 {
        return None;
    }
    answer(key)
}

/// The key that a client makes of sixteen random bytes.
pub(super) fn encode_key(nonce: [u8; 16]) -> Option<[u8; 24]> {
    let mut key = [0; 24];
    (ENGINE.encode_slice(nonce, &mut key).ok()? == key.len()).then_some(key)
}

pub(super) fn answer(key: &[u8]) -> Option<AcceptKey> {
    let mut sha1 = sha1_smol::Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    let mut accept = [0; 28];
    let used = ENGINE.encode_slice(sha1.digest().bytes(), &mut accept).ok()?;
    (used == accept.len()).then_some(AcceptKey(accept))
}
