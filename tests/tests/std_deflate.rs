//! permessage-deflate in the std adapter: client and server over a real socket, and what of it is
//! on the wire.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tubesock_std::{
    CloseCode, Config, Connect, ConnectError, Deflate, Message, OwnedMessage, Prepared,
    RunningServer, Sender, Server,
};
use tubesock_tests::raw::{HANDSHAKE_ACCEPT, RawClient};

/// RSV1, on a final text frame.
const TEXT: u8 = 0xC1;

fn config(deflate: Deflate) -> Config {
    Config { deflate: Some(deflate), ping_interval: None, ..Config::default() }
}

fn fresh() -> Deflate {
    Deflate { send_takeover: false, receive_takeover: false, ..Deflate::default() }
}

fn echo(config: Config) -> RunningServer {
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config);
    let handler = |request: tubesock_std::Request| {
        request.hijack(|tubesock| {
            tubesock.on_message(|out, message| out.send(message));
        })
    };
    server.spawn(handler).expect("a thread")
}

fn url(server: &RunningServer) -> String {
    format!("ws://{}/", server.local_addr())
}

fn chat_lines() -> Vec<String> {
    (0..200)
        .map(|n| format!(r#"{{"type":"message","room":"général","id":{n},"text":"Hello {n}"}}"#))
        .collect()
}

#[test]
fn client_and_server_agree_and_exchange_messages_of_all_sizes() {
    let all = [
        Deflate::default(),
        fresh(),
        Deflate { send_bits: 9, receive_bits: 15, ..Deflate::default() },
        Deflate { send_bits: 15, receive_bits: 9, threshold: Some(0), ..fresh() },
        Deflate { zlib_level: Some(6), send_bits: 15, ..Deflate::default() },
        Deflate { zlib_level: Some(1), send_bits: 9, ..fresh() },
        Deflate { send_bits: 8, receive_bits: 8, receive_takeover: false, ..Deflate::default() },
    ];
    for server_side in all {
        let server = echo(config(server_side));
        for client_side in all {
            let connect = Connect::new(&url(&server)).config(config(client_side)).connect();
            let mut client = connect.expect("a connection");
            let agreed = client.compression().expect("compression");
            assert!(agreed.send_bits <= client_side.send_bits.min(server_side.receive_bits));
            assert!(agreed.receive_bits <= client_side.receive_bits.min(server_side.send_bits));
            for len in [0, 1, 7, 100, 1000, 8191, 8192, 30_000, 500_000] {
                if len > 100_000 && client_side != server_side {
                    continue; // they take time
                }
                let text = "all work and no play ".repeat(len / 21 + 1);
                let noise: Vec<u8> = (0..len).map(|at| ((at * at * 31) >> 3) as u8).collect();
                for message in [Message::Text(&text[..len]), Message::Binary(&noise)] {
                    client.send(message).expect("sent");
                    assert!(client.recv().expect("received") == Some(message), "{len} bytes");
                }
            }
            client.close(CloseCode::NORMAL, "").expect("closed");
            assert_eq!(client.recv().expect("an orderly end"), None);
        }
    }
}

#[test]
fn nothing_is_agreed_unless_both_sides_turn_it_on() {
    for (server_side, client_side) in [(None, Some(fresh())), (Some(fresh()), None), (None, None)] {
        let server = echo(Config { deflate: server_side, ..Config::default() });
        let config = Config { deflate: client_side, ..Config::default() };
        let mut client =
            Connect::new(&url(&server)).config(config).connect().expect("a connection");
        assert_eq!(client.compression(), None);
        client.send("Hello").expect("sent");
        assert_eq!(client.recv().expect("received"), Some(Message::Text("Hello")));
    }
}

#[test]
fn the_wire_carries_compressed_frames_that_refer_to_those_before() {
    let server = echo(config(Deflate::default()));
    let mut raw = RawClient::connect(server.local_addr());
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    let head = raw.shake_hands(server.local_addr(), offer);
    let answer = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12\r\n";
    assert!(head.contains(answer), "{head}");
    let text = "compressed, and then compressed against what came before";
    raw.text(text);
    let first = raw.receive();
    raw.text(text);
    let second = raw.receive();
    raw.text("short");
    raw.expect(0x81, "short");
    assert_eq!((first.b0, second.b0), (TEXT, TEXT));
    assert!(first.payload.len() < text.len() && second.payload.len() < 10);
    // "Hello" of RFC 7692 §7.2.3.1, and again, against the context (§7.2.3.2).
    for hello in [&b"\xf2\x48\xcd\xc9\xc9\x07\x00"[..], b"\xf2\x00\x11\x00\x00"] {
        raw.frame(TEXT, hello);
        raw.expect(0x81, "Hello");
    }
}

#[test]
fn a_message_sent_plain_is_not_compressed() {
    let server = Server::bind("127.0.0.1:0").expect("a free port");
    let server = server.with_config(config(Deflate::default())).spawn(|request| {
        request.hijack(|tubesock| {
            tubesock.on_message(|out, message| {
                out.send_plain(message)?;
                out.send(message)
            });
        })
    });
    let server = server.expect("a thread");
    let mut raw = RawClient::connect(server.local_addr());
    raw.shake_hands(server.local_addr(), "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    for text in ["secret, secret, secret, secret".to_owned(), "secret, secret".repeat(2000)] {
        raw.text(&text);
        raw.expect(0x81, &text);
        assert_eq!(raw.receive().b0, TEXT);
    }
}

#[test]
fn a_peer_that_breaks_the_extension_is_told() {
    let server = echo(config(Deflate::default()));
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let cases: [(&[u8], u16); 4] = [
        (b"\xc1\x82\0\0\0\0\xff\xff", 1007),             // no DEFLATE
        (b"\xc1\x84\0\0\0\0\x02\x13\0\0", 1007),         // a distance into nothing
        (b"\x41\x81\0\0\0\0\xf2\xc0\x80\0\0\0\0", 1002), // RSV1 on a continuation
        (b"\xc9\x80\0\0\0\0", 1002),                     // RSV1 on a ping
    ];
    for (bytes, code) in cases {
        let mut raw = RawClient::connect(server.local_addr());
        raw.shake_hands(server.local_addr(), offer);
        raw.send(bytes);
        raw.expect_close(code);
        raw.expect_end();
    }
    let mut raw = RawClient::open(server.local_addr()); // nothing offered
    raw.frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    raw.expect_close(1002);
}

#[test]
fn senders_on_many_threads_share_one_context() {
    let zlib = Deflate { zlib_level: Some(6), ..Deflate::default() };
    for deflate in [Deflate::default(), fresh(), zlib] {
        let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config(deflate));
        let server = server.spawn(|request| {
            request.hijack(|tubesock| {
                let sender = tubesock.sender();
                for thread in 0..4 {
                    let sender = sender.clone();
                    thread::spawn(move || send_all_kinds(&sender, thread));
                }
            })
        });
        let server = server.expect("a thread");
        let mut client =
            Connect::new(&url(&server)).config(config(deflate)).connect().expect("a connection");
        let mut counts = [0; 4];
        for _ in 0..4 * 300 {
            let Some(Message::Text(text)) = client.recv().expect("a message") else {
                panic!("no text")
            };
            let mut words = text.split(' ');
            let mut number = || words.next().expect("a word").parse::<usize>().expect("a number");
            let (thread, count) = (number(), number());
            assert_eq!(counts[thread], count, "in order");
            counts[thread] += 1;
        }
    }
}

fn send_all_kinds(sender: &Sender, thread: usize) {
    for count in 0..300 {
        let filler = "x".repeat(if count % 50 == 7 { 20_000 } else { count });
        let text = format!("{thread} {count} {filler} the end of message {count}");
        match count % 4 {
            0 => sender.send(text.as_str()).expect("sent"),
            1 => sender.send_plain(text.as_str()).expect("sent"),
            2 => {
                let (a, b) = text.split_at(text.len() / 2);
                sender.fragment(a, false).expect("a fragment");
                sender.fragment(b, true).expect("the last fragment");
            }
            _ => {
                let prepared = Prepared::text(&text);
                // Its way may be barred by another's fragments or a full queue.
                while sender.try_send_prepared(&prepared).is_err() {
                    thread::sleep(Duration::from_micros(200));
                }
            }
        }
    }
}

/// Takes what a server sends to a raw client with this offer when it broadcasts.
fn broadcast(deflate: Deflate, offer: &str) -> Vec<Vec<u8>> {
    let senders: Arc<Mutex<Vec<Sender>>> = Arc::default();
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config(deflate));
    let all = Arc::clone(&senders);
    let server = server.spawn(move |request| {
        request.hijack(|tubesock| {
            let (all, sender) = (Arc::clone(&all), tubesock.sender());
            tubesock.on_open(move |_| all.lock().expect("no panic").push(sender.clone()));
        })
    });
    let server = server.expect("a thread");
    let mut clients: Vec<_> = (0..3).map(|_| RawClient::connect(server.local_addr())).collect();
    for client in &mut clients {
        client.shake_hands(server.local_addr(), offer);
    }
    while senders.lock().expect("no panic").len() < 3 {
        thread::sleep(Duration::from_millis(5));
    }
    let lines = chat_lines();
    for line in lines.iter().take(20) {
        let prepared = Prepared::text(&line.repeat(3));
        for sender in &*senders.lock().expect("no panic") {
            sender.try_send_prepared(&prepared).expect("there is room");
        }
    }
    let read = |client: &mut RawClient| {
        (0..20)
            .flat_map(|_| {
                let frame = client.receive();
                [&[frame.b0], &frame.payload[..]].concat()
            })
            .collect()
    };
    clients.iter_mut().map(read).collect()
}

