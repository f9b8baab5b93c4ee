//! What becomes of a request: its path, its response, its place on the server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use tubesock_std::{CloseCode, Config, Server, WebSocket, connect};

fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

#[test]
fn a_websocket_that_leaves_its_handler_still_counts_and_is_closed_by_a_shutdown() {
    let (taken, taking) = mpsc::channel::<WebSocket>();
    let config = Config { max_connections: 1, ..Config::default() };
    let server = Server::bind("127.0.0.1:0").unwrap().with_config(config);
    let server = server
        .spawn(move |request| {
            taken.send(request.accept()?).unwrap();
            Ok(())
        })
        .unwrap();
    let mut client = connect(&format!("ws://{}/", server.local_addr())).unwrap();
    let mut kept = taking.recv().unwrap();
    assert_eq!(server.handle().connections(), 1);
    let second = ask(server.local_addr(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(second.starts_with("HTTP/1.1 503 "), "{second}");

    let receiving = std::thread::spawn(move || while let Ok(Some(_)) = kept.recv() {});
    let stopping = std::thread::spawn(move || server.shutdown().unwrap());
    assert_eq!(client.recv().unwrap(), None);
    assert_eq!(client.closed().unwrap().code, CloseCode::GOING_AWAY);
    receiving.join().unwrap();
    assert!(stopping.join().unwrap(), "every connection ended by itself");
}

#[test]
fn a_path_is_found_behind_the_host_of_an_absolute_target() {
    let server = Server::bind("127.0.0.1:0").unwrap();
    let server = server
        .spawn(|request| {
            let told = format!("{} {:?}", request.path(), request.query());
            let _ = request.respond(200, &[], told);
            Ok(())
        })
        .unwrap();
    for (target, told) in [
        ("/a/b?c=d", "/a/b Some(\"c=d\")"),
        ("http://a/a/b?c=d", "/a/b Some(\"c=d\")"),
        ("http://a", "/ None"),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = ask(server.local_addr(), &request);
        assert!(response.ends_with(&format!("\r\n\r\n{told}")), "{target}: {response}");
    }
}

#[test]
fn a_204_says_nothing_of_a_body_and_a_status_out_of_range_becomes_500() {
    let (result, results) = mpsc::channel();
    let server = Server::bind("127.0.0.1:0").unwrap();
    let server = server
        .spawn(move |request| {
            let status = request.query().unwrap().parse().unwrap();
            result.send(request.respond(status, &[], "").is_ok()).unwrap();
            Ok(())
        })
        .unwrap();
    for (status, line, is_ok) in
        [(204, "HTTP/1.1 204 No Content\r\n", true), (101, "HTTP/1.1 500 ", false)]
    {
        let request = format!("GET /?{status} HTTP/1.1\r\nHost: a\r\n\r\n");
        let response = ask(server.local_addr(), &request);
        assert!(response.starts_with(line), "{response}");
        assert_eq!(response.contains("Content-Length"), !is_ok, "{response}");
        assert_eq!(results.recv_timeout(Duration::from_secs(5)), Ok(is_ok));
    }
}
