//! The lamp: a page from flash, and the lamp's state on `/state`.
//!
//! | address       | what                                                      |
//! | ------------- | --------------------------------------------------------- |
//! | `:80/`        | the page                                                  |
//! | `:80/state`   | the state as one line of JSON, for `curl`                 |
#![no_std]
#![no_main]
#![allow(missing_docs, reason = "the entry point's macro makes a public function")]

mod state;
mod web;

use embassy_net::StackResources;
use static_cell::StaticCell;
use tubesock_firmware::{executor, exit, lamp, net};

/// All sockets of the chip.
const SOCKETS: usize = web::SLOTS;

#[cortex_m_rt::entry]
fn main() -> ! {
    executor::run(|spawner| {
        static RESOURCES: StaticCell<StackResources<SOCKETS>> = StaticCell::new();
        lamp::start();
        let stack = net::start(spawner, RESOURCES.init(StackResources::new()));
        web::start(spawner, stack);
        exit::say(format_args!("ready"));
    })
}
