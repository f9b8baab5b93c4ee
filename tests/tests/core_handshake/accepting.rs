//! The server's yes, and what must not get into it.

use tubesock_core::handshake::{
    Accept, HeaderSlots, RequestHead, Upgrade, WriteError, accept_key, host_is_allowed,
};

use super::{and, judge_whole};

fn accepted(
    request: &str,
    answer: impl Fn(Accept<'_>) -> Result<String, WriteError>,
) -> Result<String, WriteError> {
    let mut slots = HeaderSlots::<32>::new();
    let (head, _) = RequestHead::parse(request.as_bytes(), &mut slots).unwrap().unwrap();
    answer(Upgrade::new(&head).unwrap().accept())
}

fn written(accept: &Accept<'_>) -> Result<String, WriteError> {
    let mut out = [0; 1024];
    let used = accept.write(&mut out)?;
    Ok(String::from_utf8(out[..used].to_vec()).unwrap())
}

#[test]
fn the_answer_is_what_section_1_3_has_and_no_more() {
    let response = accepted(super::REQUEST, |accept| written(&accept)).unwrap();
    let expected = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    assert_eq!(response, expected);
    assert_eq!(response.len(), 129);
    for room in 0..129 {
        let short = accepted(super::REQUEST, |accept| {
            accept.write(&mut vec![0; room]).map(|_| String::new())
        });
        assert_eq!(short, Err(WriteError::Full));
    }
}

#[test]
fn a_subprotocol_is_answered_only_when_it_was_offered() {
    let request = and("Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c");
    let mut slots = HeaderSlots::<32>::new();
    let (head, _) = RequestHead::parse(request.as_bytes(), &mut slots).unwrap().unwrap();
    let upgrade = Upgrade::new(&head).unwrap();
    assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(upgrade.select_subprotocol(&["x", "c", "a"]), Some("c"), "the server's order");
    assert_eq!(upgrade.select_subprotocol(&["x", "A"]), None, "names are compared as they are");
    let accept = upgrade.accept_subprotocol("b").unwrap();
    assert_eq!(accept.chosen_subprotocol(), Some("b"));
    assert!(written(&accept).unwrap().contains("\r\nSec-WebSocket-Protocol: b\r\n"));
    for other in ["x", "", "a, b", "b\r\nX: y"] {
        let refused = upgrade.accept_subprotocol(other).map(|_| ());
        assert_eq!(refused, Err(WriteError::Subprotocol), "{other:?}");
    }
    assert!(!written(&upgrade.accept()).unwrap().contains("Protocol:"));
}

#[test]
fn a_header_field_of_the_programs_cannot_split_the_response() {
    let bad = [
        ("X", "a\r\nSet-Cookie: b=c"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", "a\0b"),
        ("X", "a\u{7f}b"),
        ("X\r\nY", "a"),
        ("X Y", "a"),
        ("X:", "a"),
        ("", "a"),
        ("\u{e4}", "a"),
    ];
    for field in bad {
        let fields = [field];
        let response =
            accepted(super::REQUEST, |accept| written(&accept.headers(&fields).unwrap()));
        assert_eq!(response, Err(WriteError::Invalid), "{field:?}");
    }
    let response = accepted(super::REQUEST, |accept| written(&accept.extensions("a\r\nb")));
    assert_eq!(response, Err(WriteError::Invalid));
    let fields = [("Set-Cookie", "a=b; Path=/"), ("X-Tab", "a\tb"), ("X-Name", "caf\u{e9}")];
    let response = accepted(super::REQUEST, |accept| written(&accept.headers(&fields).unwrap()));
    assert!(response.unwrap().contains("\r\nSet-Cookie: a=b; Path=/\r\nX-Tab: a\tb\r\n"));
}

#[test]
fn a_field_that_the_handshake_writes_itself_is_refused() {
    for name in [
        "Upgrade",
        "connection",
        "Content-Length",
        "TRANSFER-ENCODING",
        "Host",
        "Sec-WebSocket-Accept",
        "sec-websocket-protocol",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Anything",
    ] {
        let fields = [(name, "x")];
        let refused = accepted(super::REQUEST, |accept| {
            accept.headers(&fields).map(|accept| written(&accept).unwrap())
        });
        assert_eq!(refused, Err(WriteError::Reserved), "{name}");
    }
}

#[test]
fn a_key_is_sixteen_bytes_in_base64_whatever_they_are() {
    for byte in 0..=255u8 {
        let key = match byte & 3 {
            0 => "AAAAAAAAAAAAAAAAAAAAAA==".to_owned(),
            _ => format!("{}A==", "/+aZ9"[..].repeat(5)[..21].to_owned()),
        };
        assert!(accept_key(key.as_bytes()).is_some(), "{key}");
    }
    // Bits beyond the sixteenth byte are let pass, as most decoders do.
    assert!(accept_key(b"AAAAAAAAAAAAAAAAAAAAAB==").is_some());
    for bad in [
        "",
        "=",
        "AAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAA===",
    ] {
        assert!(accept_key(bad.as_bytes()).is_none(), "{bad}");
    }
}

#[test]
fn a_host_that_is_not_on_the_list_is_not_ours() {
    let list = ["localhost", "127.0.0.1:3000", "[::1]"];
    for (host, ours) in [
        ("localhost", true),
        ("LocalHost:8080", true),
        ("127.0.0.1:3000", true),
        ("127.0.0.1", false),
        ("127.0.0.1:3001", false),
        ("[::1]", true),
        ("[::1]:3000", true),
        ("localhost.evil.example", false),
        ("evil.example:localhost", false),
        ("", false),
    ] {
        assert_eq!(host_is_allowed(host, &list), ours, "{host}");
    }
}

#[test]
fn a_request_is_judged_the_same_when_an_http_server_has_parsed_it() {
    let request = and("Origin: http://example.com\r\nCookie: a=b");
    assert_eq!(judge_whole(&request), Ok(()));
    let fields: Vec<(&str, &[u8])> = request
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name, value.as_bytes()))
        .collect();
    let upgrade = Upgrade::from_parsed("GET", "/chat?x=1", true, fields.iter().copied()).unwrap();
    assert_eq!((upgrade.path(), upgrade.query()), ("/chat", Some("x=1")));
    assert_eq!(upgrade.headers().count(), fields.len());
    let accept = upgrade.accept();
    let names: Vec<&str> = accept.fields().map(|(name, _)| name).collect();
    assert_eq!(names, ["Upgrade", "Connection", "Sec-WebSocket-Accept"]);
    let refused = Upgrade::from_parsed("GET", "/", false, fields.iter().copied()).map(|_| ());
    assert_eq!(refused.unwrap_err().status(), 400);
}
