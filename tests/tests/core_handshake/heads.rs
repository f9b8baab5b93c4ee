//! The request heads of real clients: their fields, their order, their spelling.

use tubesock_core::handshake::{HeadReader, HeaderSlots, OriginPolicy, Upgrade};

struct Client {
    name: &'static str,
    request: &'static str,
    path: &'static str,
    host: &'static str,
    origin: Option<&'static str>,
    subprotocols: &'static [&'static str],
    extensions: &'static [&'static str],
}

const FIREFOX: Client = Client {
    name: "Firefox",
    request: "GET /chat?room=1 HTTP/1.1\r\nHost: localhost:3000\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
        Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
        Sec-WebSocket-Version: 13\r\nOrigin: http://localhost:3000\r\n\
        Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: keep-alive, Upgrade\r\n\
        Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Site: same-origin\r\n\
        Pragma: no-cache\r\nCache-Control: no-cache\r\nUpgrade: websocket\r\n\r\n",
    path: "/chat",
    host: "localhost:3000",
    origin: Some("http://localhost:3000"),
    subprotocols: &["chat", "superchat"],
    extensions: &["permessage-deflate"],
};

const CHROMIUM: Client = Client {
    name: "Chromium",
    request: "GET /chat HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
        Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
        (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\n\
        Origin: http://127.0.0.1:3000\r\nSec-WebSocket-Version: 13\r\n\
        Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\
        Cookie: session=abc; theme=dark\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Sec-WebSocket-Protocol: chat\r\n\r\n",
    path: "/chat",
    host: "127.0.0.1:3000",
    origin: Some("http://127.0.0.1:3000"),
    subprotocols: &["chat"],
    extensions: &["permessage-deflate"],
};

const SAFARI: Client = Client {
    name: "Safari",
    request: "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nHost: [::1]:3000\r\n\
        Origin: http://[::1]:3000\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: x-webkit-deflate-frame, permessage-deflate\r\n\
        User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, \
        like Gecko) Version/18.5 Safari/605.1.15\r\nAccept-Language: en-GB,en;q=0.9\r\n\r\n",
    path: "/",
    host: "[::1]:3000",
    origin: Some("http://[::1]:3000"),
    subprotocols: &[],
    extensions: &["x-webkit-deflate-frame", "permessage-deflate"],
};

const CURL: Client = Client {
    name: "curl",
    request: "GET /echo HTTP/1.1\r\nHost: localhost:9001\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Upgrade\r\n\r\n",
    path: "/echo",
    host: "localhost:9001",
    origin: None,
    subprotocols: &[],
    extensions: &[],
};

const PYTHON: Client = Client {
    name: "Python websockets",
    request: "GET / HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Sec-WebSocket-Protocol: a, b\r\nUser-Agent: Python/3.11 websockets/15.0.1\r\n\r\n",
    path: "/",
    host: "127.0.0.1:9001",
    origin: None,
    subprotocols: &["a", "b"],
    extensions: &["permessage-deflate"],
};

const NODE: Client = Client {
    name: "Node ws",
    request: "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
        Sec-WebSocket-Protocol: a,b\r\nHost: localhost:9001\r\n\r\n",
    path: "/",
    host: "localhost:9001",
    origin: None,
    subprotocols: &["a", "b"],
    extensions: &["permessage-deflate"],
};

const ALL: [Client; 6] = [FIREFOX, CHROMIUM, SAFARI, CURL, PYTHON, NODE];

/// What a browser may send at once behind its head: it must not, and a test client does.
const EARLY: &[u8] = b"\x81\x80\x01\x02\x03\x04";

fn check(client: &Client, pieces: &[&[u8]]) {
    let mut reader = HeadReader::new([0; 2048], None);
    for (i, piece) in pieces.iter().enumerate() {
        reader.space()[..piece.len()].copy_from_slice(piece);
        reader.filled(piece.len());
        let mut slots = HeaderSlots::<32>::new();
        let Some(head) = reader.request(&mut slots).expect(client.name) else {
            assert!(i + 1 < pieces.len(), "{} never ends", client.name);
            continue;
        };
        let upgrade = Upgrade::new(&head).expect(client.name);
        assert_eq!(upgrade.path(), client.path);
        assert_eq!(upgrade.host(), client.host);
        assert_eq!(upgrade.origin(), client.origin);
        assert_eq!(upgrade.check_origin(OriginPolicy::SameHost), Ok(()));
        assert_eq!(upgrade.subprotocols().collect::<Vec<_>>(), client.subprotocols);
        let extensions: Vec<_> = upgrade.extensions().map(|extension| extension.name).collect();
        assert_eq!(extensions, client.extensions);
        let mut response = [0; 256];
        let used = upgrade.accept().write(&mut response).unwrap();
        let response = std::str::from_utf8(&response[..used]).unwrap();
        assert!(response.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
        let early = reader.leftover();
        let seen = &reader.bytes()[early];
        let rest: Vec<u8> = pieces[i + 1..].concat();
        assert_eq!([seen, &rest].concat(), EARLY, "{}: nothing is lost", client.name);
        return;
    }
    panic!("{} was not understood", client.name);
}

#[test]
fn the_heads_of_real_clients_are_accepted_at_every_split_and_what_follows_is_kept() {
    for client in &ALL {
        let bytes = [client.request.as_bytes(), EARLY].concat();
        for cut in 0..=bytes.len() {
            check(client, &[&bytes[..cut], &bytes[cut..]]);
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        check(client, &single);
    }
}

#[test]
fn a_page_of_another_origin_is_refused_and_its_status_is_403() {
    for client in &ALL[..3] {
        let request = client.request.replace("Origin: http://", "Origin: http://evil.");
        let mut slots = HeaderSlots::<32>::new();
        let (head, _) =
            tubesock_core::handshake::RequestHead::parse(request.as_bytes(), &mut slots)
                .unwrap()
                .unwrap();
        let upgrade = Upgrade::new(&head).unwrap();
        let refusal = upgrade.check_origin(OriginPolicy::SameHost).unwrap_err();
        assert_eq!(refusal.status(), 403, "{}", client.name);
        assert_eq!(upgrade.check_origin(OriginPolicy::Any), Ok(()));
    }
}
