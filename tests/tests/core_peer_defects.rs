//! What other implementations got wrong, each a test of ours, and named after the peer.
//!
//! Those that take a socket, a thread or an executor to show are with the adapters.

use tubesock_core::handshake::{
    ClientRequest, HeadReader, HeaderSlots, RefusedByServer, RequestHead, ResponseHead, Upgrade,
    accept_key,
};
use tubesock_core::{CloseCode, Config, Message, ProtocolError, SendError, Server};
use tubesock_tests::endpoint::{Endpoint, Mode, NO_DEADLINES, Seen, Sizes, TestClient, at};
use tubesock_tests::frames::first::{BINARY, LAST, MORE, PING, PONG, TEXT, TEXT_BEGIN};
use tubesock_tests::frames::{From, close, frame, header, header_in_form};
use tubesock_tests::script::{fails_after, replies};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

fn status(request: &str) -> Option<u16> {
    let mut slots = HeaderSlots::<32>::new();
    let head = RequestHead::parse(request.as_bytes(), &mut slots);
    let outcome =
        head.map(|head| head.expect("it is whole").0).and_then(|head| Upgrade::new(&head));
    outcome.err().map(tubesock_core::handshake::Refusal::status)
}

fn fails_with(bytes: &[u8]) -> Option<u16> {
    let failure = fails_after::<Server>(bytes, &NO_DEADLINES, Mode::Whole);
    failure.map(|(_, error)| error.close_code().0)
}

fn server() -> Endpoint<Server> {
    Endpoint::ample(Mode::Whole)
}

#[test]
fn embedded_websocket_panics_on_a_key_of_25_bytes_and_on_a_long_subprotocol() {
    for len in 0..200 {
        let key = "A".repeat(len);
        assert_eq!(accept_key(key.as_bytes()), None);
        let request = REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", &key);
        assert_eq!(status(&request), Some(400), "a key of {len} bytes");
    }
    let long = "p".repeat(5_000);
    let lines = format!("\r\nSec-WebSocket-Protocol: {long}\r\n\r\n");
    let request = REQUEST.replace("\r\n\r\n", &lines);
    let mut slots = HeaderSlots::<16>::new();
    let (head, _) = RequestHead::parse(request.as_bytes(), &mut slots).unwrap().unwrap();
    let upgrade = Upgrade::new(&head).unwrap();
    let accept = upgrade.accept_subprotocol(&long).unwrap();
    assert!(accept.write(&mut [0; 300]).is_err());
    assert!(accept.write(&mut [0; 6_000]).is_ok());
}

#[test]
fn embedded_websocket_checks_neither_rsv_nor_the_masks_direction_nor_the_length_of_controls() {
    assert_eq!(fails_with(&frame(From::Client, TEXT | 0x40, b"x")), Some(1002));
    assert_eq!(fails_with(&frame(From::Server, TEXT, b"x")), Some(1002));
    assert_eq!(fails_with(&frame(From::Client, PING, &[0; 126])), Some(1002));
    let masked = frame(From::Client, TEXT, b"x");
    let failure = fails_after::<TestClient>(&masked, &NO_DEADLINES, Mode::Whole);
    assert_eq!(failure, Some((2, ProtocolError::Masked)));
}

#[test]
fn embedded_websocket_takes_a_response_without_an_accept_key() {
    let (_, awaiting) = ClientRequest::new("a", "/").write([7; 16], &mut [0; 512]).unwrap();
    let response =
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let mut slots = HeaderSlots::<8>::new();
    let (head, _) = ResponseHead::parse(response, &mut slots).unwrap().unwrap();
    assert_eq!(awaiting.verify(&head), Err(RefusedByServer::AcceptKey));
}

#[test]
fn embedded_websocket_sends_a_ping_between_fragments_as_a_continuation() {
    let mut server = server();
    server.session.outgoing.fragment(Message::Text("a"), false).unwrap();
    server.session.outgoing.ping(b"p").unwrap();
    server.session.outgoing.pong(b"q").unwrap();
    server.session.outgoing.fragment(Message::Text("b"), true).unwrap();
    let opcodes: Vec<u8> =
        replies::<Server>(&server.all_output()).into_iter().map(|(b0, _)| b0).collect();
    assert_eq!(opcodes, [TEXT_BEGIN, PING, PONG, LAST]);
}

