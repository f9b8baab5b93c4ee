//! The std adapter's server over real sockets: heads good and bad, plain answers, policies, limits,
//! and its end.

mod heads;
mod limits;
mod mistakes;
mod policies;
mod requests;
mod shutdown;

use std::time::Duration;

use tubesock_std::{Config, Request, RunningServer, Server};
use tubesock_tests::raw::PATIENCE;

/// A second's fraction, for deadlines that a test waits for.
const SHORT: Duration = Duration::from_millis(400);

/// No deadline that a slow machine could meet by accident.
fn config() -> Config {
    Config {
        ping_interval: None,
        handshake_timeout: PATIENCE,
        write_timeout: PATIENCE,
        close_timeout: PATIENCE,
        shutdown_timeout: Duration::from_millis(100),
        ..Config::default()
    }
}

/// A server on a free port.
fn serve(
    config: Config,
    handler: impl Fn(Request) -> Result<(), tubesock_std::Refused> + Send + Sync + 'static,
) -> RunningServer {
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config);
    server.spawn(handler).expect("a thread")
}

/// A server whose every connection is an echo.
fn echo(config: Config) -> RunningServer {
    serve(config, |request| {
        request.hijack(|tubesock| tubesock.on_message(|out, message| out.send(message)))
    })
}

/// Whether a deadline was kept: not before it, and not later than a busy machine may be.
fn assert_kept(took: Duration, deadline: Duration) {
    assert!(took + Duration::from_millis(20) >= deadline, "{took:?}, before {deadline:?}");
    assert!(took < deadline + SHORT * 2, "{took:?}, long after {deadline:?}");
}
