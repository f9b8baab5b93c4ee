//! More connections than there may be, and threads that can't be had.

use tubesock_std::Config;
use tubesock_tests::frames::first::TEXT;
use tubesock_tests::raw::{RawClient, wait_until};

use super::{SHORT, config, echo};

#[test]
fn connections_above_the_limit_get_503_until_there_is_room_again() {
    let server = echo(Config { max_connections: 3, ..config() });
    let (addr, handle) = (server.local_addr(), server.handle());
    let mut members: Vec<_> = (0..3).map(|_| RawClient::open(addr)).collect();
    assert_eq!(handle.connections(), 3);
    for _ in 0..10 {
        let response = RawClient::connect(addr).response();
        assert_eq!(response.status, 503);
        assert_eq!(response.body, "There is no room for another connection now.\n");
    }
    for member in &mut members {
        member.text("still here");
        member.expect(TEXT, "still here");
    }
    members.pop().unwrap().close(1000, "");
    wait_until("there is room", || handle.connections() == 2);
    RawClient::open(addr).close(1000, "");
}

#[test]
fn a_peer_that_has_sent_its_head_already_reads_the_503_too() {
    let server = echo(Config { max_connections: 0, ..config() });
    for _ in 0..50 {
        let mut client = RawClient::connect(server.local_addr());
        client.send(tubesock_tests::raw::upgrade(server.local_addr(), "/", ""));
        assert_eq!(client.response().status, 503);
    }
}

#[test]
fn connections_that_are_still_shaking_hands_count() {
    let server = echo(Config { max_connections: 2, handshake_timeout: SHORT, ..config() });
    let (addr, handle) = (server.local_addr(), server.handle());
    let silent = [RawClient::connect(addr), RawClient::connect(addr)];
    wait_until("both are there", || handle.connections() == 2);
    assert_eq!(RawClient::connect(addr).response().status, 503);
    wait_until("the silent ones are gone", || handle.connections() == 0);
    RawClient::open(addr).close(1000, "");
    drop(silent);
}

#[test]
fn without_a_thread_to_be_had_a_connection_gets_503_and_the_server_lives_on() {
    let server = echo(Config { stack_size: 1 << 46, ..config() });
    let (addr, handle) = (server.local_addr(), server.handle());
    for _ in 0..20 {
        assert_eq!(RawClient::connect(addr).response().status, 503);
    }
    assert_eq!(handle.connections(), 0);
    assert!(server.shutdown().unwrap());
}

#[test]
fn connections_that_come_and_go_leave_nothing_behind() {
    let server = echo(config());
    let (addr, handle) = (server.local_addr(), server.handle());
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    for _ in 0..300 {
        let mut client = RawClient::open(addr);
        client.text("x");
        client.expect(TEXT, "x");
        client.close(1000, "");
        client.expect_close(1000);
        client.expect_end();
    }
    wait_until("nobody is left", || handle.connections() == 0);
    // Other tests have descriptors too, but not hundreds.
    wait_until("the descriptors are given back", || descriptors() < 200);
}
