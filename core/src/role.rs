//! Client or server, as a type: a server carries no masking code.

/// Which side of the connection an endpoint is (RFC 6455 §5.1): a client
/// masks what it sends, a server doesn't, and each insists on the other's way.
pub trait Role {
    /// Whether this is the server's side.
    const IS_SERVER: bool;

    /// The mask key of the next frame to send; a server has none.
    fn mask_key(&mut self) -> Option<[u8; 4]>;
}

/// The server's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Server;

/// The client's side, with the source of its mask keys.
///
/// ```
/// use tubesock_core::{Client, Role};
///
/// let mut counter = 0u32; // a real source must not be predictable
/// let mut client = Client(|| { counter += 1; counter.to_be_bytes() });
/// assert_eq!(client.mask_key(), Some([0, 0, 0, 1]));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Client<M>(pub M);

/// A source of mask keys: fresh for each frame, from a strong source of
/// randomness (RFC 6455 §5.3). Any `FnMut() -> [u8; 4]` is one.
pub trait MaskSource {
    /// Four bytes that a web page in the middle of it all could not foretell.
    fn next_key(&mut self) -> [u8; 4];
}

impl<F: FnMut() -> [u8; 4]> MaskSource for F {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        self()
    }
}

impl Role for Server {
    const IS_SERVER: bool = true;

    #[inline(always)]
    fn mask_key(&mut self) -> Option<[u8; 4]> {
        None
    }
}

impl<M: MaskSource> Role for Client<M> {
    const IS_SERVER: bool = false;

    #[inline(always)]
    fn mask_key(&mut self) -> Option<[u8; 4]> {
        Some(self.0.next_key())
    }
}
