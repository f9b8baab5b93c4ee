//! Hijacking an axum server, which is hyper underneath.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::{Router, routing::get};
use tubesock_core::Event;
use tubesock_std::{CloseCode, Config, Connect, ConnectError, Message, hyper};

/// An axum server on its own thread; what each connection's end came to is
/// told on the channel.
fn serve() -> (SocketAddr, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let (ended, ends) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let echo = get(move |request| async move { echo(request, ended) });
            let routes = Router::new().route("/", get(|| async { "plain" })).route("/echo", echo);
            axum::serve(listener, routes).await.unwrap();
        });
    });
    (address, ends)
}

fn echo(mut request: Request, ended: mpsc::Sender<String>) -> Response {
    let config = Config {
        read_buffer: 4096,
        ping_interval: Some(Duration::from_millis(200)),
        pong_timeout: Some(Duration::from_millis(200)),
        close_timeout: Duration::from_millis(500),
        ..Config::default()
    };
    match hyper::hijack(&mut request, &config, &["soup", "echo"]) {
        Err(refusal) => hyper::refuse(refusal).map(Body::from),
        Ok((response, hijack)) => {
            tokio::spawn(async move {
                let mut connection = hijack.connect().await.unwrap();
                let mut socket = connection.websocket();
                let end = loop {
                    match socket.recv().await {
                        Ok(Some((Event::Data(message), mut reply))) => {
                            reply.send(message).await.unwrap();
                        }
                        Ok(Some(_)) => {}
                        Ok(None) => break "closed".to_owned(),
                        Err(error) => break error.to_string(),
                    }
                };
                drop(socket);
                let _ = connection.end().await;
                ended.send(end).unwrap();
            });
            response.map(|()| Body::empty())
        }
    }
}

#[test]
fn a_websocket_runs_beside_ordinary_routes() {
    let (address, ends) = serve();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("plain"), "{page}");

    let url = format!("ws://{address}/echo");
    let mut websocket = Connect::new(&url).subprotocols(&["echo"]).connect().unwrap();
    assert_eq!(websocket.subprotocol(), Some("echo"));
    for text in ["hello", &"ö".repeat(1500)] {
        websocket.send(text).unwrap();
        assert_eq!(websocket.recv().unwrap(), Some(Message::Text(text)));
    }
    websocket.close(CloseCode::NORMAL, "").unwrap();
    assert_eq!(websocket.recv().unwrap(), None);
    assert!(websocket.closed().unwrap().clean);
    assert_eq!(ends.recv().unwrap(), "closed");
}

#[test]
fn a_message_above_the_buffer_is_refused_with_1009() {
    let (address, ends) = serve();
    let mut websocket = tubesock_std::connect(&format!("ws://{address}/echo")).unwrap();
    websocket.send("x".repeat(5000).as_str()).unwrap();
    assert_eq!(websocket.recv().unwrap(), None);
    assert_eq!(websocket.closed().unwrap().code, CloseCode::TOO_BIG);
    assert!(ends.recv().unwrap().contains("above the limit"));
}

#[test]
fn a_frame_in_the_same_segment_as_the_request_is_kept() {
    let (address, _ends) = serve();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut request = format!(
        "GET /echo HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes();
    request.extend(b"\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0");
    stream.write_all(&request).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    assert!(response.starts_with(b"HTTP/1.1 101 "), "{}", response.escape_ascii());
    assert!(response.ends_with(b"\r\n\r\n\x81\x02hi\x88\x00"), "{}", response.escape_ascii());
}

#[test]
fn a_peer_that_answers_no_ping_is_dropped_at_its_deadline() {
    let (address, ends) = serve();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /echo HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    assert!(ends.recv().unwrap().contains("answers no ping"));
}

#[test]
fn what_is_no_websocket_request_is_answered_with_its_status() {
    let (address, _ends) = serve();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /echo HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 426 "), "{response}");
    assert!(response.contains("sec-websocket-version: 13"), "{response}");

    let url = format!("ws://{address}/echo");
    let Err(ConnectError::Status(response)) =
        Connect::new(&url).header("Origin", "http://elsewhere.example").connect()
    else {
        panic!("a page of another origin must be refused");
    };
    assert_eq!(response.status, 403);
}
