//! Every sequence of up to three bytes, and of four where the first one starts a four-byte form,
//! against the standard library, at every split.

use std::vec::Vec;

use super::{InvalidUtf8, complete_prefix, validate};

/// What the standard library says: how many bytes are whole characters, unless one can't be mended.
fn oracle(bytes: &[u8]) -> Result<usize, InvalidUtf8> {
    match core::str::from_utf8(bytes) {
        Ok(text) => Ok(text.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(InvalidUtf8),
    }
}

/// Bytes behind some of ASCII, which make the check take its way with wide registers.
struct Sequence {
    bytes: Vec<u8>,
    judged: u64,
}

impl Sequence {
    /// Extends it by each byte, as deep as `depth`.
    ///
    /// `checked` has for each length how far it was found good when so many bytes came by
    /// themselves: from there the check goes on. It is `None` where they were bad already.
    fn extend(&mut self, depth: usize, checked: Option<&mut Vec<usize>>) {
        let at = self.bytes.len();
        let mut checked = checked;
        self.bytes.push(0);
        for byte in 0..=255 {
            self.bytes[at] = byte;
            self.judged += 1;
            let whole = oracle(&self.bytes);
            assert_eq!(complete_prefix(&self.bytes), whole, "{:02x?}", self.bytes);
            if depth == 1 || whole.is_ok() {
                let is_text = whole == Ok(self.bytes.len());
                assert_eq!(validate(&self.bytes).is_ok(), is_text, "{:02x?}", self.bytes);
            }
            match (&mut checked, whole) {
                (Some(checked), whole) => {
                    self.check_splits(whole, checked);
                    if let (true, Ok(good)) = (depth > 1, whole) {
                        checked.push(good);
                        self.extend(depth - 1, Some(checked));
                        checked.pop();
                    } else if depth > 1 {
                        self.extend(depth - 1, None);
                    }
                }
                (None, whole) => {
                    assert!(whole.is_err(), "nothing mends what is bad");
                    if depth > 1 {
                        self.extend(depth - 1, None);
                    }
                }
            }
        }
        self.bytes.pop();
    }

    /// In two pieces, cut anywhere, it is as good as in one.
    fn check_splits(&self, whole: Result<usize, InvalidUtf8>, checked: &[usize]) {
        let mut last = usize::MAX;
        for &good in checked {
            if good != last {
                let rest = complete_prefix(&self.bytes[good..]).map(|more| good + more);
                assert_eq!(rest, whole, "{:02x?} from {good}", self.bytes);
                last = good;
            }
        }
    }
}

fn all(pad: usize) {
    let mut sequence = Sequence { bytes: std::vec![b'.'; pad], judged: 0 };
    sequence.extend(3, Some(&mut std::vec![0, pad]));
    for lead in 0xF0..=0xF7 {
        sequence.bytes.push(lead);
        match complete_prefix(&sequence.bytes) {
            Ok(good) => sequence.extend(3, Some(&mut std::vec![0, pad, good])),
            Err(InvalidUtf8) => sequence.extend(3, None),
        }
        sequence.bytes.pop();
    }
    let below = (1 << 8) + (1 << 16) + (1 << 24);
    assert_eq!(sequence.judged, below + 8 * below);
}

#[test]
fn each_short_sequence_is_judged_as_by_the_standard_library_at_each_split() {
    all(0);
}

#[cfg(feature = "simdutf8")]
#[test]
fn each_short_sequence_behind_64_bytes_is_judged_as_by_the_standard_library_at_each_split() {
    all(64);
}

#[test]
fn a_long_text_is_judged_as_by_the_standard_library_wherever_one_byte_of_it_is_wrong() {
    let text: std::string::String = "aé€😀".chars().cycle().take(100).collect();
    for at in 0..text.len() {
        for wrong in [0x00, 0x80, 0xC2, 0xE1, 0xF1, 0xFF] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = wrong;
            assert_eq!(complete_prefix(&bytes), oracle(&bytes), "{wrong:02x} at {at}");
            assert_eq!(validate(&bytes).is_ok(), oracle(&bytes) == Ok(bytes.len()));
        }
        let cut = &text.as_bytes()[..at];
        assert_eq!(complete_prefix(cut), oracle(cut), "cut at {at}");
    }
}
