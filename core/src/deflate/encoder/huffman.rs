//! Huffman codes of limited length (RFC 1951 §3.2.2).

/// No code of ours is longer, so that a code and its length fit 16 bits. The format's limit is 15.
pub(super) const MAX_BITS: usize = 12;

/// The symbol's place in an item of [`lengths`]'s workspace; its weight is above.
const SYMBOL_BITS: u32 = 9;
const SYMBOL_MASK: u32 = 0x1FF;

/// A symbol's code, its first bit lowest, and how many bits it has; zero of them if the symbol has no code.
#[derive(Clone, Copy, Default)]
pub(super) struct Code(u16);

impl Code {
    /// The bits, in the order in which they are written.
    #[inline]
    pub(super) fn value(self) -> u32 {
        u32::from(self.0 >> 4)
    }

    /// How many bits.
    #[inline]
    pub(super) fn bits(self) -> u32 {
        u32::from(self.0 & 15)
    }

    /// A code whose length only is known yet.
    pub(super) fn of_length(bits: u8) -> Self {
        Self(u16::from(bits & 15))
    }
}

/// Gives each code its value from all of their lengths, as the format prescribes.
pub(super) fn assign(codes: &mut [Code]) {
    let mut next = [0u16; 16];
    for code in &*codes {
        if let Some(count) = next.get_mut(code.bits() as usize) {
            *count = count.wrapping_add(1);
        }
    }
    let mut first = 0u16;
    for (bits, slot) in next.iter_mut().enumerate() {
        let count = if bits == 0 { 0 } else { *slot };
        first = first.wrapping_shl(1);
        *slot = first;
        first = first.wrapping_add(count);
    }
    for code in codes {
        let bits = code.bits();
        if let (1.., Some(value)) = (bits, next.get_mut(bits as usize)) {
            let reversed = value.reverse_bits().wrapping_shr(16u32.wrapping_sub(bits));
            code.0 = (reversed << 4) | (code.0 & 15);
            *value = value.wrapping_add(1);
        }
    }
}

/// Sets the lengths of the best code for symbols that weigh so much, none above `limit` bits; a symbol of weight zero
/// gets none. `work` has room for every symbol of weight; weights add up to less than 2^23.
pub(super) fn lengths(
    weights: impl Iterator<Item = u32>,
    codes: &mut [Code],
    work: &mut [u32],
    limit: usize,
) {
    codes.fill(Code::default());
    let mut used = 0usize;
    let weighty = (0u32..).zip(weights).filter(|(_, weight)| *weight > 0);
    for (slot, (symbol, weight)) in work.iter_mut().zip(weighty) {
        *slot = weight.wrapping_shl(SYMBOL_BITS) | symbol;
        used = used.wrapping_add(1);
    }
    let work = work.get_mut(..used).unwrap_or_default();
    sort(work);
    let mut counts = leaves_at_depths(work);
    shorten(&mut counts, limit);
    // The lightest symbols come first and get the longest codes.
    let mut lightest = work.iter();
    for bits in (1..=limit).rev() {
        for item in lightest.by_ref().take(counts.get(bits).map_or(0, |count| *count as usize)) {
            if let (Some(code), Ok(bits)) =
                (codes.get_mut((item & SYMBOL_MASK) as usize), u8::try_from(bits))
            {
                *code = Code::of_length(bits);
            }
        }
    }
}

/// Shell's sort: short, in place, and quick enough for 286 items (the library's costs kilobytes of program).
fn sort(items: &mut [u32]) {
    for gap in [132usize, 57, 23, 10, 4, 1] {
        for end in gap..items.len() {
            let mut at = end;
            while let Some(before) = at.checked_sub(gap) {
                match (items.get(before), items.get(at)) {
                    (Some(left), Some(right)) if left > right => items.swap(before, at),
                    _ => break,
                }
                at = before;
            }
        }
    }
}

