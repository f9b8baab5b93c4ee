//! An echo server on `tungstenite`, for our client to talk to.
//!
//! It prints `listening on ADDRESS`, then `closed CODE REASON` for each
//! connection that ends, with what the other side's Close said (1005: it held
//! no code, 1006: there was no Close). It chooses the subprotocol `echo` when
//! that is offered, and refuses the path `/refuse` with 403, a header field
//! and a body. Text messages that make it do more than echo them:
//!
//! ```text
//! ping PAYLOAD         it pings, and answers `pong PAYLOAD` once the pong is there
//! fragments A B C      it sends `ABC` in three fragments
//! close CODE REASON    it closes the connection
//! ```

use std::net::{TcpListener, TcpStream};
use std::thread;

use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::http::{HeaderValue, StatusCode};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::{Error, Message, Utf8Bytes, WebSocket, accept_hdr_with_config};

fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept()?;
        thread::spawn(|| serve(stream));
    }
}

fn serve(stream: TcpStream) {
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let Ok(mut connection) = accept_hdr_with_config(stream, choose, Some(config)) else { return };
    let mut closed = String::from("1006");
    loop {
        match connection.read() {
            Ok(Message::Close(None)) => closed = "1005".to_owned(),
            Ok(Message::Close(Some(frame))) => {
                closed = format!("{} {}", u16::from(frame.code), frame.reason);
            }
            Ok(message) => {
                let _ = answer(&mut connection, message);
            }
            Err(_) => break,
        }
    }
    println!("closed {closed}");
}

#[allow(clippy::result_large_err)] // the callback's signature is tungstenite's
fn choose(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if request.uri().path() == "/refuse" {
        let mut refusal = ErrorResponse::new(Some("No WebSocket lives here.".to_owned()));
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        refusal.headers_mut().insert("x-why", HeaderValue::from_static("because"));
        return Err(refusal);
    }
    let offered = request.headers().get("sec-websocket-protocol");
    let offered = offered.and_then(|value| value.to_str().ok()).unwrap_or("");
    if offered.split(',').any(|name| name.trim() == "echo") {
        let echo = HeaderValue::from_static("echo");
        response.headers_mut().insert("sec-websocket-protocol", echo);
    }
    Ok(response)
}

fn answer(connection: &mut WebSocket<TcpStream>, message: Message) -> Result<(), Error> {
    let Message::Text(text) = &message else {
        return if message.is_binary() { connection.send(message) } else { Ok(()) };
    };
    let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
    match command {
        "ping" => {
            connection.send(Message::Ping(rest.to_owned().into()))?;
            while !matches!(connection.read()?, Message::Pong(pong) if pong == rest.as_bytes()) {}
            connection.send(Message::text(format!("pong {rest}")))
        }
        "fragments" => {
            let words: Vec<&str> = rest.split(' ').collect();
            for (at, word) in words.iter().enumerate() {
                let kind = if at == 0 { Data::Text } else { Data::Continue };
                let last = at + 1 == words.len();
                let frame = Frame::message((*word).to_owned(), OpCode::Data(kind), last);
                connection.send(Message::Frame(frame))?;
            }
            Ok(())
        }
        "close" => {
            let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            let code = code.parse::<u16>().unwrap_or(1011).into();
            connection.close(Some(CloseFrame { code, reason: Utf8Bytes::from(reason) }))
        }
        _ => connection.send(message),
    }
}
