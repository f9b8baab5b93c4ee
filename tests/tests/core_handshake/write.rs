//! The client's request (§4.1), and responses that are no handshake.

use tubesock_core::handshake::{ClientRequest, WriteError, write_response};

fn written(request: &ClientRequest<'_>) -> Result<String, WriteError> {
    let mut out = [0; 1024];
    let (used, _) = request.write(*b"the sample nonce", &mut out)?;
    Ok(String::from_utf8(out[..used].to_vec()).unwrap())
}

#[test]
fn a_request_is_what_section_4_1_asks_for() {
    let request = ClientRequest::new("example.com:8080", "/chat?a=b")
        .subprotocols(&["chat", "v2"])
        .extensions("permessage-deflate")
        .headers(&[("Origin", "http://example.com")]);
    let expected = "GET /chat?a=b HTTP/1.1\r\nHost: example.com:8080\r\nUpgrade: websocket\r\n\
        Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, v2\r\n\
        Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: http://example.com\r\n\r\n";
    assert_eq!(written(&request).unwrap(), expected);
    for room in 0..expected.len() {
        let short = request.write([0; 16], &mut vec![0; room]).map(|_| ());
        assert_eq!(short, Err(WriteError::Full), "{room}");
    }
}

#[test]
fn nothing_of_the_programs_can_split_the_request() {
    for target in ["/a b", "/a\r\nX: y", "/a\n", "/\0", "/#fragment", "", "chat", "/\u{e4}"] {
        let request = ClientRequest::new("example.com", target);
        assert_eq!(written(&request), Err(WriteError::Invalid), "{target:?}");
    }
    for host in ["", "a b", "a\r\nX: y", "user@host", "a/b", "a?b"] {
        assert_eq!(written(&ClientRequest::new(host, "/")), Err(WriteError::Invalid), "{host:?}");
    }
    let plain = ClientRequest::new("example.com", "/");
    for field in [("X", "a\r\nb"), ("X\n", "a"), ("X", "\0")] {
        let request = written(&plain.headers(&[field]));
        assert_eq!(request, Err(WriteError::Invalid), "{field:?}");
    }
    assert_eq!(written(&plain.extensions("a\r\nX: y")), Err(WriteError::Invalid));
    for names in [&["two words"][..], &["a", "a"], &[""], &["a,b"], &["a\r\nb"]] {
        let request = written(&plain.subprotocols(names));
        assert_eq!(request, Err(WriteError::Subprotocol), "{names:?}");
    }
    for name in ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Content-Length"] {
        let request = written(&plain.headers(&[(name, "x")]));
        assert_eq!(request, Err(WriteError::Reserved), "{name}");
    }
}

#[test]
fn a_plain_response_has_the_length_of_its_body_and_ends_its_connection() {
    let mut out = [0; 512];
    let fields = [("X-A", "1"), ("Content-Type", "text/html")];
    let used = write_response(&mut out, 200, &fields, 8).unwrap();
    let expected = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\nX-A: 1\r\n\
        Content-Type: text/html\r\n\r\n";
    assert_eq!(std::str::from_utf8(&out[..used]).unwrap(), expected);
    for field in [("X", "a\r\nSet-Cookie: b"), ("X\r\n", "a")] {
        let bad = write_response(&mut out, 200, &[field], 0);
        assert_eq!(bad, Err(WriteError::Invalid));
    }
    for name in ["content-length", "Transfer-Encoding", "CONNECTION"] {
        let bad = write_response(&mut out, 200, &[(name, "x")], 0);
        assert_eq!(bad, Err(WriteError::Reserved), "{name}");
    }
}
