//! Responses that are no WebSocket, and what the client makes of them.

use std::io::Write;
use std::time::{Duration, Instant};

use tubesock_core::handshake::RefusedByServer;
use tubesock_std::{Config, Connect, ConnectError, Response};

use crate::raw::{Raw, say, switching};

#[test]
fn a_redirect_gives_its_location() {
    let response = refusal(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\n\r\n");
    assert_eq!((response.status, response.header("location")), (307, Some("/there")));
    assert_eq!(response.body_start, b"");
}

#[test]
fn the_body_of_a_refusal_ends_where_its_length_says() {
    let head = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 5\r\n\r\n";
    let response = refusal(format!("{head}Log in, please").as_bytes());
    assert_eq!((response.status, response.header("WWW-AUTHENTICATE")), (401, Some("Basic")));
    assert_eq!(response.body_start, b"Log i");
}

#[test]
fn the_body_of_a_refusal_without_a_length_ends_with_the_stream() {
    let response = refusal(b"HTTP/1.1 503 \r\n\r\nNot now");
    assert_eq!((response.status, &response.body_start[..]), (503, &b"Not now"[..]));
}

#[test]
fn of_a_long_body_there_is_the_first_kibibyte() {
    let bytes = [&b"HTTP/1.1 500 Oops\r\n\r\n"[..], &[b'x'; 100_000]].concat();
    assert_eq!(refusal(&bytes).body_start, [b'x'; 1024]);
}

#[test]
fn a_response_that_is_no_answer_to_our_request_is_refused() {
    type Change = fn(&str) -> String;
    let table: [(Change, RefusedByServer); 10] = [
        (|s| s.replace("Upgrade: websocket", "Upgrade: h2c"), RefusedByServer::Upgrade),
        (|s| s.replace("Upgrade: websocket\r\n", ""), RefusedByServer::Upgrade),
        (|s| s.replace("Connection: Upgrade", "Connection: close"), RefusedByServer::Connection),
        (|s| s.replace("Accept: ", "Accept: A"), RefusedByServer::AcceptKey),
        (|s| s.replace("Sec-WebSocket-Accept", "X-Accept"), RefusedByServer::AcceptKey),
        (
            |s| s.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: other\r\n\r\n"),
            RefusedByServer::Subprotocol,
        ),
        (
            |s| s.replace("\r\n\r\n", "\r\nSec-WebSocket-Protocol: chat, echo\r\n\r\n"),
            RefusedByServer::Subprotocol,
        ),
        (
            |s| s.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
            RefusedByServer::Extension,
        ),
        (|s| s.replace("HTTP/1.1", "SSH-2.0"), RefusedByServer::Malformed),
        (|s| s.replace("\r\n\r\n", &"\r\nX: y".repeat(100)) + "\r\n\r\n", {
            RefusedByServer::TooManyHeaders
        }),
    ];
    for (change, expected) in table {
        let error = connect(move |key| change(&key).into_bytes());
        let ConnectError::Refused(why) = error else { panic!("{expected:?}: {error}") };
        assert_eq!(why, expected);
    }
}

#[test]
fn a_server_that_leaves_before_its_head_is_whole_is_an_io_error() {
    let error = connect(|response| response.as_bytes()[..60].to_vec());
    assert!(matches!(error, ConnectError::Io(_)), "{error}");
}

#[test]
fn a_head_without_end_is_refused_at_the_limit() {
    let error = connect(|_| [&b"HTTP/1.1 101 \r\nX: "[..], &[b'x'; 100_000]].concat());
    assert!(matches!(error, ConnectError::Refused(RefusedByServer::HeadTooLong)), "{error}");
}

#[test]
fn a_server_that_trickles_its_head_does_not_outlast_the_deadline() {
    let raw = Raw::new(|mut stream, key| {
        for byte in switching(&key, "") {
            std::thread::sleep(Duration::from_millis(50));
            if stream.write_all(&[byte]).is_err() {
                break;
            }
        }
    });
    let config = Config { handshake_timeout: Duration::from_millis(300), ..Config::default() };
    let start = Instant::now();
    let error = Connect::new(&raw.url).config(config).connect().unwrap_err();
    assert!(matches!(error, ConnectError::Refused(RefusedByServer::Timeout)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(2), "it took {:?}", start.elapsed());
    raw.finish();
}

/// What the client makes of a response made from the right one.
fn connect(response: impl FnOnce(String) -> Vec<u8> + Send + 'static) -> ConnectError {
    let raw = Raw::new(|stream, key| {
        let right = String::from_utf8(switching(&key, "")).unwrap();
        say(stream, &response(right));
    });
    let error = Connect::new(&raw.url).subprotocols(&["chat", "echo"]).connect().unwrap_err();
    raw.finish();
    error
}

fn refusal(bytes: &[u8]) -> Response {
    let bytes = bytes.to_vec();
    match connect(move |_| bytes) {
        ConnectError::Status(response) => *response,
        error => panic!("{error}"),
    }
}
