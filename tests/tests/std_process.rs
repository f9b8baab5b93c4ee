//! What a whole process has: descriptors and memory. Each of these tests runs in a process of its
//! own, which is this program started again.

use std::io::Write;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, connect, socket};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tubesock_std::{Config, RunningServer, Server};
use tubesock_tests::frames::first::{BINARY, TEXT};
use tubesock_tests::frames::{From, header};
use tubesock_tests::raw::{RawClient, wait_until};

const CHILD: &str = "TUBESOCK_TEST_CHILD";

/// Runs `body` in a process of its own, in which only the test of this name runs.
fn in_a_process_of_its_own(name: &str, body: impl FnOnce()) {
    if std::env::var(CHILD).is_ok_and(|child| child == name) {
        return body();
    }
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program);
    child.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(CHILD, name);
    let output = child.output().expect("another process");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
    for figure in said.lines().filter_map(|line| line.split_once("figure: ")) {
        println!("{}", figure.1);
    }
}

fn config() -> Config {
    Config {
        ping_interval: None,
        shutdown_timeout: Duration::from_millis(100),
        ..Config::default()
    }
}

fn echo(config: Config) -> RunningServer {
    let server = Server::bind("127.0.0.1:0").expect("a free port").with_config(config);
    let server = server.spawn(|request| {
        request.hijack(|tubesock| tubesock.on_message(|out, message| out.send(message)))
    });
    server.expect("a thread")
}

/// A number of `/proc/self/status`, in KiB.
fn status(name: &str) -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux's /proc");
    let line = status.lines().find(|line| line.starts_with(name)).expect("the number");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

/// How long this process has had a processor.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).expect("a time since its start")
}

#[test]
fn without_descriptors_the_server_waits_without_spinning_and_serves_when_there_are_some_again() {
    let name = "without_descriptors_the_server_waits_without_spinning_and_serves_when_there_are_some_again";
    in_a_process_of_its_own(name, || {
        let server = echo(config());
        let addr = server.local_addr();
        let mut first = RawClient::open(addr);
        // Connecting takes no descriptor of a socket that is there already.
        let sockets: Vec<OwnedFd> = (0..40)
            .map(|_| socket(AddressFamily::INET, SocketType::STREAM, None).unwrap())
            .collect();
        let open = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64 - 1;
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(open + 10), maximum }).unwrap();
        let mut waiting: Vec<_> = sockets
            .into_iter()
            .map(|socket| {
                connect(&socket, &addr).unwrap();
                let mut client = RawClient::over(TcpStream::from(socket));
                client.send(tubesock_tests::raw::upgrade(addr, "/", ""));
                client
            })
            .collect();
        let handle = server.handle();
        wait_until("some are let in", || handle.connections() >= 10);
        let before = processor_time();
        std::thread::sleep(Duration::from_millis(500));
        let used = processor_time() - before;
        assert!(used < Duration::from_millis(100), "{used:?} of 500 ms: it spins while it waits");
        assert!(handle.connections() < 20, "{} of 41", handle.connections());
        first.text("still here");
        first.expect(TEXT, "still here");
        // Each that leaves makes room for another: two descriptors, its own and the server's.
        for mut client in waiting.drain(..) {
            assert!(client.head().starts_with("HTTP/1.1 101 "));
            client.text("hello");
            client.expect(TEXT, "hello");
            client.close(1000, "");
            client.expect_close(1000);
            client.expect_end();
        }
        wait_until("only the first is left", || handle.connections() == 1);
        RawClient::open(addr).close(1000, "");
    });
}

