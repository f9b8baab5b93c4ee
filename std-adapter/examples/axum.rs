//! An axum server with a WebSocket beside its ordinary routes:
//! `cargo run -p tubesock-std --features hyper --example axum -- 127.0.0.1:3001`

use std::process::ExitCode;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{Html, Response};
use axum::{Router, routing::get};
use tubesock_core::Event;
use tubesock_std::{Config, hyper};

const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><title>axum and tubesock</title>
<p>Type here: <input id="text" autofocus> <output id="echo"></output>
<script>
  const socket = new WebSocket(`ws://${location.host}/echo`);
  const [text, echo] = [document.getElementById("text"), document.getElementById("echo")];
  text.oninput = () => socket.send(text.value);
  socket.onmessage = ({ data }) => (echo.textContent = data);
</script>"#;

#[tokio::main]
async fn main() -> ExitCode {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3001".to_owned());
    match serve(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("axum: can't listen on {address}: {error}; name a free ADDRESS:PORT");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let routes = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/health", get(|| async { "well\n" }))
        .route("/echo", get(echo));
    axum::serve(listener, routes).await
}

async fn echo(mut request: Request) -> Response {
    match hyper::hijack(&mut request, &Config::default(), &[]) {
        Err(refusal) => hyper::refuse(refusal).map(Body::from),
        Ok((response, hijack)) => {
            tokio::spawn(talk(hijack));
            response.map(|()| Body::empty())
        }
    }
}

/// Runs beside the server until the peer has closed.
async fn talk(hijack: hyper::Hijack) -> std::io::Result<()> {
    let mut connection = hijack.connect().await?;
    let mut socket = connection.websocket();
    while let Ok(Some((event, mut reply))) = socket.recv().await {
        if let Event::Data(message) = event
            && reply.send(message).await.is_err()
        {
            break; // the peer is gone, and receiving would say so next
        }
    }
    drop(socket);
    connection.end().await
}
