//! The HTTP server: picoserve on every slot, until a route hijacks the slot's socket for a WebSocket.

use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_time::Duration;
use picoserve::response::File;
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server, Timeouts};
use static_cell::ConstStaticCell;
use tubesock_embassy::picoserve::{Hijack, HttpSocket};
use tubesock_embassy::{Config as Limits, Options, ServerSocket, Storage};
use tubesock_firmware::{exit, info};

use crate::{sockets, state};

/// Connections at once. A connection to a slot that is taken waits for the next free one.
pub const SLOTS: usize = 4;

/// The numbers of the routes that hijack.
const LAMP: u8 = 0;
const ECHO: u8 = 1;

const PORT: u16 = 80;
const PAGE: File = File::with_content_type_and_headers(
    File::MIME_HTML,
    include_bytes!("page.html"),
    &[("Cache-Control", "no-cache")],
);

/// Head of a request: a browser's is 500 to 900 bytes long.
const HEAD: usize = 1280;
const RX: usize = 1024;
const TX: usize = 1024;

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

/// A client that is gone without a word is noticed after ten seconds: slots are few.
const OPTIONS: Options<'static> = Options {
    config: Limits {
        ping_interval: Some(core::time::Duration::from_secs(5)),
        pong_timeout: Some(core::time::Duration::from_secs(5)),
        ..Limits::DEFAULT
    },
    ..Options::DEFAULT
};

/// What one slot lends its connection; static, so that it is made without a copy on the stack.
struct Buffers {
    rx: [u8; RX],
    tx: [u8; TX],
    head: [u8; HEAD],
    websocket: Storage<1024, 512>,
}

/// Starts a server on every slot.
pub fn start(spawner: Spawner, stack: Stack<'static>) {
    const NONE: Buffers =
        Buffers { rx: [0; RX], tx: [0; TX], head: [0; HEAD], websocket: Storage::new() };
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
    let hijack =
        |route| get_service(Hijack::new(OPTIONS).route(route).while_there_is_room(state::has_room));
    let app = Router::new()
        .route("/", get_service(PAGE))
        .route("/state", get(async || state::line()))
        .route("/ws", hijack(LAMP))
        .route("/echo", hijack(ECHO));
    let mut socket = TcpSocket::new(stack, &mut buffers.rx, &mut buffers.tx);
    loop {
        socket.set_keep_alive(Some(KEEP_ALIVE));
        socket.set_timeout(Some(VANISHED));
        if socket.accept(PORT).await.is_err() {
            continue;
        }
        let program = async |route, websocket: &mut ServerSocket<'_, '_>| {
            let _slot = state::Slot::take();
            match route {
                ECHO => sockets::echo(websocket).await,
                _ => sockets::lamp(websocket).await,
            }
        };
        let connection = HttpSocket::new(&mut socket, buffers.websocket.lend(), &OPTIONS, program);
        match Server::new(&app, &CONFIG, &mut buffers.head).serve(connection).await {
            Ok(done) => info!("web {}: {} requests", slot, done.handled_requests_count),
            Err(_error) => info!("web {}: {}", slot, _error),
        }
    }
}
