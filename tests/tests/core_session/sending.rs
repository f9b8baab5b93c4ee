//! What is sent: whole messages, fragments, frames whose payload follows; §5.4, §6.1.

use tubesock_core::{DataKind, Message, SendError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Side, Sizes, TestClient};
use tubesock_tests::frames::first::{BINARY, BINARY_BEGIN, LAST, PING, PONG, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{frame, read_all, read_one};
use tubesock_tests::script::replies;

const TINY: Sizes = Sizes { transmit: 131, ..Sizes::AMPLE };

fn with<R: Side>(transmit: usize) -> Endpoint<R> {
    Endpoint::new(Sizes { transmit, ..Sizes::AMPLE }, &NO_DEADLINES, Mode::Whole)
}

fn each_length<R: Side>() {
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 100_000] {
        let mut endpoint = with::<R>((len + 14).max(131));
        let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        endpoint.session.outgoing.stage(Message::Binary(&payload)).unwrap();
        let sent = endpoint.all_output();
        assert_eq!(replies::<R>(&sent), [(BINARY, payload)]);
    }
}

#[test]
fn a_message_goes_in_one_frame_with_the_shortest_length() {
    each_length::<Server>();
    each_length::<TestClient>();
}

#[test]
fn each_frame_of_a_client_has_a_key_of_its_own() {
    let mut client = with::<TestClient>(4096);
    for _ in 0..10 {
        client.session.outgoing.stage(Message::Text("same")).unwrap();
        client.session.outgoing.ping(b"").unwrap();
    }
    let mut keys: Vec<_> = read_all(&client.all_output()).iter().map(|f| f.key.unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 20);
}

fn fragments<R: Side>() {
    let mut endpoint = with::<R>(4096);
    let out = &mut endpoint.session.outgoing;
    out.fragment(Message::Text("a"), false).unwrap();
    assert!(out.in_message());
    out.ping(b"between").unwrap();
    out.fragment(Message::Text(""), false).unwrap();
    assert_eq!(out.stage(Message::Text("other")), Err(SendError::MessageInProgress));
    let begun = out.begin_frame(DataKind::Binary, 5, true, true);
    assert_eq!(begun, Err(SendError::MessageInProgress));
    out.pong(b"unasked").unwrap();
    out.fragment(Message::Text("b"), true).unwrap();
    assert!(!out.in_message());
    out.stage(Message::Binary(b"other")).unwrap();
    let expected = [
        (TEXT_BEGIN, b"a".to_vec()),
        (PING, b"between".to_vec()),
        (0, vec![]),
        (PONG, b"unasked".to_vec()),
        (LAST, b"b".to_vec()),
        (BINARY, b"other".to_vec()),
    ];
    assert_eq!(replies::<R>(&endpoint.all_output()), expected);
}

#[test]
fn control_frames_go_between_fragments_and_other_messages_do_not() {
    fragments::<Server>();
    fragments::<TestClient>();
}

#[test]
fn a_pong_that_is_due_goes_between_our_fragments_as_a_pong() {
    let mut server = with::<Server>(4096);
    server.session.outgoing.fragment(Message::Binary(b"1"), false).unwrap();
    server.receive(&frame(tubesock_tests::frames::From::Client, PING, b"now"), 0);
    let mut sent = server.all_output();
    server.session.outgoing.fragment(Message::Binary(b"2"), true).unwrap();
    sent.extend(server.all_output());
    let expected = [(BINARY_BEGIN, b"1".to_vec()), (PONG, b"now".to_vec()), (LAST, b"2".to_vec())];
    assert_eq!(replies::<Server>(&sent), expected);
}

/// Puts the data frames of `sent` together; says in how many frames they came.
fn reassembled<R: Side>(sent: &[u8]) -> (Vec<u8>, usize) {
    let frames = replies::<R>(sent);
    let count = frames.len();
    for (i, (b0, payload)) in frames.iter().enumerate() {
        assert_eq!(b0 & 0x0F == 0, i > 0, "the first has the kind, the others continue");
        assert_eq!(b0 & 0x80 != 0, i + 1 == count, "the last has FIN");
        assert!(b0 & 0x0F != 1 || std::str::from_utf8(payload).is_ok());
    }
    (frames.into_iter().flat_map(|(_, payload)| payload).collect(), count)
}

