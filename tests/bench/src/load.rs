//! The load generator: raw TCP and frames made beforehand, so that it is cheaper than
//! any server under test. Replies are counted by their bytes; the first is compared whole.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, epoll, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::frames::{Content, push_frame};

/// What to send.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Whether the server knows no WebSocket, and gives back what it gets.
    pub raw: bool,
    /// How many connections.
    pub connections: usize,
    /// How many messages each has under way.
    pub in_flight: usize,
    /// What the messages are made of.
    pub content: Content,
    /// A message's payload, in bytes.
    pub bytes: usize,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Echoes in a second.
    pub per_second: f64,
    /// Half of the echoes came within this many microseconds; with one under way.
    pub p50: f64,
    /// All but one in a hundred.
    pub p99: f64,
}

/// Connections, and where each is.
pub struct Clients {
    load: Load,
    streams: Vec<TcpStream>,
    /// Whole frames, one after another, as many as may be under way.
    frames: Vec<u8>,
    reply: Vec<u8>,
    space: Vec<u8>,
    echoes: u64,
}

impl Clients {
    /// Opens the connections, and shakes hands on each.
    ///
    /// # Errors
    ///
    /// The system's, and a handshake that fails.
    pub fn connect(addr: SocketAddr, load: Load) -> io::Result<Self> {
        let (payload, text) = (load.content.payload(load.bytes), load.content.is_text());
        let (mut one, mut reply) = (Vec::new(), Vec::new());
        push_frame(&mut one, text, &payload, Some([0x37, 0xFA, 0x21, 0x3D]));
        push_frame(&mut reply, text, &payload, None);
        if load.raw {
            reply.clone_from(&one);
        }
        let frames = one.repeat(load.in_flight);
        let streams = (0..load.connections)
            .map(|_| connect(addr, load.raw))
            .collect::<io::Result<Vec<_>>>()?;
        let mut clients =
            Self { load, streams, frames, reply, space: vec![0; 256 << 10], echoes: 0 };
        clients.check()?;
        Ok(clients)
    }

