//! Keepalive and deadlines, with a clock that the input moves.

use arbitrary::{Result, Unstructured};
use std::time::Duration;
use tubesock_core::{CloseCode, Config, Role, Server, Timeout};

use crate::endpoint::{Endpoint, Mode, Seen, Side, Sizes, TestClient, at};
use crate::frames::{first, frame};
use crate::script::replies;

/// Before its time nothing comes of a timeout; at its time something does, and the next one is
/// later. A ping goes out after a silence of its interval and not before, a peer is given up only
/// where a ping had no byte for an answer, or a Close none in time, and an idle one is told so.
/// What an end is, is one line of text.
pub fn check(bytes: &[u8]) {
    let mut input = Unstructured::new(bytes);
    let _ = match input.arbitrary() {
        Ok(true) => run::<Server>(&mut input),
        _ => run::<TestClient>(&mut input),
    };
}

/// The moments that count, in milliseconds.
struct Clock {
    now: u64,
    received: u64,
    data: u64,
    ping: Option<u64>,
    closing: Option<u64>,
}

fn run<R: Side>(input: &mut Unstructured<'_>) -> Result<()> {
    let config = Config {
        max_message: 1000,
        ping_interval: span(input)?,
        pong_timeout: span(input)?,
        idle_timeout: span(input)?,
        close_timeout: span(input)?,
    };
    let mut endpoint = Endpoint::<R>::new(Sizes::AMPLE, &config, Mode::Whole);
    let mut clock = Clock { now: 0, received: 0, data: 0, ping: None, closing: None };
    while !input.is_empty() && !timed_out(&endpoint) {
        match input.int_in_range(0..=7u8)? {
            0 => receive(&mut endpoint, &mut clock, first::PONG, b""),
            1 => receive(&mut endpoint, &mut clock, first::TEXT, b"text"),
            2 => receive(&mut endpoint, &mut clock, first::CLOSE, b"\x03\xe8"),
            3 if endpoint.session.close(CloseCode::NORMAL, "", at(clock.now)).is_ok() => {
                clock.closing.get_or_insert(clock.now);
            }
            4 | 5 => match endpoint.deadline() {
                Some(deadline) => clock.now = clock.now.max(deadline),
                None => clock.now += 1,
            },
            _ => clock.now += u64::from(input.arbitrary::<u16>()?),
        }
        tick(&mut endpoint, &mut clock, &config);
    }
    Ok(())
}

fn timed_out<R>(endpoint: &Endpoint<R>) -> bool {
    matches!(endpoint.seen.last(), Some(Seen::TimedOut(_)))
}

fn span(input: &mut Unstructured<'_>) -> Result<Option<Duration>> {
    let millis = input.arbitrary::<u16>()?;
    Ok((millis & 3 != 0).then(|| Duration::from_millis(1 + u64::from(millis >> 2))))
}

fn receive<R: Side>(endpoint: &mut Endpoint<R>, clock: &mut Clock, b0: u8, payload: &[u8]) {
    endpoint.receive(&frame(R::PEER, b0, payload), clock.now);
    clock.received = clock.now;
    clock.ping = None;
    if b0 == first::TEXT && !endpoint.session.incoming.is_finished() {
        clock.data = clock.now;
    }
    if b0 == first::CLOSE {
        clock.closing.get_or_insert(clock.now);
    }
}

fn tick<R: Side + Role>(endpoint: &mut Endpoint<R>, clock: &mut Clock, config: &Config) {
    let now = clock.now;
    let due = endpoint.deadline().is_some_and(|deadline| deadline <= now);
    let mut before = endpoint.all_output();
    endpoint.time_is(now);
    let sent = replies::<R>(&endpoint.all_output());
    before.clear();
    let is_over = |since: u64, span: Option<Duration>| {
        span.is_some_and(|span| u128::from(now - since) >= span.as_millis())
    };
    if !due {
        assert!(sent.is_empty() && !timed_out(endpoint), "something came before its time");
        return;
    }
    for (b0, payload) in &sent {
        match *b0 {
            first::PING => {
                assert!(is_over(clock.ping.unwrap_or(clock.received), config.ping_interval));
                clock.ping = Some(now);
            }
            first::CLOSE => {
                assert!(is_over(clock.data, config.idle_timeout));
                assert_eq!(payload[..2], 1001u16.to_be_bytes());
                clock.closing = Some(now);
            }
            other => panic!("{other:#x} for a timeout"),
        }
    }
    match endpoint.seen.last() {
        Some(Seen::TimedOut(timeout)) => {
            match timeout {
                Timeout::Pong => {
                    assert!(is_over(clock.ping.expect("a ping is out"), config.pong_timeout));
                }
                Timeout::Close => {
                    assert!(is_over(clock.closing.expect("it is closing"), config.close_timeout));
                }
                other => panic!("{other:?}"),
            }
            assert!(sent.is_empty() && !timeout.to_string().contains('\n'));
        }
        _ => {
            assert!(!sent.is_empty(), "nothing came of a deadline");
            assert!(endpoint.deadline().is_none_or(|deadline| deadline > now), "and none later");
        }
    }
}
