//! The end of a server.

use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use tubesock_std::{Config, Server};
use tubesock_tests::frames::first::TEXT;
use tubesock_tests::raw::{PATIENCE, RawClient, upgrade, wait_until};

use super::{SHORT, assert_kept, config, echo, serve};

#[test]
fn shutdown_sends_1001_to_everyone_waits_for_the_answers_and_says_so() {
    let server = echo(Config { shutdown_timeout: PATIENCE, ..config() });
    let addr = server.local_addr();
    let mut members: Vec<_> = (0..20).map(|_| RawClient::open(addr)).collect();
    let (results, result) = mpsc::channel();
    let ending = thread::spawn(move || results.send(server.shutdown()).unwrap());
    for member in &mut members {
        member.expect_close(1001);
    }
    thread::sleep(SHORT / 4);
    assert!(!ending.is_finished(), "nobody has answered yet");
    for member in &mut members {
        member.close(1001, "");
        member.expect_end();
    }
    assert!(result.recv_timeout(PATIENCE).unwrap().unwrap(), "all ended by themselves");
    assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
}

#[test]
fn what_was_sent_before_a_shutdown_arrives_before_its_close() {
    let server = echo(Config { shutdown_timeout: PATIENCE, ..config() });
    let handle = server.handle();
    let mut client = RawClient::open(server.local_addr());
    client.text("hello");
    client.expect(TEXT, "hello");
    let ending = thread::spawn(move || handle.shutdown());
    client.expect_close(1001);
    client.text("one more");
    client.close(1001, "");
    client.expect_end();
    assert!(ending.join().unwrap());
}

#[test]
fn peers_that_answer_nothing_are_dropped_at_the_shutdown_deadline() {
    let server = echo(Config { shutdown_timeout: SHORT, ..config() });
    let mut silent = RawClient::open(server.local_addr());
    let mut half = RawClient::connect(server.local_addr());
    half.send("GET / HT");
    thread::sleep(SHORT / 4);
    let begun = Instant::now();
    assert!(!server.shutdown().unwrap(), "not by itself");
    assert_kept(begun.elapsed(), SHORT);
    silent.expect_close(1001);
    assert!(silent.drain());
    assert!(half.drain());
}

#[test]
fn a_handler_that_is_stuck_holds_up_a_shutdown_no_longer_than_its_deadline() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = serve(Config { shutdown_timeout: SHORT, ..config() }, move |request| {
        let _ = wait.lock().unwrap().recv();
        request.hijack(|_| ())
    });
    let mut client = RawClient::connect(server.local_addr());
    client.send(upgrade(server.local_addr(), "/", ""));
    wait_until("the handler has it", || server.handle().connections() == 1);
    thread::sleep(SHORT / 4);
    let begun = Instant::now();
    assert!(!server.shutdown().unwrap());
    assert_kept(begun.elapsed(), SHORT);
    // What becomes a WebSocket afterwards is closed at once.
    drop(release);
    assert!(client.head().starts_with("HTTP/1.1 101 "));
    client.expect_close(1001);
}

#[test]
fn a_message_handler_that_is_stuck_holds_it_up_no_longer_either() {
    let (release, wait) = mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let server = serve(Config { shutdown_timeout: SHORT, ..config() }, move |request| {
        let wait = std::sync::Arc::clone(&wait);
        request.hijack(move |tubesock| {
            tubesock.on_message(move |out, message| {
                let _ = wait.lock().unwrap().recv();
                out.send(message)
            });
        })
    });
    let mut client = RawClient::open(server.local_addr());
    client.text("stuck");
    thread::sleep(SHORT / 4);
    let begun = Instant::now();
    assert!(!server.shutdown().unwrap());
    assert_kept(begun.elapsed(), SHORT);
    client.expect_close(1001);
    assert!(client.drain());
    drop(release);
}

#[test]
fn a_server_that_is_shut_down_before_it_runs_serves_nobody() {
    let server = Server::bind("127.0.0.1:0").unwrap();
    assert!(server.handle().shutdown());
    server.run(|request| request.hijack(|_| ())).unwrap();
}

#[test]
fn a_second_shutdown_finds_nothing_to_do_and_a_drop_is_one() {
    let server = echo(config());
    let (addr, handle) = (server.local_addr(), server.handle());
    let mut client = RawClient::open(addr);
    let answering = thread::spawn(move || {
        client.expect_close(1001);
        client.close(1001, "");
        client.expect_end();
    });
    drop(server);
    answering.join().unwrap();
    assert!(handle.shutdown());
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn a_port_in_use_is_an_error() {
    let server = echo(config());
    let error = Server::bind(server.local_addr()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
