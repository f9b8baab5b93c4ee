//! The opening handshake over pipes.

use std::boxed::Box;
use std::string::String;

use super::sim::{now, run};
use super::*;
use crate::driver::HandshakeError;
use crate::driver::asynch::{Handshake, accept, connect};
use crate::handshake::{ClientRequest, OriginPolicy, Refusal, RefusedByServer};
use crate::session::{Event, Message};
use crate::time::Instant;
use crate::wire::CloseCode;

fn within(io: &mut (End, End), millis: u64) -> Handshake<'_, End, End, SimTimer> {
    let deadline = Some(Instant::from_millis(now() + millis));
    Handshake { reader: &mut io.0, writer: &mut io.1, timer: SimTimer, deadline }
}

#[test]
fn client_and_server_agree_and_bytes_past_the_head_are_kept() {
    let (mut ours, mut theirs) = connection(50, true);
    let (mut a, mut b) = (Room::new(), Room::new());
    let server = async {
        let mut buffers = a.lend();
        let leftover = accept(within(&mut ours, 1000), &mut buffers, |upgrade| {
            upgrade.check_origin(OriginPolicy::SameHost)?;
            assert_eq!(upgrade.path(), "/chat");
            upgrade.accept_subprotocol("b").map_err(|_| Refusal::Subprotocol)
        })
        .await
        .unwrap();
        let config = Config::DEFAULT;
        let mut socket =
            WebSocket::new(Server, ours, SimTimer, buffers, leftover, &config).unwrap();
        socket.send("hello").await.unwrap();
        while socket.recv().await.unwrap().is_some() {}
    };
    let client = async {
        let mut buffers = b.lend();
        let request = ClientRequest::new("example.com", "/chat").subprotocols(&["a", "b"]);
        let mut chosen = String::new();
        let leftover = connect(within(&mut theirs, 1000), &mut buffers, &request, [1; 16], |it| {
            chosen.push_str(it.subprotocol.unwrap());
        })
        .await
        .unwrap();
        assert_eq!(chosen, "b");
        let config = Config::DEFAULT;
        let mut socket =
            WebSocket::new(keys(), theirs, SimTimer, buffers, leftover, &config).unwrap();
        let (event, _) = socket.recv().await.unwrap().unwrap();
        assert_eq!(event, Event::Data(Message::Text("hello")));
        socket.finish(CloseCode::NORMAL, "").await.unwrap();
    };
    run(client, &mut [Box::pin(server)]);
}

const HEAD: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, \
    Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[test]
fn frames_sent_with_the_head_are_received() {
    let mut room = Room::new();
    let (mut ours, theirs) = connection(1000, false);
    theirs.1.put(HEAD.as_bytes());
    theirs.1.put(&frame(0x81, b"early"));
    run(
        async {
            let mut buffers = room.lend();
            let leftover =
                accept(within(&mut ours, 1000), &mut buffers, |it| Ok(it.accept())).await.unwrap();
            let config = Config::DEFAULT;
            let mut socket =
                WebSocket::new(Server, ours, SimTimer, buffers, leftover, &config).unwrap();
            let (event, _) = socket.recv().await.unwrap().unwrap();
            assert_eq!(event, Event::Data(Message::Text("early")));
        },
        &mut [],
    );
}

#[test]
fn refusals_are_answered_and_returned() {
    let cases = [
        (HEAD.replace("13", "8"), Refusal::Version, "HTTP/1.1 426 "),
        (HEAD.replace("GET", "PUT"), Refusal::Method, "HTTP/1.1 405 "),
        (HEAD.replace("Host: a\r\n", ""), Refusal::Host, "HTTP/1.1 400 "),
        ("x".repeat(2000), Refusal::HeadTooLong, "HTTP/1.1 431 "),
        ("\x16\x03\x01".into(), Refusal::Malformed, "HTTP/1.1 400 "),
        ("GET / HT".into(), Refusal::Timeout, "HTTP/1.1 408 "),
        (
            HEAD.replace("Upgrade\r\n", "Upgrade\r\nOrigin: http://b\r\n"),
            Refusal::Origin,
            "HTTP/1.1 403 ",
        ),
    ];
    for (head, refusal, status) in cases {
        let mut room = Room::new();
        let (mut ours, theirs) = connection(4000, false);
        theirs.1.put(head.as_bytes());
        let start = now();
        let outcome = run(
            async {
                accept(within(&mut ours, 1000), &mut room.lend(), |it| {
                    it.check_origin(OriginPolicy::SameHost).map(|()| it.accept())
                })
                .await
            },
            &mut [],
        );
        assert_eq!(outcome, Err(HandshakeError::Refused(refusal)));
        let answer = String::from_utf8(theirs.0.take()).unwrap();
        assert!(answer.starts_with(status), "{answer}");
        assert_eq!(now() - start, if refusal == Refusal::Timeout { 1000 } else { 0 });
    }
}

#[test]
fn client_takes_no_other_answer_for_a_websocket() {
    let cases = [
        (Some("HTTP/1.1 503 No\r\n\r\n"), HandshakeError::Refused(RefusedByServer::Status(503))),
        (Some("SSH-2.0\r\n"), HandshakeError::Refused(RefusedByServer::Malformed)),
        (Some(""), HandshakeError::Ended),
        (None, HandshakeError::Refused(RefusedByServer::Timeout)),
    ];
    for (answer, error) in cases {
        let mut room = Room::new();
        let (ours, mut theirs) = connection(4000, false);
        if let Some(answer) = answer {
            ours.1.put(answer.as_bytes());
            ours.1.end();
            // The client's own way out stays open.
        }
        let outcome = run(
            async {
                let request = ClientRequest::new("a", "/");
                connect(within(&mut theirs, 500), &mut room.lend(), &request, [0; 16], |_| {}).await
            },
            &mut [],
        );
        assert_eq!(outcome, Err(error));
    }
}