#[test]
fn embedded_websocket_closes_with_a_reason_of_254_bytes() {
    for len in [124, 125, 254, 10_000] {
        let reason = "r".repeat(len);
        let mut server = server();
        let closed = server.session.close(CloseCode::NORMAL, &reason, at(0));
        assert_eq!(closed, Err(SendError::ControlTooLong));
        assert_eq!(server.all_output(), []);
    }
}

#[test]
fn edge_ws_loses_the_connection_to_a_frame_larger_than_its_buffer() {
    // In chunks it comes through; whole, it is refused by 1009 and not by a dead connection.
    let large = vec![7; 100_000];
    let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks);
    server.receive(&frame(From::Client, BINARY, &large), 0);
    server.receive(&frame(From::Client, TEXT, b"next"), 0);
    assert_eq!(server.seen, [Seen::Binary(large.clone()), Seen::Text("next".into())]);
    assert_eq!(fails_with(&frame(From::Client, BINARY, &large)), Some(1009));
}

#[test]
fn edge_ws_takes_long_control_frames_and_lengths_in_more_bytes_than_they_need() {
    assert_eq!(fails_with(&frame(From::Client, PONG, &[0; 126])), Some(1002));
    assert_eq!(fails_with(&header_in_form(From::Client, TEXT, 126, 5)), Some(1002));
    assert_eq!(fails_with(&header_in_form(From::Client, TEXT, 127, 5)), Some(1002));
}

#[test]
fn edge_http_refuses_the_connection_field_of_firefox() {
    let request = REQUEST.replace("Connection: Upgrade", "Connection: keep-alive, Upgrade");
    assert_eq!(status(&request), None);
}

#[test]
fn edge_http_puts_a_content_length_into_its_101() {
    let mut slots = HeaderSlots::<16>::new();
    let (head, _) = RequestHead::parse(REQUEST.as_bytes(), &mut slots).unwrap().unwrap();
    let mut out = [0; 256];
    let used = Upgrade::new(&head).unwrap().accept().write(&mut out).unwrap();
    let response = String::from_utf8_lossy(&out[..used]).to_lowercase();
    assert!(!response.contains("content-length") && !response.contains("transfer-encoding"));
}

#[test]
fn edge_http_loses_what_it_read_past_the_head() {
    let early = frame(From::Client, TEXT, b"early");
    let bytes = [REQUEST.as_bytes(), &early].concat();
    for cut in 1..=bytes.len() {
        let mut reader = HeadReader::new(vec![0; 1024], None);
        let (mut head_is_whole, mut at_wire) = (false, 0);
        for piece in [&bytes[..cut], &bytes[cut..]] {
            if !head_is_whole {
                reader.space()[..piece.len()].copy_from_slice(piece);
                reader.filled(piece.len());
                at_wire += piece.len();
                head_is_whole = reader.request(&mut HeaderSlots::<16>::new()).unwrap().is_some();
            }
        }
        let leftover = reader.leftover();
        let mut server = server();
        server.session.incoming = tubesock_core::Incoming::with_leftover(
            reader.into_buffer(),
            leftover,
            &NO_DEADLINES,
            at(0),
        )
        .unwrap();
        server.poll();
        server.receive(&bytes[at_wire..], 0);
        assert_eq!(server.seen, [Seen::Text("early".into())], "cut at {cut}");
    }
}

#[test]
fn picoserve_ignores_rsv_and_takes_unmasked_input() {
    for bit in [0x10, 0x20, 0x40] {
        assert_eq!(fails_with(&frame(From::Client, BINARY | bit, b"")), Some(1002));
    }
    assert_eq!(fails_with(&frame(From::Server, BINARY, b"")), Some(1002));
}

