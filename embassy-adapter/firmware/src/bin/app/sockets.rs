//! What is spoken on WebSockets: the lamp's protocol, and an echo.

use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration, Timer};
use tubesock_embassy::{Error, Event, Message, ServerSocket, TcpError};

use crate::state::{self, Client};

/// What a program on a WebSocket ends with.
pub type Ended = Result<(), Error<TcpError>>;

/// The lamp: answers the client, and tells it each change, and the state once a second.
pub async fn lamp(socket: &mut ServerSocket<'_, '_>) -> Ended {
    let client = Client::enter();
    let Some(mut changes) = client.changes() else { return Ok(()) };
    let mut tell = false; // its own coming is a change
    loop {
        if tell {
            socket.send(state::line().as_str()).await?;
        }
        // Whichever is first; the others are dropped, which loses nothing.
        let second = Timer::after(Duration::from_secs(1));
        tell = match select3(socket.recv(), changes.changed(), second).await {
            Either3::First(received) => {
                let Some((event, mut reply)) = received? else { return Ok(()) };
                match event {
                    Event::Data(Message::Text("on")) => state::switch(true),
                    Event::Data(Message::Text("off")) => state::switch(false),
                    Event::Data(Message::Text("ping")) => reply.send("pong").await?,
                    Event::Data(_) => reply.send(r#"{"error":"say on, off or ping"}"#).await?,
                    _ => {}
                }
                false // a change of the lamp comes as a change
            }
            Either3::Second(()) | Either3::Third(()) => true,
        };
    }
}

/// Sends every message back while it comes, so that its size does not matter.
pub async fn echo(socket: &mut ServerSocket<'_, '_>) -> Ended {
    let (mut receiver, mut sender) = socket.split();
    loop {
        let mut message = sender.message();
        loop {
            let Some((event, _)) = receiver.recv_chunk().await? else { return Ok(()) };
            let Event::Data(chunk) = event else { continue };
            let mut part = chunk.part;
            if chunk.last {
                message.finish(&mut part).await?;
                break;
            }
            message.write(&mut part).await?;
        }
    }
}
