//! A grammar of mistakes: requests for a WebSocket with one thing wrong in each, and the status
//! that a server has to answer. Without the mistake each of them would be accepted.

mod kinds;

use std::collections::HashSet;

use crate::random::Random;

/// A request that must be refused.
#[derive(Debug, Clone)]
pub struct Mistake {
    /// The request, head and nothing else.
    pub request: Vec<u8>,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong with it.
    pub about: String,
}

/// `count` requests, all different. They fit a server that takes heads of 8 KiB and at most 128
/// header fields.
#[must_use]
pub fn mistakes(count: usize, seed: u64) -> Vec<Mistake> {
    let mut random = Random::new(seed);
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    let kinds = kinds::kinds();
    // Each kind of mistake once, as it is, and then again in other requests.
    for round in 0.. {
        for (status, about, change) in &kinds {
            let mut request = if round == 0 { Request::plain() } else { Request::any(&mut random) };
            change(&mut request);
            let bytes = request.bytes();
            if all.len() == count {
                return all;
            }
            if seen.insert(bytes.clone()) {
                all.push(Mistake { request: bytes, status: *status, about: about.clone() });
            }
        }
    }
    all
}

/// `count` requests of the same grammar without a mistake.
#[must_use]
pub fn correct(count: usize, seed: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(seed);
    let plain = Request::plain().bytes();
    (1..count).map(|_| Request::any(&mut random).bytes()).chain([plain]).collect()
}

/// A request in its parts.
struct Request {
    empty_lines: usize,
    method: String,
    target: String,
    version: String,
    fields: Vec<(String, Vec<u8>)>,
    colon: &'static str,
}

impl Request {
    fn plain() -> Self {
        let fields = [
            ("Host", "example.com"),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        Self {
            empty_lines: 0,
            method: "GET".into(),
            target: "/".into(),
            version: "HTTP/1.1".into(),
            fields: fields.map(|(name, value)| (name.into(), value.into())).into(),
            colon: ": ",
        }
    }

    /// Another way to say the same, as some client or other would.
    fn any(random: &mut Random) -> Self {
        let mut request = Self::plain();
        request.empty_lines = random.below(8) / 7;
        request.colon = *random.pick(&[": ", ":", ":\t", ":  "]);
        let targets = ["/", "/chat", "/?a=b", "/%20/x?y=%2F&z", "//", "/a:b@c", "/~"];
        request.target = (*random.pick(&targets)).into();
        let hosts = ["localhost:3000", "127.0.0.1", "[::1]:80", "example.com", "a-b.c_d"];
        request.set("Host", random.pick(&hosts));
        request.set(
            "Upgrade",
            random.pick(&["websocket", "WebSocket", "h2c, websocket", "WEBSOCKET"]),
        );
        let lists =
            ["Upgrade", "keep-alive, Upgrade", "upgrade", "Upgrade,keep-alive", ", upgrade ,"];
        request.set("Connection", random.pick(&lists));
        let harmless = [
            ("Sec-WebSocket-Protocol", "chat, superchat"),
            ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
            ("Accept", "*/*"),
            ("Cookie", "a=b; c=\"d\""),
            ("Content-Length", "0"),
            ("X-Empty", ""),
            ("X-Latin-1", "caf\u{e9}"),
            ("Cache-Control", "no-cache"),
        ];
        for (name, value) in harmless {
            if random.below(3) == 0 {
                request.add(name, value);
            }
        }
        for i in (1..request.fields.len()).rev() {
            request.fields.swap(i, random.below(i + 1));
        }
        for (name, _) in &mut request.fields {
            match random.below(4) {
                0 => *name = name.to_lowercase(),
                1 => *name = name.to_uppercase(),
                _ => {}
            }
        }
        request
    }

    fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        for field in &mut self.fields {
            if field.0.eq_ignore_ascii_case(name) {
                field.1 = value.as_ref().to_vec();
            }
        }
    }

    fn add(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.fields.push((name.into(), value.as_ref().to_vec()));
    }

    fn remove(&mut self, name: &str) {
        self.fields.retain(|field| !field.0.eq_ignore_ascii_case(name));
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"\r\n".repeat(self.empty_lines);
        bytes.extend(format!("{} {} {}\r\n", self.method, self.target, self.version).into_bytes());
        for (name, value) in &self.fields {
            bytes.extend(name.as_bytes());
            bytes.extend(self.colon.as_bytes());
            bytes.extend(value);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"\r\n");
        bytes
    }
}
