//! What goes wrong, and that the socket can be used again after it.

use std::time::Duration as Span;

use embassy_net::tcp::TcpSocket;
use embassy_time::{Duration, Timer};
use embedded_io_async::Write;
use tubesock_embassy::handshake::{ClientRequest, Refusal, RefusedByServer};
use tubesock_embassy::{
    BufferTooSmall, CloseCode, Error, Event, HandshakeError, Message, Options, Outcome,
    ProtocolError, TcpError, Timeout, abort, accept, connect, end_client, serve,
};

use crate::world::{Room, SERVER, Task, Weather, beside, now, world};
use crate::{Buffers, PORT, echo, open};

/// Serves for as long as `clients` runs, and gives the outcomes.
fn outcomes(
    weather: Weather,
    clients: impl AsyncFnOnce(&mut TcpSocket<'_>, &crate::world::Link),
) -> Vec<(Outcome, u64)> {
    world(weather, async |server, client, link| {
        let (mut a, mut b) = (Room::new(), Room::new());
        let mut ours = Buffers::new();
        let mut listener = a.socket(server);
        let mut outcomes = Vec::new();
        let mut tasks: [Task<'_>; 1] = [Box::pin(async {
            loop {
                listener.accept(PORT).await.expect("the socket is free again");
                let start = now();
                let outcome = serve(&mut listener, ours.lend(), &Options::DEFAULT, echo).await;
                outcomes.push((outcome, now() - start));
            }
        })];
        let mut socket = b.socket(client);
        beside(clients(&mut socket, link), &mut tasks).await;
        drop(tasks);
        outcomes
    })
}

async fn sleep(millis: u64) {
    Timer::after(Duration::from_millis(millis)).await;
}

/// The server still serves.
async fn one_more(socket: &mut TcpSocket<'_>) {
    let mut buffers = Buffers::new();
    let mut websocket = open(socket, &mut buffers).await;
    websocket.send("still there?").await.unwrap();
    let (event, _) = websocket.recv().await.unwrap().unwrap();
    assert_eq!(event, Event::Data(Message::Text("still there?")));
    websocket.finish(CloseCode::NORMAL, "").await.unwrap();
    drop(websocket);
    end_client(socket, Span::from_secs(5)).await;
}

#[test]
fn peer_that_vanishes_is_noticed_and_its_socket_used_again() {
    let outcomes = outcomes(Weather::default(), async |socket, link| {
        let mut buffers = Buffers::new();
        let websocket = open(socket, &mut buffers).await;
        drop(websocket);
        link.weather.set(Weather { loss: 100, ..Weather::default() });
        sleep(60_000).await;
        link.weather.set(Weather::default());
        abort(socket).await;
        one_more(socket).await;
        sleep(100).await;
    });
    assert_eq!(outcomes[0].0, Outcome::Failed(Error::Timeout(Timeout::Pong)));
    assert!((40_000..41_000).contains(&outcomes[0].1), "{outcomes:?}");
    assert_eq!(outcomes[1].0, Outcome::Closed);
}

#[test]
fn peer_that_takes_nothing_is_given_up_and_its_socket_used_again() {
    let outcomes = outcomes(Weather::default(), async |socket, _| {
        let mut buffers = Buffers::new();
        let mut websocket = open(socket, &mut buffers).await;
        // It sends, and never reads: all buffers on the way fill up.
        while websocket.send(&[0; 400][..]).await.is_ok() {}
        drop(websocket);
        abort(socket).await;
        sleep(1000).await;
        one_more(socket).await;
        sleep(100).await;
    });
    assert!(
        matches!(outcomes[0].0, Outcome::Failed(Error::Stalled | Error::Transport(_))),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1].0, Outcome::Closed);
}

#[test]
fn reset_in_each_state_frees_the_socket() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let states: [&[&[u8]]; 8] = [
        &[],                                               // connected
        &[b"GET / HT"],                                    // inside the head
        &[head],                                           // open
        &[head, b"\x81"],                                  // inside a header
        &[head, b"\x82\xff\0\0\0\0\0\x01\0\0\0\0\0\0abc"], // refused as too big
        &[head, b"\x02\x83\0\0\0\0abc"],                   // inside a message
        &[head, b"\x88\x82\0\0\0\0\x03\xe8"],              // closed by the peer
        &[head, b"\x83\x80\0\0\0\0"],                      // closed for a violation
    ];
    let outcomes = outcomes(Weather::default(), async |socket, _| {
        for (i, state) in states.iter().enumerate() {
            for pause in [0, 20] {
                socket.connect((SERVER, PORT)).await.unwrap();
                for bytes in *state {
                    let _ = socket.write_all(bytes).await;
                    sleep(pause).await;
                }
                abort(socket).await;
                sleep(6000).await;
                one_more(socket).await;
                sleep(100).await;
                let _ = i;
            }
        }
    });
    assert_eq!(outcomes.len(), states.len() * 2 * 2);
    for pair in outcomes.chunks(2) {
        assert!(pair[0].1 < 6000, "{pair:?}");
        assert_eq!(pair[1].0, Outcome::Closed);
    }
}