fn large_write<R: Side>() {
    let long: String = ('a'..='z').chain(['é', '€', '😀']).cycle().take(3_000).collect();
    for transmit in (131..180).chain([512, 600, 2000, 10_000]) {
        for wire in [1, 5, 100, usize::MAX] {
            let mut endpoint = with::<R>(transmit);
            endpoint.session.outgoing.stage(Message::Text("before")).unwrap();
            let mut sent = Vec::new();
            let mut rest = Message::Text(&long);
            while !endpoint.session.outgoing.write(&mut rest, true).unwrap() {
                let bytes = endpoint.output(wire);
                assert!(!bytes.is_empty(), "neither room nor anything pending");
                sent.extend(bytes);
            }
            sent.extend(endpoint.all_output());
            let (_, used) = read_one(&sent).unwrap();
            let (bytes, frames) = reassembled::<R>(&sent[used..]);
            assert_eq!(bytes, long.as_bytes());
            assert!(
                transmit > 500 || frames <= long.len() / (transmit - 14 - 3) + 2,
                "{frames} at {transmit}"
            );
            assert_eq!(endpoint.session.outgoing.stage(Message::Text("x")), Ok(()));
        }
    }
}

#[test]
fn a_message_of_any_size_goes_through_the_least_buffer_in_whole_fragments() {
    large_write::<Server>();
    large_write::<TestClient>();
}

#[test]
fn write_takes_a_message_of_unknown_length_piece_by_piece() {
    let mut client = with::<TestClient>(131);
    let (mut sent, mut expected) = (Vec::new(), Vec::new());
    for (i, len) in [0, 5, 0, 300, 117, 118, 1].into_iter().enumerate() {
        let piece = vec![i as u8; len];
        expected.extend(&piece);
        let mut rest = Message::Binary(&piece);
        while !client.session.outgoing.write(&mut rest, false).unwrap() {
            sent.extend(client.output(50));
        }
    }
    let mut end = Message::Binary(b"");
    while !client.session.outgoing.write(&mut end, true).unwrap() {
        sent.extend(client.output(50));
    }
    sent.extend(client.all_output());
    assert_eq!(reassembled::<TestClient>(&sent).0, expected);
}

#[test]
fn write_waits_for_room_even_where_only_the_end_of_a_message_is_left() {
    for fill in 100..=125 {
        let mut client = with::<TestClient>(131);
        client.session.outgoing.fragment(Message::Binary(&vec![0; fill]), false).unwrap();
        let mut end = Message::Binary(b"");
        let mut tries = 0;
        while !client.session.outgoing.write(&mut end, true).expect("only ever to be tried again") {
            assert!(!client.output(1).is_empty());
            tries += 1;
            assert!(tries < 131);
        }
        assert!(fill < 120 || tries > 0, "{fill} bytes leave no room for a header");
        client.all_output();
        assert!(!client.session.outgoing.in_message());
    }
}

#[test]
fn full_means_that_nothing_is_staged_and_room_later_is_enough() {
    let mut server = with::<Server>(131);
    let out = &mut server.session.outgoing;
    out.stage(Message::Binary(&[1; 100])).unwrap();
    let before = out.pending().to_vec();
    assert_eq!(out.stage(Message::Binary(&[2; 28])), Err(SendError::Full));
    assert_eq!(out.fragment(Message::Binary(&[2; 28]), false), Err(SendError::Full));
    assert_eq!(out.ping(&[2; 28]), Err(SendError::Full));
    assert_eq!(out.pong(&[2; 28]), Err(SendError::Full));
    assert!(!out.in_message());
    assert_eq!(out.pending(), before);
    out.stage(Message::Binary(&[2; 27])).unwrap();
    assert_eq!(out.begin_frame(DataKind::Text, 5, true, true), Err(SendError::Full));
    assert_eq!(out.payload_due(), 0);
    server.output(3);
    server.session.outgoing.begin_frame(DataKind::Text, 5, true, true).unwrap();
}

