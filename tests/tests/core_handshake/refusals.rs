//! Requests that a server refuses, each with its status (§4.2.1, §4.4).

use tubesock_core::handshake::Refusal;
use tubesock_tests::mistakes::{correct, mistakes};
use tubesock_tests::random::Random;

use super::{REQUEST, and, judge, judge_whole, with};

#[test]
fn ten_thousand_requests_with_a_mistake_each_are_refused_with_the_right_status() {
    let all = mistakes(10_000, 1);
    assert_eq!(all.len(), 10_000);
    let kinds: std::collections::HashSet<&str> = all.iter().map(|m| m.about.as_str()).collect();
    assert!(kinds.len() > 2_500, "{} kinds of mistake", kinds.len());
    let mut random = Random::new(2);
    for mistake in &all {
        let text = mistake.request.escape_ascii();
        let status = |outcome: Result<(), Refusal>| outcome.err().map(Refusal::status);
        let whole = status(judge_whole(&mistake.request));
        assert_eq!(whole, Some(mistake.status), "{}: {text}", mistake.about);
        let size = 1 + random.below(100);
        let pieces = judge(mistake.request.chunks(size)).map(status);
        assert_eq!(pieces, Some(whole), "{}, {size} at a time: {text}", mistake.about);
    }
    for status in [400, 405, 426, 431] {
        assert!(all.iter().any(|mistake| mistake.status == status), "{status}");
    }
}

#[test]
fn the_same_requests_without_a_mistake_are_accepted() {
    for request in correct(2_000, 3) {
        assert_eq!(judge_whole(&request), Ok(()), "{}", request.escape_ascii());
    }
}

#[test]
fn each_refusal_is_given_for_its_reason() {
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let rows: [(Refusal, u16, String); 27] = [
        (Refusal::Malformed, 400, with("Host:", "Host")),
        (Refusal::Malformed, 400, with("GET /chat HTTP/1.1", "GET /chat")),
        (Refusal::Malformed, 400, with("Upgrade: websocket", "Upgrade : websocket")),
        (Refusal::TooManyHeaders, 431, and(&["X: y"; 130].join("\r\n"))),
        (Refusal::HeadTooLong, 431, and(&format!("X: {}", "y".repeat(9_000)))),
        (Refusal::HttpVersion, 400, with("HTTP/1.1", "HTTP/1.0")),
        (Refusal::Method, 405, with("GET", "POST")),
        (Refusal::Target, 400, with("/chat", "*")),
        (Refusal::Target, 400, with("/chat", "http://other.example/chat")),
        (Refusal::Host, 400, with("Host: example.com\r\n", "")),
        (Refusal::Host, 400, and("Host: example.com")),
        (Refusal::Host, 400, with("example.com", "exa mple.com")),
        (Refusal::Body, 400, and("Content-Length: 5")),
        (Refusal::Body, 400, and("Transfer-Encoding: chunked")),
        (Refusal::NotWebSocket, 426, with("Upgrade: websocket\r\n", "")),
        (Refusal::NotWebSocket, 426, with("Upgrade: websocket", "Upgrade: h2c")),
        (Refusal::Connection, 400, with("Connection: Upgrade\r\n", "")),
        (Refusal::Connection, 400, with("Connection: Upgrade", "Connection: keep-alive")),
        (Refusal::Version, 426, with("Version: 13", "Version: 8")),
        (Refusal::Version, 426, with("Sec-WebSocket-Version: 13\r\n", "")),
        (Refusal::DuplicateVersion, 400, and("Sec-WebSocket-Version: 13")),
        (Refusal::KeyMissing, 400, with(key, "")),
        (Refusal::DuplicateKey, 400, and(key.trim_end())),
        (Refusal::Key, 400, with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ")),
        (Refusal::Subprotocol, 400, and("Sec-WebSocket-Protocol: two words")),
        (Refusal::Extension, 400, and("Sec-WebSocket-Extensions: a; =b")),
        (Refusal::Origin, 403, and("Origin: http://a\r\nOrigin: http://b")),
    ];
    assert_eq!(judge_whole(REQUEST), Ok(()));
    for (refusal, status, request) in rows {
        assert_eq!(judge_whole(&request), Err(refusal), "{request}");
        assert_eq!(refusal.status(), status);
    }
}

#[test]
fn a_request_for_a_query_without_a_path_is_refused_and_not_answered_as_another() {
    let request = with("/chat", "http://example.com?room=1");
    assert_eq!(judge_whole(request), Err(Refusal::Target));
    for target in ["http://example.com/?room=1", "ws://EXAMPLE.com/", "https://example.com"] {
        assert_eq!(judge_whole(with("/chat", target)), Ok(()), "{target}");
    }
}

#[test]
fn fields_that_are_lists_combine_over_lines_and_others_must_not() {
    let split = with("Connection: Upgrade", "Connection: keep-alive\r\nCONNECTION: te, upgrade");
    assert_eq!(judge_whole(split), Ok(()));
    let split = with("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: WebSocket");
    assert_eq!(judge_whole(split), Ok(()));
    let twice = and("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b, c");
    assert_eq!(judge_whole(twice), Ok(()));
    assert_eq!(judge_whole(and("Content-Length: 0\r\nContent-Length: 00")), Ok(()));
}

#[test]
fn a_refusal_is_written_with_its_status_its_fields_and_its_sentence() {
    let all = [
        Refusal::Malformed,
        Refusal::HeadTooLong,
        Refusal::TooManyHeaders,
        Refusal::HttpVersion,
        Refusal::Target,
        Refusal::Method,
        Refusal::Host,
        Refusal::Body,
        Refusal::NotWebSocket,
        Refusal::Connection,
        Refusal::Version,
        Refusal::DuplicateVersion,
        Refusal::KeyMissing,
        Refusal::DuplicateKey,
        Refusal::Key,
        Refusal::Subprotocol,
        Refusal::Extension,
        Refusal::Origin,
        Refusal::HostNotAllowed,
        Refusal::NotFound,
        Refusal::Timeout,
        Refusal::Unavailable,
    ];
    for refusal in all {
        let mut out = [0; 320];
        let used = refusal.write(&mut out).expect("320 bytes are enough");
        let response = std::str::from_utf8(&out[..used]).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {} ", refusal.status())), "{head}");
        assert!(!head.lines().next().unwrap().ends_with(' '), "a reason phrase: {head}");
        assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
        let upgrade = if refusal.status() == 426 { ", Upgrade" } else { "" };
        assert!(head.contains(&format!("\r\nConnection: close{upgrade}\r\n")), "{head}");
        assert_eq!(body, refusal.as_str());
        assert_eq!(head.contains("\r\nAllow: GET\r\n"), refusal.status() == 405);
        let names_version = head.contains("\r\nSec-WebSocket-Version: 13\r\n");
        assert_eq!(names_version, refusal.status() == 426);
        assert_eq!(head.contains("\r\nUpgrade: websocket\r\n"), refusal.status() == 426);
        for room in 0..used {
            assert!(refusal.write(&mut out[..room]).is_err(), "{room} bytes are too few");
        }
    }
}
