//! A server that says on the wire exactly what a test gives it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use tubesock_core::handshake;

/// One connection's server, in a thread of its own.
pub(crate) struct Raw {
    pub(crate) url: String,
    thread: JoinHandle<()>,
}

impl Raw {
    /// Reads a request, and hands the stream and the right accept key on.
    pub(crate) fn new(serve: impl FnOnce(TcpStream, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let key = accept_key(&read_head(&mut stream));
            serve(stream, key);
        });
        Self { url, thread }
    }

    pub(crate) fn finish(self) {
        self.thread.join().unwrap();
    }
}

/// A whole answer to the handshake, with these further header lines.
pub(crate) fn switching(key: &str, more: &str) -> Vec<u8> {
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    format!("{head}Sec-WebSocket-Accept: {key}\r\n{more}\r\n").into_bytes()
}

/// Sends it, and reads until the client leaves.
pub(crate) fn say(mut stream: TcpStream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = std::io::copy(&mut stream, &mut std::io::sink());
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn accept_key(request: &str) -> String {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    handshake::accept_key(key.as_bytes()).unwrap().as_str().to_owned()
}
