//! A connection over a stream that fails: a byte at a time, interrupted, timed out for no reason,
//! or reset at each of its operations in turn. The conversation comes out as on a good stream, or
//! the fault is told once; nothing hangs, and no message comes twice or in part.

use std::io::{self, ErrorKind, IoSlice};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use tubesock_core::Server;
use tubesock_std::{Config, Split, Transport, WebSocket};
use tubesock_tests::frames::first::{
    BINARY, BINARY_BEGIN, CLOSE, LAST, MORE, PING, PONG, TEXT, TEXT_BEGIN,
};
use tubesock_tests::frames::{From, close, frame};
use tubesock_tests::raw::{PATIENCE, RawClient};

/// What goes wrong with an operation, by its number and whether it reads.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    /// All of it, a byte at a time.
    Bytes,
    /// Every second call is interrupted, and what is moved is short.
    Interrupted,
    /// Every third call says that there is nothing, or no room.
    WouldBlock,
    /// The connection is reset from this operation on.
    ResetAt(usize),
    /// The peer is gone from this operation on: an end, and no room for more.
    EndAt(usize),
}

struct Faulty {
    stream: TcpStream,
    fault: Fault,
    operations: Arc<AtomicUsize>,
}

impl Faulty {
    /// How many bytes this operation may move, or its fault.
    fn next(&self) -> io::Result<usize> {
        let number = self.operations.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::Bytes => Ok(1),
            Fault::Interrupted if number.is_multiple_of(2) => Err(ErrorKind::Interrupted.into()),
            Fault::Interrupted => Ok(3),
            Fault::WouldBlock if number.is_multiple_of(3) => Err(ErrorKind::WouldBlock.into()),
            Fault::WouldBlock => Ok(700),
            Fault::ResetAt(at) if number >= at => {
                let _ = self.stream.shutdown(Shutdown::Both);
                Err(ErrorKind::ConnectionReset.into())
            }
            Fault::EndAt(at) if number >= at => Ok(0),
            _ => Ok(usize::MAX),
        }
    }

    fn send(
        &self,
        parts: &[IoSlice<'_>],
        send: impl FnOnce(&TcpStream, &[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let most = self.next()?;
        let whole: usize = parts.iter().map(|part| part.len()).sum();
        if most >= whole {
            return send(&self.stream, parts);
        }
        if most == 0 {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let first = parts.iter().find(|part| !part.is_empty()).expect("something to send");
        send(&self.stream, &[IoSlice::new(&first[..most.min(first.len())])])
    }
}

impl Transport for Faulty {
    fn read(&self, buf: &mut [u8]) -> io::Result<usize> {
        let most = self.next()?.min(buf.len());
        if most == 0 { Ok(0) } else { Transport::read(&self.stream, &mut buf[..most]) }
    }

    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        Transport::set_read_timeout(&self.stream, timeout)
    }

    fn write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.send(parts, Transport::write)
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.send(parts, Transport::try_write)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Transport::shutdown(&self.stream, how)
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.stream.fd()
    }

    fn prepare(&self, write_timeout: Duration) -> io::Result<()> {
        self.stream.prepare(write_timeout)
    }
}

impl Split for Faulty {}

/// An echo over a stream with that fault: its peer, what its handlers see, and how many operations
/// there have been.
fn echo(fault: Fault) -> (RawClient, Receiver<String>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let client = TcpStream::connect(listener.local_addr().expect("its address"));
    let client = RawClient::over(client.expect("a connection"));
    let (stream, _) = listener.accept().expect("a connection");
    let operations = Arc::new(AtomicUsize::new(0));
    let transport = Faulty { stream, fault, operations: Arc::clone(&operations) };
    let (log, seen) = mpsc::channel();
    thread::spawn(move || {
        let config = Config { close_timeout: PATIENCE, park_after: PATIENCE, ..Config::default() };
        let websocket = WebSocket::from_transport(transport, Server, b"", &config);
        websocket.run(|tubesock| {
            let (message, error, close) = (log.clone(), log.clone(), log);
            tubesock.on_message(move |out, data| {
                let payload = data.as_bytes();
                let sum =
                    payload.iter().fold(0u32, |sum, byte| sum * 31 % 65_521 + u32::from(*byte));
                drop(message.send(format!("message of {}, {sum}", payload.len())));
                // Where the stream has failed that is told to on_error, once.
                let _ = out.send(data);
            });
            tubesock.on_error(move |_| drop(error.send("error".to_owned())));
            tubesock.on_close(move |closed| drop(close.send(format!("close {}", closed.code.0))));
        });
    });
    (client, seen, operations)
}

fn large() -> Vec<u8> {
    (0..20_000u32).map(|i| (i * 7) as u8).collect()
}

/// What the peer says: all that a connection knows.
fn conversation() -> Vec<u8> {
    let peer = |b0, payload: &[u8]| frame(From::Client, b0, payload);
    [
        peer(TEXT, "grüße".as_bytes()),
        peer(BINARY_BEGIN, b"one "),
        peer(PING, b"between"),
        peer(MORE, b""),
        peer(LAST, b"two"),
        peer(BINARY, &large()),
        peer(TEXT_BEGIN, b"never to be en"),
        close(From::Client, 3000, "enough"),
    ]
    .concat()
}

/// What its handlers see of it, to the end.
fn events(seen: &Receiver<String>) -> Vec<String> {
    let mut events = Vec::new();
    loop {
        match seen.recv_timeout(PATIENCE) {
            Ok(event) => events.push(event),
            Err(mpsc::RecvTimeoutError::Disconnected) => return events,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs after {events:?}"),
        }
    }
}

/// Talks to an echo with a fault that it should get over, and gives what its handlers saw, and how
/// many operations it took.
fn talk(fault: Fault) -> (Vec<String>, usize) {
    let (mut client, seen, operations) = echo(fault);
    client.send(conversation());
    client.expect(TEXT, "grüße");
    client.expect(PONG, "between");
    client.expect(BINARY, "one two");
    client.expect(BINARY, large());
    client.expect(CLOSE, 3000u16.to_be_bytes());
    client.expect_end();
    (events(&seen), operations.load(Ordering::Relaxed))
}

#[test]
fn short_reads_and_writes_interruptions_and_timeouts_for_nothing_change_nothing() {
    let (expected, _) = talk(Fault::None);
    assert_eq!(expected.len(), 4);
    assert_eq!(expected[3], "close 3000");
    for fault in [Fault::Bytes, Fault::Interrupted, Fault::WouldBlock] {
        assert_eq!(talk(fault).0, expected, "{fault:?}");
    }
}

/// Each operation in turn fails; what is seen is what was before it, whole, and then its error and
/// the end, once each.
fn fails_at_each(fault: fn(usize) -> Fault) {
    let (whole, _) = talk(Fault::None);
    let (messages, end) = whole.split_at(3);
    let mut failed = 0;
    for at in 0.. {
        let (client, seen, operations) = echo(fault(at));
        let mut writer = client.writer();
        // In pieces, so that there are more operations than with all at once.
        let writing = thread::spawn(move || {
            for piece in conversation().chunks(4000) {
                if io::Write::write_all(&mut writer, piece).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(1));
            }
        });
        let seen = events(&seen);
        writing.join().unwrap();
        drop(client);
        let of_messages = seen.iter().take_while(|event| event.starts_with("message")).count();
        assert_eq!(seen[..of_messages], messages[..of_messages], "at {at}: {seen:?}");
        let rest = &seen[of_messages..];
        if rest == end && of_messages == messages.len() {
            if operations.load(Ordering::Relaxed) <= at {
                break; // it is through before the fault
            }
            continue; // it was too late to matter
        }
        assert_eq!(rest, ["error", "close 1006"], "at {at}: {seen:?}");
        failed += 1;
    }
    assert!(failed > 4, "a fault at only {failed} operations was felt");
}

#[test]
fn a_reset_at_each_operation_is_told_once() {
    fails_at_each(Fault::ResetAt);
}

#[test]
fn an_end_at_each_operation_is_told_once() {
    fails_at_each(Fault::EndAt);
}
