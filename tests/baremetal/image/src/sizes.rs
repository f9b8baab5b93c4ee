//! What a connection's state may take on a 32-bit chip: all parts, the lent buffers not counted.

use core::mem::size_of;

use tubesock_core::{Client, Incoming, Outgoing, Replies, Role, Server, Session};

/// A small source of mask keys, as a chip without a generator in hardware would have.
pub struct Xorshift(pub u32);

impl tubesock_core::MaskSource for Xorshift {
    fn next_key(&mut self) -> [u8; 4] {
        let mut x = self.0;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.0 = x;
        x.to_be_bytes()
    }
}

/// A session over lent buffers of any size.
pub type Lent<'b, R> = Session<R, &'b mut [u8], &'b mut [u8], &'b mut [u8]>;

const fn parts<R: Role>() -> usize {
    size_of::<Incoming<R, &mut [u8]>>()
        + size_of::<Replies<&mut [u8]>>()
        + size_of::<Outgoing<R, &mut [u8]>>()
}

const _: () = assert!(size_of::<Lent<'_, Server>>() <= 192);
const _: () = assert!(size_of::<Lent<'_, Client<Xorshift>>>() <= 224);
// Moved apart they take no more.
const _: () = assert!(parts::<Server>() <= 192);
const _: () = assert!(parts::<Client<Xorshift>>() <= 224);
