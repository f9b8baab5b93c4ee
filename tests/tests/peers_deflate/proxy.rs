//! A TCP proxy that counts the bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Takes one connection, on a port of its own.
pub(crate) struct Proxy {
    address: SocketAddr,
    /// From the client, and to it.
    counts: Arc<[AtomicUsize; 2]>,
}

impl Proxy {
    pub(crate) fn to(peer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts: Arc<[AtomicUsize; 2]> = Arc::default();
        let (peer, counting) = (peer.to_owned(), Arc::clone(&counts));
        thread::spawn(move || {
            let (near, _) = listener.accept().expect("a client");
            let far = TcpStream::connect(peer).expect("the server");
            let both = (near.try_clone().expect("a handle"), far.try_clone().expect("a handle"));
            let there = Arc::clone(&counting);
            thread::spawn(move || pump(near, far, &there[0]));
            pump(both.1, both.0, &counting[1]);
        });
        Self { address, counts }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn reset(&self) {
        self.counts.iter().for_each(|count| count.store(0, Ordering::SeqCst));
    }

    pub(crate) fn counted(&self) -> (usize, usize) {
        (self.counts[0].load(Ordering::SeqCst), self.counts[1].load(Ordering::SeqCst))
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, count: &AtomicUsize) {
    let mut buf = [0; 16 << 10];
    while let Ok(n @ 1..) = from.read(&mut buf) {
        count.fetch_add(n, Ordering::SeqCst);
        if to.write_all(&buf[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
