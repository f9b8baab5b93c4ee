//! Our client's permessage-deflate against Python `websockets` and Node `ws` servers, and what of it
//! is on the wire: a proxy counts.
//!
//! `tests/stages/46-peers-deflate.sh` installs the servers, and runs what is ignored here.

mod proxy;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tubesock_std::{ClientSocket, CloseCode, Config, Connect, Deflate, Message};

use proxy::Proxy;

/// A server in a process of its own, ended with the test.
struct Peer {
    child: Child,
    address: String,
}

impl Peer {
    fn start(program: &[&str], flags: &[String]) -> Self {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut child = Command::new(program[0])
            .args(&program[1..])
            .args(flags)
            .current_dir(root)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program:?}: {error}; the stage installs it"));
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on ").map(str::to_owned);
        Self { child, address: address.unwrap_or_else(|| panic!("{program:?} said {line:?}")) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exchange(program: &[&str]) {
    for bits in [9, 12, 15] {
        for takeover in [true, false] {
            let mut flags = vec!["--deflate".to_owned()];
            if !takeover {
                flags.push("--no-takeover".to_owned());
            }
            let peer = Peer::start(program, &flags);
            let proxy = Proxy::to(&peer.address);
            let deflate = Deflate {
                send_bits: bits,
                receive_bits: bits,
                send_takeover: takeover,
                receive_takeover: takeover,
                ..Deflate::default()
            };
            let config =
                Config { deflate: Some(deflate), max_message: 64 << 20, ..Config::default() };
            let url = format!("ws://{}/", proxy.address());
            let mut client = Connect::new(&url).config(config).connect().expect("a connection");
            let agreed = client.compression().expect("compression is agreed on");
            assert!(agreed.send_bits <= bits && agreed.receive_bits <= bits, "{agreed:?}");
            assert_eq!((agreed.send_takeover, agreed.receive_takeover), (takeover, takeover));
            all_kinds_of_messages(&mut client, &proxy);
            contexts_are_kept_as_agreed(&mut client, &proxy, takeover);
            client.close(CloseCode::NORMAL, "").expect("closed");
            assert_eq!(client.recv().expect("an orderly end"), None);
        }
    }
}

fn echoes(client: &mut ClientSocket, message: Message<'_>) {
    client.send(message).expect("sent");
    let received = client.recv().expect("received");
    assert!(received == Some(message), "{} bytes came back changed", message.len());
}

fn all_kinds_of_messages(client: &mut ClientSocket, proxy: &Proxy) {
    let text = "all work and no play ".repeat(50_000);
    proxy.reset();
    echoes(client, Message::Text(&text));
    let (sent, received) = proxy.counted();
    assert!(sent < text.len() / 5 && received < text.len() / 5, "{sent} and {received} bytes");
    let mut noise = 1u64;
    let noise: Vec<u8> = (0..100_000)
        .map(|_| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (noise >> 56) as u8
        })
        .collect();
    for message in [
        Message::Text(""),
        Message::Binary(&[]),
        Message::Text("a"),
        Message::Text("Grüße, 世界 🦀"),
        Message::Binary(&noise),
        Message::Binary(&noise.repeat(3)),
    ] {
        echoes(client, message);
    }
    let (incoming, out) = client.split();
    for part in ["in ", "three ", "parts"] {
        out.fragment(part, part == "parts").expect("a fragment");
    }
    out.flush().expect("sent");
    assert_eq!(incoming.recv().expect("received"), Some(Message::Text("in three parts")));
    for number in 0..200 {
        client.send(format!("message {number}").as_str()).expect("sent");
    }
    for number in 0..200 {
        let expected = format!("message {number}");
        assert_eq!(client.recv().expect("received"), Some(Message::Text(&expected)));
    }
}

fn contexts_are_kept_as_agreed(client: &mut ClientSocket, proxy: &Proxy, takeover: bool) {
    let text: String =
        (1..40u64).map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A))).collect();
    let mut costs = Vec::new();
    for _ in 0..3 {
        proxy.reset();
        echoes(client, Message::Text(&text[..180]));
        costs.push(proxy.counted());
    }
    let kept = (costs[2].0 < costs[0].0 / 2, costs[2].1 < costs[0].1 / 2);
    assert_eq!(kept, (takeover, takeover), "{costs:?}");
}

#[test]
#[ignore = "tests/stages/46-peers-deflate.sh installs the peer"]
fn websockets_server_exchanges_compressed_messages() {
    exchange(&["target/venv/bin/python", "tests/peers/server.py"]);
}

#[test]
#[ignore = "tests/stages/46-peers-deflate.sh installs the peer"]
fn ws_server_exchanges_compressed_messages() {
    exchange(&["node", "tests/peers/server.mjs"]);
}
