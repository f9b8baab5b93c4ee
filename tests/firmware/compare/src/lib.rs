//! What all images have in common: two sockets on port 7, each with buffers and a loop that accepts.
//!
//! They differ in one function, which gets a connected socket and echoes until the peer is through.
#![no_std]

pub mod count;
pub mod frames;

pub use embassy_executor;
pub use embassy_net;
pub use static_cell;
pub use tubesock_firmware as firmware;

/// Two, so that a client is accepted while the socket of the one before is still closing.
pub const SOCKETS: usize = 2;

/// The port that is listened on.
pub const PORT: u16 = 7;

/// What one server lends its socket, and the echo for its own use.
pub struct Buffers {
    /// The socket's receive buffer.
    pub rx: [u8; 1536],
    /// The socket's transmit buffer.
    pub tx: [u8; 1536],
    /// For heads and messages received.
    pub receive: [u8; 1024],
    /// For messages to be sent.
    pub transmit: [u8; 1024],
    /// For replies.
    pub replies: [u8; 252],
}

impl Buffers {
    /// All zero.
    pub const NEW: Self = Self {
        rx: [0; 1536],
        tx: [0; 1536],
        receive: [0; 1024],
        transmit: [0; 1024],
        replies: [0; 252],
    };
}

/// The three that are the echo's, apart from those lent to the socket.
pub struct Room<'b> {
    /// For heads and messages received.
    pub receive: &'b mut [u8],
    /// For messages to be sent.
    pub transmit: &'b mut [u8],
    /// For replies.
    pub replies: &'b mut [u8],
}

/// An image that serves with `$echo`, an `async fn(&mut TcpSocket<'_>, Room<'_>)`.
#[macro_export]
macro_rules! image {
    ($echo:path) => {
        use $crate::embassy_net::{Stack, StackResources, tcp::TcpSocket};
        use $crate::static_cell::{ConstStaticCell, StaticCell};
        use $crate::{Buffers, PORT, Room, SOCKETS, embassy_executor, firmware};

        #[cortex_m_rt::entry]
        fn main() -> ! {
            static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
            static BUFFERS: ConstStaticCell<[Buffers; SOCKETS]> =
                ConstStaticCell::new([Buffers::NEW; SOCKETS]);
            firmware::executor::run(|spawner| {
                let stack = firmware::net::start(spawner, RESOURCES.init(StackResources::new()));
                for buffers in BUFFERS.take() {
                    match serve(stack, buffers) {
                        Ok(task) => spawner.spawn(task),
                        Err(_) => firmware::exit::fail(format_args!("raise the pool_size")),
                    }
                }
                firmware::exit::say(format_args!("ready"));
            })
        }

        #[embassy_executor::task(pool_size = SOCKETS)]
        async fn serve(stack: Stack<'static>, buffers: &'static mut Buffers) -> ! {
            loop {
                let Buffers { rx, tx, receive, transmit, replies } = &mut *buffers;
                let mut socket = TcpSocket::new(stack, rx, tx);
                socket.set_nagle_enabled(false);
                if socket.accept(PORT).await.is_err() {
                    continue;
                }
                $echo(&mut socket, Room { receive, transmit, replies }).await;
                socket.close();
                let _ = socket.flush().await;
            }
        }
    };
}
