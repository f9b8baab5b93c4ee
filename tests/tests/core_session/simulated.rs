//! Two of our endpoints over wires that split, delay and break.

use core::time::Duration;
use tubesock_core::{CloseCode, Config, Message, Timeout};
use tubesock_tests::endpoint::{Mode, NO_DEADLINES, Seen, Sizes, at};
use tubesock_tests::pair::{Pair, Wires};

use super::{binary, closed, ping, pong, text};

const WIRES: Wires = Wires { piece: 9, delay: 40 };

#[test]
fn a_conversation_over_slow_wires_ends_cleanly_on_both_sides() {
    for seed in 0..200 {
        let mode = if seed % 2 == 0 { Mode::Whole } else { Mode::Chunks };
        let mut pair = Pair::new(Sizes::AMPLE, &Config::DEFAULT, mode, WIRES, seed);
        pair.client.session.outgoing.stage(Message::Text("grüß dich")).unwrap();
        pair.client.session.outgoing.ping(b"?").unwrap();
        pair.server.session.outgoing.stage(Message::Binary(&[3; 500])).unwrap();
        pair.run_until(10_000);
        pair.server.session.close(CloseCode::GOING_AWAY, "good night", at(pair.now)).unwrap();
        pair.client.session.outgoing.stage(Message::Text("wait")).unwrap();
        pair.run();
        let seen = [text("grüß dich"), ping(b"?"), text("wait"), closed(1001, "")];
        assert_eq!(pair.server.seen, seen);
        let expected = [binary(&[3; 500]), pong(b"?"), closed(1001, "good night")];
        let mut seen = pair.client.seen.clone();
        seen.sort_by_key(|seen| expected.iter().position(|other| other == seen));
        assert_eq!(seen, expected);
        assert!(pair.server.session.is_finished() && pair.client.session.is_finished());
    }
}

#[test]
fn when_both_close_at_once_both_finish() {
    for seed in 0..100 {
        let mut pair = Pair::new(Sizes::AMPLE, &Config::DEFAULT, Mode::Whole, WIRES, seed);
        pair.server.session.close(CloseCode(4000), "s", at(0)).unwrap();
        pair.client.session.close(CloseCode(4001), "c", at(0)).unwrap();
        assert!(pair.run() < 1_000);
        assert_eq!(pair.server.seen, [closed(4001, "c")]);
        assert_eq!(pair.client.seen, [closed(4000, "s")]);
        assert!(pair.server.session.is_finished() && pair.client.session.is_finished());
    }
}

#[test]
fn keepalive_holds_an_idle_connection_for_eight_hours_and_costs_a_ping_a_half_minute() {
    const HOURS: u64 = 8 * 3_600_000;
    let mut pair = Pair::new(Sizes::LEAST, &Config::DEFAULT, Mode::Chunks, WIRES, 1);
    assert_eq!(pair.run_until(HOURS), HOURS);
    let pings =
        |seen: &[Seen]| seen.iter().filter(|seen| matches!(seen, Seen::Ping(_))).count() as u64;
    let (a, b) = (pings(&pair.client.seen), pings(&pair.server.seen));
    assert!(a + b >= HOURS / 31_000 && a + b <= 2 * HOURS / 30_000, "{a} and {b} pings");
    assert!(!pair.client.timed_out() && !pair.server.timed_out());
}

#[test]
fn when_the_cable_is_pulled_both_ends_give_up_in_forty_seconds() {
    let mut pair = Pair::new(Sizes::AMPLE, &Config::DEFAULT, Mode::Whole, WIRES, 5);
    pair.client.session.outgoing.stage(Message::Text("hello")).unwrap();
    pair.run_until(5_000);
    pair.cut();
    let end = pair.run();
    assert_eq!(pair.client.seen, [Seen::TimedOut(Timeout::Pong)]);
    assert_eq!(pair.server.seen, [text("hello"), Seen::TimedOut(Timeout::Pong)]);
    assert!(end <= 5_000 + 40_000, "{end}");
}

#[test]
fn a_peer_that_never_answers_a_close_is_dropped_at_the_close_deadline() {
    let close_timeout = Some(Duration::from_secs(5));
    let config = Config { close_timeout, ..NO_DEADLINES };
    let mut pair = Pair::new(Sizes::AMPLE, &config, Mode::Whole, WIRES, 5);
    pair.cut_to_server();
    pair.client.session.close(CloseCode::NORMAL, "", at(0)).unwrap();
    assert_eq!(pair.run(), 5_000);
    assert_eq!(pair.client.seen, [Seen::TimedOut(Timeout::Close)]);
    assert_eq!(pair.server.seen, []);
}

#[test]
fn large_messages_cross_in_both_directions_through_the_least_buffers() {
    let long: String = "ab€".chars().cycle().take(20_000).collect();
    let mut pair =
        Pair::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks, Wires { piece: 200, ..WIRES }, 3);
    let (mut up, mut down) = (Message::Text(&long), Message::Text(&long));
    let (mut up_done, mut down_done) = (false, false);
    while !(up_done && down_done) {
        up_done = up_done || pair.client.session.outgoing.write(&mut up, true).unwrap();
        down_done = down_done || pair.server.session.outgoing.write(&mut down, true).unwrap();
        pair.step();
    }
    pair.run();
    assert_eq!(pair.server.seen, [text(&long)]);
    assert_eq!(pair.client.seen, [text(&long)]);
}
