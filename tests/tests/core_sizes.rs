//! How large the core's values are, beside the buffers that they are lent: what a microcontroller
//! pays for each connection. A change that makes one larger is to be meant.

use std::mem::size_of;
use tubesock_core::handshake::{HeadReader, HeaderSlots};
use tubesock_core::{Client, Incoming, Outgoing, Replies, Server, Session, Token};

type Lent<'b> = &'b mut [u8];
type Keys = fn() -> [u8; 4];

#[test]
fn a_connection_costs_at_most_240_bytes_beside_its_buffers() {
    let server = size_of::<Session<Server, Lent<'_>, Lent<'_>, Lent<'_>>>();
    let client = size_of::<Session<Client<Keys>, Lent<'_>, Lent<'_>, Lent<'_>>>();
    let incoming = size_of::<Incoming<Server, Lent<'_>>>();
    let replies = size_of::<Replies<Lent<'_>>>();
    let outgoing = size_of::<Outgoing<Server, Lent<'_>>>();
    println!("session of a server: {server} bytes, of a client: {client}");
    println!("incoming {incoming}, replies {replies}, outgoing {outgoing}");
    assert!(server <= 240, "{server}");
    assert!(client <= server + size_of::<Keys>(), "a client has its source of keys, and no more");
    assert_eq!(server, incoming + replies + outgoing);
}

#[test]
fn a_token_and_the_readers_of_heads_stay_small() {
    let word = size_of::<usize>();
    assert!(size_of::<Option<Token>>() <= 3 * word, "{}", size_of::<Option<Token>>());
    assert!(size_of::<HeadReader<Lent<'_>>>() <= 64 + 2 * word);
    assert_eq!(size_of::<HeaderSlots<'_, 16>>(), 16 * 4 * word);
}
