//! The network: embassy-net on the board's Ethernet, with the address that QEMU's user network forwards to.

use embassy_executor::Spawner;
use embassy_net::{Config, Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};

use crate::eth::Ethernet;
use crate::exit;

/// The chip's address; QEMU's `hostfwd` rules name it.
pub const ADDRESS: Ipv4Cidr = Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24);

/// Starts the network with room for `SOCKETS` sockets.
pub fn start<const SOCKETS: usize>(
    spawner: Spawner,
    resources: &'static mut StackResources<SOCKETS>,
) -> Stack<'static> {
    let config = Config::ipv4_static(StaticConfigV4 {
        address: ADDRESS,
        gateway: Some(Ipv4Address::new(10, 0, 2, 2)),
        dns_servers: heapless::Vec::new(),
    });
    let twice =
        || -> ! { exit::fail(format_args!("the network was started twice; start it once")) };
    let driver = Ethernet::start().unwrap_or_else(|| twice());
    let (stack, runner) = embassy_net::new(driver, config, resources, crate::seed());
    spawner.spawn(run(runner).unwrap_or_else(|_| twice()));
    stack
}

#[embassy_executor::task]
async fn run(mut runner: Runner<'static, Ethernet>) -> ! {
    runner.run().await
}
