//! A session of tubesock-core driven by hand on a socket: what an adapter does, at its smallest.

use embassy_net::tcp::TcpSocket;
use embedded_io_async::Write;
use tubesock_core::{Config, Event, Incoming, Instant, Outgoing, Replies, Server, Session};

use crate::Room;

/// The clock of a server that has no deadlines, as the peers' images have none either.
const NOW: Instant = Instant::from_millis(0);

/// Echoes messages; `leftover` of the receive buffer is what was read past the head.
pub async fn echo(socket: &mut TcpSocket<'_>, room: Room<'_>, leftover: core::ops::Range<usize>) {
    let (Ok(incoming), Ok(replies), Ok(outgoing)) = (
        Incoming::with_leftover(room.receive, leftover, &Config::DEFAULT, NOW),
        Replies::new(room.replies),
        Outgoing::new(room.transmit, Server),
    ) else {
        return;
    };
    let mut session = Session { incoming, replies, outgoing };
    loop {
        while let Ok(Some(token)) = session.poll_message() {
            if let Ok((Event::Data(message), outgoing)) = session.event(token) {
                if outgoing.stage(message).is_err() {
                    return;
                }
            }
        }
        let pending = session.pending();
        let length = pending.len();
        if socket.write_all(pending).await.is_err() {
            return;
        }
        session.sent(length);
        if session.is_finished() {
            return;
        }
        match socket.read(session.space()).await {
            Ok(read @ 1..) => session.filled(read, NOW),
            _ => return,
        }
    }
}