    /// The first echo of each connection, compared byte by byte.
    fn check(&mut self) -> io::Result<()> {
        let one = self.frames.len() / self.load.in_flight;
        let mut got = vec![0; self.reply.len()];
        for stream in &self.streams {
            let (mut sent, mut here) = (0, 0);
            while here < got.len() {
                sent += send_some(stream, &self.frames[sent..one])?;
                match recv(stream, &mut got[here..], RecvFlags::DONTWAIT) {
                    Ok((0, _)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok((n, _)) => here += n,
                    Err(Errno::AGAIN) => wait(stream, sent < one)?,
                    Err(error) => return Err(error.into()),
                }
            }
            if got != self.reply {
                return Err(io::Error::other("the echo is not what was sent"));
            }
        }
        Ok(())
    }

    /// Keeps them busy for so long, and a quarter more at first. A single
    /// connection is of no use afterwards.
    ///
    /// # Errors
    ///
    /// The system's, and a server that closes.
    pub fn run(&mut self, duration: Duration) -> io::Result<Outcome> {
        if self.streams.len() == 1 {
            self.run_one(duration)
        } else {
            self.run_many(duration / 4)?;
            self.run_many(duration)
        }
    }

    /// How many echoes there have been in all runs.
    #[must_use]
    pub fn echoes(&self) -> u64 {
        self.echoes
    }

    fn run_one(&mut self, duration: Duration) -> io::Result<Outcome> {
        let Self { streams, frames, reply, space, load, echoes } = self;
        let stream = &streams[0];
        let one = frames.len() / load.in_flight;
        let (mut to_send, mut at) = (frames.len(), 0);
        let (mut received, mut done) = (0, 0);
        let mut times = Vec::new();
        let start = Instant::now();
        let mut since = start;
        let (mut begun, mut before) = (None, 0);
        loop {
            if to_send > 0 {
                let n = send_some(stream, &frames[at..(at + to_send).min(frames.len())])?;
                to_send -= n;
                at = (at + n) % frames.len();
            }
            // While something is unsent, neither direction may block the other.
            let flags = if to_send > 0 { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
            match recv(stream, &mut **space, flags) {
                Ok((0, _)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok((n, _)) => received += n,
                Err(Errno::AGAIN) => wait(stream, to_send > 0)?,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let whole = received / reply.len();
            if whole > done {
                let now = Instant::now();
                if load.in_flight == 1 {
                    times.push((now - since).as_nanos() as u64);
                    since = now;
                }
                to_send += (whole - done) * one;
                done = whole;
                // First caches, buffers and windows grow.
                match begun {
                    None if now - start >= duration / 4 => {
                        begun = Some(now);
                        before = done;
                        times.clear();
                    }
                    Some(begun) if now - begun >= duration => break,
                    _ => {}
                }
            }
        }
        *echoes += done as u64;
        let per_second = (done - before) as f64 / begun.unwrap_or(start).elapsed().as_secs_f64();
        Ok(outcome(per_second, times))
    }

    fn run_many(&mut self, duration: Duration) -> io::Result<Outcome> {
        let Self { streams, frames, reply, space, echoes, .. } = self;
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        // What each has still to send, and how much of the reply it has.
        let mut state = vec![(frames.len(), 0); streams.len()];
        for (index, stream) in streams.iter().enumerate() {
            let data = epoll::EventData::new_u64(index as u64);
            epoll::add(&epoll, stream, data, epoll::EventFlags::IN)?;
        }
        let start = Instant::now();
        let mut end = None;
        let (mut done, mut under_way) = (0_u64, 0);
        let mut events = Vec::with_capacity(1024);
        for (index, stream) in streams.iter().enumerate() {
            state[index].0 -= send_some(stream, frames)?;
            watch(&epoll, stream, index, state[index].0 > 0)?;
            under_way += 1;
        }
        let mut took = duration;
        while under_way > 0 {
            events.clear();
            epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), None)?;
            for event in &events {
                let (flags, data) = (event.flags, event.data);
                let index = data.u64() as usize;
                let (stream, (unsent, got)) = (&streams[index], &mut state[index]);
                if flags.contains(epoll::EventFlags::OUT) && *unsent > 0 {
                    *unsent -= send_some(stream, &frames[frames.len() - *unsent..])?;
                    watch(&epoll, stream, index, *unsent > 0)?;
                }
                match recv(stream, &mut **space, RecvFlags::DONTWAIT) {
                    Ok((0, _)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    Ok((n, _)) => *got += n,
                    Err(Errno::AGAIN | Errno::INTR) => continue,
                    Err(error) => return Err(error.into()),
                }
                if *got < reply.len() {
                    continue;
                }
                *got = 0;
                *echoes += 1;
                if end.is_none() {
                    done += 1;
                    *unsent = frames.len() - send_some(stream, frames)?;
                    if *unsent > 0 {
                        watch(&epoll, stream, index, true)?;
                    }
                } else {
                    under_way -= 1;
                }
            }
            if end.is_none() && start.elapsed() >= duration {
                took = start.elapsed();
                end = Some(took);
            }
        }
        Ok(outcome(done as f64 / took.as_secs_f64(), Vec::new()))
    }

    /// Has the first send one message, and waits until each of the others has it;
    /// gives the time until the last.
    ///
    /// # Errors
    ///
    /// The system's, and a server that closes.
    pub fn broadcast(&mut self) -> io::Result<Duration> {
        let start = Instant::now();
        (&self.streams[0]).write_all(&self.frames)?;
        for stream in &self.streams {
            let mut got = 0;
            while got < self.reply.len() {
                match (&*stream).read(&mut self.space)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    n => got += n,
                }
            }
        }
        Ok(start.elapsed())
    }

    /// The same connections without their first exchange, for a server that sends
    /// to all what one sends.
    ///
    /// # Errors
    ///
    /// The system's, and a handshake that fails.
    pub fn listen(addr: SocketAddr, connections: usize, bytes: usize) -> io::Result<Self> {
        let content = Content::Ascii;
        let load = Load { raw: false, connections, in_flight: 1, content, bytes };
        let (mut frames, mut reply) = (Vec::new(), Vec::new());
        push_frame(&mut frames, true, &content.payload(bytes), Some([1, 2, 3, 4]));
        push_frame(&mut reply, true, &content.payload(bytes), None);
        let streams =
            (0..connections).map(|_| connect(addr, false)).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { load, streams, frames, reply, space: vec![0; 64 << 10], echoes: 0 })
    }
}

fn outcome(per_second: f64, mut times: Vec<u64>) -> Outcome {
    times.sort_unstable();
    let at = |part: f64| {
        let index = (times.len() as f64 * part) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |&ns| ns as f64 / 1000.0)
    };
    Outcome { per_second, p50: at(0.50), p99: at(0.99) }
}

fn connect(addr: SocketAddr, raw: bool) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(addr)?;
    stream.set_nodelay(true)?;
    // Thousands of closed connections must not use up the ports.
    rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
    if raw {
        return Ok(stream);
    }
    stream.write_all(
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101 ") {
        return Ok(stream);
    }
    Err(io::Error::other(format!("refused: {}", String::from_utf8_lossy(&head))))
}

fn send_some(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match send(stream, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
        Ok(n) => Ok(n),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

fn wait(stream: &TcpStream, to_send: bool) -> io::Result<()> {
    let flags = if to_send { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
    poll(&mut [PollFd::from_borrowed_fd(stream.as_fd(), flags)], None)?;
    Ok(())
}

fn watch(epoll: impl AsFd, stream: &TcpStream, index: usize, to_send: bool) -> io::Result<()> {
    use epoll::EventFlags as Flags;
    let flags = if to_send { Flags::IN | Flags::OUT } else { Flags::IN };
    Ok(epoll::modify(epoll, stream, epoll::EventData::new_u64(index as u64), flags)?)
}
