//! Two embassy-net stacks, a link between them that can be bad, and virtual
//! time. A task runs only when it is woken.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use embassy_net::tcp::TcpSocket;
use embassy_net::{Ipv4Address, Ipv4Cidr, Stack, StackResources, StaticConfigV4};
use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use embassy_time::{Duration, Instant, MockDriver, Timer};

/// What the link does to packets.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    /// Of a hundred, how many are lost.
    pub(crate) loss: u64,
    /// Milliseconds that each is on its way.
    pub(crate) delay: u64,
    /// Up to so many more, each its own: so they overtake one another.
    pub(crate) jitter: u64,
}

/// One direction of the link.
#[derive(Default)]
struct Wire {
    packets: VecDeque<(u64, Vec<u8>)>,
    waker: Option<Waker>,
}

/// The link: both directions, and what it is like at the moment.
pub(crate) struct Link {
    wires: [RefCell<Wire>; 2],
    pub(crate) weather: Cell<Weather>,
    random: Cell<u64>,
    pub(crate) lost: Cell<u64>,
}

impl Link {
    /// Numbers from a seed, the same each time.
    pub(crate) fn random(&self) -> u64 {
        let mut x = self.random.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random.set(x);
        x >> 16
    }

    fn put(&self, to: usize, packet: Vec<u8>) {
        let weather = self.weather.get();
        if self.random() % 100 < weather.loss {
            self.lost.set(self.lost.get() + 1);
            return;
        }
        let late = if weather.jitter == 0 { 0 } else { self.random() % weather.jitter };
        let due = now() + weather.delay + late;
        self.wires[to].borrow_mut().packets.push_back((due, packet));
    }

    fn wake(&self) {
        for wire in &self.wires {
            let mut wire = wire.borrow_mut();
            if wire.packets.iter().any(|packet| packet.0 <= now()) {
                wire.waker.take().into_iter().for_each(Waker::wake);
            }
        }
    }
}

pub(crate) struct Port {
    link: Rc<Link>,
    side: usize,
}

pub(crate) struct RxToken(Vec<u8>);

impl embassy_net_driver::RxToken for RxToken {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, f: F) -> R {
        f(&mut self.0)
    }
}

pub(crate) struct TxToken(Rc<Link>, usize);

impl embassy_net_driver::TxToken for TxToken {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut packet = vec![0; len];
        let result = f(&mut packet);
        self.0.put(self.1, packet);
        result
    }
}

impl Driver for Port {
    type RxToken<'a> = RxToken;
    type TxToken<'a> = TxToken;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(RxToken, TxToken)> {
        let mut wire = self.link.wires[self.side].borrow_mut();
        let due = wire.packets.iter().position(|packet| packet.0 <= now());
        match due.and_then(|at| wire.packets.remove(at)) {
            Some((_, packet)) => Some((RxToken(packet), TxToken(self.link.clone(), 1 - self.side))),
            None => {
                wire.waker = Some(cx.waker().clone());
                None
            }
        }
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<TxToken> {
        Some(TxToken(self.link.clone(), 1 - self.side))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = 1514;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet([2, 0, 0, 0, 0, 1 + self.side as u8])
    }
}

pub(crate) const SERVER: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);

pub(crate) type Task<'t> = Pin<Box<dyn Future<Output = ()> + 't>>;

/// Time is one for the whole process, so one test runs after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn now() -> u64 {
    Instant::now().as_millis()
}

/// Runs `test` with the stack of a server, the stack of its clients and the
/// link between them, until it is done.
pub(crate) fn world<T>(
    weather: Weather,
    test: impl AsyncFnOnce(Stack<'_>, Stack<'_>, &Link) -> T,
) -> T {
    let _alone = alone();
    let link = Rc::new(Link {
        wires: Default::default(),
        weather: Cell::new(weather),
        random: Cell::new(0x9E37_79B9_7F4A_7C15),
        lost: Cell::new(0),
    });
    let mut resources = (StackResources::<4>::new(), StackResources::<4>::new());
    let config = |host| {
        let address = Ipv4Cidr::new(Ipv4Address::new(10, 0, 0, host), 24);
        embassy_net::Config::ipv4_static(StaticConfigV4 {
            address,
            gateway: None,
            dns_servers: Default::default(),
        })
    };
    let port = |side| Port { link: link.clone(), side };
    let (server, mut server_runner) = embassy_net::new(port(0), config(1), &mut resources.0, 1);
    let (client, mut client_runner) = embassy_net::new(port(1), config(2), &mut resources.1, 2);
    let mut runners: [Task<'_>; 2] = [
        Box::pin(async { server_runner.run().await }),
        Box::pin(async { client_runner.run().await }),
    ];
    let mut main = pin!(test(server, client, &link));
    run(main.as_mut(), &mut runners, &link)
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

fn run<T>(mut main: Pin<&mut impl Future<Output = T>>, others: &mut [Task<'_>], link: &Link) -> T {
    let flags: Vec<_> = (0..=others.len()).map(|_| Arc::new(Flag(AtomicBool::new(true)))).collect();
    let wakers: Vec<_> = flags.iter().map(|flag| Waker::from(flag.clone())).collect();
    let limit = now() + 10 * 3_600_000;
    loop {
        if flags[0].0.swap(false, Relaxed)
            && let Poll::Ready(output) = main.as_mut().poll(&mut Context::from_waker(&wakers[0]))
        {
            return output;
        }
        for (i, task) in others.iter_mut().enumerate() {
            if flags[i + 1].0.swap(false, Relaxed) {
                let _ = task.as_mut().poll(&mut Context::from_waker(&wakers[i + 1]));
            }
        }
        if flags.iter().all(|flag| !flag.0.load(Relaxed)) {
            MockDriver::get().advance(Duration::from_millis(1));
            link.wake();
            assert!(now() < limit, "the test is stuck");
        }
    }
}

/// Polls all of `tasks` until `main` is done.
pub(crate) async fn beside<T>(main: impl Future<Output = T>, tasks: &mut [Task<'_>]) -> T {
    let mut main = pin!(main);
    let mut done = vec![false; tasks.len()];
    poll_fn(|cx| {
        for (task, done) in tasks.iter_mut().zip(&mut done) {
            *done = *done || task.as_mut().poll(cx).is_ready();
        }
        main.as_mut().poll(cx)
    })
    .await
}

/// Polls a future until it is pending for the `pending`th time, then drops it.
pub(crate) async fn until_pending<T>(future: impl Future<Output = T>, pending: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut left = pending;
    let output = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => {
            left -= 1;
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        }
    })
    .await;
    if output.is_none() {
        Timer::after(Duration::from_millis(1)).await;
    }
    output
}

/// Memory of a socket.
pub(crate) struct Room([u8; 1024], [u8; 1024]);

impl Room {
    pub(crate) const fn new() -> Self {
        Self([0; 1024], [0; 1024])
    }

    pub(crate) fn socket<'s>(&'s mut self, stack: Stack<'s>) -> TcpSocket<'s> {
        TcpSocket::new(stack, &mut self.0, &mut self.1)
    }
}
