//! Bits on their way out: the format packs them from the low end of each byte (RFC 1951 §3.1.1).

/// The caller's output and how much of it is written.
pub(super) struct Output<'o> {
    bytes: &'o mut [u8],
    written: usize,
}

impl<'o> Output<'o> {
    pub(super) fn new(bytes: &'o mut [u8]) -> Self {
        Self { bytes, written: 0 }
    }

    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// Copies as much of `source` as fits and returns how much that was.
    pub(super) fn copy(&mut self, source: &[u8]) -> usize {
        let room = self.bytes.get_mut(self.written..).unwrap_or_default();
        let copied = copy_prefix(room, source);
        self.written = self.written.wrapping_add(copied);
        copied
    }
}

/// Copies the bytes that fit from the start of `source` to the start of `target` and returns how many they are.
pub(super) fn copy_prefix(target: &mut [u8], source: &[u8]) -> usize {
    // The compiler makes one copy of this; `copy_from_slice` can panic.
    for (to, from) in target.iter_mut().zip(source) {
        *to = *from;
    }
    target.len().min(source.len())
}

/// Up to 63 bits that are not written yet.
#[derive(Clone, Copy, Default)]
pub(super) struct Bits {
    waiting: u64,
    count: u32,
}

impl Bits {
    /// After [`Bits::make_room`] has said yes, this many bits may be pushed.
    pub(super) const ROOM: u32 = 48;

    /// Adds the low `count` bits of `value`; those above must be zero.
    #[inline]
    pub(super) fn push(&mut self, value: u32, count: u32) {
        self.waiting |= u64::from(value).wrapping_shl(self.count);
        self.count = self.count.wrapping_add(count);
    }

    /// Whether `count` more bits fit without writing any.
    #[inline]
    pub(super) fn has_room(self, count: u32) -> bool {
        self.count.wrapping_add(count) < u64::BITS
    }

    /// Fills the last byte with zero bits.
    pub(super) fn pad(&mut self) {
        self.count = self.count.next_multiple_of(8);
    }

    /// Writes whole bytes out; false when the output is full and fewer than [`Bits::ROOM`] bits may be pushed.
    #[inline]
    pub(super) fn make_room(&mut self, output: &mut Output) -> bool {
        let room = output.bytes.get_mut(output.written..).unwrap_or_default();
        if let Some(chunk) = room.first_chunk_mut() {
            *chunk = self.waiting.to_le_bytes();
            let bytes = self.count.wrapping_shr(3);
            output.written = output.written.wrapping_add(bytes as usize);
            self.waiting = self.waiting.wrapping_shr(bytes.wrapping_mul(8));
            self.count &= 7;
            return true;
        }
        for byte in room {
            if self.count < 8 {
                break;
            }
            [*byte, ..] = self.waiting.to_le_bytes();
            self.waiting = self.waiting.wrapping_shr(8);
            self.count = self.count.wrapping_sub(8);
            output.written = output.written.wrapping_add(1);
        }
        self.has_room(Self::ROOM)
    }

    /// Writes all whole bytes out; false when the output is too full for that.
    pub(super) fn drain(&mut self, output: &mut Output) -> bool {
        self.make_room(output);
        self.count < 8
    }
}