fn exact_fit<R: Side>() {
    for (len, header) in [(125, 2), (126, 4), (127, 4), (65_535, 4), (65_536, 10)] {
        let header = if R::IS_SERVER { header } else { header + 4 };
        let room = (len + header).max(131);
        let mut endpoint = with::<R>(room);
        endpoint.session.outgoing.stage(Message::Binary(&vec![1; len])).unwrap();
        assert_eq!(endpoint.session.outgoing.pending().len(), len + header);
        if room == len + header {
            let full = with::<R>(room).session.outgoing.stage(Message::Binary(&vec![1; len + 1]));
            assert_eq!(full, Err(SendError::Full));
        }
    }
    // What is left of a buffer is used to its last byte as well.
    for len in [100, 125, 126, 127, 200] {
        let header = if len < 126 { 2 } else { 4 } + if R::IS_SERVER { 0 } else { 4 };
        let mut endpoint = with::<R>(1_000);
        let rest = 1_000 - header - len;
        let filler = rest - if R::IS_SERVER { 4 } else { 8 };
        endpoint.session.outgoing.stage(Message::Binary(&vec![1; filler])).unwrap();
        endpoint.session.outgoing.stage(Message::Binary(&vec![1; len])).unwrap();
        assert_eq!(endpoint.session.outgoing.pending().len(), 1_000);
    }
}

#[test]
fn a_frame_that_fits_to_the_last_byte_is_staged() {
    exact_fit::<Server>();
    exact_fit::<TestClient>();
}

#[test]
fn a_client_counts_its_key_into_the_room() {
    let mut client = with::<TestClient>(131);
    assert_eq!(client.session.outgoing.stage(Message::Binary(&[1; 126])), Err(SendError::Full));
    client.session.outgoing.stage(Message::Binary(&[1; 123])).unwrap();
    assert_eq!(client.session.outgoing.pending().len(), 129);
    let mut server = with::<Server>(131);
    server.session.outgoing.stage(Message::Binary(&[1; 127])).unwrap();
    assert_eq!(server.session.outgoing.pending().len(), 131);
}

fn begun<R: Side>() {
    for wire in [1, 60, usize::MAX] {
        let mut endpoint = Endpoint::<R>::new(TINY, &NO_DEADLINES, Mode::Whole);
        let payload: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
        endpoint.session.outgoing.begin_frame(DataKind::Binary, 1000, true, false).unwrap();
        let (mut rest, mut sent) = (&payload[..], Vec::new());
        while !rest.is_empty() {
            let out = &mut endpoint.session.outgoing;
            out.payload(&mut rest).unwrap();
            assert_eq!(out.payload_due(), rest.len() as u64);
            if !rest.is_empty() {
                assert_eq!(out.stage(Message::Text("")), Err(SendError::MessageInProgress));
                assert_eq!(out.fragment(Message::Text(""), true), Err(SendError::FrameInProgress));
                assert_eq!(out.ping(b""), Err(SendError::FrameInProgress));
                assert_eq!(out.payload(&mut &[0; 1001][..]), Err(SendError::TooLong));
            }
            sent.extend(endpoint.output(wire));
        }
        let out = &mut endpoint.session.outgoing;
        assert_eq!(out.payload(&mut &[0][..]), Err(SendError::TooLong));
        sent.extend(endpoint.all_output());
        endpoint.session.outgoing.begin_frame(DataKind::Binary, 0, false, true).unwrap();
        sent.extend(endpoint.all_output());
        assert_eq!(replies::<R>(&sent), [(BINARY_BEGIN, payload), (LAST, vec![])]);
    }
}

#[test]
fn a_frame_that_was_begun_owns_the_wire_until_its_payload_is_through() {
    begun::<Server>();
    begun::<TestClient>();
}

