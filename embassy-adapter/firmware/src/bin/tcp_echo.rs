//! A raw TCP echo on port 7: the image that the WebSocket layer's flash is measured against.
#![no_std]
#![no_main]
#![allow(missing_docs, reason = "the entry point's macro makes a public function")]

use embassy_net::tcp::TcpSocket;
use embassy_net::{Stack, StackResources};
use embedded_io_async::Write;
use static_cell::{ConstStaticCell, StaticCell};
use tubesock_firmware::{executor, exit, info, net};

/// Two, so that a client is accepted while the socket of the one before is still closing.
const SOCKETS: usize = 2;
const PORT: u16 = 7;

/// What one server lends its socket; static, so that it is made without a copy on the stack.
struct Buffers {
    rx: [u8; 1536],
    tx: [u8; 1536],
    echo: [u8; 1024],
}

#[cortex_m_rt::entry]
fn main() -> ! {
    static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
    const NONE: Buffers = Buffers { rx: [0; 1536], tx: [0; 1536], echo: [0; 1024] };
    static BUFFERS: ConstStaticCell<[Buffers; SOCKETS]> = ConstStaticCell::new([NONE; SOCKETS]);
    executor::run(|spawner| {
        let stack = net::start(spawner, RESOURCES.init(StackResources::new()));
        for buffers in BUFFERS.take() {
            match serve(stack, buffers) {
                Ok(task) => spawner.spawn(task),
                Err(_) => {
                    exit::fail(format_args!("more echo servers than their pool_size; raise it"))
                }
            }
        }
        exit::say(format_args!("ready"));
    })
}

#[embassy_executor::task(pool_size = SOCKETS)]
async fn serve(stack: Stack<'static>, buffers: &'static mut Buffers) -> ! {
    loop {
        let mut socket = TcpSocket::new(stack, &mut buffers.rx, &mut buffers.tx);
        socket.set_nagle_enabled(false);
        if socket.accept(PORT).await.is_err() {
            continue;
        }
        info!("echo: a client has connected");
        while let Ok(read @ 1..) = socket.read(&mut buffers.echo).await {
            if socket.write_all(&buffers.echo[..read]).await.is_err() {
                break;
            }
        }
        socket.close();
        let _ = socket.flush().await;
        info!(
            "echo: the client has gone; {} bytes of stack were never used",
            tubesock_firmware::free_stack()
        );
    }
}
