//! Ten thousand ways to ask wrongly, over real connections.

use std::net::SocketAddr;
use std::thread;

use tubesock_tests::frames::first::TEXT;
use tubesock_tests::mistakes::{Mistake, mistakes};
use tubesock_tests::raw::{RawClient, request, wait_until};

use super::{config, echo};

const COUNT: usize = 10_000;
const THREADS: usize = 8;

#[test]
fn ten_thousand_handshakes_each_with_another_mistake_get_the_right_status_each() {
    let server = echo(config());
    let (addr, handle) = (server.local_addr(), server.handle());
    let mut other = RawClient::open(addr);
    let all = mistakes(COUNT, 1);
    thread::scope(|scope| {
        for part in all.chunks(COUNT.div_ceil(THREADS)) {
            scope.spawn(move || part.iter().for_each(|mistake| check(addr, mistake)));
        }
    });
    other.text("still here");
    other.expect(TEXT, "still here");
    RawClient::open(addr).close(1000, "");
    wait_until("nobody else is left", || handle.connections() == 1);
}

fn check(addr: SocketAddr, mistake: &Mistake) {
    let response = request(addr, &mistake.request);
    let shown = mistake.request.escape_ascii();
    assert_eq!(response.status, mistake.status, "{}: {shown}", mistake.about);
    let length: usize = response.header("Content-Length").unwrap().parse().unwrap();
    if mistake.request.trim_ascii_start().starts_with(b"HEAD ") {
        assert!(length > 0 && response.body.is_empty(), "{}", response.body);
    } else {
        assert!(response.body.ends_with(".\n"), "{}", response.body);
        assert_eq!((response.body.lines().count(), response.body.len()), (1, length));
    }
    let connection = if response.status == 426 { "close, Upgrade" } else { "close" };
    assert_eq!(response.header("Connection"), Some(connection));
    match response.status {
        405 => assert_eq!(response.header("Allow"), Some("GET")),
        426 => {
            assert_eq!(response.header("Upgrade"), Some("websocket"));
            assert_eq!(response.header("Sec-WebSocket-Version"), Some("13"));
        }
        _ => {}
    }
}
