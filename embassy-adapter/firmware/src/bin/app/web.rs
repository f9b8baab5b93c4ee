//! The HTTP server: picoserve on every slot.

use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_time::Duration;
use picoserve::response::File;
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server, Timeouts};
use static_cell::ConstStaticCell;
use tubesock_firmware::{exit, info};

use crate::state;

/// Connections at once. A connection to a slot that is taken waits for the next free one.
pub const SLOTS: usize = 4;

const PORT: u16 = 80;
const PAGE: File = File::with_content_type_and_headers(
    File::MIME_HTML,
    include_bytes!("page.html"),
    &[("Cache-Control", "no-cache")],
);

/// Head of a request: a browser's is 500 to 900 bytes long.
const HEAD: usize = 1536;
const RX: usize = 1536;
const TX: usize = 1536;

/// A peer that answers nothing for this long has vanished, and its slot is free again.
const VANISHED: Duration = Duration::from_secs(20);
const KEEP_ALIVE: Duration = Duration::from_secs(5);

static CONFIG: Config = Config::new(Timeouts {
    start_read_request: Duration::from_secs(5),
    persistent_start_read_request: Duration::from_secs(1),
    read_request: Duration::from_secs(3),
    write: Duration::from_secs(5),
})
.close_connection_after_response();

/// What one slot lends its connection; static, so that it is made without a copy on the stack.
struct Buffers {
    rx: [u8; RX],
    tx: [u8; TX],
    head: [u8; HEAD],
}

/// Starts a server on every slot.
pub fn start(spawner: Spawner, stack: Stack<'static>) {
    const NONE: Buffers = Buffers { rx: [0; RX], tx: [0; TX], head: [0; HEAD] };
    static BUFFERS: ConstStaticCell<[Buffers; SLOTS]> = ConstStaticCell::new([NONE; SLOTS]);
    for (slot, buffers) in BUFFERS.take().iter_mut().enumerate() {
        match serve(stack, slot, buffers) {
            Ok(task) => spawner.spawn(task),
            Err(_) => exit::fail(format_args!("more web servers than their pool_size; raise it")),
        }
    }
}

#[embassy_executor::task(pool_size = SLOTS)]
async fn serve(stack: Stack<'static>, slot: usize, buffers: &'static mut Buffers) -> ! {
    let app =
        Router::new().route("/", get_service(PAGE)).route("/state", get(async || state::line()));
    loop {
        let mut socket = TcpSocket::new(stack, &mut buffers.rx, &mut buffers.tx);
        socket.set_nagle_enabled(false);
        socket.set_keep_alive(Some(KEEP_ALIVE));
        socket.set_timeout(Some(VANISHED));
        if socket.accept(PORT).await.is_err() {
            continue;
        }
        match Server::new(&app, &CONFIG, &mut buffers.head).serve(socket).await {
            Ok(done) => info!("web {}: {} requests", slot, done.handled_requests_count),
            Err(_error) => info!("web {}: {}", slot, _error),
        }
    }
}
