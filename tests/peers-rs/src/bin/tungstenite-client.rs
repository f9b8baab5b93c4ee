//! Talks to an echo server as a `tungstenite` client; ends with 1 and a
//! sentence if the server does anything unexpected.
//!
//! `tungstenite-client URL SERVER-LOG [LARGEST]`: the file that the server's output goes
//! to must show that it saw each Close: `closed CODE REASON`.

use std::net::TcpStream;
use std::process::ExitCode;

use tubesock_peers::{Arguments, CLOSES, appears, arguments, random};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{ClientRequestBuilder, Error, Message, Utf8Bytes, WebSocket};

type Connection = WebSocket<MaybeTlsStream<TcpStream>>;
type Outcome = Result<(), Box<dyn std::error::Error>>;
type Scenario = (&'static str, fn(&mut Connection) -> Outcome);

const SCENARIOS: [Scenario; 3] =
    [("fragments", fragments), ("pings", pings), ("pipeline", pipeline)];

fn main() -> ExitCode {
    tubesock_peers::report("tungstenite client", run())
}

fn run() -> Result<usize, String> {
    let Arguments { url, log, largest } = arguments()?;
    let run = || messages(&mut open(&url)?, largest);
    run().map_err(|error| format!("messages: {error}"))?;
    for (name, scenario) in SCENARIOS {
        let run = || scenario(&mut open(&url)?);
        run().map_err(|error| format!("{name}: {error}"))?;
    }
    for (code, reason) in CLOSES {
        let run = || close(&url, &log, code, reason);
        run().map_err(|error| format!("close {code}: {error}"))?;
    }
    Ok(1 + SCENARIOS.len() + CLOSES.len())
}

fn open(url: &str) -> Result<Connection, Box<dyn std::error::Error>> {
    let request = ClientRequestBuilder::new(url.parse()?);
    let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
    let (connection, response) =
        tungstenite::client::connect_with_config(request, Some(config), 0)?;
    if response.headers().contains_key("sec-websocket-extensions") {
        return Err("the server answered with extensions that nobody offered".into());
    }
    Ok(connection)
}

fn messages(connection: &mut Connection, largest: usize) -> Outcome {
    let mib = "é".repeat(1 << 19);
    for text in ["Grüße, 世界 🦀", "", "a", &"x".repeat(125), &"x".repeat(126), &mib] {
        echoes(connection, Message::text(text))?;
    }
    for length in [0, 1, 125, 126, 65_535, 65_536, largest] {
        echoes(connection, Message::binary(random(length)))?;
    }
    Ok(())
}

fn fragments(connection: &mut Connection) -> Outcome {
    let parts = ["one ", "", "two ", "three"];
    for (at, part) in parts.iter().enumerate() {
        let kind = if at == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(*part, OpCode::Data(kind), at + 1 == parts.len());
        connection.send(Message::Frame(frame))?;
        connection.send(Message::Ping(format!("after {at}").into()))?;
    }
    let mut pongs = Vec::new();
    let mut echo = None;
    while pongs.len() < parts.len() || echo.is_none() {
        match connection.read()? {
            Message::Pong(payload) => pongs.push(String::from_utf8(payload.to_vec())?),
            message => echo = Some(message),
        }
    }
    expect(echo == Some(Message::text("one two three")), "a fragmented text came back changed")?;
    let in_order = pongs.iter().enumerate().all(|(at, pong)| *pong == format!("after {at}"));
    expect(in_order, "the pings between fragments were not answered in order")
}

fn pings(connection: &mut Connection) -> Outcome {
    for length in [0, 1, 125] {
        let payload = random(length);
        connection.send(Message::Ping(payload.clone().into()))?;
        let pong = connection.read()?;
        expect(pong == Message::Pong(payload.into()), "a ping was not answered with its payload")?;
    }
    Ok(())
}

fn pipeline(connection: &mut Connection) -> Outcome {
    for number in 0..200 {
        connection.write(Message::text(format!("message {number}")))?;
    }
    connection.flush()?;
    for number in 0..200 {
        let echo = connection.read()?;
        expect(echo == Message::text(format!("message {number}")), "an echo is out of order")?;
    }
    Ok(())
}

fn close(url: &str, log: &str, code: u16, reason: &str) -> Outcome {
    let mut connection = open(url)?;
    echoes(&mut connection, Message::text("before the close"))?;
    connection.close(Some(CloseFrame { code: code.into(), reason: Utf8Bytes::from(reason) }))?;
    let answer = connection.read()?;
    let Message::Close(Some(frame)) = answer else {
        return Err(format!("the server answered with {answer:?}").into());
    };
    expect(u16::from(frame.code) == code, "the server answered with another code")?;
    expect(frame.reason == reason || frame.reason.is_empty(), "it answered with another reason")?;
    // The server ends TCP, so this is its end of stream.
    let end = connection.read();
    expect(matches!(end, Err(Error::ConnectionClosed)), "TCP did not end after the Close")?;
    expect(appears(log, code, reason), "the server did not say that it saw the Close")
}

fn echoes(connection: &mut Connection, message: Message) -> Outcome {
    connection.send(message.clone())?;
    expect(connection.read()? == message, "a message came back changed")
}

fn expect(holds: bool, sentence: &str) -> Outcome {
    if holds { Ok(()) } else { Err(sentence.into()) }
}
