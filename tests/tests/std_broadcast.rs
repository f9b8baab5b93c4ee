//! A message for everyone, a tenth of whom have stopped reading: the others get it as soon as if
//! there were none of those.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tubesock_std::{CloseCode, Config, Prepared, RunningServer, SendError, Sender, Server};
use tubesock_tests::frames::read_one;
use tubesock_tests::raw::{RawClient, narrow_stream, wait_until};

const CONNECTIONS: usize = 500;
const STALLED: usize = CONNECTIONS / 10;
const MESSAGES: usize = 100;
const SIZE: usize = 2048;
const INTERVAL: Duration = Duration::from_millis(25);

/// Both runs in one test, so that neither disturbs the other.
#[test]
fn a_tenth_that_stops_reading_delays_nobody_else_and_is_closed() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum.or(Some(65_536)), maximum }).unwrap();
    let alone = run(0);
    let beside = run(STALLED);
    println!("none of {CONNECTIONS} stalled: {alone}");
    println!("{STALLED} of {CONNECTIONS} stalled: {beside}");
    // Other tests, and other programs, may have the processors; tests/stages/60-broadcast.sh
    // sets the real bound.
    let bound = std::env::var("BROADCAST_P99_MS").map_or(1000, |bound| bound.parse().unwrap());
    let bound = Duration::from_millis(bound);
    assert!(beside.p99 < bound, "p99 of {:?}, which should be below {bound:?}", beside.p99);
    assert!(beside.grown < 64 << 10, "{} KiB more for a bounded queue each", beside.grown);
}

struct Figures {
    p50: Duration,
    p99: Duration,
    worst: Duration,
    /// The process's memory after everyone has connected, in KiB, and how much it grew from there.
    memory: i64,
    grown: i64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50, p99, worst, memory, grown } = self;
        write!(
            f,
            "p50 {p50:.1?}, p99 {p99:.1?}, worst {worst:.1?}; {memory} KiB, then {grown} more"
        )
    }
}

fn run(stalled: usize) -> Figures {
    let room: Arc<Mutex<Vec<Sender>>> = Arc::default();
    let server = serve(Arc::clone(&room));
    let (addr, handle) = (server.local_addr(), server.handle());
    let slow: Vec<_> = (0..stalled).map(|_| join(addr)).collect();
    let readers: Vec<_> = (stalled..CONNECTIONS).map(|_| join(addr)).collect();
    wait_until("all are there", || room.lock().unwrap().len() == CONNECTIONS);
    let memory = memory();

    let begun = Instant::now();
    let sending = thread::spawn({
        let room = Arc::clone(&room);
        move || broadcast(&room, begun)
    });
    let readers: Vec<_> = readers.into_iter().map(RawClient::into_stream).collect();
    let mut took = read_all(&readers, begun);
    let closed = sending.join().unwrap();
    let grown = self::memory() - memory;
    assert_eq!(closed, stalled, "those that don't read are closed, and nobody else");
    wait_until("the stalled ones are gone", || handle.connections() == CONNECTIONS - stalled);
    drop((slow, readers));

    assert_eq!(took.len(), (CONNECTIONS - stalled) * MESSAGES);
    took.sort_unstable();
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    Figures { p50: at(50), p99: at(99), worst: at(100), memory, grown }
}

fn serve(room: Arc<Mutex<Vec<Sender>>>) -> RunningServer {
    let config = Config {
        max_queued: 32 << 10,
        close_timeout: Duration::from_secs(1),
        shutdown_timeout: Duration::from_millis(100),
        ..Config::default()
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    rustix::net::sockopt::set_socket_send_buffer_size(&listener, 16 << 10).expect("a small buffer");
    let server = Server::from_listener(listener).expect("a server").with_config(config);
    let server = server.spawn(move |request| {
        request.hijack(|tubesock| room.lock().unwrap().push(tubesock.sender()))
    });
    server.expect("a thread")
}

fn join(addr: SocketAddr) -> RawClient {
    let mut client = RawClient::over(narrow_stream(addr));
    client.shake_hands(addr, "");
    client
}

/// Sends each message to everyone, as a chat would; how many it closed for being slow.
fn broadcast(room: &Mutex<Vec<Sender>>, begun: Instant) -> usize {
    let mut closed = 0;
    for number in 0..MESSAGES {
        thread::sleep((INTERVAL * number as u32).saturating_sub(begun.elapsed()));
        let mut payload = vec![number as u8; SIZE];
        payload[..8].copy_from_slice(&(begun.elapsed().as_nanos() as u64).to_be_bytes());
        let message = Prepared::binary(&payload);
        room.lock().unwrap().retain(|member| match member.try_send_prepared(&message) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error, SendError::QueueFull);
                member.close(CloseCode::POLICY, "too slow").unwrap();
                closed += 1;
                false
            }
        });
    }
    closed
}

/// Reads until each stream has brought all messages, in order; how long each took.
fn read_all(streams: &[TcpStream], begun: Instant) -> Vec<Duration> {
    struct Reader<'s> {
        stream: &'s TcpStream,
        bytes: Vec<u8>,
        next: usize,
    }
    let mut took = Vec::new();
    let mut readers: Vec<_> = streams
        .iter()
        .map(|stream| {
            stream.set_nonblocking(true).expect("a socket that can be polled");
            Reader { stream, bytes: Vec::new(), next: 0 }
        })
        .collect();
    let mut chunk = vec![0; 64 << 10];
    while readers.iter().any(|reader| reader.next < MESSAGES) {
        let mut sockets: Vec<_> =
            readers.iter().map(|reader| PollFd::new(reader.stream, PollFlags::IN)).collect();
        let timeout = rustix::event::Timespec { tv_sec: 20, tv_nsec: 0 };
        assert_ne!(poll(&mut sockets, Some(&timeout)).unwrap(), 0, "no message for 20 seconds");
        let ready: Vec<_> = sockets.iter().map(|socket| !socket.revents().is_empty()).collect();
        drop(sockets);
        for reader in readers.iter_mut().zip(ready).filter_map(|(r, ready)| ready.then_some(r)) {
            match reader.stream.read(&mut chunk) {
                Ok(0) => panic!("a peer that reads was dropped"),
                Ok(n) => reader.bytes.extend(&chunk[..n]),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            let mut used = 0;
            while let Some((frame, len)) = read_one(&reader.bytes[used..]) {
                used += len;
                let (sent, rest) = frame.payload.split_first_chunk().expect("eight bytes");
                assert_eq!((frame.b0, rest.len()), (0x82, SIZE - 8));
                assert!(rest.iter().all(|&byte| usize::from(byte) == reader.next), "its own bytes");
                reader.next += 1;
                took.push(begun.elapsed() - Duration::from_nanos(u64::from_be_bytes(*sent)));
            }
            reader.bytes.drain(..used);
        }
    }
    took
}

/// What this process has in memory, in KiB.
fn memory() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux's /proc");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("the number");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}
