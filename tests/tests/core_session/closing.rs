//! The closing handshake: §5.5.1 and §7, every transition.

use tubesock_core::{CloseCode, Message, SendError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Side, Sizes, TestClient, at};
use tubesock_tests::frames::first::{CLOSE, LAST, PING, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{close, frame};
use tubesock_tests::script::replies;

use super::{both, close_frame, closed, ping, text};

#[test]
fn a_close_is_answered_with_its_code_and_what_follows_is_ignored() {
    let bytes =
        |from| [close(from, 1000, "done"), frame(from, TEXT, b"late"), vec![0xFF; 9]].concat();
    both(bytes, vec![closed(1000, "done")], vec![close_frame(1000, "")]);
    both(|from| close(from, 4999, ""), vec![closed(4999, "")], vec![close_frame(4999, "")]);
}

#[test]
fn an_empty_close_is_answered_with_an_empty_one() {
    both(|from| frame(from, CLOSE, b""), vec![closed(1005, "")], vec![(CLOSE, vec![])]);
}

#[test]
fn a_reason_of_123_bytes_is_read_whole() {
    let bytes = |from| close(from, 1001, &"ä".repeat(61));
    both(bytes, vec![closed(1001, &"ä".repeat(61))], vec![close_frame(1001, "")]);
    let bytes = |from| close(from, 1001, &"r".repeat(123));
    both(bytes, vec![closed(1001, &"r".repeat(123))], vec![close_frame(1001, "")]);
}

#[test]
fn a_close_may_come_inside_a_fragmented_message_which_is_then_lost() {
    let bytes = |from| {
        [frame(from, TEXT_BEGIN, b"half"), close(from, 1001, ""), frame(from, LAST, b"")].concat()
    };
    both(bytes, vec![closed(1001, "")], vec![close_frame(1001, "")]);
}

#[test]
fn pongs_that_are_due_go_out_before_the_answer_to_a_close() {
    let bytes = |from| [frame(from, PING, b"p"), close(from, 1000, "")].concat();
    let sent = vec![(0x8A, b"p".to_vec()), close_frame(1000, "")];
    both(bytes, vec![ping(b"p"), closed(1000, "")], sent);
}

/// An endpoint that has sent Close 1000 "bye".
fn closing<R: Side>(mode: Mode) -> Endpoint<R> {
    let mut endpoint = Endpoint::<R>::ample(mode);
    endpoint.session.close(CloseCode::NORMAL, "bye", at(0)).unwrap();
    assert_eq!(replies::<R>(&endpoint.all_output()), [close_frame(1000, "bye")]);
    endpoint
}

fn for_both(test: fn(Mode), test_client: fn(Mode)) {
    for mode in [Mode::Whole, Mode::Chunks] {
        test(mode);
        test_client(mode);
    }
}

fn data_after_ours<R: Side>(mode: Mode) {
    let bytes = [
        frame(R::PEER, TEXT, b"still"),
        frame(R::PEER, PING, b"p"),
        frame(R::PEER, TEXT_BEGIN, b"com"),
        frame(R::PEER, LAST, b"ing"),
        close(R::PEER, 1000, "bye too"),
        frame(R::PEER, TEXT, b"not this"),
    ]
    .concat();
    for cut in 0..=bytes.len() {
        let mut endpoint = closing::<R>(mode);
        endpoint.receive(&bytes[..cut], 0);
        endpoint.receive(&bytes[cut..], 0);
        let expected = [text("still"), ping(b"p"), text("coming"), closed(1000, "bye too")];
        assert_eq!(endpoint.seen, expected);
        assert_eq!(endpoint.all_output(), [], "no pong, no second Close");
        assert!(endpoint.session.is_finished());
    }
}

#[test]
fn what_arrives_after_our_close_and_before_the_peers_is_delivered() {
    for_both(data_after_ours::<Server>, data_after_ours::<TestClient>);
}

fn nothing_follows_ours<R: Side>(mode: Mode) {
    let mut endpoint = closing::<R>(mode);
    let out = &mut endpoint.session.outgoing;
    let message = Message::Text("x");
    assert_eq!(out.stage(message), Err(SendError::Closed));
    assert_eq!(out.fragment(message, false), Err(SendError::Closed));
    assert_eq!(out.write(&mut { message }, true), Err(SendError::Closed));
    assert_eq!(out.write(&mut Message::Text(""), false), Err(SendError::Closed));
    assert_eq!(
        out.begin_frame(tubesock_core::DataKind::Text, 1, true, true),
        Err(SendError::Closed)
    );
    assert_eq!(out.ping(b""), Err(SendError::Closed));
    assert_eq!(out.pong(b""), Err(SendError::Closed));
    assert_eq!(out.pending(), []);
    assert_eq!(endpoint.session.close(CloseCode::GOING_AWAY, "", at(1)), Ok(()), "idempotent");
    assert_eq!(endpoint.all_output(), []);
    assert!(!endpoint.session.is_finished(), "the peer has not closed");
}

#[test]
fn nothing_follows_our_close() {
    for_both(nothing_follows_ours::<Server>, nothing_follows_ours::<TestClient>);
}

fn simultaneous<R: Side>(mode: Mode) {
    // Ours is requested, and not staged yet, when the peer's arrives.
    let mut endpoint = Endpoint::<R>::ample(mode);
    endpoint.session.close(CloseCode(4000), "ours", at(0)).unwrap();
    endpoint.receive(&close(R::PEER, 4001, "theirs"), 0);
    assert_eq!(endpoint.seen, [closed(4001, "theirs")]);
    assert!(!endpoint.session.is_finished());
    assert_eq!(replies::<R>(&endpoint.all_output()), [close_frame(4000, "ours")]);
    assert!(endpoint.session.is_finished());
    // Ours is on its way.
    let mut endpoint = closing::<R>(mode);
    endpoint.receive(&close(R::PEER, 4001, "theirs"), 0);
    assert_eq!(endpoint.seen, [closed(4001, "theirs")]);
    assert!(endpoint.session.is_finished());
    assert_eq!(endpoint.all_output(), []);
}

#[test]
fn when_both_close_at_once_each_sends_one_close() {
    for_both(simultaneous::<Server>, simultaneous::<TestClient>);
}

fn violation_after_ours<R: Side>(mode: Mode) {
    let mut endpoint = closing::<R>(mode);
    endpoint.receive(&frame(R::PEER, 0xF1, b""), 0);
    assert!(matches!(endpoint.seen[..], [Seen::Failed(_)]));
    assert_eq!(endpoint.all_output(), [], "a second Close must not be sent");
    assert!(endpoint.session.is_finished());
}

#[test]
fn a_violation_after_our_close_ends_the_connection_without_a_second_close() {
    for_both(violation_after_ours::<Server>, violation_after_ours::<TestClient>);
}

fn after_theirs<R: Side>(mode: Mode) {
    let mut endpoint = Endpoint::<R>::ample(mode);
    endpoint.session.outgoing.stage(Message::Text("before")).unwrap();
    endpoint.receive(&close(R::PEER, 1000, ""), 0);
    let sent = replies::<R>(&endpoint.all_output());
    assert_eq!(sent, [(TEXT, b"before".to_vec()), close_frame(1000, "")]);
    assert_eq!(endpoint.session.outgoing.stage(Message::Text("after")), Err(SendError::Closed));
    assert!(endpoint.session.is_finished());
}

#[test]
fn what_was_staged_before_the_peers_close_goes_out_before_its_answer() {
    for_both(after_theirs::<Server>, after_theirs::<TestClient>);
}

fn mid_message<R: Side>(mode: Mode) {
    let mut endpoint = Endpoint::<R>::ample(mode);
    endpoint.session.outgoing.fragment(Message::Text("half"), false).unwrap();
    endpoint.session.close(CloseCode::INTERNAL, "", at(0)).unwrap();
    let sent = replies::<R>(&endpoint.all_output());
    assert_eq!(sent, [(TEXT_BEGIN, b"half".to_vec()), close_frame(1011, "")]);
    let rest = endpoint.session.outgoing.fragment(Message::Text("rest"), true);
    assert_eq!(rest, Err(SendError::Closed));
}

#[test]
fn our_close_may_go_between_the_fragments_of_our_message() {
    for_both(mid_message::<Server>, mid_message::<TestClient>);
}

fn waits<R: Side>(mode: Mode) {
    // Behind a frame whose payload is not through yet, and behind a buffer that is full.
    let sizes = Sizes { transmit: 131, ..Sizes::AMPLE };
    let mut endpoint = Endpoint::<R>::new(sizes, &NO_DEADLINES, mode);
    let out = &mut endpoint.session.outgoing;
    out.begin_frame(tubesock_core::DataKind::Binary, 300, true, true).unwrap();
    let payload = [7; 300];
    let mut rest = &payload[..];
    out.payload(&mut rest).unwrap();
    endpoint.session.close(CloseCode::NORMAL, "", at(0)).unwrap();
    let mut sent = Vec::new();
    while !rest.is_empty() {
        sent.extend(endpoint.output(50));
        endpoint.session.outgoing.payload(&mut rest).unwrap();
    }
    sent.extend(endpoint.all_output());
    assert_eq!(replies::<R>(&sent), [(0x82, payload.to_vec()), close_frame(1000, "")]);
}

#[test]
fn our_close_waits_for_the_frame_that_owns_the_wire() {
    for_both(waits::<Server>, waits::<TestClient>);
}

#[test]
fn a_close_that_may_not_be_sent_is_refused_and_nothing_happens() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    let mut request = |code, reason: &str| server.session.close(CloseCode(code), reason, at(0));
    assert_eq!(request(1006, ""), Err(SendError::CloseCode));
    assert_eq!(request(1015, ""), Err(SendError::CloseCode));
    assert_eq!(request(1005, "a reason without a code"), Err(SendError::CloseCode));
    assert_eq!(request(1000, &"r".repeat(124)), Err(SendError::ControlTooLong));
    assert_eq!(request(1000, &"ö".repeat(62)), Err(SendError::ControlTooLong));
    assert_eq!(server.all_output(), []);
    assert_eq!(server.session.outgoing.stage(Message::Text("open")), Ok(()));
    server.all_output();
    server.session.close(CloseCode(3000), &"r".repeat(123), at(0)).unwrap();
    let sent = replies::<Server>(&server.all_output());
    assert_eq!(sent, [close_frame(3000, &"r".repeat(123))]);
}

#[test]
fn a_close_without_a_code_is_empty_on_the_wire() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    server.session.close(CloseCode::NO_STATUS, "", at(0)).unwrap();
    assert_eq!(replies::<Server>(&server.all_output()), [(CLOSE, vec![])]);
}

#[test]
fn the_first_of_two_closes_counts() {
    let mut server = Endpoint::<Server>::ample(Mode::Whole);
    server.session.close(CloseCode(4001), "first", at(0)).unwrap();
    server.session.close(CloseCode(4002), "second", at(0)).unwrap();
    assert_eq!(replies::<Server>(&server.all_output()), [close_frame(4001, "first")]);
}
