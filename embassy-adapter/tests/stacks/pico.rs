//! Hijack from picoserve: pages and a WebSocket on one port.

use std::time::Duration as Span;

use embassy_net::tcp::TcpSocket;
use embassy_time::{Duration, Timer};
use embedded_io_async::Write;
use picoserve::routing::{Router, get, get_service};
use tubesock_embassy::picoserve::{Hijack, HttpSocket};
use tubesock_embassy::{CloseCode, Event, Message, Options, ServerSocket, end_client};

use crate::world::{Link, Room, SERVER, Task, Weather, beside, world};
use crate::{Buffers, PORT, open_at};

/// embassy's clock for picoserve, without its feature for it.
struct Clock;

impl picoserve::Timer<()> for Clock {
    async fn delay(&self, span: picoserve::time::Duration) {
        Timer::after(Duration::from_millis(span.as_millis())).await;
    }
}

fn serve(clients: impl AsyncFnOnce(&mut TcpSocket<'_>, &Link)) {
    world(Weather::default(), async |server, client, link| {
        let (mut a, mut b) = (Room::new(), Room::new());
        let mut ours = Buffers::new();
        let mut http = [0; 1024];
        let mut listener = a.socket(server);
        let mut tasks: [Task<'_>; 1] = [Box::pin(async {
            let options = Options { subprotocols: &["chat"], ..Options::DEFAULT };
            let full = Hijack::new(options).while_there_is_room(|| false);
            let app = Router::new()
                .route("/", get(async || "a page"))
                .route("/echo", get_service(Hijack::new(options)))
                .route("/shout", get_service(Hijack::new(options).route(2)))
                .route("/full", get_service(full));
            let config = picoserve::Config::const_default().keep_connection_alive();
            loop {
                listener.accept(PORT).await.expect("the socket is free again");
                let program = async |route: u8, socket: &mut ServerSocket<'_, '_>| {
                    while let Some((event, mut reply)) = socket.recv().await? {
                        match event {
                            Event::Data(Message::Text(text)) if route == 2 => {
                                reply.send(text.to_uppercase().as_str()).await?;
                            }
                            Event::Data(message) => reply.send(message).await?,
                            _ => {}
                        }
                    }
                    Ok(())
                };
                let socket = HttpSocket::new(&mut listener, ours.lend(), &options, program);
                let server = picoserve::Server::custom(&app, Clock, &config, &mut http);
                let _ = server.serve(socket).await;
            }
        })];
        let mut socket = b.socket(client);
        beside(clients(&mut socket, link), &mut tasks).await;
    });
}

/// What the server answers to `request`, until it closes.
async fn ask(socket: &mut TcpSocket<'_>, request: &str) -> String {
    socket.connect((SERVER, PORT)).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let (mut answer, mut buf) = (Vec::new(), [0; 64]);
    loop {
        match socket.read(&mut buf).await.expect("the server closes, and doesn't reset") {
            0 => break,
            n => answer.extend(&buf[..n]),
        }
    }
    end_client(socket, Span::from_secs(1)).await;
    Timer::after(Duration::from_millis(100)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn routes_hijack_and_pages_are_served_beside_them() {
    serve(async |socket, _| {
        for (path, answer) in [("/echo", "hello"), ("/shout", "HELLO"), ("/echo", "hello")] {
            let mut buffers = Buffers::new();
            let mut websocket = open_at(socket, &mut buffers, path).await;
            websocket.send("hello").await.unwrap();
            let (event, _) = websocket.recv().await.unwrap().unwrap();
            assert_eq!(event, Event::Data(Message::Text(answer)));
            websocket.finish(CloseCode::NORMAL, "").await.unwrap();
            drop(websocket);
            end_client(socket, Span::from_secs(5)).await;
            Timer::after(Duration::from_millis(100)).await;
            let page = ask(socket, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            assert!(page.starts_with("HTTP/1.1 200 ") && page.ends_with("a page"), "{page}");
        }
    });
}

const FIELDS: &str = "Host: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn frames_right_behind_the_request_are_received_and_it_may_be_the_second_one() {
    serve(async |socket, _| {
        for before in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            socket.connect((SERVER, PORT)).await.unwrap();
            let mut request = format!("{before}GET /echo HTTP/1.1\r\n{FIELDS}\r\n").into_bytes();
            request.extend(b"\x81\x85\0\0\0\0early\x88\x82\0\0\0\0\x03\xe8");
            socket.write_all(&request).await.unwrap();
            let (mut answer, mut buf) = (Vec::new(), [0; 64]);
            while let Ok(n @ 1..) = socket.read(&mut buf).await {
                answer.extend(&buf[..n]);
            }
            let text = String::from_utf8_lossy(&answer);
            assert!(text.contains("HTTP/1.1 101 "), "{text}");
            assert!(
                text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
                "{text}"
            );
            assert!(!text.contains("Content-Length: 0"), "{text}");
            assert!(answer.ends_with(b"\r\n\r\n\x81\x05early\x88\x02\x03\xe8"), "{text:?}");
            end_client(socket, Span::from_secs(1)).await;
            Timer::after(Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn origin_version_and_room_are_checked_before_the_101() {
    serve(async |socket, _| {
        let foreign = format!("GET /echo HTTP/1.1\r\n{FIELDS}Origin: http://b\r\n\r\n");
        let old = format!("GET /echo HTTP/1.1\r\n{}\r\n", FIELDS.replace("13", "8"));
        let full = format!("GET /full HTTP/1.1\r\n{FIELDS}\r\n");
        let cases = [(foreign, "403"), (old, "426"), (full, "503")];
        for (request, status) in cases {
            let answer = ask(socket, &request).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
        // What follows the request is no frame, so it ends there.
        let fields = format!("{FIELDS}Sec-WebSocket-Protocol: x, chat\r\n");
        let answer = ask(socket, &format!("GET /echo HTTP/1.1\r\n{fields}\r\n\x08\x08")).await;
        assert!(answer.contains("\r\nSec-WebSocket-Protocol: chat\r\n"), "{answer}");
    });
}
