//! The frame header (RFC 6455 §5.2).

use core::fmt;

use super::Opcode;

/// A frame's header, as values: nothing in it contradicts the wire format.
///
/// ```
/// use tubesock_core::wire::{FrameHeader, Opcode};
///
/// let (header, length) = FrameHeader::parse(&[0x81, 0x05]).unwrap().unwrap();
/// assert_eq!((header.opcode, header.fin, header.payload_len, length), (Opcode::Text, true, 5, 2));
/// assert_eq!(FrameHeader::parse(&[0x82, 0xFE, 0x01]), Ok(None)); // more to come
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameHeader {
    /// The last frame of its message.
    pub fin: bool,
    /// The three reserved bits, in place: RSV1 is `0x40`, RSV2 `0x20`, RSV3
    /// `0x10`. Which may be set is for the extensions to say.
    pub rsv: u8,
    /// What the frame is.
    pub opcode: Opcode,
    /// The mask key, where the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// The payload's length in bytes, at most 2^63 − 1.
    pub payload_len: u64,
}

/// Why bytes are no frame header. Both end the connection with 1002.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum HeaderError {
    /// An opcode that RFC 6455 reserves.
    ReservedOpcode,
    /// A length in more bytes than it needs.
    NonMinimalLength,
    /// A length of 2^63 or above.
    LengthTooLarge,
}

impl FrameHeader {
    /// The longest header, in bytes.
    pub const MAX_LEN: usize = 14;

    /// Reads the header at the start of `bytes`: it and its length in bytes,
    /// or `None` while bytes are missing.
    ///
    /// # Errors
    ///
    /// [`HeaderError`], as soon as the bytes at hand show it.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, HeaderError> {
        let Some((&[b0, b1], rest)) = bytes.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let Some(opcode) = Opcode::from_bits(b0 & 0x0F) else {
            return Err(HeaderError::ReservedOpcode);
        };
        let Some((payload_len, rest, used)) = parse_length(b1 & 0x7F, rest)? else {
            return Ok(None);
        };
        let (mask, used) = if b1 & 0x80 == 0 {
            (None, used)
        } else {
            match rest.first_chunk::<4>() {
                Some(key) => (Some(*key), used.wrapping_add(4)),
                None => return Ok(None),
            }
        };
        let header = Self { fin: b0 & 0x80 != 0, rsv: b0 & 0x70, opcode, mask, payload_len };
        Ok(Some((header, used)))
    }

    /// Writes the header, with its length in as few bytes as it needs, and
    /// says how many those were.
    #[inline]
    #[must_use]
    pub fn emit(&self, out: &mut [u8; Self::MAX_LEN]) -> usize {
        let [b0, b1, rest @ ..] = out;
        *b0 = self.opcode.bits() | (self.rsv & 0x70) | if self.fin { 0x80 } else { 0 };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let (rest, used): (&mut [u8], usize) = if self.payload_len < 126 {
            *b1 = masked | self.payload_len as u8;
            (rest, 2)
        } else if let Ok(short) = u16::try_from(self.payload_len) {
            *b1 = masked | 126;
            let [hi, lo, rest @ ..] = rest;
            [*hi, *lo] = short.to_be_bytes();
            (rest, 4)
        } else {
            *b1 = masked | 127;
            let [l0, l1, l2, l3, l4, l5, l6, l7, rest @ ..] = rest;
            [*l0, *l1, *l2, *l3, *l4, *l5, *l6, *l7] = self.payload_len.to_be_bytes();
            (rest, 10)
        };
        match (self.mask, rest.first_chunk_mut::<4>()) {
            (Some(key), Some(slot)) => {
                *slot = key;
                used.wrapping_add(4)
            }
            _ => used,
        }
    }
}

/// The length that the seven bits announce, what follows it, and how long the
/// header is so far.
#[inline]
#[allow(clippy::type_complexity)]
fn parse_length(seven: u8, rest: &[u8]) -> Result<Option<(u64, &[u8], usize)>, HeaderError> {
    Ok(match seven {
        126 => match rest.split_first_chunk::<2>() {
            Some((bytes, rest)) => match u16::from_be_bytes(*bytes) {
                0..=125 => return Err(HeaderError::NonMinimalLength),
                len => Some((u64::from(len), rest, 4)),
            },
            None => None,
        },
        127 => match rest.split_first_chunk::<8>() {
            Some((bytes, rest)) => match u64::from_be_bytes(*bytes) {
                0..=0xFFFF => return Err(HeaderError::NonMinimalLength),
                len if len >> 63 != 0 => return Err(HeaderError::LengthTooLarge),
                len => Some((len, rest, 10)),
            },
            None => None,
        },
        len => Some((u64::from(len), rest, 2)),
    })
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedOpcode => "a frame with a reserved opcode",
            Self::NonMinimalLength => "a frame length in more bytes than it needs",
            Self::LengthTooLarge => "a frame length of 2^63 or above",
        })
    }
}

impl core::error::Error for HeaderError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_emitted_parses_to_itself_and_every_prefix_is_partial() {
        for payload_len in [0, 1, 125, 126, 127, 65_535, 65_536, u64::MAX >> 1] {
            for mask in [None, Some([1, 2, 3, 4])] {
                for (fin, rsv) in [(true, 0), (false, 0x40)] {
                    let header =
                        FrameHeader { fin, rsv, opcode: Opcode::Binary, mask, payload_len };
                    let mut out = [0; FrameHeader::MAX_LEN];
                    let len = header.emit(&mut out);
                    assert_eq!(FrameHeader::parse(&out[..len]), Ok(Some((header, len))));
                    for cut in 0..len {
                        assert_eq!(FrameHeader::parse(&out[..cut]), Ok(None), "{header:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn lengths_that_need_fewer_bytes_or_more_than_63_bits_are_refused() {
        use HeaderError::{LengthTooLarge, NonMinimalLength};
        let case = |bytes: &[u8], error| assert_eq!(FrameHeader::parse(bytes), Err(error));
        case(&[0x82, 126, 0, 125], NonMinimalLength);
        case(&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], NonMinimalLength);
        case(&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], LengthTooLarge);
        case(&[0x83, 0], HeaderError::ReservedOpcode);
    }
}