#[test]
fn picoserve_fails_on_a_ping_inside_a_fragmented_message() {
    let mut server = server();
    server.receive(&frame(From::Client, TEXT_BEGIN, b"a"), 0);
    server.receive(&frame(From::Client, PING, b"p"), 0);
    server.receive(&frame(From::Client, LAST, b"b"), 0);
    assert_eq!(server.seen, [Seen::Ping(b"p".to_vec()), Seen::Text("ab".into())]);
    assert_eq!(replies::<Server>(&server.all_output()), [(PONG, b"p".to_vec())]);
}

#[test]
fn picoserve_answers_a_message_that_is_too_big_with_1002() {
    assert_eq!(fails_with(&header(From::Client, TEXT, 1 << 40)), Some(1009));
}

#[test]
fn picoserve_does_not_look_at_the_key() {
    for key in ["", "x", "not base64 at all, no!!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(status(&REQUEST.replace("dGhlIHNhbXBsZSBub25jZQ==", key)), Some(400), "{key}");
    }
}

#[test]
fn picoserve_pings_without_end_a_client_that_is_dead() {
    let mut server = Endpoint::<Server>::new(Sizes::AMPLE, &Config::DEFAULT, Mode::Whole);
    let mut pings = 0;
    for _ in 0..5 {
        if let (Some(deadline), false) = (server.deadline(), server.timed_out()) {
            server.time_is(deadline);
            pings += replies::<Server>(&server.all_output()).len();
        }
    }
    assert_eq!(pings, 1);
    assert!(server.timed_out());
}

#[test]
fn ws_framer_skips_bad_frames_instead_of_failing_the_connection() {
    let mut server = server();
    server.receive(&frame(From::Client, 0x83, b"reserved"), 0);
    server.receive(&frame(From::Client, TEXT, b"as if nothing had happened"), 0);
    assert_eq!(server.seen, [Seen::Failed(ProtocolError::ReservedOpcode)]);
    assert!(!server.all_output().is_empty());
    assert!(server.session.is_finished());
}

#[test]
fn ws_framer_has_no_mask_check_and_no_close_state() {
    assert_eq!(fails_with(&frame(From::Server, TEXT, b"x")), Some(1002));
    let mut server = server();
    server.receive(&close(From::Client, 1000, ""), 0);
    server.all_output();
    assert_eq!(server.session.outgoing.stage(Message::Text("x")), Err(SendError::Closed));
    server.receive(&frame(From::Client, TEXT, b"x"), 0);
    assert_eq!(server.seen, [Seen::Close(1000, String::new())]);
}

#[test]
fn tungstenite_gives_a_normal_close_as_an_error() {
    let mut server = server();
    server.receive(&close(From::Client, 1000, "bye"), 0);
    assert_eq!(server.seen, [Seen::Close(1000, "bye".into())], "an event");
    assert!(matches!(server.session.poll_message(), Ok(None)), "and then nothing");
}

#[test]
fn tungstenite_needs_another_flush_for_its_answer_to_a_close() {
    let mut server = server();
    server.receive(&close(From::Client, 1001, ""), 0);
    let sent = replies::<Server>(server.session.pending());
    assert_eq!(sent, [(0x88, vec![0x03, 0xE9])], "it is there at once");
}

#[test]
fn tungstenite_loses_a_pong_when_the_wire_takes_nothing_for_a_while() {
    let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks);
    server.session.outgoing.stage(Message::Binary(&[1; 127])).unwrap(); // the buffer is full
    server.receive(&frame(From::Client, PING, b"p"), 0);
    assert_eq!(server.session.pending().len(), 131, "no room for the pong");
    let mut sent = Vec::new();
    for _ in 0..200 {
        sent.extend(server.output(1));
    }
    assert_eq!(replies::<Server>(&sent), [(BINARY, vec![1; 127]), (PONG, b"p".to_vec())]);
}

#[test]
fn tungstenite_takes_half_a_minute_to_notice_a_peer_that_is_gone() {
    let config = Config {
        ping_interval: Some(core::time::Duration::from_secs(2)),
        pong_timeout: Some(core::time::Duration::from_secs(1)),
        ..NO_DEADLINES
    };
    let mut server = Endpoint::<Server>::new(Sizes::AMPLE, &config, Mode::Whole);
    server.time_is(2_000);
    assert_eq!(replies::<Server>(&server.all_output()), [(PING, vec![])]);
    server.time_is(3_000);
    assert!(server.timed_out());
}

