//! Servers to talk to, each started for one test and ended by it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use tubesock_std::{CloseCode, Config, Message, Refused, Request, RunningServer, Server, Transmit};

/// How long a server may take to start, or to say that a connection ended.
const PATIENCE: Duration = Duration::from_secs(20);

/// An echo server that chooses the subprotocol `echo`, refuses `/refuse`, and
/// takes the commands of `tests/peers/server.py`.
pub(crate) struct Peer {
    address: String,
    closed: Receiver<String>,
    _running: Running,
}

#[allow(dead_code)] // held to be dropped
enum Running {
    Program(Program),
    Server(RunningServer),
}

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Peer {
    pub(crate) fn websockets() -> Self {
        let mut python = Command::new(root().join("target/venv/bin/python"));
        python.arg(root().join("tests/peers/server.py"));
        Self::program(python)
    }

    pub(crate) fn ws() -> Self {
        let mut node = Command::new("node");
        node.arg(root().join("tests/peers/server.mjs"));
        Self::program(node)
    }

    pub(crate) fn tungstenite() -> Self {
        let folder = std::env::var_os("PEERS_RS");
        let folder = folder.map_or_else(|| root().join("target/peers-rs/release"), PathBuf::from);
        Self::program(Command::new(folder.join("tungstenite-server")))
    }

    pub(crate) fn ours() -> Self {
        let (closed, closings) = channel();
        let config = Config { max_message: 64 << 20, ..Config::default() };
        let server = Server::bind("127.0.0.1:0").unwrap().with_config(config);
        let server = server.spawn(move |request| serve(request, closed.clone())).unwrap();
        let address = server.local_addr().to_string();
        Self { address, closed: closings, _running: Running::Server(server) }
    }

    /// The address for a path that begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// What the server says of the next connection that ends: `CODE REASON`.
    pub(crate) fn saw_close(&self) -> String {
        self.closed.recv_timeout(PATIENCE).expect("the server didn't say how the connection ended")
    }

    fn program(mut command: Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!("{command:?} can't be started: {error}; run tests/run.sh ci 35-peers-client")
        });
        let output = BufReader::new(child.stdout.take().unwrap());
        let running = Running::Program(Program(child));
        let (address, addresses) = channel();
        let (closed, closings) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(said) = line.strip_prefix("listening on ") {
                    let _ = address.send(said.to_owned());
                } else if let Some(said) = line.strip_prefix("closed ") {
                    let _ = closed.send(said.trim_end().to_owned());
                }
            }
        });
        let address = addresses.recv_timeout(PATIENCE);
        let address = address.unwrap_or_else(|_| panic!("{command:?} doesn't say that it listens"));
        Self { address, closed: closings, _running: running }
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn serve(request: Request, closed: Sender<String>) -> Result<(), Refused> {
    if request.path() == "/refuse" {
        let _ = request.respond(403, &[("X-Why", "because")], b"No WebSocket lives here.");
        return Ok(());
    }
    request.select_subprotocol(&["echo"]).hijack(move |tubesock| {
        tubesock.on_message(answer);
        tubesock.on_close(move |end| {
            let _ = closed.send(format!("{} {}", end.code, end.reason).trim_end().to_owned());
        });
    })
}

fn answer(out: &Transmit, message: Message<'_>) -> Result<(), tubesock_std::SendError> {
    let Some(text) = message.as_text() else { return out.send(message) };
    match text.split_once(' ') {
        Some(("fragments", words)) => {
            let mut words = words.split(' ').peekable();
            while let Some(word) = words.next() {
                out.fragment(word, words.peek().is_none())?;
            }
            Ok(())
        }
        Some(("close", rest)) => {
            let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
            out.close(CloseCode(code.parse().unwrap()), reason)
        }
        _ => out.send(message),
    }
}
