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

/// Bytes behind `pad` bytes of ASCII, which make the check take its way with wide registers.
struct Sequence {
    bytes: Vec<u8>,
    pad: usize,
}

impl Sequence {
    /// Extends a good beginning by each byte, as deep as `depth`.
    ///
    /// `checked[n]` is how far the first `n` bytes were found good when they came by themselves. A
    /// beginning that is bad is not extended: that every extension of it is bad as well is
    /// asserted for one of each, and holds since the check goes on from what it has found good.
    fn extend(&mut self, depth: usize, checked: &mut Vec<usize>) {
        let at = self.bytes.len();
        self.bytes.push(0);
        for byte in 0..=255 {
            self.bytes[at] = byte;
            let whole = oracle(&self.bytes);
            assert_eq!(complete_prefix(&self.bytes), whole, "{:02x?}", &self.bytes[self.pad..]);
            let is_text = whole == Ok(self.bytes.len());
            assert_eq!(validate(&self.bytes).is_ok(), is_text, "{:02x?}", &self.bytes[self.pad..]);
            self.check_splits(whole, checked);
            match whole {
                Ok(good) if depth > 1 => {
                    checked.push(good);
                    self.extend(depth - 1, checked);
                    checked.pop();
                }
                Ok(_) => {}
                Err(_) => self.stays_bad(),
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
                assert_eq!(rest, whole, "{:02x?} from {good}", &self.bytes[self.pad..]);
                last = good;
            }
        }
    }

    fn stays_bad(&mut self) {
        for more in [&b"a"[..], b"\x80", b"\x80\x80", b"\xbf\xbf\xbf"] {
            let len = self.bytes.len();
            self.bytes.extend(more);
            assert_eq!(complete_prefix(&self.bytes), Err(InvalidUtf8));
            assert_eq!(oracle(&self.bytes), Err(InvalidUtf8));
            self.bytes.truncate(len);
        }
    }
}

fn all(pad: usize) {
    let mut sequence = Sequence { bytes: std::vec![b'.'; pad], pad };
    sequence.extend(3, &mut std::vec![0, pad]);
    for lead in 0xF0..=0xFF {
        sequence.bytes.push(lead);
        if let Ok(good) = complete_prefix(&sequence.bytes) {
            sequence.extend(3, &mut std::vec![0, pad, good]);
        }
        sequence.bytes.pop();
    }
    assert_eq!(sequence.bytes.len(), pad);
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
