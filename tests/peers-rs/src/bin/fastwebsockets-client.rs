//! Talks to an echo server as a `fastwebsockets` client; ends with 1 and a
//! sentence if the server does anything unexpected.
//!
//! `fastwebsockets-client URL SERVER-LOG [LARGEST]`: the file that the server's output
//! goes to must show that it saw each Close: `closed CODE REASON`.

use std::error::Error;
use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use fastwebsockets::{Frame, OpCode, Payload, WebSocket, handshake};
use http_body_util::Empty;
use hyper::Request;
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tubesock_peers::{Arguments, CLOSES, appears, arguments, random};

type Connection = WebSocket<TokioIo<Upgraded>>;
type Outcome = Result<(), Box<dyn Error>>;

struct Executor;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Executor {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = match tokio::time::timeout(Duration::from_secs(100), run()).await {
        Ok(outcome) => outcome,
        Err(_) => Err("the server has not answered for too long".to_owned()),
    };
    tubesock_peers::report("fastwebsockets client", outcome)
}

async fn run() -> Result<usize, String> {
    let Arguments { url, log, largest } = arguments()?;
    messages(&url, largest).await.map_err(|error| format!("messages: {error}"))?;
    fragments(&url).await.map_err(|error| format!("fragments: {error}"))?;
    pings(&url).await.map_err(|error| format!("pings: {error}"))?;
    for (code, reason) in CLOSES {
        let closed = close(&url, &log, code, reason).await;
        closed.map_err(|error| format!("close {code}: {error}"))?;
    }
    Ok(3 + CLOSES.len())
}

async fn open(url: &str) -> Result<Connection, Box<dyn Error>> {
    let address = url.strip_prefix("ws://").ok_or("the URL must begin with ws://")?;
    let stream = TcpStream::connect(address.trim_end_matches('/')).await?;
    let request = Request::builder()
        .uri(url)
        .header("Host", address)
        .header("Upgrade", "websocket")
        .header("Connection", "upgrade")
        .header("Sec-WebSocket-Key", handshake::generate_key())
        .header("Sec-WebSocket-Version", "13")
        .body(Empty::<Bytes>::new())?;
    let (mut connection, _) = handshake::client(&Executor, request, stream).await?;
    // Pongs and Closes are for the scenarios to see.
    connection.set_auto_close(false);
    connection.set_auto_pong(false);
    Ok(connection)
}

async fn messages(url: &str, largest: usize) -> Outcome {
    let mut connection = open(url).await?;
    let mib = "é".repeat(1 << 19);
    for text in ["Grüße, 世界 🦀", "", "a", &"x".repeat(125), &"x".repeat(126), &mib] {
        connection.write_frame(Frame::text(Payload::Borrowed(text.as_bytes()))).await?;
        is_echo(&mut connection, OpCode::Text, text.as_bytes()).await?;
    }
    for length in [0, 1, 125, 126, 65_535, 65_536, largest] {
        let bytes = random(length);
        connection.write_frame(Frame::binary(Payload::Borrowed(&bytes))).await?;
        is_echo(&mut connection, OpCode::Binary, &bytes).await?;
    }
    Ok(())
}

/// A server that streams echoes in fragments.
async fn is_echo(connection: &mut Connection, kind: OpCode, expected: &[u8]) -> Outcome {
    let mut received = Vec::new();
    let mut first = true;
    loop {
        let frame = connection.read_frame().await?;
        let opcode = if first { kind } else { OpCode::Continuation };
        expect(frame.opcode == opcode, "an echo came as another kind of frame")?;
        received.extend_from_slice(&frame.payload);
        first = false;
        if frame.fin {
            return expect(received == expected, "a message came back changed");
        }
    }
}

async fn fragments(url: &str) -> Outcome {
    let mut connection = open(url).await?;
    let parts: [&[u8]; 4] = [b"one ", b"", b"two ", b"three"];
    for (at, part) in parts.into_iter().enumerate() {
        let opcode = if at == 0 { OpCode::Text } else { OpCode::Continuation };
        let last = at + 1 == parts.len();
        connection.write_frame(Frame::new(last, opcode, None, Payload::Borrowed(part))).await?;
    }
    is_echo(&mut connection, OpCode::Text, b"one two three").await
}

async fn pings(url: &str) -> Outcome {
    let mut connection = open(url).await?;
    for length in [0, 1, 125] {
        let payload = random(length);
        let ping = Frame::new(true, OpCode::Ping, None, Payload::Borrowed(&payload));
        connection.write_frame(ping).await?;
        let pong = connection.read_frame().await?;
        let same = pong.opcode == OpCode::Pong && *pong.payload == *payload;
        expect(same, "a ping was not answered with its payload")?;
    }
    Ok(())
}

async fn close(url: &str, log: &str, code: u16, reason: &str) -> Outcome {
    let mut connection = open(url).await?;
    connection.write_frame(Frame::close(code, reason.as_bytes())).await?;
    let answer = connection.read_frame().await?;
    expect(answer.opcode == OpCode::Close, "the server did not answer the Close")?;
    expect(answer.payload.starts_with(&code.to_be_bytes()), "it answered with another code")?;
    expect(connection.read_frame().await.is_err(), "TCP did not end after the Close")?;
    expect(appears(log, code, reason), "the server did not say that it saw the Close")
}

fn expect(holds: bool, sentence: &str) -> Outcome {
    if holds { Ok(()) } else { Err(sentence.into()) }
}
