//! A chat room in the browser: `cargo run --release --example chat`
//!
//! With `--redis redis://HOST/` the room spans several processes and machines.

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use clap::error::ErrorKind;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tubesock_std::{Config, Deflate, Refused, Request, Server};

use crate::bridge::{Bridge, BridgeError};
use crate::outbox::Outbox;
use crate::room::Room;

mod bridge;
mod history;
mod outbox;
mod people;
mod protocol;
mod room;

const PAGE: &str = include_str!("page.html");

/// A chat room in the browser.
#[derive(Parser)]
#[command(name = "chat")]
struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:3000")]
    listen: String,
    /// Share the room with other chat servers over the Redis at this address.
    #[arg(long, value_name = "redis://HOST:PORT/")]
    redis: Option<String>,
    /// Compress messages (permessage-deflate): each once for everybody.
    #[arg(long)]
    deflate: bool,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse_flags(&error),
    };
    let result = match args.redis.as_deref().map(Bridge::connect).transpose() {
        Ok(bridge) => serve(&args, bridge).map_err(|problem| (problem, 1)),
        Err(error @ BridgeError::Url) => Err((error.to_string(), 2)),
        Err(error @ BridgeError::Unreachable(_)) => Err((error.to_string(), 1)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err((problem, code)) => fail(problem, code),
    }
}

/// Serves until it is told to end.
fn serve(args: &Args, bridge: Option<Bridge>) -> Result<(), String> {
    let listen = &args.listen;
    let outbox = bridge.is_some().then(|| Arc::new(Outbox::new()));
    let room = Arc::new(Room::new(outbox.clone()));
    let no_threads = |error| format!("can't start: {error}");

    let cant_listen = |error| {
        format!("can't listen on {listen}: {error}; name a free one with --listen ADDRESS:PORT")
    };
    let config = Config {
        max_message: protocol::MAX_MESSAGE,
        read_buffer: protocol::MAX_MESSAGE,
        max_queued: 512 << 10,
        ping_interval: Some(Duration::from_secs(20)),
        // With a context of its own each connection would compress for itself.
        deflate: args.deflate.then(|| Deflate { send_takeover: false, ..Deflate::default() }),
        ..Config::default()
    };
    let server = Server::bind(listen).map_err(cant_listen)?.with_config(config);
    let address = server.local_addr().map_err(cant_listen)?;
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(no_threads)?;
    let bridge = match (bridge, &outbox) {
        (Some(bridge), Some(outbox)) => Some(bridge.start(&room, outbox).map_err(no_threads)?),
        _ => None,
    };
    keep_tidy(&room).map_err(no_threads)?;
    let handle = server.handle();
    let goodbye = {
        let room = Arc::clone(&room);
        thread::Builder::new().name("goodbye".into()).spawn(move || {
            let _ = signals.forever().next();
            // Who asks twice doesn't want to wait.
            thread::spawn(move || signals.forever().next().map(|_| std::process::exit(1)));
            room.close();
            if let Some(bridge) = &bridge {
                bridge.say_bye();
            }
            handle.shutdown();
            if let Some(bridge) = bridge {
                bridge.wait(Duration::from_secs(1));
            }
        })
    }
    .map_err(no_threads)?;
    greet(address);
    server.run(move |request| answer(request, &room)).map_err(cant_listen)?;
    let _ = goodbye.join();
    Ok(())
}

fn answer(request: Request, room: &Arc<Room>) -> Result<(), Refused> {
    let headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Cache-Control", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "frame-ancestors 'none'"),
    ];
    let text = [("Content-Type", "text/plain; charset=utf-8"), ("Allow", "GET, HEAD")];
    let answered = match (request.path(), request.method()) {
        ("/chat", _) => return chat(request, room),
        ("/", "GET" | "HEAD") => request.respond(200, &headers, PAGE),
        ("/", _) => request.respond(405, &text, "The page is there to GET.\n"),
        _ => request.respond(404, &text[..1], "There is nothing here; the room is at /.\n"),
    };
    drop(answered); // whoever asked may be gone
    Ok(())
}

fn chat(request: Request, room: &Arc<Room>) -> Result<(), Refused> {
    request.select_subprotocol(&[protocol::SUBPROTOCOL]).hijack(|tubesock| {
        let id = room.arrive(tubesock.sender());
        tubesock.on_message(move |_, message| room.hear(id, message));
        tubesock.on_close(move |_| room.leave(id));
    })
}

fn keep_tidy(room: &Arc<Room>) -> std::io::Result<()> {
    let room = Arc::clone(room);
    let tidy = move || {
        loop {
            thread::sleep(Duration::from_millis(500));
            room.tidy(Instant::now());
        }
    };
    thread::Builder::new().name("tidy".into()).spawn(tidy).map(drop)
}

/// Says where the room is. Nobody may be reading that.
fn greet(address: SocketAddr) {
    let mut out = std::io::stdout();
    let host = if address.ip().is_unspecified() {
        format!("localhost:{}", address.port())
    } else {
        address.to_string()
    };
    let _ = writeln!(out, "listening on {address}\nThe room is at http://{host}/");
}

/// Says in one sentence what is wrong with the flags.
fn refuse_flags(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    fail(format_args!("{}; --help shows the flags", first.trim_start_matches("error: ")), 2)
}

fn fail(problem: impl Display, code: u8) -> ExitCode {
    eprintln!("chat: {problem}");
    ExitCode::from(code)
}
