//! What a client and a server do together, whoever the server is.

use std::thread;
use std::time::{Duration, Instant};

use tubesock_std::{ClientSocket, CloseCode, Config, Connect, ConnectError, DataKind, Message};

use crate::peer::Peer;

const MIB: usize = 1 << 20;

pub(crate) fn text_binary_and_empty_messages_come_back(peer: &Peer) {
    let mut websocket = connect(peer);
    for text in ["Grüße, 世界 🦀", "", "a\0b"] {
        echoes(&mut websocket, text.into());
    }
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&all[..], &[], &[0xff]] {
        echoes(&mut websocket, bytes.into());
    }
}

pub(crate) fn messages_of_every_length_form_come_back(peer: &Peer) {
    let mut websocket = connect(peer);
    for length in [1, 125, 126, 127, 65_535, 65_536, MIB] {
        echoes(&mut websocket, Message::Binary(&bytes(length)));
        echoes(&mut websocket, Message::Text(&"x".repeat(length)));
    }
    echoes(&mut websocket, Message::Text(&"é".repeat(MIB / 2)));
}

pub(crate) fn a_message_sent_in_fragments_comes_back_whole(peer: &Peer) {
    let mut websocket = connect(peer);
    let sender = websocket.sender();
    for part in ["one ", "", "two ", "ü "] {
        sender.fragment(part, false).unwrap();
        sender.ping(b"between fragments").unwrap();
    }
    sender.fragment("three", true).unwrap();
    assert_eq!(websocket.recv().unwrap(), Some(Message::Text("one two ü three")));
    for (at, part) in [&b""[..], b"\xff", b"", b"\xfe", b""].into_iter().enumerate() {
        sender.fragment(part, at == 4).unwrap();
    }
    assert_eq!(websocket.recv().unwrap(), Some(Message::Binary(b"\xff\xfe")));
}

/// With a receive buffer of 64 KiB, and on both sides of it a thread: a peer
/// that streams its echoes would otherwise wait for us while we wait for it.
pub(crate) fn sixteen_mebibytes_are_streamed_both_ways(peer: &Peer) {
    let config = Config { max_message: 64 << 10, ..Config::default() };
    let mut websocket = Connect::new(&peer.url("/")).config(config).connect().unwrap();
    let expected = bytes(16 * MIB);
    let sender = websocket.sender();
    let mut received = Vec::with_capacity(expected.len());
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut parts = expected.chunks(100_000).peekable();
            while let Some(part) = parts.next() {
                sender.fragment(part, parts.peek().is_none()).unwrap();
            }
        });
        loop {
            let chunk = websocket.recv_chunk().unwrap().expect("the server has closed");
            assert_eq!(chunk.first, received.is_empty());
            assert_eq!(chunk.part.kind(), DataKind::Binary);
            received.extend_from_slice(chunk.part.as_bytes());
            if chunk.last {
                break;
            }
        }
    });
    assert!(received == expected, "16 MiB came back changed");
}

pub(crate) fn pings_keep_a_quiet_connection(peer: &Peer) {
    let config = Config {
        ping_interval: Some(Duration::from_millis(50)),
        pong_timeout: Some(Duration::from_millis(500)),
        ..Config::default()
    };
    let mut websocket = Connect::new(&peer.url("/")).config(config).connect().unwrap();
    let sender = websocket.sender();
    let start = Instant::now();
    let later = thread::spawn(move || {
        thread::sleep(Duration::from_millis(1500));
        sender.send("still there?").unwrap();
    });
    // Without pongs this would have been an error after 550 ms.
    assert_eq!(websocket.recv().unwrap(), Some(Message::Text("still there?")));
    assert!(start.elapsed() >= Duration::from_millis(1500));
    later.join().unwrap();
}

pub(crate) fn a_close_of_ours_is_seen_with_code_and_reason(peer: &Peer) {
    for (code, reason) in [(1000, ""), (1001, "gone"), (3000, &"r".repeat(123)), (4999, "Grüße 🦀")]
    {
        let mut websocket = connect(peer);
        echoes(&mut websocket, "before the close".into());
        websocket.close(CloseCode(code), reason).unwrap();
        assert_eq!(websocket.recv().unwrap(), None);
        let closed = websocket.closed().unwrap();
        assert!(closed.clean);
        assert_eq!(closed.code, CloseCode(code));
        assert!([reason, ""].contains(&closed.reason), "{}", closed.reason);
        assert!(websocket.send("after the close").is_err());
        drop(websocket);
        assert_eq!(peer.saw_close(), format!("{code} {reason}").trim_end());
    }
}

