//! A WebSocket echo without any HTTP server: the request is read and answered by tubesock alone.

use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use static_cell::ConstStaticCell;
use tubesock_embassy::{Options, Storage, serve};
use tubesock_firmware::{exit, info};

use crate::sockets;

/// Connections at once.
pub const SLOTS: usize = 2;

const PORT: u16 = 81;

/// What one slot lends its connection.
struct Buffers {
    rx: [u8; 1024],
    tx: [u8; 1024],
    storage: Storage<1024, 512>,
}

/// Starts the echo on every slot.
pub fn start(spawner: Spawner, stack: Stack<'static>) {
    const NONE: Buffers = Buffers { rx: [0; 1024], tx: [0; 1024], storage: Storage::new() };
    static BUFFERS: ConstStaticCell<[Buffers; SLOTS]> = ConstStaticCell::new([NONE; SLOTS]);
    for buffers in BUFFERS.take() {
        match listen(stack, buffers) {
            Ok(task) => spawner.spawn(task),
            Err(_) => exit::fail(format_args!("more raw echoes than their pool_size; raise it")),
        }
    }
}

#[embassy_executor::task(pool_size = SLOTS)]
async fn listen(stack: Stack<'static>, buffers: &'static mut Buffers) -> ! {
    let mut socket = TcpSocket::new(stack, &mut buffers.rx, &mut buffers.tx);
    loop {
        if socket.accept(PORT).await.is_err() {
            continue;
        }
        let lent = buffers.storage.lend();
        let _outcome = serve(&mut socket, lent, &Options::DEFAULT, sockets::echo).await;
        info!("raw: {}", _outcome);
    }
}