#[test]
fn a_prepared_message_is_the_same_for_everybody_without_takeover() {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let plain = broadcast(fresh(), "");
    let once = broadcast(fresh(), offer);
    let each = broadcast(Deflate::default(), offer);
    assert!(once.iter().all(|bytes| *bytes == once[0]));
    assert!(once[0].len() < plain[0].len() / 2, "{} of {}", once[0].len(), plain[0].len());
    assert!(each[0].len() < once[0].len() / 2, "{} of {}", each[0].len(), once[0].len());
}

#[test]
fn chunks_come_inflated_and_go_out_compressed() {
    let server =
        Server::bind("127.0.0.1:0").expect("a free port").with_config(config(Deflate::default()));
    let server = server.spawn(|request| {
        let mut websocket = request.accept()?;
        let (incoming, out) = websocket.split();
        while let Ok(Some(chunk)) = incoming.recv_chunk() {
            if out.fragment(chunk.part, chunk.last).is_err() {
                break;
            }
        }
        Ok(())
    });
    let server = server.expect("a thread");
    // Larger, inflated, than the largest message that the server takes whole.
    let text = "größer als alles, what fits. ".repeat(1 << 20);
    let config = Config { max_message: 64 << 20, ..config(Deflate::default()) };
    let mut client = Connect::new(&url(&server)).config(config).connect().expect("a connection");
    client.send(text.as_str()).expect("sent");
    assert!(client.recv().expect("received") == Some(Message::Text(&text)));
    let lines = chat_lines();
    for line in &lines {
        client.send(line.as_str()).expect("sent");
    }
    for line in lines {
        let message = client.recv().expect("received").map(OwnedMessage::from);
        assert_eq!(message, Some(OwnedMessage::Text(line)));
    }
}