pub(crate) fn a_close_of_the_server_is_seen_with_code_and_reason(peer: &Peer) {
    for (code, reason) in [(1000, ""), (1001, "gone"), (3000, "three thousand"), (4999, "Grüße 🦀")]
    {
        let mut websocket = connect(peer);
        websocket.send(&*format!("close {code} {reason}")).unwrap();
        assert_eq!(websocket.recv().unwrap(), None);
        let closed = websocket.closed().unwrap();
        assert!(closed.clean);
        assert_eq!((closed.code, closed.reason), (CloseCode(code), reason));
        drop(websocket);
        // Our answer, which repeats the code.
        let answer = peer.saw_close();
        assert_eq!(answer.split(' ').next(), Some(code.to_string().as_str()), "{answer}");
    }
}

pub(crate) fn an_offered_subprotocol_is_agreed_on(peer: &Peer) {
    let websocket = Connect::new(&peer.url("/")).subprotocols(&["other", "echo"]).connect();
    assert_eq!(websocket.unwrap().subprotocol(), Some("echo"));
    let websocket = Connect::new(&peer.url("/")).subprotocols(&["echo"]).connect();
    assert_eq!(websocket.unwrap().subprotocol(), Some("echo"));
}

pub(crate) fn a_subprotocol_that_the_server_does_not_know_is_not_agreed_on(peer: &Peer) {
    let websocket = Connect::new(&peer.url("/")).subprotocols(&["other"]).connect();
    assert_eq!(websocket.unwrap().subprotocol(), None);
    assert_eq!(connect(peer).subprotocol(), None);
}

pub(crate) fn pipelined_messages_come_back_in_order(peer: &Peer) {
    let mut websocket = connect(peer);
    for number in 0..200 {
        websocket.send(&*format!("message {number}")).unwrap();
    }
    for number in 0..200 {
        let expected = format!("message {number}");
        assert_eq!(websocket.recv().unwrap(), Some(Message::Text(&expected)));
    }
}

pub(crate) fn a_message_that_comes_in_fragments_is_received_whole(peer: &Peer) {
    let mut websocket = connect(peer);
    websocket.send("fragments one, two, drei ü").unwrap();
    assert_eq!(websocket.recv().unwrap(), Some(Message::Text("one,two,dreiü")));
}

pub(crate) fn a_message_that_comes_in_fragments_is_received_in_chunks(peer: &Peer) {
    let mut websocket = connect(peer);
    websocket.send("fragments one, two, drei ü").unwrap();
    let mut received = String::new();
    loop {
        let chunk = websocket.recv_chunk().unwrap().expect("the server has closed");
        assert_eq!(chunk.first, received.is_empty());
        received.push_str(chunk.part.as_text().expect("text came as binary"));
        if chunk.last {
            break;
        }
    }
    assert_eq!(received, "one,two,dreiü");
}

pub(crate) fn a_ping_of_the_server_is_answered(peer: &Peer) {
    let mut websocket = connect(peer);
    for payload in ["hello", "ü", &"p".repeat(125)] {
        websocket.send(&*format!("ping {payload}")).unwrap();
        let expected = format!("pong {payload}");
        assert_eq!(websocket.recv().unwrap(), Some(Message::Text(&expected)));
    }
}

pub(crate) fn a_refusal_gives_status_headers_and_body(peer: &Peer) {
    let refused = Connect::new(&peer.url("/refuse")).connect().unwrap_err();
    let ConnectError::Status(response) = refused else { panic!("{refused}") };
    assert_eq!(response.status, 403);
    assert_eq!(response.header("x-why"), Some("because"));
    assert_eq!(response.body_start, b"No WebSocket lives here.");
}

fn connect(peer: &Peer) -> ClientSocket {
    tubesock_std::connect(&peer.url("/")).unwrap()
}

fn echoes(websocket: &mut ClientSocket, message: Message<'_>) {
    websocket.send(message).unwrap();
    let echo = websocket.recv().unwrap().expect("the server has closed");
    assert!(echo == message, "{} bytes came back changed", message.len());
}

/// Bytes with no short period.
fn bytes(length: usize) -> Vec<u8> {
    let mut random = tubesock_tests::random::Random::new(7);
    (0..length).map(|_| random.below(256) as u8).collect()
}
