//! A response held against its request: each way in which it may be wrong (§4.1, §4.2.2).

use tubesock_core::handshake::{
    ClientRequest, HeadReader, HeaderSlots, RefusedByServer, ResponseHead,
};

const NONCE: [u8; 16] = *b"the sample nonce";
const GOOD: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The subprotocol and the extensions agreed on.
type Outcome = Result<(Option<String>, Option<Vec<u8>>), RefusedByServer>;

fn verify_with(request: &ClientRequest<'_>, response: &str) -> Outcome {
    let (_, awaiting) = request.write(NONCE, &mut [0; 512]).unwrap();
    let mut slots = HeaderSlots::<16>::new();
    let (head, _) = ResponseHead::parse(response.as_bytes(), &mut slots)?.expect("it is whole");
    let established = awaiting.verify(&head)?;
    let subprotocol = established.subprotocol.map(str::to_owned);
    Ok((subprotocol, established.extensions.map(<[u8]>::to_vec)))
}

fn verify(response: &str) -> Outcome {
    verify_with(&ClientRequest::new("example.com", "/").subprotocols(&["chat", "v2"]), response)
}

fn with(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    GOOD.replace(from, to)
}

fn and(lines: &str) -> String {
    GOOD.replace("\r\n\r\n", &format!("\r\n{lines}\r\n\r\n"))
}

#[test]
fn a_right_response_is_taken_however_it_is_spelled() {
    for response in [
        GOOD.to_owned(),
        with("Upgrade: websocket", "upgrade:WEBSOCKET"),
        with("Connection: Upgrade", "CONNECTION: keep-alive, upgrade"),
        with(" Switching Protocols", ""),
        with("101 Switching Protocols", "101 Whatever"),
        and("Server: x\r\nDate: y\r\nSet-Cookie: a=b"),
        and("Sec-WebSocket-Extensions:"), // none
        and("Content-Length: 0"),         // as some servers have it; a 101 has no body
    ] {
        assert_eq!(verify(&response), Ok((None, None)), "{response}");
    }
    let chosen = verify(&and("Sec-WebSocket-Protocol: v2"));
    assert_eq!(chosen, Ok((Some("v2".to_owned()), None)));
}

#[test]
fn a_wrong_response_is_refused_for_its_reason() {
    use RefusedByServer as R;
    let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let rows = [
        (R::Malformed, with("HTTP/1.1 101 Switching Protocols", "ICY 200 OK")),
        (R::Malformed, with("Upgrade: websocket", "Upgrade websocket")),
        (R::Malformed, with("HTTP/1.1", "HTTP/1.0")),
        (R::TooManyHeaders, and(&["X: y"; 20].join("\r\n"))),
        (R::Status(200), with("101 Switching Protocols", "200 OK")),
        (R::Status(302), with("101 Switching Protocols", "302 Found")),
        (R::Status(404), with("101 Switching Protocols", "404 Not Found")),
        (R::Status(100), with("101 Switching Protocols", "100 Continue")),
        (R::Upgrade, with("Upgrade: websocket\r\n", "")),
        (R::Upgrade, with("Upgrade: websocket", "Upgrade: h2c")),
        (R::Connection, with("Connection: Upgrade\r\n", "")),
        (R::Connection, with("Connection: Upgrade", "Connection: close")),
        (R::AcceptKey, with(&format!("{accept}\r\n"), "")),
        (R::AcceptKey, with("s3pPLM", "S3pPLM")),
        (R::AcceptKey, with("+xOo=", "+xOo")),
        (R::AcceptKey, with(accept, "Sec-WebSocket-Accept:")),
        (R::AcceptKey, and(accept)),
        (R::Subprotocol, and("Sec-WebSocket-Protocol: other")),
        (R::Subprotocol, and("Sec-WebSocket-Protocol: Chat")),
        (R::Subprotocol, and("Sec-WebSocket-Protocol: chat, v2")),
        (R::Subprotocol, and("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat")),
        (R::Subprotocol, and("Sec-WebSocket-Protocol:")),
        (R::Extension, and("Sec-WebSocket-Extensions: permessage-deflate")),
        (R::Extension, and("Sec-WebSocket-Extensions: ;")),
    ];
    for (reason, response) in rows {
        assert_eq!(verify(&response), Err(reason), "{response}");
    }
    let plain = ClientRequest::new("example.com", "/");
    let unasked = verify_with(&plain, &and("Sec-WebSocket-Protocol: chat"));
    assert_eq!(unasked, Err(R::Subprotocol));
}

#[test]
fn a_refusal_of_an_old_proxy_keeps_its_status() {
    let response = "HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\n";
    assert_eq!(verify(response), Err(RefusedByServer::Status(503)));
}

#[test]
fn an_extension_that_was_offered_is_handed_on_and_two_fields_are_refused() {
    let request = ClientRequest::new("example.com", "/").extensions("permessage-deflate");
    let one = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover";
    let expected = b"permessage-deflate; server_no_context_takeover".to_vec();
    assert_eq!(verify_with(&request, &and(one)), Ok((None, Some(expected))));
    let twice = verify_with(&request, &and(&format!("{one}\r\n{one}")));
    assert_eq!(twice, Err(RefusedByServer::Extension));
}

#[test]
fn a_response_is_read_at_every_split_and_early_frames_are_kept() {
    let bytes = [GOOD.as_bytes(), b"\x81\x02hi"].concat();
    for size in 1..=bytes.len() {
        let mut reader = HeadReader::new([0; 512], None);
        let mut pieces = bytes.chunks(size);
        let early = loop {
            let piece = pieces.next().expect("the head ends");
            reader.space()[..piece.len()].copy_from_slice(piece);
            reader.filled(piece.len());
            if let Some(head) = reader.response(&mut HeaderSlots::<8>::new()).unwrap() {
                assert_eq!(head.status(), 101);
                break reader.bytes()[reader.leftover()].to_vec();
            }
        };
        assert_eq!([early, pieces.collect::<Vec<_>>().concat()].concat(), b"\x81\x02hi");
    }
    let mut reader = HeadReader::new([0; 64], None);
    reader.space().copy_from_slice(&GOOD.as_bytes()[..64]);
    reader.filled(64);
    let long = reader.response(&mut HeaderSlots::<8>::new()).map(|_| ());
    assert_eq!(long, Err(RefusedByServer::HeadTooLong));
}

#[test]
fn a_key_of_every_nonce_is_answered_by_our_own_server_as_our_client_expects() {
    let mut random = tubesock_tests::random::Random::new(9);
    for _ in 0..500 {
        let mut nonce = [0; 16];
        nonce.fill_with(|| random.number() as u8);
        let mut out = [0; 512];
        let request = ClientRequest::new("example.com", "/").subprotocols(&["a", "b"]);
        let (used, awaiting) = request.write(nonce, &mut out).unwrap();
        let mut slots = HeaderSlots::<16>::new();
        let (head, len) = tubesock_core::handshake::RequestHead::parse(&out[..used], &mut slots)
            .unwrap()
            .unwrap();
        assert_eq!(len, used);
        let upgrade = tubesock_core::handshake::Upgrade::new(&head).unwrap();
        let mut answer = [0; 512];
        let used = upgrade.accept_subprotocol("b").unwrap().write(&mut answer).unwrap();
        let mut slots = HeaderSlots::<16>::new();
        let (head, _) = ResponseHead::parse(&answer[..used], &mut slots).unwrap().unwrap();
        assert_eq!(awaiting.verify(&head).unwrap().subprotocol, Some("b"));
    }
}
