//! The lamp: a page from flash, the lamp's state on `/state`, and its WebSocket.
//!
//! | address       | what                                                      |
//! | ------------- | --------------------------------------------------------- |
//! | `:80/`        | the page                                                  |
//! | `:80/state`   | the state as one line of JSON, for `curl`                 |
//! | `:80/ws`      | WebSocket: the lamp, see [`state`]                        |
//! | `:80/echo`    | WebSocket: every message back, of any size                |
//! | `:81`         | WebSocket: the same echo, without an HTTP server          |
#![no_std]
#![no_main]
#![allow(missing_docs, reason = "the entry point's macro makes a public function")]

mod raw;
mod sockets;
mod state;
mod web;

use embassy_net::StackResources;
use static_cell::StaticCell;
use tubesock_firmware::{executor, exit, lamp, net};

/// All sockets of the chip.
const SOCKETS: usize = web::SLOTS + raw::SLOTS;

#[cortex_m_rt::entry]
fn main() -> ! {
    executor::run(|spawner| {
        static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
        lamp::start();
        let stack = net::start(spawner, RESOURCES.init(StackResources::new()));
        web::start(spawner, stack);
        raw::start(spawner, stack);
        exit::say(format_args!("ready"));
    })
}
