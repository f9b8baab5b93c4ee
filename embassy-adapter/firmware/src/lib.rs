//! What the firmware images share: the board, the clock, the network and the way out.
//!
//! ```text
//!   bin/tcp_echo   bin/app                  what the chip does
//!        │            │
//!       net ──────── eth ───┐               embassy-net over the stellaris Ethernet
//!      time  executor lamp  │               1 kHz SysTick, tasks with WFI, the board's LED
//!        └─────┴───────┴────┴── hw          registers, interrupts, stack: all the unsafe code there is
//!                    exit                   text and exit code over semihosting
//! ```
//!
//! It is made for the `lm3s6965evb` as QEMU has it. Every panic, fault and exit leaves the chip as a line of text on
//! QEMU's standard error and as QEMU's exit code; logs (feature `defmt`) leave it on standard output.
#![no_std]

pub mod eth;
pub mod executor;
pub mod exit;
mod hw;
pub mod lamp;
pub mod net;
pub mod time;

pub use hw::{free_stack, seed};

#[cfg(feature = "defmt")]
use defmt_semihosting as _;

/// Logs with defmt where the feature is on; costs nothing where it is off.
#[macro_export]
macro_rules! info {
    ($format:literal $(, $argument:expr)* $(,)?) => {{
        #[cfg(feature = "defmt")]
        defmt::info!($format $(, $argument)*);
        #[cfg(not(feature = "defmt"))]
        { $(let _ = &$argument;)* }
    }};
}
