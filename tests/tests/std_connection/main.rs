//! One connection of the std adapter over a real socket, against a client made by hand: handlers,
//! closing, deadlines, senders, slow peers.

mod closing;
mod deadlines;
mod endings;
mod fragments;
mod handlers;
mod messages;
mod sending;
mod slow_peers;
mod violations;

use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver, Sender as Channel};
use std::time::{Duration, Instant};

use tubesock_std::{Config, RunningServer, Sender, Server, Tubesock};
use tubesock_tests::raw::{PATIENCE, RawClient};

/// A second's fraction, for deadlines that a test waits for.
const SHORT: Duration = Duration::from_millis(400);

/// No deadline that a slow machine could meet by accident.
fn config() -> Config {
    Config {
        ping_interval: None,
        write_timeout: PATIENCE,
        close_timeout: PATIENCE,
        shutdown_timeout: Duration::from_millis(100),
        ..Config::default()
    }
}

/// A server on a free port whose connections are set up by `setup`.
fn serve(
    config: Config,
    setup: impl Fn(&mut Tubesock<'static>) + Send + Sync + 'static,
) -> RunningServer {
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config);
    server.spawn(move |request| request.hijack(|tubesock| setup(tubesock))).expect("a thread")
}

/// The same, with so little room in the server's socket that a peer which doesn't read is felt
/// soon.
fn serve_narrow(
    config: Config,
    setup: impl Fn(&mut Tubesock<'static>) + Send + Sync + 'static,
) -> RunningServer {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    rustix::net::sockopt::set_socket_send_buffer_size(&listener, 16 << 10).expect("a small buffer");
    let server = Server::from_listener(listener).expect("a server").with_config(config);
    server.spawn(move |request| request.hijack(|tubesock| setup(tubesock))).expect("a thread")
}

/// A server that echoes, and what its handlers saw.
fn echo(config: Config) -> (RunningServer, Receiver<String>) {
    let (log, seen) = mpsc::channel();
    let server = serve(config, move |tubesock| {
        tubesock.on_message(|out, message| out.send(message));
        record(tubesock, &log);
    });
    (server, seen)
}

/// Adds handlers that write down what they are called with.
fn record(tubesock: &mut Tubesock<'_>, log: &Channel<String>) {
    let (open, message, error, close) = (log.clone(), log.clone(), log.clone(), log.clone());
    tubesock.on_open(move |_| drop(open.send("open".to_owned())));
    tubesock.on_message(move |_, data| {
        let payload = data.as_bytes();
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(40)]);
        drop(message.send(format!("message {shown}")));
    });
    tubesock.on_error(move |failure| drop(error.send(format!("error {failure}"))));
    tubesock.on_close(move |closed| {
        let (code, clean) = (closed.code.0, if closed.clean { "clean" } else { "unclean" });
        let end =
            if closed.reason.is_empty() { String::new() } else { format!(" {}", closed.reason) };
        drop(close.send(format!("close {code} {clean}{end}")));
    });
}

/// Expects exactly these, in this order, and then nothing: each connection says `close` last.
fn expect_events(seen: &Receiver<String>, expected: &[&str]) {
    for expected in expected {
        let event = seen.recv_timeout(PATIENCE).expect("another event");
        assert_eq!(&event, expected);
    }
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(seen.try_recv().ok(), None, "one event too many");
}

/// A connected pair: the client, and what the server sends with; the server's handlers are `more`.
fn pair_with(
    server: impl FnOnce(Channel<Sender>) -> RunningServer,
) -> (RunningServer, RawClient, Sender) {
    let (senders, sent) = mpsc::channel();
    let server = server(senders);
    let client = RawClient::open(server.local_addr());
    let sender = sent.recv_timeout(PATIENCE).expect("a connection");
    (server, client, sender)
}

/// A connected pair that does nothing by itself.
fn pair(config: Config) -> (RunningServer, RawClient, Sender) {
    pair_with(|senders| {
        serve(config, move |tubesock| senders.send(tubesock.sender()).expect("a waiting test"))
    })
}

/// The same where a peer that doesn't read is felt soon.
fn narrow_pair(config: Config) -> (RunningServer, RawClient, Sender) {
    let (senders, sent) = mpsc::channel();
    let server = serve_narrow(config, move |tubesock| {
        senders.send(tubesock.sender()).expect("a waiting test");
    });
    let addr = server.local_addr();
    let mut client = RawClient::over(tubesock_tests::raw::narrow_stream(addr));
    client.shake_hands(addr, "");
    let sender = sent.recv_timeout(PATIENCE).expect("a connection");
    (server, client, sender)
}

fn timed<T>(action: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = action();
    (result, begun.elapsed())
}

/// Whether a deadline was kept: not before it, and not later than a busy machine may be.
fn assert_kept(took: Duration, deadline: Duration) {
    assert!(took + Duration::from_millis(20) >= deadline, "{took:?}, before {deadline:?}");
    assert!(took < deadline + SHORT * 2, "{took:?}, long after {deadline:?}");
}