#[test]
fn quiet_connections_give_the_memory_of_large_messages_back() {
    let name = "quiet_connections_give_the_memory_of_large_messages_back";
    in_a_process_of_its_own(name, || {
        const CONNECTIONS: usize = 150;
        const SIZE: usize = 1 << 20;
        let park_after = Duration::from_millis(200);
        let server = Server::bind("127.0.0.1:0").unwrap();
        let server = server.with_config(Config { park_after, ..config() });
        let server = server.spawn(|request| {
            request.hijack(|tubesock| {
                tubesock.on_message(|out, message| out.text(&message.len().to_string()));
            })
        });
        let server = server.unwrap();
        let addr = server.local_addr();
        let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| RawClient::open(addr)).collect();
        let part = vec![0x5A; SIZE - 1];
        let before = status("VmRSS");
        for client in &mut clients {
            client.send(header(From::Client, BINARY, SIZE as u64));
            client.stream().write_all(&part).unwrap();
        }
        let expected = i64::try_from(CONNECTIONS * SIZE / 1024).unwrap();
        wait_until("all is there", || status("VmRSS") - before > expected * 9 / 10);
        let during = status("VmRSS") - before;
        for client in &mut clients {
            client.send([0]);
            client.expect(TEXT, SIZE.to_string());
        }
        // glibc keeps some of what was freed, in each of its arenas.
        wait_until("it is given back", || status("VmRSS") - before < expected * 2 / 5);
        std::thread::sleep(park_after);
        println!(
            "figure: {CONNECTIONS} messages of {SIZE} bytes took {during} KiB, afterwards {} KiB",
            status("VmRSS") - before
        );
        assert!(during < expected * 3, "{during} KiB for {expected} KiB of messages");
        for client in &mut clients {
            client.frame(BINARY, [0; 100_000]);
            client.expect(TEXT, "100000");
        }
    });
}

#[test]
fn an_announced_length_takes_no_memory_before_its_bytes_are_there() {
    let name = "an_announced_length_takes_no_memory_before_its_bytes_are_there";
    in_a_process_of_its_own(name, || {
        let server = echo(config());
        let addr = server.local_addr();
        let mut clients: Vec<_> = (0..100).map(|_| RawClient::open(addr)).collect();
        let before = status("VmRSS");
        for client in &mut clients {
            client.send(header(From::Client, BINARY, 16 << 20));
            client.send([0; 10]);
        }
        std::thread::sleep(Duration::from_millis(200));
        let grown = status("VmRSS") - before;
        println!("figure: 100 announced messages of 16 MiB took {grown} KiB");
        assert!(grown < 20 << 10, "{grown} KiB for 1000 bytes");
    });
}

#[test]
fn floods_of_pings_and_of_tiny_fragments_take_no_memory() {
    let name = "floods_of_pings_and_of_tiny_fragments_take_no_memory";
    in_a_process_of_its_own(name, || {
        let server = echo(Config { write_timeout: Duration::from_secs(1), ..config() });
        let handle = server.handle();
        let addr = server.local_addr();
        let before = status("VmRSS");
        let ping = tubesock_tests::frames::frame(From::Client, 0x89, &[0; 125]).repeat(100);
        let fragment = tubesock_tests::frames::frame(From::Client, 0x02, b"x");
        let more = tubesock_tests::frames::frame(From::Client, 0x00, b"x").repeat(1000);
        let flood = |first: &[u8], bytes: &[u8], times: usize| {
            let client = RawClient::open(addr);
            client.stream().write_all(first).unwrap();
            client.stream().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
            let sent = (0..times).take_while(|_| client.stream().write_all(bytes).is_ok()).count();
            (client, sent * bytes.len())
        };
        let floods = [flood(b"", &ping, 3000), flood(&fragment, &more, 300)];
        let grown = status("VmRSS") - before;
        let sent: Vec<usize> = floods.iter().map(|(_, sent)| sent / 1024).collect();
        println!("figure: floods of {sent:?} KiB, answers unread, took {grown} KiB");
        // One message of one-byte fragments may become as long as any.
        assert!(grown < 24 << 10, "{grown} KiB");
        drop(floods);
        wait_until("all are gone", || handle.connections() == 0);
    });
}
