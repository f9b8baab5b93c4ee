//! An adapter written from the run loop on the core's first page, over a `VecDeque` for a wire.

use std::collections::VecDeque;
use std::error::Error;
use tubesock_core::{
    Client, CloseCode, Config, Event, Instant, Message, Outgoing, Role, Server, Session,
};

// The adapter begins here.

type Buffer = [u8; 512];
type Done<T> = Result<T, Box<dyn Error>>;

/// Does all that can be done now over `wire`, which is read, and `peer`, which is written. Says
/// whether the connection is over.
fn run<R: Role>(
    session: &mut Session<R, Buffer, Buffer, Buffer>,
    (wire, peer): (&mut VecDeque<u8>, &mut VecDeque<u8>),
    now: Instant,
    mut on_event: impl FnMut(Event<'_>, &mut Outgoing<R, Buffer>) -> Done<()>,
) -> Done<bool> {
    loop {
        // 1. Events: each may be answered while it is held.
        while let Some(token) = session.poll_message()? {
            let (event, outgoing) = session.event(token)?;
            on_event(event, outgoing)?;
        }
        // 2. Output: until there is none.
        while !session.pending().is_empty() {
            peer.extend(session.pending());
            session.sent(session.outgoing.pending().len());
        }
        // 3. The end.
        if session.is_finished() {
            return Ok(true);
        }
        // 4. Input, or the time that has come; where a thread would sleep, this one returns.
        if session.poll_timeout().is_some_and(|deadline| deadline <= now) {
            session.handle_timeout(now)?;
        } else if wire.is_empty() {
            return Ok(false);
        } else {
            let n = wire.len().min(session.space().len());
            session.space().iter_mut().zip(wire.drain(..n)).for_each(|(a, b)| *a = b);
            session.filled(n, now);
        }
    }
}

// And ends here.

#[test]
fn an_adapter_of_under_forty_lines_echoes_keeps_alive_and_closes() -> Result<(), Box<dyn Error>> {
    let mut now = Instant::from_millis(0);
    let mut key = 0u32;
    let keys = Client(|| {
        key += 1;
        key.to_be_bytes()
    });
    let buffers = || ([0; 512], [0; 512], [0; 512]);
    let mut client = Session::new(keys, buffers(), &Config::DEFAULT, now)?;
    let mut server = Session::new(Server, buffers(), &Config::DEFAULT, now)?;
    let (mut up, mut down) = (VecDeque::new(), VecDeque::new());
    client.outgoing.stage(Message::Text("hello"))?;
    let (mut echoed, mut pongs, mut ends) = (Vec::new(), 0, (false, false));
    for step in 0..100u64 {
        now = Instant::from_millis(step * 1_000); // past the moment of a ping, too
        if step == 90 {
            client.close(CloseCode::NORMAL, "done", now)?;
        }
        ends.0 = run(&mut client, (&mut down, &mut up), now, |event, _| {
            match event {
                Event::Data(Message::Text(text)) => echoed.push(text.to_owned()),
                Event::Pong(_) => pongs += 1,
                _ => {}
            }
            Ok(())
        })?;
        ends.1 = run(&mut server, (&mut up, &mut down), now, |event, outgoing| {
            if let Event::Data(message) = event {
                outgoing.stage(message)?;
            }
            Ok(())
        })?;
    }
    assert_eq!(echoed, ["hello"]);
    assert!(pongs > 0, "the keepalive was at work");
    assert_eq!(ends, (true, true));
    Ok(())
}

#[test]
fn the_adapter_is_under_forty_lines() {
    let source = include_str!("core_run_loop.rs");
    let (_, rest) = source.split_once("// The adapter begins here.\n").unwrap();
    let (adapter, _) = rest.split_once("// And ends here.\n").unwrap();
    let lines = adapter.lines().filter(|line| !line.trim().is_empty());
    let code = lines.filter(|line| !line.trim().starts_with("//"));
    assert!(code.clone().count() < 40, "{} lines", code.count());
}
