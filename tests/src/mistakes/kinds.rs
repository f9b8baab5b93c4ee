//! Every kind of mistake.

use super::Request;

pub(super) type Kind = (u16, String, Box<dyn Fn(&mut Request)>);

/// Every kind of mistake: about three thousand.
pub(super) fn kinds() -> Vec<Kind> {
    let mut all = Kinds(Vec::new());
    all.first_lines();
    all.hosts();
    all.keys();
    all.versions();
    all.upgrades();
    all.lists();
    all.bodies();
    all.fields();
    all.sizes();
    all.0
}

struct Kinds(Vec<Kind>);

const PRINTABLE: std::ops::RangeInclusive<u8> = b'!'..=b'~';

impl Kinds {
    fn add(&mut self, status: u16, about: String, change: impl Fn(&mut Request) + 'static) {
        self.0.push((status, about, Box::new(change)));
    }

    /// The field `name` with `value` instead of what it should be.
    fn wrong(&mut self, status: u16, name: &'static str, value: impl AsRef<[u8]>) {
        let value = value.as_ref().to_vec();
        let about = format!("{name}: {}", value.escape_ascii());
        self.add(status, about, move |request| request.set(name, &value));
    }

    /// The field `name`, with `value`, where none should be.
    fn more(&mut self, status: u16, name: &'static str, value: impl AsRef<[u8]>) {
        let value = value.as_ref().to_vec();
        let about = format!("also {name}: {}", value.escape_ascii());
        self.add(status, about, move |request| {
            request.remove(name);
            request.add(name, &value);
        });
    }

