//! The client that the Autobahn suite's fuzzing server tests: it asks for the
//! number of cases, echoes in each, and asks for the report.
//!
//! `AUTOBAHN_URL` says where the suite is.

use std::process::ExitCode;

use tubesock_std::{ClientSocket, Config, Connect, ConnectError, Deflate};

const AGENT: &str = "tubesock";

fn main() -> ExitCode {
    let Ok(url) = std::env::var("AUTOBAHN_URL") else {
        eprintln!("autobahn-client: set AUTOBAHN_URL to the suite's ws:// address");
        return ExitCode::from(2);
    };
    match run(&url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("autobahn-client: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(url: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut websocket = open(&format!("{url}/getCaseCount"))?;
    let count = websocket.recv()?.and_then(|message| message.as_text()?.parse::<u32>().ok());
    let count = count.ok_or("the suite didn't say how many cases there are")?;
    for case in 1..=count {
        echo(open(&format!("{url}/runCase?case={case}&agent={AGENT}"))?);
    }
    let mut websocket = open(&format!("{url}/updateReports?agent={AGENT}"))?;
    while websocket.recv()?.is_some() {}
    Ok(())
}

fn open(url: &str) -> Result<ClientSocket, ConnectError> {
    // The suite takes the offer in the sections that are about it.
    let deflate = Some(Deflate::default());
    let config = Config { max_message: 64 << 20, deflate, ..Config::default() };
    Connect::new(url).config(config).connect()
}

/// How a case ends, in order or not, is for the suite to judge.
fn echo(mut websocket: ClientSocket) {
    let (incoming, out) = websocket.split();
    while let Ok(Some(message)) = incoming.recv() {
        if out.send(message).is_err() {
            break;
        }
    }
}
