//! Heads in pieces: what holds of requests and of responses.

use std::fmt::Debug;

use tubesock_core::handshake::{HeadReader, HeaderSlots, RequestHead, ResponseHead};

use crate::pieces::pieces;

/// Header fields that fit into the slots.
pub const SLOTS: usize = 24;

/// A head as it was read: its lines, and what came after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Method, target and minor version, or the status.
    pub first: String,
    /// Names and values of the header fields.
    pub fields: Vec<(String, Vec<u8>)>,
    /// The length of the head, in bytes.
    pub length: usize,
}

/// In any pieces a head is read as at once, or refused for the same reason; in too small a buffer
/// it is refused, but never another head. `size` decides which buffer that is.
pub fn any_pieces<E: Debug + PartialEq>(
    bytes: &[u8],
    size: u8,
    cut: u8,
    look: impl Fn(&mut HeadReader<Vec<u8>>) -> Result<Option<Read>, E>,
) {
    let ample = bytes.len() + 4;
    let at_once = read_in_pieces(bytes, ample, 0, &look);
    let mut in_pieces = read_in_pieces(bytes, ample, cut, &look);
    if in_pieces == Ok(None) && at_once.is_err() {
        // A bad line is found out when the head is whole: looking after each piece would take a
        // time that grows with the square of their number.
        in_pieces = read_in_pieces(&[bytes, b"\n\n"].concat(), ample, cut, &look);
    }
    assert_eq!(in_pieces, at_once);
    let size = 1 + usize::from(size) * 8;
    let bounded = read_in_pieces(bytes, size, cut, &look);
    if let (true, Ok(Some(head))) = (size < ample, bounded) {
        assert_eq!(Ok(Some(head)), at_once);
    }
}

/// Gives the bytes to a reader with a buffer of `size`, in the pieces that `cut` decides, until it
/// has a verdict: the same pieces always give the same, and what it read is all there.
fn read_in_pieces<E>(
    bytes: &[u8],
    size: usize,
    cut: u8,
    mut look: impl FnMut(&mut HeadReader<Vec<u8>>) -> Result<Option<Read>, E>,
) -> Result<Option<Read>, E> {
    let mut reader = HeadReader::new(vec![0; size], None);
    let mut given = 0;
    for piece in pieces(bytes, cut) {
        let mut piece = piece;
        while !piece.is_empty() {
            let space = reader.space();
            assert!(!space.is_empty(), "a full reader must have had a verdict");
            let n = space.len().min(piece.len());
            space[..n].copy_from_slice(&piece[..n]);
            reader.filled(n);
            given += n;
            piece = &piece[n..];
            let verdict = look(&mut reader)?;
            assert_eq!(reader.bytes(), &bytes[..given], "what was read stays as it is");
            if let Some(head) = verdict {
                assert_eq!(reader.leftover(), head.length..given);
                return Ok(Some(head));
            }
        }
    }
    Ok(None)
}

/// The request that a reader has.
pub fn request(
    reader: &mut HeadReader<Vec<u8>>,
) -> Result<Option<Read>, tubesock_core::handshake::Refusal> {
    let mut slots = HeaderSlots::<SLOTS>::new();
    let head = reader.request(&mut slots)?.map(|head| request_fields(&head));
    Ok(with_length(head, reader))
}

/// The response that a reader has.
pub fn response(
    reader: &mut HeadReader<Vec<u8>>,
) -> Result<Option<Read>, tubesock_core::handshake::RefusedByServer> {
    let mut slots = HeaderSlots::<SLOTS>::new();
    let head = reader.response(&mut slots)?.map(|head| response_fields(&head));
    Ok(with_length(head, reader))
}

/// What a request head says.
pub fn request_fields(head: &RequestHead<'_, '_>) -> Read {
    let first = format!("{} {} {}", head.method(), head.target(), head.minor_version());
    Read { first, fields: owned(head.headers()), length: 0 }
}

/// What a response head says.
pub fn response_fields(head: &ResponseHead<'_, '_>) -> Read {
    Read { first: head.status().to_string(), fields: owned(head.headers()), length: 0 }
}

fn owned<'b>(fields: impl Iterator<Item = (&'b str, &'b [u8])>) -> Vec<(String, Vec<u8>)> {
    fields.map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

fn with_length(head: Option<Read>, reader: &HeadReader<Vec<u8>>) -> Option<Read> {
    head.map(|head| Read { length: reader.leftover().start, ..head })
}

/// All values of a field.
pub fn values<'r>(read: &'r Read, name: &str) -> Vec<&'r [u8]> {
    let is = |field: &&(String, Vec<u8>)| field.0.eq_ignore_ascii_case(name);
    read.fields.iter().filter(is).map(|(_, value)| value.trim_ascii()).collect()
}

/// Whether one of the values is a list with that token.
pub fn lists(values: &[&[u8]], token: &str) -> bool {
    let has = |value: &&[u8]| {
        String::from_utf8_lossy(value).split(',').any(|item| {
            item.trim_matches([' ', '\t', '\r', '\n', '\x0C']).eq_ignore_ascii_case(token)
        })
    };
    values.iter().any(has)
}
