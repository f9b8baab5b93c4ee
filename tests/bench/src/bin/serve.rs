//! Echo servers on a free port: `serve NAME [BUFFER]`, which prints `listening on ADDRESS`.
//!
//! `raw` and `tungstenite` have a thread a connection, as tubesock has; the others run
//! on one core of tokio. All have Nagle's algorithm off.
#![forbid(unsafe_code)]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;

use fastwebsockets::{FragmentCollector, OpCode, Role};
use futures_util::{SinkExt, StreamExt};
use tubesock_std::{Config, Origins, Prepared, Sender, Server};

/// Threads' stacks: what is not touched costs nothing.
const STACK: usize = 256 << 10;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let name = args.first().map_or("", String::as_str);
    let buffer = args.get(1).and_then(|buffer| buffer.parse().ok()).unwrap_or(64 << 10);
    let served = TcpListener::bind("127.0.0.1:0").and_then(|listener| {
        println!("listening on {}", listener.local_addr()?);
        match name {
            "raw" => threads(&listener, move |stream| raw(stream, buffer)),
            "tubesock" => tubesock(listener, buffer),
            "broadcast" => broadcast(listener),
            "tungstenite" => threads(&listener, tungstenite),
            "fastwebsockets" | "tokio-websockets" | "sockudo-ws" => tokio(listener, name),
            _ => Err(io::Error::other(format!("there is no server called `{name}`"))),
        }
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}; usage: serve NAME [BUFFER]");
            ExitCode::FAILURE
        }
    }
}

fn config(read_buffer: usize) -> Config {
    Config {
        origins: Origins::Any,
        max_connections: 20_000,
        stack_size: STACK,
        read_buffer,
        // The load generator answers none, and a slow machine takes long to connect 10,000.
        ping_interval: None,
        ..Config::default()
    }
}

fn tubesock(listener: TcpListener, buffer: usize) -> io::Result<()> {
    Server::from_listener(listener)?.with_config(config(buffer)).run(|request| {
        request.hijack(|tubesock| tubesock.on_message(|out, message| out.send(message)))
    })
}

/// Sends each message that anybody sends to everybody.
fn broadcast(listener: TcpListener) -> io::Result<()> {
    static EVERYBODY: Mutex<Vec<Sender>> = Mutex::new(Vec::new());
    let everybody = || EVERYBODY.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Server::from_listener(listener)?.with_config(config(64 << 10)).run(move |request| {
        request.hijack(|tubesock| {
            everybody().push(tubesock.sender());
            tubesock.on_message(move |_, message| {
                let message = Prepared::new(message);
                everybody().retain(|to| to.try_send_prepared(&message).is_ok());
            });
        })
    })
}

fn threads(
    listener: &TcpListener,
    serve: impl Fn(TcpStream) -> io::Result<()> + Clone + Send + 'static,
) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let serve = serve.clone();
        thread::Builder::new().stack_size(STACK).spawn(move || {
            let _ = serve(stream); // the peer has gone
        })?;
    }
}

fn raw(mut stream: TcpStream, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n])?,
        }
    }
}

fn tungstenite(mut stream: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    stream.write_all(&answer(&head)?)?;
    let role = tungstenite::protocol::Role::Server;
    let mut socket = tungstenite::WebSocket::from_raw_socket(stream, role, None);
    loop {
        let message = socket.read().map_err(io::Error::other)?;
        socket.send(message).map_err(io::Error::other)?;
    }
}

fn answer(head: &[u8]) -> io::Result<Vec<u8>> {
    let head = String::from_utf8_lossy(head);
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .ok_or_else(|| io::Error::other("no key"))?;
    let accept = tungstenite::handshake::derive_accept_key(key.trim().as_bytes());
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes())
}

fn tokio(listener: TcpListener, name: &str) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let name = name.to_owned();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            match &*name {
                "fastwebsockets" => drop(tokio::spawn(fast(stream))),
                "tokio-websockets" => drop(tokio::spawn(tokio_ws(stream))),
                _ => drop(tokio::spawn(sockudo(stream))),
            }
        }
    })
}

async fn upgrade(stream: &mut tokio::net::TcpStream) -> io::Result<()> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream.write_all(&answer(&head)?).await
}

async fn fast(mut stream: tokio::net::TcpStream) -> io::Result<()> {
    upgrade(&mut stream).await?;
    let mut socket = fastwebsockets::WebSocket::after_handshake(stream, Role::Server);
    socket.set_writev(true);
    socket.set_auto_close(true);
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await.map_err(io::Error::other)?;
        match frame.opcode {
            OpCode::Text if !frame.is_utf8() => return Err(io::Error::other("no text")),
            OpCode::Text | OpCode::Binary => {
                socket.write_frame(frame).await.map_err(io::Error::other)?;
            }
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

async fn tokio_ws(mut stream: tokio::net::TcpStream) -> io::Result<()> {
    upgrade(&mut stream).await?;
    let mut socket = tokio_websockets::ServerBuilder::new().serve(stream);
    while let Some(message) = socket.next().await {
        let message = message.map_err(io::Error::other)?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await.map_err(io::Error::other)?;
        }
    }
    Ok(())
}

async fn sockudo(mut stream: tokio::net::TcpStream) -> io::Result<()> {
    use sockudo_ws::protocol::Message;
    upgrade(&mut stream).await?;
    let config = sockudo_ws::Config::default();
    let mut socket = sockudo_ws::WebSocketStream::server(stream, config);
    while let Some(message) = socket.next().await {
        match message.map_err(io::Error::other)? {
            message @ (Message::Text(_) | Message::Binary(_)) => {
                socket.send(message).await.map_err(io::Error::other)?;
            }
            Message::Close(_) => break,
            _ => {}
        }
    }
    Ok(())
}