    fn first_lines(&mut self) {
        let methods = "POST PUT HEAD DELETE OPTIONS TRACE PATCH CONNECT PROPFIND MKCOL COPY MOVE LOCK \
            UNLOCK SEARCH PURGE LINK UNLINK BIND REPORT get Get gET GETT GE G XGET GET1 GET_ !";
        for method in methods.split(' ').filter(|method| !method.is_empty()) {
            self.add(405, format!("method {method}"), move |request| {
                request.method = method.into();
            });
        }
        for version in [
            "HTTP/0.9",
            "HTTP/1.2",
            "HTTP/1.3",
            "HTTP/1.9",
            "HTTP/2.0",
            "HTTP/2",
            "HTTP/3.0",
            "HTTP/1.",
            "HTTP/1",
            "HTTP",
            "http/1.1",
            "Http/1.1",
            "HTTP/1.1 ",
            "HTTP /1.1",
            "HTTP/11",
            "HTTP/1,1",
            "HTTP/1.1x",
            "HTTPS/1.1",
            "ICY",
            "RTSP/1.0",
            "1.1",
            "HTTP/1.0",
        ] {
            let about = format!("version {version}");
            self.add(400, about, move |request| request.version = version.into());
        }
        for target in [
            "*",
            "chat",
            "example.org:80",
            "?",
            "?a=b",
            ".",
            "ftp://example.com/",
            "://",
            "http://other.example/",
            "ws://other.example/chat",
            "http://",
            "http:///",
            "mailto:a@b",
            "http://user@example.com/",
            "wss://example.com.evil/",
            "javascript:alert(1)",
        ] {
            let about = format!("target {target}");
            self.add(400, about, move |request| request.target = target.into());
        }
        for byte in (0..=b' ').chain([0x7F]).filter(|byte| *byte != b'\r' && *byte != b'\n') {
            let byte = char::from(byte);
            for at in 0..4 {
                let about = format!("{byte:?} in the target");
                self.add(400, about, move |request| {
                    request.target = "/abc".into();
                    request.target.insert(at, byte);
                });
            }
        }
        for byte in (1..=0x7Fu8)
            .map(char::from)
            .filter(|byte| !byte.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~ \r\n".contains(*byte))
        {
            for at in 0..=3 {
                self.add(400, format!("{byte:?} in the method"), move |request| {
                    request.method.insert(at, byte);
                });
            }
        }
    }

    fn hosts(&mut self) {
        self.add(400, "no Host".into(), |request| request.remove("Host"));
        for second in ["example.com", "other.example", ""] {
            self.add(400, format!("Host twice, {second:?}"), move |request| {
                request.add("Host", second);
            });
        }
        let bad = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"-._~:[]%".contains(byte);
        for byte in PRINTABLE.filter(bad).chain([b' ', 0x80, 0xFF]) {
            for at in 0..=11 {
                let mut host = b"example.com".to_vec();
                host.insert(at, byte);
                if !host.trim_ascii().eq(b"example.com") {
                    self.wrong(400, "Host", host);
                }
            }
        }
        self.wrong(400, "Host", "");
        self.wrong(400, "Host", " ");
    }

    fn keys(&mut self) {
        let good = b"dGhlIHNhbXBsZSBub25jZQ==";
        self.add(400, "no key".into(), |request| request.remove("Sec-WebSocket-Key"));
        for second in [&good[..], b"", b"AAAAAAAAAAAAAAAAAAAAAA=="] {
            self.add(400, "the key twice".into(), move |request| {
                request.add("Sec-WebSocket-Key", second);
            });
        }
        for len in (0..23).chain([25, 26, 27, 28, 32, 64, 125, 1_000]) {
            self.wrong(400, "Sec-WebSocket-Key", vec![b'A'; len]);
            let mut padded = vec![b'A'; len];
            padded.extend(b"==");
            if len != 22 {
                self.wrong(400, "Sec-WebSocket-Key", padded);
            }
        }
        let bad = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"+/".contains(byte);
        for byte in PRINTABLE.filter(bad).chain([0x80, 0xFF]) {
            for at in 0..22 {
                let mut key = good.to_vec();
                key[at] = byte;
                self.wrong(400, "Sec-WebSocket-Key", key);
            }
        }
        for (at, byte) in [(22, b'A'), (23, b'A'), (22, b'-'), (23, b' ')] {
            let mut key = good.to_vec();
            key[at] = byte;
            self.wrong(400, "Sec-WebSocket-Key", key);
        }
    }

    fn versions(&mut self) {
        self.add(426, "no version".into(), |request| request.remove("Sec-WebSocket-Version"));
        for second in ["13", "8", ""] {
            self.add(400, format!("the version twice, {second:?}"), move |request| {
                request.add("Sec-WebSocket-Version", second);
            });
        }
        for number in (0..=999).filter(|number| *number != 13) {
            self.wrong(426, "Sec-WebSocket-Version", number.to_string());
        }
        for other in
            ["", "013", "13.0", "+13", "13, 8", "8, 13", "13;", "\"13\"", "0x0d", "thirteen", "1 3"]
        {
            self.wrong(426, "Sec-WebSocket-Version", other);
        }
    }

    fn upgrades(&mut self) {
        self.add(426, "no Upgrade".into(), |request| request.remove("Upgrade"));
        self.add(400, "no Connection".into(), |request| request.remove("Connection"));
        let words = "h2c h2 TLS/1.0 websockets web-socket web_socket websocket/13 websocke ebsocket \
            socket ws wss http HTTP/2.0 SSE tubesock webtransport connect-udp 13 0 * \"websocket\" \
            websocket;v=13 (websocket) websocket.";
        for word in words.split_whitespace().chain(["", ",", "web socket", "websocket websocket"]) {
            self.wrong(426, "Upgrade", word);
        }
        let words = "keep-alive close upgraded upgrad pgrade Upgrades \"Upgrade\" Upgrade; up-grade \
            update Up,grade TE HTTP2-Settings x";
        for word in
            words.split_whitespace().chain(["", ",", "keep-alive, close", "Upgrade keep-alive"])
        {
            self.wrong(400, "Connection", word);
        }
    }

    fn lists(&mut self) {
        let bad = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"!#$%&'*+-.^_`|~,".contains(byte);
        for byte in PRINTABLE.filter(bad).chain([0x80, 0xC3, 0xFF]) {
            for at in 0..=4 {
                for list in ["chat", "a, chat, b"] {
                    let mut value = list.as_bytes().to_vec();
                    value.insert(at, byte);
                    self.more(400, "Sec-WebSocket-Protocol", value);
                }
            }
        }
        self.more(400, "Sec-WebSocket-Protocol", "two words");
        for byte in PRINTABLE.filter(bad).filter(|byte| !b";=\"".contains(byte)) {
            for at in [0, 3, 5, 7, 10] {
                let mut value = b"name; a=b, c; d".to_vec();
                value.insert(at, byte);
                self.more(400, "Sec-WebSocket-Extensions", value);
            }
        }
        for value in [
            ";",
            "a;",
            "a; ;b",
            "a=b",
            "a; =b",
            "a; b=",
            "a; b=\"",
            "a; b=\"c",
            "a; b=\"\"",
            "a; b=\"c d\"",
            "a; b=c d",
            "a b",
            "a; b c",
            "\"a\"",
            "a; b=c=d",
            "a; b==c",
            ", ;",
            "a; b=\"c\"d",
        ] {
            self.more(400, "Sec-WebSocket-Extensions", value);
        }
    }

    fn bodies(&mut self) {
        for len in (1..=300).map(|n: u32| n.to_string()) {
            self.more(400, "Content-Length", len);
        }
        for len in ["", "-1", "+0", "0x0", "0,0", "1, 0", "18446744073709551616", "0 0", "zero"] {
            self.more(400, "Content-Length", len);
        }
        for coding in
            ["chunked", "identity", "gzip", "gzip, chunked", "Chunked", "x", "", "chunked, chunked"]
        {
            self.more(400, "Transfer-Encoding", coding);
        }
    }

    fn fields(&mut self) {
        let names = ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];
        for name in names {
            for byte in (0..b' ').chain([0x7F]).filter(|byte| !b"\t\r\n".contains(byte)) {
                self.add(400, format!("{byte:#04x} in the value of {name}"), move |request| {
                    for field in
                        request.fields.iter_mut().filter(|f| f.0.eq_ignore_ascii_case(name))
                    {
                        field.1.insert(1, byte);
                    }
                });
            }
            let bad =
                |byte: &u8| !byte.is_ascii_alphanumeric() && !b"!#$%&'*+-.^_`|~:".contains(byte);
            for byte in (b' '..=b'~').filter(bad).chain([0, 7, 0x7F]) {
                self.add(
                    400,
                    format!("{:?} in the name of {name}", char::from(byte)),
                    move |request| {
                        for field in
                            request.fields.iter_mut().filter(|f| f.0.eq_ignore_ascii_case(name))
                        {
                            field.0.insert(2, char::from(byte));
                        }
                    },
                );
            }
            self.add(400, format!("a space behind the name {name}"), move |request| {
                for field in request.fields.iter_mut().filter(|f| f.0.eq_ignore_ascii_case(name)) {
                    field.0.push(' ');
                }
            });
        }
        for line in ["no colon", ": no name", " folded: line", "\tfolded", "b\u{e4}d: name"] {
            self.add(400, format!("the line {line:?}"), move |request| {
                let (name, value) = line.split_once(": ").unwrap_or((line, ""));
                request.colon = if line.contains(':') { ": " } else { "" };
                request.fields.insert(1, (name.into(), value.into()));
                if request.colon.is_empty() {
                    let whole = request.fields.iter_mut().filter(|field| field.0 != line);
                    whole.for_each(|field| field.0.push_str(": "));
                }
            });
        }
    }

    fn sizes(&mut self) {
        for len in [8_192, 9_000, 10_000, 20_000] {
            self.add(431, format!("a field of {len} bytes"), move |request| {
                request.add("X-Long", vec![b'x'; len]);
            });
            self.add(431, format!("a target of {len} bytes"), move |request| {
                request.target = format!("/{}", "x".repeat(len));
            });
        }
        for count in [129, 150, 200, 400] {
            self.add(431, format!("{count} more fields"), move |request| {
                (0..count).for_each(|n| request.add(&format!("X-{n}"), "y"));
            });
        }
    }
}
