//! Keepalive and deadlines, by a clock that the test turns.

use core::time::Duration;
use tubesock_core::{CloseCode, Config, DataKind, Message, Server, Timeout};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient, at};
use tubesock_tests::frames::first::{LAST, PING, PONG, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{From, close, frame};
use tubesock_tests::script::replies;

use super::close_frame;

const fn millis(millis: u64) -> Option<Duration> {
    Some(Duration::from_millis(millis))
}

const KEEPALIVE: Config =
    Config { ping_interval: millis(30_000), pong_timeout: millis(10_000), ..NO_DEADLINES };

fn server(config: &Config) -> Endpoint<Server> {
    Endpoint::new(Sizes::AMPLE, config, Mode::Whole)
}

fn silent_peer<R: Side>() {
    let mut endpoint = Endpoint::<R>::new(Sizes::AMPLE, &KEEPALIVE, Mode::Whole);
    assert_eq!(endpoint.deadline(), Some(30_000));
    endpoint.time_is(29_999);
    assert_eq!(endpoint.all_output(), [], "calls that are early do no harm");
    endpoint.time_is(30_000);
    assert_eq!(replies::<R>(&endpoint.all_output()), [(PING, vec![])]);
    assert_eq!(endpoint.deadline(), Some(40_000));
    endpoint.time_is(39_999);
    assert_eq!(endpoint.all_output(), [], "one ping is enough");
    assert_eq!(endpoint.seen, []);
    endpoint.time_is(40_000);
    assert_eq!(endpoint.seen, [Seen::TimedOut(Timeout::Pong)]);
}

#[test]
fn a_silent_peer_is_pinged_and_given_up_when_no_pong_comes() {
    silent_peer::<Server>();
    silent_peer::<TestClient>();
}

#[test]
fn any_byte_postpones_the_ping_and_the_pong_deadline() {
    let mut server = server(&KEEPALIVE);
    let bytes = frame(From::Client, TEXT, b"slow");
    let mut now = 0;
    for byte in bytes {
        now += 29_000; // a frame that takes minutes: the peer can't pong inside of it
        server.receive(&[byte], now);
        assert_eq!(server.deadline(), Some(now + 30_000));
    }
    server.time_is(now + 30_000);
    assert_eq!(server.deadline(), Some(now + 40_000));
    server.receive(&frame(From::Client, TEXT_BEGIN, b"no pong")[..1], now + 39_999);
    server.time_is(now + 40_000);
    assert_eq!(server.deadline(), Some(now + 69_999));
    assert!(!server.timed_out());
}

#[test]
fn without_a_pong_deadline_pings_go_on() {
    let mut server = server(&Config { pong_timeout: None, ..KEEPALIVE });
    for n in 1..5 {
        assert_eq!(server.deadline(), Some(30_000 * n));
        server.time_is(30_000 * n);
        assert_eq!(replies::<Server>(&server.all_output()), [(PING, vec![])]);
    }
}

#[test]
fn a_deadline_of_zero_is_the_shortest_and_none_is_never() {
    assert_eq!(server(&NO_DEADLINES).deadline(), None);
    let config = Config { ping_interval: Some(Duration::ZERO), ..NO_DEADLINES };
    assert_eq!(server(&config).deadline(), Some(1));
    let config = Config { idle_timeout: Some(Duration::MAX), ..NO_DEADLINES };
    assert_eq!(server(&config).deadline(), Some(u64::from(u32::MAX)));
}

#[test]
fn a_peer_that_sends_nothing_of_a_message_is_closed_with_1001() {
    let config = Config { idle_timeout: millis(1_000), close_timeout: millis(50), ..NO_DEADLINES };
    let mut server = server(&config);
    server.receive(&frame(From::Client, TEXT, b"busy"), 500);
    server.receive(&frame(From::Client, PING, b""), 900);
    server.receive(&frame(From::Client, PONG, b""), 1_400);
    assert_eq!(server.deadline(), Some(1_500), "control frames are no messages");
    server.all_output();
    server.time_is(1_500);
    assert_eq!(replies::<Server>(&server.all_output()), [close_frame(1001, "idle")]);
    assert_eq!(server.deadline(), Some(1_550));
    server.receive(&close(From::Client, 1001, ""), 1_520);
    assert!(server.session.is_finished());
}

#[test]
fn a_message_that_is_still_arriving_keeps_the_connection_from_being_idle() {
    let config = Config { idle_timeout: millis(1_000), ..NO_DEADLINES };
    for mode in [Mode::Whole, Mode::Chunks] {
        let mut server = Endpoint::<Server>::new(Sizes::AMPLE, &config, mode);
        server.receive(&frame(From::Client, TEXT_BEGIN, b"a"), 800);
        assert_eq!(server.deadline(), Some(1_800));
        let bytes = frame(From::Client, LAST, b"bc");
        server.receive(&bytes[..7], 1_700);
        assert_eq!(server.deadline(), Some(2_700));
        server.receive(&bytes[7..], 2_600);
        assert_eq!(server.deadline(), Some(3_600));
    }
}

#[test]
fn a_close_that_is_never_answered_ends_at_its_deadline() {
    let config = Config { close_timeout: millis(5_000), ..KEEPALIVE };
    let mut server = server(&config);
    server.session.close(CloseCode::NORMAL, "", at(100)).unwrap();
    assert_eq!(server.deadline(), Some(5_100));
    server.receive(&frame(From::Client, TEXT, b"still talking"), 5_000);
    assert_eq!(server.deadline(), Some(5_100), "talking doesn't postpone it");
    server.time_is(5_099);
    assert!(!server.timed_out());
    server.time_is(5_100);
    assert_eq!(server.seen.last(), Some(&Seen::TimedOut(Timeout::Close)));
}

#[test]
fn the_close_deadline_also_holds_for_an_answer_that_nobody_takes() {
    let config = Config { close_timeout: millis(5_000), ..NO_DEADLINES };
    let mut server = server(&config);
    server.session.outgoing.begin_frame(DataKind::Text, 9, true, true).unwrap();
    server.receive(&close(From::Client, 1000, ""), 1_000);
    assert_eq!(server.deadline(), Some(6_000));
    server.time_is(6_000);
    assert_eq!(server.seen.last(), Some(&Seen::TimedOut(Timeout::Close)));
}

#[test]
fn after_a_timeout_nothing_more_is_received() {
    let mut server = server(&KEEPALIVE);
    server.time_is(30_000);
    server.all_output();
    server.time_is(40_000);
    server.receive(&frame(From::Client, TEXT, b"too late"), 40_001);
    assert_eq!(server.seen, [Seen::TimedOut(Timeout::Pong)]);
}

#[test]
fn a_violation_starts_the_close_deadline() {
    let config = Config { close_timeout: millis(5_000), ..KEEPALIVE };
    let mut server = server(&config);
    server.receive(&[0xFF, 0xFF], 2_000);
    assert_eq!(server.deadline(), Some(7_000));
}

#[test]
fn the_keepalive_ping_waits_for_the_frame_that_owns_the_wire() {
    let mut server = server(&KEEPALIVE);
    server.session.outgoing.begin_frame(DataKind::Binary, 3, true, true).unwrap();
    server.time_is(30_000);
    let mut sent = server.all_output();
    server.session.outgoing.payload(&mut &b"abc"[..]).unwrap();
    sent.extend(server.all_output());
    assert_eq!(replies::<Server>(&sent), [(0x82, b"abc".to_vec()), (PING, vec![])]);
}

#[test]
fn the_keepalive_ping_may_go_between_the_fragments_of_our_message() {
    let mut server = server(&KEEPALIVE);
    server.session.outgoing.fragment(Message::Text("a"), false).unwrap();
    server.time_is(30_000);
    let mut sent = server.all_output();
    server.session.outgoing.fragment(Message::Text("b"), true).unwrap();
    sent.extend(server.all_output());
    let expected = [(0x01, b"a".to_vec()), (PING, vec![]), (0x80, b"b".to_vec())];
    assert_eq!(replies::<Server>(&sent), expected);
}

#[test]
fn a_clock_that_steps_back_makes_a_deadline_late_and_nothing_worse() {
    let mut server = server(&KEEPALIVE);
    server.receive(&frame(From::Client, TEXT, b"a"), 1_000_000);
    server.time_is(5);
    server.receive(&frame(From::Client, TEXT, b"b"), 10);
    server.time_is(20_000);
    assert_eq!(server.deadline(), Some(30_010));
    assert_eq!(server.seen.len(), 2);
}

#[test]
fn a_ping_that_waits_for_the_frame_that_owns_the_wire_is_not_held_against_the_peer() {
    let mut server = server(&KEEPALIVE);
    server.session.outgoing.begin_frame(DataKind::Binary, 3, true, true).unwrap();
    server.all_output();
    // A minute and a half of a download, in which the peer has nothing to say.
    for now in [30_000, 40_000, 50_000, 60_000, 70_000, 80_000, 90_000] {
        assert_eq!(server.deadline(), Some(now));
        server.time_is(now);
        assert!(!server.timed_out(), "no ping has gone out by {now}");
        assert_eq!(server.all_output(), []);
    }
    server.session.outgoing.payload(&mut &b"abc"[..]).unwrap();
    assert_eq!(replies::<Server>(&server.all_output()[3..]), [(PING, vec![])]);
    // From here on the peer has its ten seconds, whole.
    server.time_is(100_000);
    assert!(!server.timed_out());
    server.time_is(109_999);
    assert!(!server.timed_out());
    server.time_is(110_000);
    assert!(server.timed_out());
}
