//! A client and a server talk, each through every call of its session that sends or receives.

use core::hint::black_box;
use core::time::Duration;

use tubesock_core::wire::DataKind;
use tubesock_core::{Client, CloseCode, Config, Event, Instant, Message, Role, Server, Session};

use crate::sizes::{Lent, Xorshift};

/// What a side has received of data: how many bytes, and their sum.
#[derive(Default, Clone, Copy, PartialEq)]
struct Heard {
    bytes: usize,
    sum: u32,
    pongs: u32,
    closed: bool,
}

impl Heard {
    fn data(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.wrapping_add(bytes.len());
        self.sum = bytes.iter().fold(self.sum, |sum, &b| sum.wrapping_add(u32::from(b)));
    }
}

pub fn both_roles() -> Option<()> {
    let (mut a, mut b, mut c) = ([0; 600], [0; 300], [0; 600]);
    let (mut d, mut e, mut f) = ([0; 600], [0; 300], [0; 600]);
    let (mut g, mut h) = ([0; 1200], [0; 1200]);
    let config =
        Config { idle_timeout: black_box(Some(Duration::from_secs(60))), ..Config::DEFAULT };
    let now = Instant::from_millis(black_box(0));
    let mut client =
        session(Client(Xorshift(black_box(1))), [&mut a, &mut b, &mut c], &config, now)?;
    let mut server = session(Server, [&mut d, &mut e, &mut f], &config, now)?;

    let mut sent = Heard::default();
    stage(&mut client, &mut sent)?;
    let heard = exchange(&mut client, &mut server, now)?;
    if heard != sent {
        return None;
    }
    // Both buffers are exchanged for larger ones while the connection is open.
    if black_box(true) {
        client.incoming.exchange(opaque(&mut g)).ok()?;
        server.outgoing.exchange(opaque(&mut h)).ok()?;
        server.incoming.set_max_message(black_box(4000));
    }
    let mut sent = Heard::default();
    stage(&mut server, &mut sent)?;
    sent.pongs = 2; // its own, and the answer to the client's ping
    if exchange(&mut server, &mut client, now)? != sent {
        return None;
    }
    time_passes(&mut client, &mut server)?;
    client.close(black_box(CloseCode::NORMAL), black_box("done"), now).ok()?;
    let heard = exchange(&mut client, &mut server, now)?;
    let answered = exchange(&mut server, &mut client, now)?;
    (heard.closed && answered.closed && client.is_finished() && server.is_finished()).then_some(())
}

/// A slice whose length the compiler does not know.
fn opaque(bytes: &mut [u8]) -> &mut [u8] {
    black_box(bytes)
}

fn session<'b, R: Role>(
    role: R,
    [receive, replies, transmit]: [&'b mut [u8]; 3],
    config: &Config,
    now: Instant,
) -> Option<Lent<'b, R>> {
    Session::new(role, (opaque(receive), opaque(replies), opaque(transmit)), config, now).ok()
}

/// Stages messages in each way there is.
#[inline(never)]
fn stage<R: Role>(session: &mut Lent<'_, R>, sent: &mut Heard) -> Option<()> {
    let out = &mut session.outgoing;
    let text = black_box("smörgås");
    let bytes: &[u8] = black_box(&[1, 2, 3, 4, 5, 6, 7]);
    out.may_begin().ok()?;
    out.stage(Message::Text(text)).ok()?;
    out.fragment(Message::Binary(bytes), false).ok()?;
    out.ping(black_box(b"ping")).ok()?;
    out.fragment(Message::Binary(bytes), true).ok()?;
    out.pong(black_box(b"")).ok()?;
    sent.data(text.as_bytes());
    sent.data(bytes);
    sent.data(bytes);
    sent.pongs = 1;
    let mut rest = Message::Text(text);
    if !out.write(&mut rest, true).ok()? {
        return None;
    }
    sent.data(text.as_bytes());
    let mut rest = bytes;
    let len = black_box(bytes.len() as u64);
    out.begin_frame(black_box(DataKind::Binary), len, true, true).ok()?;
    while out.payload_due() > 0 {
        out.payload(&mut rest).ok()?;
    }
    sent.data(bytes);
    (out.capacity() > 0 && !out.in_message()).then_some(())
}

/// What `from` has to say goes to `to`, in reads of odd sizes; gives what was heard there, with the pongs that came back.
#[inline(never)]
fn exchange<A: Role, B: Role>(
    from: &mut Lent<'_, A>,
    to: &mut Lent<'_, B>,
    now: Instant,
) -> Option<Heard> {
    let mut heard = Heard::default();
    loop {
        let pending = from.pending();
        if pending.is_empty() {
            break;
        }
        let space = to.space();
        let n = pending.len().min(space.len()).min(black_box(37));
        space.get_mut(..n)?.iter_mut().zip(pending).for_each(|(to, from)| *to = *from);
        from.sent(n);
        to.filled(n, now);
        hear(to, &mut heard)?;
    }
    Some(heard)
}

/// Takes what there is, by messages or by chunks.
fn hear<R: Role>(session: &mut Lent<'_, R>, heard: &mut Heard) -> Option<()> {
    if black_box(false) {
        while let Some(token) = session.poll_message().ok()? {
            let (event, outgoing) = session.event(token).ok()?;
            match event {
                Event::Data(message) => {
                    heard.data(message.as_bytes());
                    outgoing.stage(message).ok()?;
                }
                Event::Close(_) => heard.closed = true,
                Event::Ping(_) => {}
                Event::Pong(_) => heard.pongs = heard.pongs.wrapping_add(1),
            }
        }
        return Some(());
    }
    while let Some(token) = session.poll_chunk().ok()? {
        let (event, outgoing) = session.chunk(token).ok()?;
        match event {
            Event::Data(chunk) => {
                heard.data(chunk.part.as_bytes());
                if black_box(false) {
                    outgoing.fragment(chunk.part, chunk.last).ok()?;
                }
            }
            Event::Close(_) => heard.closed = true,
            Event::Ping(_) => {}
            Event::Pong(_) => heard.pongs = heard.pongs.wrapping_add(1),
        }
    }
    Some(())
}

/// A ping after silence, its pong, and no deadline missed.
#[inline(never)]
fn time_passes<A: Role, B: Role>(a: &mut Lent<'_, A>, b: &mut Lent<'_, B>) -> Option<()> {
    let later = a.poll_timeout()?;
    a.handle_timeout(later).ok()?;
    exchange(a, b, later)?;
    let heard = exchange(b, a, later)?;
    (heard.pongs >= 1 && a.poll_timeout()? > later).then_some(())
}
