//! How an input says in which pieces its bytes arrive.

/// Takes the first `N` bytes of an input for parameters, zeros where it has fewer.
pub fn split<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    let (first, rest) = bytes.split_at(N.min(bytes.len()));
    let mut parameters = [0; N];
    parameters[..first.len()].copy_from_slice(first);
    (parameters, rest)
}

/// The bytes in pieces that `seed` decides: all at once for 0, of `seed` bytes below 64, and of
/// changing lengths above.
pub fn pieces(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    let mut state = u32::from(seed);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = match seed {
            0 => rest.len(),
            1..64 => usize::from(seed),
            _ => {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                1 + (state >> 24) as usize % if state & 0x10_0000 == 0 { 4 } else { 200 }
            }
        };
        let (piece, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        Some(piece)
    })
}
