//! Hijacking the connections of other HTTP servers: real ones.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use tubesock_core::handshake::{HeadReader, HeaderSlots};
use tubesock_std::{
    CloseCode, Config, ConnectError, Head, Message, Request, connect, hijack_rouille,
    hijack_tiny_http,
};

/// Two messages, an answer to each, and a close with its answer.
fn converse(address: &str) {
    let mut websocket = connect(&format!("ws://{address}/chat?room=1")).unwrap();
    assert_eq!(websocket.recv().unwrap(), Some(Message::Text("welcome")));
    for len in [5, 100_000] {
        let text = "x".repeat(len);
        websocket.send(text.as_str()).unwrap();
        assert_eq!(websocket.recv().unwrap(), Some(Message::Text(&text)));
    }
    websocket.close(CloseCode(3001), "done").unwrap();
    assert_eq!(websocket.recv().unwrap(), None);
    let closed = websocket.closed().unwrap();
    assert_eq!((closed.code, closed.clean), (CloseCode(3001), true));
}

fn refuses_a_plain_request(address: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
    assert!(response.contains("Sec-WebSocket-Version: 13\r\n"), "{response}");
    assert!(response.contains("Only WebSocket connections are served here."), "{response}");
}

/// A frame in the same segment as the request must not be lost.
fn answers_an_early_frame(address: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut request = format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    request.extend(b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0");
    stream.write_all(&request).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    assert!(response.starts_with(b"HTTP/1.1 101 "), "{}", response.escape_ascii());
    let answers = b"\r\n\r\n\x81\x07welcome\x81\x02hi\x88\x00";
    assert!(response.ends_with(answers), "{}", response.escape_ascii());
}

#[test]
fn a_tiny_http_request_is_hijacked_in_one_call() {
    let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
    let address = server.server_addr().to_ip().unwrap().to_string();
    thread::spawn(move || {
        for request in server.incoming_requests() {
            thread::spawn(|| {
                let hijacked = hijack_tiny_http(request, &Config::default(), |tubesock| {
                    tubesock.on_open(|out| out.text("welcome"));
                    tubesock.on_message(|out, message| out.send(message));
                });
                if let Err(refused) = hijacked {
                    refused.respond().unwrap();
                }
            });
        }
    });
    converse(&address);
    refuses_a_plain_request(&address);
    answers_an_early_frame(&address);
}

#[test]
fn a_rouille_request_is_hijacked_by_its_response() {
    let server = rouille::Server::new("127.0.0.1:0", |request| {
        hijack_rouille(request, &Config::default(), |tubesock| {
            tubesock.on_open(|out| out.text("welcome"));
            tubesock.on_message(|out, message| out.send(message));
        })
        .unwrap_or_else(|refused| {
            let text = format!("{refused}\n");
            let mut response = rouille::Response::text(text).with_status_code(refused.status());
            for (name, value) in refused.headers() {
                response = response.with_additional_header(*name, *value);
            }
            response
        })
    })
    .unwrap();
    let address = server.server_addr().to_string();
    thread::spawn(move || server.run());
    converse(&address);
    refuses_a_plain_request(&address);
    answers_an_early_frame(&address);
}

#[test]
fn any_server_that_gives_its_stream_away_is_hijacked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = HeadReader::new(vec![0; 4096], None);
            let head = loop {
                let n = stream.read(reader.space()).unwrap();
                assert_ne!(n, 0);
                reader.filled(n);
                let mut slots = HeaderSlots::<32>::new();
                if let Some(head) = reader.request(&mut slots).unwrap() {
                    let fields = head.headers().map(|(n, v)| (n.to_owned(), v.to_vec()));
                    break Head {
                        method: head.method().to_owned(),
                        target: head.target().to_owned(),
                        is_http_1_1: head.minor_version() >= 1,
                        headers: fields.collect(),
                    };
                }
            };
            let leftover = reader.bytes()[reader.leftover()].to_vec();
            let request = Request::from_parts(stream, leftover, head, Config::default());
            let hijacked = request.hijack(|tubesock| {
                tubesock.on_open(|out| out.text("welcome"));
                tubesock.on_message(|out, message| out.send(message));
            });
            if let Err(refused) = hijacked {
                refused.respond().unwrap();
            }
        }
    });
    converse(&address);
    refuses_a_plain_request(&address);
    answers_an_early_frame(&address);
}

#[test]
fn a_refused_handshake_gives_status_headers_and_the_start_of_the_body() {
    let server = tubesock_std::Server::bind("127.0.0.1:0").unwrap();
    let server = server
        .spawn(|request| {
            let body = "no ".repeat(1000);
            let _ = request.respond(403, &[("X-Why", "because")], body);
            Ok(())
        })
        .unwrap();
    let Err(ConnectError::Status(response)) = connect(&format!("ws://{}/", server.local_addr()))
    else {
        panic!("the handshake must be refused with a status");
    };
    assert_eq!((response.status, response.header("x-why")), (403, Some("because")));
    assert_eq!(response.body_start, "no ".repeat(1000).as_bytes()[..1024]);
}