/// How many leaves the Huffman tree over the sorted items has at each depth.
///
/// Moffat and Katajainen's method, which builds the tree in the space of the weights: an item first holds a weight,
/// then a parent's index, then a depth. Items keep their symbols in the low bits throughout.
fn leaves_at_depths(items: &mut [u32]) -> [u32; 33] {
    let mut counts = [0u32; 33];
    let len = items.len();
    if len < 2 {
        // A tree of one leaf has depth zero, but a code needs a bit.
        counts[1] = u32::from(len == 1);
        return counts;
    }
    join(items);
    // From the root down, each inner node's depth is its parent's and one.
    set(items, len.wrapping_sub(2), 0);
    for node in (0..len.wrapping_sub(2)).rev() {
        let parent = get(items, node) as usize;
        let depth = get(items, parent).wrapping_add(1);
        set(items, node, depth);
    }
    // What of a level's nodes is not an inner node is a leaf.
    let mut inner =
        items.iter().take(len.wrapping_sub(1)).rev().map(|item| item >> SYMBOL_BITS).peekable();
    let mut nodes = 1u32;
    for depth in 0u32.. {
        let mut parents = 0u32;
        while inner.next_if_eq(&depth).is_some() {
            parents = parents.wrapping_add(1);
        }
        if let Some(count) = counts.get_mut(depth.min(32) as usize) {
            *count = count.wrapping_add(nodes.saturating_sub(parents));
        }
        if parents == 0 {
            break;
        }
        nodes = parents.wrapping_mul(2);
    }
    counts
}

/// Joins the two lightest nodes until one is left: item `node` becomes the node made `node`-th, and each node that was
/// joined holds its parent's index.
fn join(items: &mut [u32]) {
    let len = items.len();
    let (mut inner, mut leaf) = (0usize, 0usize);
    for node in 0..len.wrapping_sub(1) {
        let mut sum = 0u32;
        for _ in 0..2 {
            if leaf >= len || (inner < node && get(items, inner) < get(items, leaf)) {
                sum = sum.wrapping_add(get(items, inner));
                set(items, inner, u32::try_from(node).unwrap_or(0));
                inner = inner.wrapping_add(1);
            } else {
                sum = sum.wrapping_add(get(items, leaf));
                leaf = leaf.wrapping_add(1);
            }
        }
        set(items, node, sum);
    }
}

fn get(items: &[u32], at: usize) -> u32 {
    items.get(at).map_or(0, |item| item >> SYMBOL_BITS)
}

fn set(items: &mut [u32], at: usize, value: u32) {
    if let Some(item) = items.get_mut(at) {
        *item = value.wrapping_shl(SYMBOL_BITS) | (*item & SYMBOL_MASK);
    }
}

/// Moves leaves that are too deep up to `limit`, and as many others down as that takes.
fn shorten(counts: &mut [u32; 33], limit: usize) {
    let mut deep = 0u32;
    for count in counts.iter_mut().skip(limit.wrapping_add(1)) {
        deep = deep.wrapping_add(core::mem::take(count));
    }
    if let Some(count) = counts.get_mut(limit) {
        *count = count.wrapping_add(deep);
    }
    // In units of the deepest leaf, a tree has room for 2^limit.
    let taken = (0u32..).zip(&*counts).take(limit.wrapping_add(1)).skip(1).fold(
        0u32,
        |sum, (bits, count)| {
            sum.wrapping_add(
                count.wrapping_shl(u32::try_from(limit).unwrap_or(0).wrapping_sub(bits)),
            )
        },
    );
    for _ in 1u32.wrapping_shl(u32::try_from(limit).unwrap_or(0))..taken {
        // A leaf above the deepest level makes room for one of the deepest: both hang below where it was.
        if let Some(count) = counts.get_mut(limit) {
            *count = count.wrapping_sub(1);
        }
        let above = counts.iter_mut().take(limit).rposition(|count| *count > 0).unwrap_or(0);
        if let Some([from, to, ..]) = counts.get_mut(above..) {
            *from = from.wrapping_sub(1);
            *to = to.wrapping_add(2);
        }
    }
}