#[test]
fn tungstenite_reads_a_head_again_with_every_piece_of_it_cve_2023_43669() {
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "X-Y: z\r\n".repeat(8_000));
    let start = std::time::Instant::now();
    let mut reader = HeadReader::new(vec![0; 128 << 10], None);
    for byte in head.as_bytes() {
        reader.space()[0] = *byte;
        reader.filled(1);
        assert!(reader.request(&mut HeaderSlots::<16>::new()).unwrap().is_none());
    }
    // Sixty thousand pieces: half a minute where each costs what all before it cost.
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
}

#[test]
fn tungstenite_has_no_streams() {
    let mut server = Endpoint::<Server>::new(Sizes::LEAST, &NO_DEADLINES, Mode::Chunks);
    server.receive(&header(From::Client, BINARY, 1 << 40), 0);
    server.receive(&[1; 10_000], 0);
    assert_eq!(server.open_message().map(<[u8]>::len), Some(10_000));
}

#[test]
fn fastwebsockets_fails_on_bad_text_only_when_the_frame_is_whole() {
    // Autobahn 6.4.3 and 6.4.4: a bad byte in the middle of a frame whose rest has not come.
    let mut bytes = header(From::Client, TEXT, 1_000);
    let start = bytes.len();
    let key = tubesock_tests::frames::KEY;
    bytes.extend(b"ok \xf4\x90".iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]));
    for mode in [Mode::Whole, Mode::Chunks] {
        let config = Config { max_message: 2_000, ..NO_DEADLINES };
        let failure = fails_after::<Server>(&bytes, &config, mode);
        assert_eq!(failure, Some((start + 5, ProtocolError::InvalidUtf8)));
    }
}

#[test]
fn websocket_ruby_reads_the_low_32_bits_of_a_64_bit_length() {
    let low_5 = (1 << 32) + 5;
    let bytes = [header(From::Client, TEXT, low_5), vec![0; 5]].concat();
    assert_eq!(fails_with(&bytes), Some(1009));
    let mut server = Endpoint::<Server>::ample(Mode::Chunks);
    server.receive(&[header(From::Client, BINARY, low_5), vec![0; 5]].concat(), 0);
    assert_eq!(server.seen, [], "five bytes are not all of it");
}

#[test]
fn websocket_ruby_takes_unmasked_frames_and_fragments_without_end() {
    assert_eq!(fails_with(&frame(From::Server, TEXT, b"x")), Some(1002));
    let fragments = frame(From::Client, MORE, b"x").repeat(10_000);
    let bytes = [frame(From::Client, TEXT_BEGIN, b"x"), fragments].concat();
    assert_eq!(fails_with(&bytes), Some(1009));
    let empty = frame(From::Client, MORE, b"").repeat(10_000);
    let bytes = [frame(From::Client, TEXT_BEGIN, b"x"), empty].concat();
    assert_eq!(fails_with(&bytes), Some(1008));
}

#[test]
fn ratchet_echoes_text_that_is_not_utf_8() {
    for bad in [&b"\xff"[..], b"\xed\xa0\x80", b"\xc0\x80", b"caf\xc3"] {
        let mut server = server();
        server.receive(&frame(From::Client, TEXT, bad), 0);
        assert_eq!(server.seen, [Seen::Failed(ProtocolError::InvalidUtf8)]);
        let sent = replies::<Server>(&server.all_output());
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].1[..2], 1007u16.to_be_bytes());
    }
}

#[test]
fn ours_of_2013_answered_no_close_and_let_frames_of_two_senders_interleave() {
    let mut server = server();
    server.session.outgoing.fragment(Message::Text("mine"), false).unwrap();
    let other = server.session.outgoing.stage(Message::Text("another's"));
    assert_eq!(other, Err(SendError::MessageInProgress));
    server.receive(&close(From::Client, 1000, ""), 0);
    let sent = replies::<Server>(&server.all_output());
    assert_eq!(sent, [(TEXT_BEGIN, b"mine".to_vec()), (0x88, vec![0x03, 0xE8])]);
}