#[test]
fn a_client_refuses_an_answer_that_it_did_not_ask_for() {
    let answers = [
        ("permessage-deflate; server_max_window_bits=13", Some(Deflate::default())),
        ("permessage-deflate; client_no_context_takeover; x=1", Some(Deflate::default())),
        ("x-webkit-deflate-frame", Some(Deflate::default())),
        ("permessage-deflate", None),
    ];
    for (answer, deflate) in answers {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("ws://{}/", listener.local_addr().expect("an address"));
        let answering = thread::spawn(move || answer_once(&listener, answer));
        let config = Config { deflate, ..Config::default() };
        let error = Connect::new(&url).config(config).connect().err();
        assert!(
            matches!(error, Some(ConnectError::Refused(_) | ConnectError::Request(_))),
            "{error:?}"
        );
        answering.join().expect("an answer");
    }
}

/// Accepts whatever key comes, which is wrong unless it is the RFC's: so it takes the client's.
fn answer_once(listener: &TcpListener, extensions: &str) {
    let (mut stream, _) = listener.accept().expect("a client");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a request");
        head.extend(byte);
    }
    let head = String::from_utf8(head).expect("text");
    let key =
        head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = tubesock_core::handshake::accept_key(key.as_bytes()).expect("a good key");
    assert_ne!(accept.as_str(), HANDSHAKE_ACCEPT);
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n",
        accept.as_str()
    );
    write(&mut stream, response.as_bytes());
}

fn write(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).expect("the client reads");
}
