//! Bytes by chance, good and bad, through the codecs and through sessions of both roles.

use core::hint::black_box;

use tubesock_core::connection::{ReceiveState, SendState};
use tubesock_core::wire::{CloseFrame, FrameHeader, MaskKey, mask, utf8};
use tubesock_core::{
    Client, CloseCode, Config, Incoming, Instant, MaskSource, Message, Outgoing, ProtocolError,
    Replies, Role, Server,
};

use crate::sizes::Xorshift;

pub fn both_roles() -> Option<()> {
    let mut random = Xorshift(black_box(0x1234_5678));
    for round in 0..black_box(200u32) {
        let mut bytes = [0; 64];
        fill(&mut bytes, &mut random, round);
        codecs(black_box(&mut bytes));
        let [cut, ..] = random.next_key();
        receive::<Server>(black_box(&bytes), usize::from(cut))?;
        receive::<Client<Xorshift>>(black_box(&bytes), usize::from(cut))?;
        send(Server, black_box(&bytes))?;
        send(Client(Xorshift(black_box(7))), black_box(&bytes))?;
    }
    Some(())
}

/// Bytes by chance that begin like a frame.
fn fill(bytes: &mut [u8; 64], random: &mut Xorshift, round: u32) {
    for four in bytes.chunks_exact_mut(4) {
        four.iter_mut().zip(random.next_key()).for_each(|(to, from)| *to = from);
    }
    let [b0, b1, ..] = bytes;
    if round & 3 != 0 {
        *b0 &= 0x8B;
        *b1 = (*b1 & 0x8F) | ((round as u8 & 4) << 5);
    }
}

#[inline(never)]
fn codecs(bytes: &mut [u8]) {
    if let Ok(Some((header, _))) = FrameHeader::parse(bytes) {
        let mut out = [0; FrameHeader::MAX_LEN];
        black_box(header.emit(&mut out));
        let mut state = ReceiveState::<Server>::new();
        if let [b0, b1, ..] = *bytes {
            if let Ok(tubesock_core::connection::Accepted::Data(kind)) = state.check(b0, b1) {
                let _ = black_box(state.begin_data(&header, kind));
            }
        }
    }
    let _ = black_box(utf8::complete_prefix(bytes));
    let _ = black_box(utf8::validate(bytes));
    let mut key = MaskKey::new(black_box([1, 2, 3, 4]));
    key.apply(bytes);
    key.skip(black_box(3));
    mask(bytes, black_box([5, 6, 7, 8]));
    let mut state = SendState::new();
    black_box(state.control().is_ok());
    state.end();
}

/// `wire` arrives in two pieces; messages and chunks are asked for in turns.
#[inline(never)]
fn receive<R: Role>(wire: &[u8], cut: usize) -> Option<()> {
    let (mut receive, mut other, mut replies) = ([0; 160], [0; 200], [0; 252]);
    let now = Instant::from_millis(black_box(5));
    let leftover = black_box(2)..black_box(2);
    let buf = black_box(&mut receive[..]);
    let mut incoming =
        Incoming::<R, _>::with_leftover(buf, leftover, &Config::DEFAULT, now).ok()?;
    let mut replies = Replies::new(black_box(&mut replies[..])).ok()?;
    let (first, second) = wire.split_at_checked(cut).unwrap_or((wire, &[]));
    incoming.feed(first, now);
    poll(&mut incoming, &mut replies);
    black_box((incoming.wanted_capacity(), incoming.kept(), incoming.capacity()));
    let _ = black_box(incoming.exchange(black_box(&mut other[..])).is_ok());
    incoming.feed(second, now);
    poll(&mut incoming, &mut replies);
    let _ =
        black_box(incoming.handle_timeout(Instant::from_millis(black_box(40_000)), &mut replies));
    incoming.fail(black_box(ProtocolError::Unmasked), &mut replies);
    black_box((replies.is_empty(), replies.closing_since(), incoming.is_finished()));
    Some(())
}

fn poll<R: Role>(incoming: &mut Incoming<R, &mut [u8]>, replies: &mut Replies<&mut [u8]>) {
    for whole in [true, false, true] {
        if whole {
            if let Ok(Some(token)) = incoming.poll_message(replies) {
                let _ = black_box(incoming.event(token, replies));
            }
        } else if let Ok(Some(token)) = incoming.poll_chunk(replies) {
            let _ = black_box(incoming.chunk(token, replies));
        }
    }
}

/// Sends more than there is room for.
#[inline(never)]
fn send<R: Role>(role: R, bytes: &[u8]) -> Option<()> {
    let (mut transmit, mut spare, mut replies) = ([0; 140], [0; 140], [0; 252]);
    let now = Instant::from_millis(black_box(5));
    let mut out = Outgoing::new(black_box(&mut transmit[..]), role).ok()?;
    let mut replies = Replies::new(black_box(&mut replies[..])).ok()?;
    for _ in 0..black_box(5) {
        let mut rest = Message::Binary(bytes);
        let _ = black_box(out.write(&mut rest, black_box(false)));
        out.sent(black_box(3));
        black_box(out.stage_encoded(bytes).is_ok());
        if let Ok(Some(mut key)) = out.begin_frame(rest.kind(), black_box(9), false, false) {
            key.skip(1);
            out.payload_passed(black_box(9));
        }
    }
    let (old, pending) = out.take_pending(black_box(&mut spare[..])).ok()?;
    black_box(old.get(pending));
    replies.request_ping();
    let frame = CloseFrame { code: CloseCode(black_box(1000)), reason: black_box("why") };
    let _ = black_box(replies.request_close(frame, now));
    black_box(out.stage_replies(&mut replies));
    black_box((out.is_finished(), replies.close_is_staged()));
    Some(())
}
