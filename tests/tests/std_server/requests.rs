//! Requests that are for no WebSocket, and what a program sees of any request.

use std::io::Read;
use std::net::TcpListener;
use std::sync::mpsc;

use tubesock_std::{Config, Head, Refusal, Request};
use tubesock_tests::frames::first::TEXT;
use tubesock_tests::raw::{HANDSHAKE_KEY, PATIENCE, RawClient, request, upgrade, wait_until};

use super::{SHORT, config, echo, serve};

fn get(addr: std::net::SocketAddr, line: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: {addr}\r\n\r\n")
}

#[test]
fn a_plain_request_to_a_program_that_only_hijacks_gets_426_with_what_to_ask_for() {
    let server = echo(config());
    let addr = server.local_addr();
    let response = request(addr, get(addr, "GET /"));
    assert_eq!(response.status, 426);
    assert_eq!(response.header("Upgrade"), Some("websocket"));
    assert_eq!(response.header("Sec-WebSocket-Version"), Some("13"));
    assert_eq!(response.header("Connection"), Some("close, Upgrade"));
    assert_eq!(response.body, "Only WebSocket connections are served here.\n");
}

#[test]
fn a_plain_answer_has_the_length_of_its_body_and_ends_the_connection() {
    let server = serve(config(), |request| {
        let length: usize = request.query().unwrap_or("0").parse().unwrap();
        let page = "p".repeat(length);
        let _ = request.respond(200, &[("Content-Type", "text/html")], page);
        Ok(())
    });
    let addr = server.local_addr();
    for length in [0, 1, 1000, 3_000_000] {
        let response = request(addr, get(addr, &format!("GET /?{length}")));
        assert_eq!(response.status, 200);
        assert_eq!(response.header("Content-Length"), Some(length.to_string().as_str()));
        assert_eq!(response.header("Content-Type"), Some("text/html"));
        assert_eq!(response.header("Connection"), Some("close"));
        assert_eq!(response.body.len(), length);
    }
}

#[test]
fn head_gets_the_head_alone_with_the_length_that_get_would_have() {
    let server = serve(config(), |request| {
        assert_eq!(request.method(), "HEAD");
        let _ = request.respond(200, &[], "0123456789");
        Ok(())
    });
    let addr = server.local_addr();
    let response = request(addr, get(addr, "HEAD /"));
    assert_eq!((response.status, response.header("Content-Length")), (200, Some("10")));
    assert_eq!(response.body, "");
}

#[test]
fn a_request_that_is_dropped_gets_500() {
    let server = serve(config(), |request| {
        drop(request);
        Ok(())
    });
    let addr = server.local_addr();
    assert_eq!(request(addr, get(addr, "GET /")).status, 500);
    assert_eq!(request(addr, upgrade(addr, "/", "")).status, 500);
}

#[test]
fn a_panic_of_the_program_gets_500_and_the_server_lives_on() {
    let server = serve(config(), |request| {
        assert_ne!(request.path(), "/panic", "as it was asked to");
        let _ = request.respond(200, &[], "fine");
        Ok(())
    });
    let (addr, handle) = (server.local_addr(), server.handle());
    for _ in 0..3 {
        assert_eq!(request(addr, get(addr, "GET /panic")).status, 500);
        assert_eq!(request(addr, get(addr, "GET /")).body, "fine");
    }
    wait_until("nobody is left", || handle.connections() == 0);
}

#[test]
fn an_answer_with_a_line_break_in_a_header_field_is_an_error_and_goes_out_as_500() {
    let (results, result) = mpsc::channel();
    let server = serve(config(), move |request| {
        let answer = request.respond(200, &[("X", "a\r\nSet-Cookie: evil=1")], "page");
        results.send(answer.map_err(|error| error.kind())).unwrap();
        Ok(())
    });
    let addr = server.local_addr();
    let response = request(addr, get(addr, "GET /"));
    assert_eq!((response.status, response.body.as_str()), (500, ""));
    assert!(!response.head.contains("evil"), "{}", response.head);
    let kind = result.recv_timeout(PATIENCE).unwrap();
    assert_eq!(kind, Err(std::io::ErrorKind::InvalidInput));
}

#[test]
fn what_is_refused_can_be_answered_otherwise() {
    let server = serve(config(), |request| {
        let Err(refused) = request.hijack(|_| ()) else { return Ok(()) };
        assert_eq!((refused.reason(), refused.status()), (Refusal::NotWebSocket, 426));
        let _ = refused.into_request().respond(200, &[], "a page instead");
        Ok(())
    });
    let addr = server.local_addr();
    assert_eq!(request(addr, get(addr, "GET /")).body, "a page instead");
}

#[test]
fn a_program_sees_the_request_as_it_came() {
    let (seen, requests) = mpsc::channel();
    let server = serve(config(), move |request| {
        seen.send((
            request.method().to_owned(),
            request.path().to_owned(),
            request.query().map(str::to_owned),
            request.header("x-one").map(str::to_owned),
            request.headers().filter(|(name, _)| name.eq_ignore_ascii_case("x-one")).count(),
            request.origin().map(str::to_owned),
            request.subprotocols().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
            request.peer_addr().map(|peer| peer.ip().is_loopback()),
            request.is_websocket(),
        ))
        .unwrap();
        request.hijack(|_| ())
    });
    let addr = server.local_addr();
    let lines = format!(
        "X-One: 1\r\nx-one: 2\r\nOrigin: http://{addr}\r\n\
         Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n"
    );
    let mut client = RawClient::connect(addr);
    client.send(upgrade(addr, "/a/b?c=d?e", &lines));
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    let (method, path, query, one, ones, origin, subprotocols, local, websocket) =
        requests.recv_timeout(PATIENCE).unwrap();
    assert_eq!((method.as_str(), path.as_str(), query.as_deref()), ("GET", "/a/b", Some("c=d?e")));
    assert_eq!((one.as_deref(), ones), (Some("1"), 2));
    assert_eq!(origin, Some(format!("http://{addr}")));
    assert_eq!(subprotocols, ["a", "b", "c"]);
    assert_eq!((local, websocket), (Some(true), true));
}

#[test]
fn a_stream_that_was_given_away_in_non_blocking_mode_is_hijacked_like_any_other() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = vec![0; 4096];
        let n = stream.read(&mut bytes).unwrap();
        assert!(bytes[..n].ends_with(b"\r\n\r\n"), "the head came in one piece");
        stream.set_nonblocking(true).unwrap();
        let fields = [
            ("Host", addr.to_string()),
            ("Upgrade", "websocket".to_owned()),
            ("Connection", "Upgrade".to_owned()),
            ("Sec-WebSocket-Key", HANDSHAKE_KEY.to_owned()),
            ("Sec-WebSocket-Version", "13".to_owned()),
        ];
        let headers = fields.map(|(name, value)| (name.to_owned(), value.into_bytes())).to_vec();
        let head = Head { method: "GET".into(), target: "/".into(), is_http_1_1: true, headers };
        let config = Config { close_timeout: SHORT, ..config() };
        let request = Request::from_parts(stream, Vec::new(), head, config);
        request.hijack(|tubesock| tubesock.on_message(|out, message| out.send(message))).unwrap();
    });
    let mut client = RawClient::open(addr);
    std::thread::sleep(SHORT / 4);
    let big = "x".repeat(3_000_000);
    client.text(&big);
    std::thread::sleep(SHORT / 4);
    client.expect(TEXT, &big);
    client.close(1000, "");
    client.expect_close(1000);
    client.expect_end();
    serving.join().unwrap();
}
