//! A message of 4 GiB, more than a 32-bit counter holds, through buffers of 64 KiB, both ways.
//! It takes half a minute in release mode, and so runs in the full tests alone.

use tubesock_core::{DataKind, Event, Message, Server, Session};
use tubesock_tests::endpoint::{NO_DEADLINES, Side, TestClient, at};

const TOTAL: u64 = (4 << 30) + 12_345;
const BUFFER: usize = 64 << 10;

/// The byte at an offset: a period that no buffer divides.
fn pattern(offset: u64, out: &mut [u8]) {
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = ((offset + i as u64) % 251) as u8;
    }
}

type Tested<R> = Session<R, Vec<u8>, Vec<u8>, Vec<u8>>;

fn endpoint<R: Side>() -> Tested<R> {
    let buffers = (vec![0; BUFFER], vec![0; 252], vec![0; BUFFER]);
    Session::new(R::new(), buffers, &NO_DEADLINES, at(0)).unwrap()
}

/// Carries what one has for the wire to the other, and checks the chunks that come of it; says
/// whether the message has ended.
fn carry<A: Side, B: Side>(from: &mut Tested<A>, to: &mut Tested<B>, received: &mut u64) -> bool {
    let mut expected = vec![0; BUFFER];
    let mut done = false;
    loop {
        let pending = from.pending();
        if pending.is_empty() {
            return done;
        }
        let space = to.space();
        let n = pending.len().min(space.len());
        space[..n].copy_from_slice(&pending[..n]);
        from.sent(n);
        to.filled(n, at(0));
        while let Some(token) = to.poll_chunk().unwrap() {
            let (event, _) = to.chunk(token).unwrap();
            let Event::Data(chunk) = event else { panic!("{event:?}") };
            let bytes = chunk.part.as_bytes();
            pattern(*received, &mut expected[..bytes.len()]);
            assert!(bytes == &expected[..bytes.len()], "at {received}");
            *received += bytes.len() as u64;
            done |= chunk.last;
        }
    }
}

/// In one frame, its header first and its payload behind it.
fn in_one_frame<A: Side, B: Side>() {
    let (mut from, mut to) = (endpoint::<A>(), endpoint::<B>());
    from.outgoing.begin_frame(DataKind::Binary, TOTAL, true, true).unwrap();
    let (mut sent, mut received, mut piece) = (0, 0, vec![0; BUFFER]);
    let mut done = false;
    while sent < TOTAL {
        let n = (TOTAL - sent).min(BUFFER as u64) as usize;
        pattern(sent, &mut piece[..n]);
        let mut rest = &piece[..n];
        while !rest.is_empty() {
            from.outgoing.payload(&mut rest).unwrap();
            done = carry(&mut from, &mut to, &mut received);
        }
        sent += n as u64;
    }
    assert!(done);
    assert_eq!(received, TOTAL);
}

/// In fragments, as `write` makes them of pieces.
fn in_fragments<A: Side, B: Side>() {
    let (mut from, mut to) = (endpoint::<A>(), endpoint::<B>());
    let (mut sent, mut received, mut piece) = (0, 0, vec![0; 1 << 20]);
    let mut done = false;
    while sent < TOTAL {
        let n = (TOTAL - sent).min(piece.len() as u64) as usize;
        pattern(sent, &mut piece[..n]);
        sent += n as u64;
        let mut rest = Message::Binary(&piece[..n]);
        while !from.outgoing.write(&mut rest, sent == TOTAL).unwrap() {
            carry(&mut from, &mut to, &mut received);
        }
        done = carry(&mut from, &mut to, &mut received);
    }
    assert!(done);
    assert_eq!(received, TOTAL);
}

#[test]
#[ignore = "four times 4 GiB: for the full tests"]
fn four_gibibytes_stream_through_64_kib_from_client_to_server() {
    in_one_frame::<TestClient, Server>();
    in_fragments::<TestClient, Server>();
}

#[test]
#[ignore = "four times 4 GiB: for the full tests"]
fn four_gibibytes_stream_through_64_kib_from_server_to_client() {
    in_one_frame::<Server, TestClient>();
    in_fragments::<Server, TestClient>();
}
