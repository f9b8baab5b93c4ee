//! All of the core's wire, connection and session, linked with `panic-never`: an image that exists only where the
//! compiler has seen that nothing in it can panic. QEMU runs it too; exit code 0 says that what it did went well.
//!
//! Every input and every size goes through `black_box`, so that nothing is known that a program would not know.
#![no_std]
#![no_main]

mod feed;
mod sizes;
mod start;
mod talk;

#[cfg(not(feature = "links-anyway"))]
use panic_never as _;

/// Exit codes beside 0.
const TALK_FAILED: i32 = 1;
const FEED_FAILED: i32 = 2;

fn run() -> i32 {
    #[cfg(feature = "panics")]
    start::panic_on_purpose();
    if talk::both_roles().is_none() {
        return TALK_FAILED;
    }
    if feed::both_roles().is_none() {
        return FEED_FAILED;
    }
    0
}
