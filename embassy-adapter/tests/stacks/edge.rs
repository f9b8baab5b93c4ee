//! Hijack from edge-http.

use std::fmt::{Debug, Display};
use std::time::Duration as Span;

use edge_http::io::server::{Connection, Handler, handle_request};
use edge_nal::{Readable, TcpSplit};
use embassy_net::tcp::{TcpReader, TcpSocket, TcpWriter};
use embassy_time::{Duration, Timer};
use embedded_io_async::{ErrorType, Read, Write};
use tubesock_embassy::edge_http::hijack;
use tubesock_embassy::{CloseCode, Event, Message, Options, TcpError, end, end_client};

use crate::world::{Room, SERVER, Task, Weather, beside, world};
use crate::{Buffers, PORT, open_at};

/// A `TcpSocket` as edge-http takes it.
struct Io<'x, 's>(&'x mut TcpSocket<'s>);
struct Reader<'a>(TcpReader<'a>);

impl ErrorType for Io<'_, '_> {
    type Error = TcpError;
}

impl ErrorType for Reader<'_> {
    type Error = TcpError;
}

impl Read for Io<'_, '_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TcpError> {
        self.0.read(buf).await
    }
}

impl Write for Io<'_, '_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, TcpError> {
        self.0.write(buf).await
    }

    async fn flush(&mut self) -> Result<(), TcpError> {
        self.0.flush().await
    }
}

impl Read for Reader<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TcpError> {
        self.0.read(buf).await
    }
}

impl Readable for Reader<'_> {
    async fn readable(&mut self) -> Result<(), TcpError> {
        self.0.wait_read_ready().await;
        Ok(())
    }
}

impl TcpSplit for Io<'_, '_> {
    type Read<'a>
        = Reader<'a>
    where
        Self: 'a;
    type Write<'a>
        = TcpWriter<'a>
    where
        Self: 'a;

    fn split(&mut self) -> (Reader<'_>, TcpWriter<'_>) {
        let (reader, writer) = self.0.split();
        (Reader(reader), writer)
    }
}

struct Echo;

impl Handler for Echo {
    type Error<E: Debug> = edge_http::io::Error<E>;

    async fn handle<T, const N: usize>(
        &self,
        _: impl Display + Copy,
        connection: &mut Connection<'_, T, N>,
    ) -> Result<(), Self::Error<T::Error>>
    where
        T: Read + Write + TcpSplit,
    {
        if connection.headers()?.path == "/" {
            connection.initiate_response(200, None, &[("Content-Length", "6")]).await?;
            return connection.write_all(b"a page").await;
        }
        let mut storage = Buffers::new();
        let options = Options { subprotocols: &["chat"], ..Options::DEFAULT };
        let Ok(mut socket) = hijack(connection, storage.lend(), &options).await else {
            return Ok(());
        };
        while let Ok(Some((event, mut reply))) = socket.recv().await {
            if let Event::Data(message) = event {
                let _ = reply.send(message).await;
            }
        }
        Ok(())
    }
}

fn serve(clients: impl AsyncFnOnce(&mut TcpSocket<'_>)) {
    world(Weather::default(), async |server, client, _| {
        let (mut a, mut b) = (Room::new(), Room::new());
        let mut listener = a.socket(server);
        let mut tasks: [Task<'_>; 1] = [Box::pin(async {
            let mut http = [0; 1024];
            loop {
                listener.accept(PORT).await.expect("the socket is free again");
                listener.set_nagle_enabled(false);
                let io = Io(&mut listener);
                let _ = handle_request::<_, _, 32>(&mut http, io, 0, Echo).await;
                end(&mut listener, Span::from_secs(5)).await;
            }
        })];
        let mut socket = b.socket(client);
        beside(clients(&mut socket), &mut tasks).await;
    });
}

async fn ask(socket: &mut TcpSocket<'_>, request: &[u8]) -> Vec<u8> {
    socket.connect((SERVER, PORT)).await.unwrap();
    socket.write_all(request).await.unwrap();
    let (mut answer, mut buf) = (Vec::new(), [0; 64]);
    while let Ok(n @ 1..) = socket.read(&mut buf).await {
        answer.extend(&buf[..n]);
    }
    end_client(socket, Span::from_secs(1)).await;
    Timer::after(Duration::from_millis(100)).await;
    answer
}

#[test]
fn handler_hijacks_and_serves_pages_too() {
    serve(async |socket| {
        for _ in 0..2 {
            let mut buffers = Buffers::new();
            let mut websocket = open_at(socket, &mut buffers, "/echo").await;
            websocket.send("hello").await.unwrap();
            let (event, _) = websocket.recv().await.unwrap().unwrap();
            assert_eq!(event, Event::Data(Message::Text("hello")));
            websocket.finish(CloseCode::NORMAL, "").await.unwrap();
            drop(websocket);
            end_client(socket, Span::from_secs(5)).await;
            Timer::after(Duration::from_millis(100)).await;
            let page = ask(socket, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
            assert!(page.starts_with(b"HTTP/1.1 200") && page.ends_with(b"a page"));
        }
    });
}

#[test]
fn firefox_is_let_in_and_what_it_sends_with_its_request_is_received() {
    serve(async |socket| {
        let mut request = b"GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
            Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Protocol: x, chat\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            .to_vec();
        request.extend(b"\x81\x85\0\0\0\0early\x88\x82\0\0\0\0\x03\xe8");
        let answer = ask(socket, &request).await;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{text}");
        assert!(text.contains("\r\nSec-WebSocket-Protocol: chat\r\n"), "{text}");
        assert!(!text.contains("Content-Length"), "{text}");
        assert!(answer.ends_with(b"\r\n\r\n\x81\x05early\x88\x02\x03\xe8"), "{text:?}");
    });
}

#[test]
fn wrong_requests_are_refused_in_words() {
    serve(async |socket| {
        let answer = ask(socket, b"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{text}");
        assert!(text.ends_with("Only WebSocket connections are served here."), "{text}");
    });
}
