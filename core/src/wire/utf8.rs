//! UTF-8 that arrives in pieces (RFC 6455 §8.1; RFC 3629).
//!
//! Text is kept contiguous in the receive buffer, so nothing has to be carried
//! from piece to piece but how far it has been checked.

/// Bytes that are not UTF-8, and that no further byte can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidUtf8;

/// The whole of `bytes` as text.
///
/// # Errors
///
/// [`InvalidUtf8`] when they are not UTF-8, a character cut short included.
#[inline]
pub fn validate(bytes: &[u8]) -> Result<&str, InvalidUtf8> {
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= 64 {
        return simdutf8::basic::from_utf8(bytes).map_err(|_| InvalidUtf8);
    }
    core::str::from_utf8(bytes).map_err(|_| InvalidUtf8)
}

/// How many of `bytes` are whole characters; at most three follow them, and
/// they begin a character that further bytes can complete.
///
/// # Errors
///
/// [`InvalidUtf8`] as soon as a byte can't belong to any character.
///
/// ```
/// use tubesock_core::wire::utf8::{InvalidUtf8, complete_prefix};
///
/// assert_eq!(complete_prefix("smörgås".as_bytes()), Ok(9));
/// assert_eq!(complete_prefix(b"sm\xc3"), Ok(2)); // the first half of an ö
/// assert_eq!(complete_prefix(b"\xed\xa0"), Err(InvalidUtf8)); // a surrogate
/// ```
#[inline]
pub fn complete_prefix(bytes: &[u8]) -> Result<usize, InvalidUtf8> {
    #[cfg(feature = "simdutf8")]
    if bytes.len() >= 64 {
        return match simdutf8::compat::from_utf8(bytes) {
            Ok(_) => Ok(bytes.len()),
            Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
            Err(_) => Err(InvalidUtf8),
        };
    }
    match core::str::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(InvalidUtf8),
    }
}

#[cfg(test)]
mod tests;