#[test]
fn violation_is_answered_and_arrives() {
    let outcomes = outcomes(Weather::default(), async |socket, _| {
        let mut buffers = Buffers::new();
        let mut websocket = open(socket, &mut buffers).await;
        let big = [0; 5000]; // more than the server takes in one message
        let _ = websocket.send(&big[..]).await;
        let mut code = None;
        while let Ok(Some((event, _))) = websocket.recv().await {
            if let Event::Close(frame) = event {
                code = Some(frame.code);
            }
        }
        assert_eq!(code, Some(CloseCode::TOO_BIG));
        drop(websocket);
        end_client(socket, Span::from_secs(5)).await;
        sleep(100).await;
    });
    assert_eq!(outcomes[0].0, Outcome::Failed(Error::Protocol(ProtocolError::MessageTooBig)));
}

#[test]
fn request_that_is_no_websockets_is_refused_with_its_status() {
    let outcomes = outcomes(Weather::default(), async |socket, _| {
        for _ in 0..2 {
            socket.connect((SERVER, PORT)).await.unwrap();
            socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
            let mut answer = Vec::new();
            let mut buf = [0; 64];
            while let Ok(n @ 1..) = socket.read(&mut buf).await {
                answer.extend(&buf[..n]);
            }
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 426 \r\n"), "{answer}");
            assert!(answer.contains("\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"));
            assert!(answer.ends_with("\r\nContent-Length: 0\r\n\r\n"), "{answer}");
            end_client(socket, Span::from_secs(1)).await;
            sleep(100).await;
        }
    });
    let refused = Outcome::Refused(HandshakeError::Refused(Refusal::NotWebSocket));
    assert_eq!(outcomes.iter().map(|it| it.0).collect::<Vec<_>>(), [refused; 2]);
}

#[test]
fn peer_that_never_closes_is_reset_at_the_close_deadline() {
    let outcomes = outcomes(Weather::default(), async |socket, _| {
        let mut buffers = Buffers::new();
        let mut websocket = open(socket, &mut buffers).await;
        websocket.finish(CloseCode::NORMAL, "").await.unwrap();
        drop(websocket);
        sleep(10_000).await; // and keeps its direction open
        abort(socket).await;
        one_more(socket).await;
        sleep(100).await;
    });
    assert_eq!(outcomes[0].0, Outcome::Closed);
    assert!((5000..5500).contains(&outcomes[0].1), "{outcomes:?}");
    assert_eq!(outcomes.len(), 2);
}

#[test]
fn head_that_does_not_come_is_answered_with_408() {
    let outcomes = outcomes(Weather::default(), async |socket, _| {
        socket.connect((SERVER, PORT)).await.unwrap();
        let mut answer = [0; 64];
        assert!(socket.read(&mut answer).await.unwrap() > 12);
        assert!(answer.starts_with(b"HTTP/1.1 408 "));
        abort(socket).await;
        sleep(6000).await;
    });
    let refused = HandshakeError::Refused(Refusal::Timeout);
    assert_eq!(outcomes[0].0, Outcome::Refused(refused));
}

#[test]
fn buffers_that_are_too_small_are_named_before_anything_is_read() {
    let sizes = [
        ([133, 252, 131], BufferTooSmall::Receive),
        ([134, 251, 131], BufferTooSmall::Replies),
        ([134, 252, 130], BufferTooSmall::Transmit),
    ];
    for ([receive, replies, transmit], error) in sizes {
        world(Weather::default(), async |server, client, _| {
            let (mut a, mut b) = (Room::new(), Room::new());
            let (mut ours, mut theirs) = (a.socket(server), b.socket(client));
            let mut memory = vec![0; 600];
            let (receive, rest) = memory.split_at_mut(receive);
            let (replies, rest) = rest.split_at_mut(replies);
            let transmit = &mut rest[..transmit];
            let lend = tubesock_embassy::Buffers { receive, replies, transmit };
            let options = &Options::DEFAULT;
            let made = accept(&mut ours, lend, options, |it| options.decide(it)).await;
            assert_eq!(made.err(), Some(HandshakeError::Buffer(error)));
            let lend = tubesock_embassy::Buffers {
                receive: &mut [0; 1],
                replies: &mut [],
                transmit: &mut [],
            };
            let request = ClientRequest::new("a", "/");
            let random = ([0; 16], || [0; 4]);
            let made = connect(&mut theirs, lend, options, &request, random, |_| {}).await;
            let refused: Option<HandshakeError<TcpError, RefusedByServer>> =
                Some(HandshakeError::Buffer(BufferTooSmall::Receive));
            assert_eq!(made.err(), refused);
        });
    }
}
