//! Echoes every message: `cargo run --release -p tubesock-std --example echo -- 127.0.0.1:9001`
//!
//! It prints `listening on ADDR` once it is; port 0 takes a free one.

use std::process::ExitCode;

use clap::Parser;
use tubesock_std::{Closed, Config, Deflate, Error, Origins, Refused, Request, Server};

/// Echoes every WebSocket message.
#[derive(Parser)]
struct Args {
    /// Where to listen; port 0 takes a free one.
    #[arg(default_value = "127.0.0.1:9001")]
    listen: String,
    /// Echo each message in pieces as they come, so that it may have any size.
    #[arg(long)]
    stream: bool,
    /// The receive buffer, in bytes.
    #[arg(long, default_value_t = Config::default().read_buffer)]
    buffer: usize,
    /// Compress messages (permessage-deflate), for peers that have it too.
    #[arg(long)]
    deflate: bool,
    /// With --deflate: each message refers only to itself, in both directions.
    #[arg(long, requires = "deflate")]
    no_takeover: bool,
    /// With --deflate: the windows of both directions, 9 to 15.
    #[arg(long, requires = "deflate", value_parser = clap::value_parser!(u8).range(9..=15))]
    window_bits: Option<u8>,
    /// Print `closed CODE REASON` for each connection that ends.
    #[arg(long)]
    log: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo: can't listen on {}: {error}; name a free ADDRESS:PORT", args.listen);
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &Args) -> std::io::Result<()> {
    let config = Config {
        origins: Origins::Any,
        read_buffer: args.buffer,
        max_message: 64 << 20,
        deflate: args.deflate.then(|| deflate(args)),
        ..Config::default()
    };
    let server = Server::bind(&args.listen)?.with_config(config);
    println!("listening on {}", server.local_addr()?);
    let (stream, log) = (args.stream, args.log);
    server.run(move |request| if stream { echo_chunks(request, log) } else { echo(request, log) })
}

fn deflate(args: &Args) -> Deflate {
    let mut deflate = Deflate::default();
    (deflate.send_takeover, deflate.receive_takeover) = (!args.no_takeover, !args.no_takeover);
    if let Some(bits) = args.window_bits {
        (deflate.send_bits, deflate.receive_bits) = (bits, bits);
    }
    deflate
}

fn echo(request: Request, log: bool) -> Result<(), Refused> {
    request.hijack(|tubesock| {
        tubesock.on_message(|out, message| out.send(message));
        tubesock.on_close(move |closed| print_closed(log, closed));
    })
}

fn echo_chunks(request: Request, log: bool) -> Result<(), Refused> {
    let mut websocket = request.accept()?;
    let (incoming, out) = websocket.split();
    let mut echo = || -> Result<(), Error> {
        while let Some(chunk) = incoming.recv_chunk()? {
            if out.fragment(chunk.part, chunk.last).is_err() {
                break; // the peer is gone; receiving says how
            }
        }
        Ok(())
    };
    let _ = echo();
    print_closed(log, &websocket.closed().unwrap_or(Closed::ABNORMAL));
    Ok(())
}

fn print_closed(log: bool, closed: &Closed<'_>) {
    if log {
        println!("closed {} {}", closed.code, closed.reason);
    }
}
