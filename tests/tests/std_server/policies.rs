//! Who may come in: origins, host names; and what is agreed on: subprotocols, header fields.

use std::net::SocketAddr;

use tubesock_std::{Config, Origins};
use tubesock_tests::raw::{HANDSHAKE_KEY, RawClient, request};

use super::{config, echo, serve};

/// The status of a handshake with this host, and this origin if it isn't empty.
fn status(addr: SocketAddr, host: &str, origin: &str) -> u16 {
    let origin = if origin.is_empty() { String::new() } else { format!("Origin: {origin}\r\n") };
    let mut client = RawClient::connect(addr);
    client.send(format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\n{origin}Upgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {HANDSHAKE_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ));
    let head = client.head();
    head[9..12].parse().unwrap()
}

#[test]
fn by_default_pages_of_the_same_host_may_connect_and_others_get_403() {
    let server = echo(config());
    let addr = server.local_addr();
    for (host, origin, expected) in [
        ("example.com", "", 101),
        ("example.com", "http://example.com", 101),
        ("example.com", "https://EXAMPLE.com", 101),
        ("example.com:80", "http://example.com", 101),
        ("example.com:3000", "http://example.com:3000", 101),
        ("example.com", "http://evil.example", 403),
        ("example.com", "http://example.com.evil.example", 403),
        ("example.com", "http://example.com:81", 403),
        ("example.com", "null", 403),
        ("example.com", "example.com", 403),
        ("example.com", "http://", 403),
        ("example.com", "http://evil.example/example.com", 403),
        ("example.com", "http://user@example.com", 403),
    ] {
        assert_eq!(status(addr, host, origin), expected, "{origin} at {host}");
    }
}

#[test]
fn an_allow_list_of_origins_admits_those_on_it_and_clients_that_are_no_pages() {
    let list = vec!["https://example.com".to_owned()];
    let server = echo(Config { origins: Origins::AllowList(list), ..config() });
    let addr = server.local_addr();
    assert_eq!(status(addr, "api.example.com", ""), 101);
    assert_eq!(status(addr, "api.example.com", "https://example.com"), 101);
    assert_eq!(status(addr, "api.example.com", "https://api.example.com"), 403);
    assert_eq!(status(addr, "example.com", "http://example.com"), 403);
}

#[test]
fn any_origin_admits_all() {
    let server = echo(Config { origins: Origins::Any, ..config() });
    assert_eq!(status(server.local_addr(), "example.com", "http://evil.example"), 101);
    assert_eq!(status(server.local_addr(), "example.com", "null"), 101);
}

#[test]
fn a_list_of_hosts_keeps_out_pages_that_came_under_another_name() {
    let hosts = Some(vec!["localhost".to_owned(), "example.com:3000".to_owned()]);
    let server = echo(Config { hosts, ..config() });
    let addr = server.local_addr();
    for (host, expected) in [
        ("localhost", 101),
        ("LOCALHOST:9999", 101),
        ("example.com:3000", 101),
        ("example.com:3001", 403),
        ("example.com", 403),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
    ] {
        let origin = format!("http://{host}");
        assert_eq!(status(addr, host, &origin), expected, "{host}");
    }
}

fn subprotocol_of(response: &str) -> Option<&str> {
    let lines = response.lines().filter_map(|line| line.split_once(": "));
    lines.filter(|(name, _)| *name == "Sec-WebSocket-Protocol").map(|(_, value)| value).next()
}

#[test]
fn the_servers_first_choice_of_the_subprotocols_offered_is_taken() {
    let server = serve(config(), |request| {
        let request = request.select_subprotocol(&["v2.chat", "v1.chat"]);
        let chosen = request.subprotocol().unwrap_or("none").to_owned();
        request.hijack(|tubesock| tubesock.on_open(move |out| out.text(&chosen)))
    });
    let addr = server.local_addr();
    for (lines, expected) in [
        ("Sec-WebSocket-Protocol: v1.chat, v2.chat\r\n", Some("v2.chat")),
        ("Sec-WebSocket-Protocol: v1.chat\r\nSec-WebSocket-Protocol: x\r\n", Some("v1.chat")),
        ("Sec-WebSocket-Protocol: V2.chat\r\n", None),
        ("", None),
    ] {
        let mut client = RawClient::connect(addr);
        let head = client.shake_hands(addr, lines);
        assert_eq!(subprotocol_of(&head), expected, "{lines}");
        client.expect(0x81, expected.unwrap_or("none"));
    }
}

#[test]
fn header_fields_of_the_programs_go_out_with_the_101() {
    let server =
        serve(config(), |request| request.with_header("Set-Cookie", "a=b; Secure").hijack(|_| ()));
    let addr = server.local_addr();
    let head = RawClient::connect(addr).shake_hands(addr, "");
    assert!(head.contains("\r\nSet-Cookie: a=b; Secure\r\n"), "{head}");
}

#[test]
fn a_header_field_with_a_line_break_in_it_gives_500_and_nothing_of_it_goes_out() {
    for (name, value) in [
        ("X", "a\r\nSet-Cookie: evil=1"),
        ("X", "a\nSet-Cookie: evil=1"),
        ("X", "a\0evil"),
        ("X\r\nSet-Cookie: evil=1\r\nY", "a"),
        ("Set-Cookie: evil", "a"),
        ("", "evil"),
        ("Sec-WebSocket-Accept", "evil"),
        ("Sec-WebSocket-Extensions", "evil"),
        ("Connection", "evil"),
    ] {
        let server =
            serve(config(), move |request| request.with_header(name, value).hijack(|_| ()));
        let addr = server.local_addr();
        let response = request(addr, tubesock_tests::raw::upgrade(addr, "/", ""));
        assert_eq!(response.status, 500, "{name:?}: {value:?}");
        assert!(!response.head.contains("evil"), "{}", response.head);
        assert_eq!(response.body, "The server could not write its answer.\n");
    }
}