#[test]
fn a_servers_payload_may_go_past_the_buffer() {
    let mut server = with::<Server>(131);
    let payload = vec![9; 5_000_000];
    server.session.outgoing.begin_frame(DataKind::Binary, 5_000_000, true, true).unwrap();
    let mut sent = server.all_output();
    sent.extend(&payload[..2_000_000]);
    server.session.outgoing.payload_passed(2_000_000);
    assert_eq!(server.session.outgoing.ping(b""), Err(SendError::FrameInProgress));
    let mut rest = &payload[2_000_000..2_000_010];
    server.session.outgoing.payload(&mut rest).unwrap();
    sent.extend(server.all_output());
    sent.extend(&payload[2_000_010..]);
    server.session.outgoing.payload_passed(2_999_990);
    server.session.outgoing.ping(b"").unwrap();
    sent.extend(server.all_output());
    assert_eq!(replies::<Server>(&sent), [(BINARY, payload), (PING, vec![])]);
}

#[test]
fn a_client_may_mask_what_goes_past_the_buffer_and_go_on_through_it() {
    for passed in 0..9 {
        let mut client = with::<TestClient>(131);
        let mut payload: Vec<u8> = (0..20).collect();
        let expected = vec![(BINARY, payload.clone())];
        let out = &mut client.session.outgoing;
        let mut key = out.begin_frame(DataKind::Binary, 20, true, true).unwrap().expect("a key");
        let mut sent = client.all_output();
        key.apply(&mut payload[..passed]);
        sent.extend(&payload[..passed]);
        client.session.outgoing.payload_passed(passed as u64);
        client.session.outgoing.payload(&mut &payload[passed..]).unwrap();
        sent.extend(client.all_output());
        assert_eq!(replies::<TestClient>(&sent), expected);
    }
}

#[test]
fn a_frame_above_the_longest_length_is_not_begun() {
    let mut server = with::<Server>(131);
    let out = &mut server.session.outgoing;
    assert_eq!(out.begin_frame(DataKind::Binary, 1 << 63, true, true), Err(SendError::TooLong));
    assert_eq!(out.pending(), []);
    out.begin_frame(DataKind::Binary, (1 << 63) - 1, true, true).unwrap();
    assert_eq!(out.pending(), b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff");
}

#[test]
fn a_control_payload_above_125_bytes_is_refused_and_nothing_is_staged() {
    let mut server = with::<Server>(4096);
    assert_eq!(server.session.outgoing.ping(&[0; 126]), Err(SendError::ControlTooLong));
    assert_eq!(server.session.outgoing.pong(&[0; 126]), Err(SendError::ControlTooLong));
    assert_eq!(server.all_output(), []);
    server.session.outgoing.ping(&[0; 125]).unwrap();
    assert_eq!(server.all_output().len(), 127);
}

#[test]
fn replies_to_all_frames_of_one_read_go_out_in_one_batch() {
    let mut server = with::<Server>(4096);
    let from = tubesock_tests::frames::From::Client;
    let bytes = [frame(from, TEXT, b"a"), frame(from, PING, b"b"), frame(from, TEXT, b"c")];
    server.session.space()[..bytes.concat().len()].copy_from_slice(&bytes.concat());
    server.session.filled(bytes.concat().len(), tubesock_tests::endpoint::at(0));
    while let Some(token) = server.session.poll_message().unwrap() {
        let (event, outgoing) = server.session.event(token).unwrap();
        if let tubesock_core::Event::Data(message) = event {
            outgoing.stage(message).unwrap(); // an answer while the message is held
        }
    }
    let batch = server.output(usize::MAX);
    assert_eq!(replies::<Server>(&batch).len(), 3);
    assert_eq!(server.output(usize::MAX), []);
}

#[test]
fn what_was_asked_before_a_message_is_answered_before_it() {
    let from = tubesock_tests::frames::From::Client;
    let bytes = [frame(from, PING, b"first"), frame(from, TEXT, b"then")].concat();
    let mut server = with::<Server>(4096);
    server.session.space()[..bytes.len()].copy_from_slice(&bytes);
    server.session.filled(bytes.len(), tubesock_tests::endpoint::at(0));
    while let Some(token) = server.session.poll_message().unwrap() {
        if let (tubesock_core::Event::Data(message), out) = server.session.event(token).unwrap() {
            out.stage(message).unwrap();
        }
    }
    let expected = [(PONG, b"first".to_vec()), (TEXT, b"then".to_vec())];
    assert_eq!(replies::<Server>(&server.all_output()), expected);
}
