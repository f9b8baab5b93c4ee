//! The adapter on two real stacks, over a link that loses, delays and reorders.

mod cancel;
mod chat;
#[cfg(feature = "edge-http")]
mod edge;
mod failures;
#[cfg(feature = "picoserve")]
mod pico;
mod world;

use embassy_net::tcp::TcpSocket;
use tubesock_embassy::handshake::ClientRequest;
use tubesock_embassy::{
    ClientSocket, Error, Event, MaskSource, Options, ServerSocket, Storage, TcpError, connect,
};
use world::SERVER;

type Buffers = Storage<1024, 512>;

const PORT: u16 = 80;

/// The program of most tests: what comes goes back.
async fn echo(socket: &mut ServerSocket<'_, '_>) -> Result<(), Error<TcpError>> {
    while let Some((event, mut reply)) = socket.recv().await? {
        if let Event::Data(message) = event {
            reply.send(message).await?;
        }
    }
    Ok(())
}

/// A WebSocket of a client that has no faults.
async fn open<'s, 'b>(
    socket: &'s mut TcpSocket<'_>,
    buffers: &'b mut Buffers,
) -> ClientSocket<'s, 'b, impl MaskSource + use<>> {
    open_at(socket, buffers, "/").await
}

async fn open_at<'s, 'b>(
    socket: &'s mut TcpSocket<'_>,
    buffers: &'b mut Buffers,
    path: &str,
) -> ClientSocket<'s, 'b, impl MaskSource + use<>> {
    socket.connect((SERVER, PORT)).await.expect("the server listens");
    let request = ClientRequest::new("10.0.0.1", path);
    let mut key = 0u32;
    let masks = move || {
        key = key.wrapping_add(0x9E37_79B9);
        key.to_be_bytes()
    };
    let options = &Options::DEFAULT;
    connect(socket, buffers.lend(), options, &request, ([7; 16], masks), |_| {})
        .await
        .expect("the server accepts")
}
