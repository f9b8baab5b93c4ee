//! The key and its answer (RFC 6455 §4.2.2).
//!
//! With `sha1_smol` and `base64`, and not with smaller code of our own: what
//! is no part of the protocol is left to crates that many eyes have read.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Base64 as clients write keys: padded.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
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

    pub(super) const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The `Sec-WebSocket-Accept` of a `Sec-WebSocket-Key`; `None` for a key that
/// is not 16 bytes in base64.
///
/// The four bits beyond the sixteenth byte may be anything, as Python's and
/// Go's decoders have it.
///
/// ```
/// let accept = tubesock_core::handshake::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
/// assert_eq!(accept.as_str(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // RFC 6455 §1.3
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> Option<AcceptKey> {
    // Whether it is 16 bytes shows in its shape; nobody needs the bytes, and
    // with them a chip would pay for a decoder.
    let digits = key.strip_suffix(b"==")?;
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    (digits.len() == 22 && digits.iter().all(is_digit)).then(|| answer(key))
}

/// The key that a client makes of sixteen random bytes.
pub(super) fn encode_key(nonce: [u8; 16]) -> [u8; 24] {
    base64(&nonce)
}

pub(super) fn answer(key: &[u8]) -> AcceptKey {
    let mut sha1 = sha1_smol::Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    AcceptKey(base64(&sha1.digest().bytes()))
}

/// Base64 with padding (RFC 4648 §4). `N` is four for each three bytes, begun
/// ones included, so it fits.
fn base64<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let _ = ENGINE.encode_slice(bytes, &mut out);
    out
}
