//! What every client sees: the lamp, the uptime, the stack, and how many clients there are.
//!
//! # The text protocol of `/ws`
//!
//! | message                                                        | from   | meaning                                |
//! | -------------------------------------------------------------- | ------ | -------------------------------------- |
//! | `on`, `off`                                                    | client | switch the lamp                        |
//! | `ping`                                                         | client | measure the way here and back          |
//! | `pong`                                                         | chip   | to the client that sent `ping`, at once |
//! | `{"lamp":true,"clients":2,"uptime":71,"stack":20480}`          | chip   | to every client: at its opening, at each change of lamp or clients, and once a second |
//! | `{"error":"say on, off or ping"}`                              | chip   | to the client that sent anything else  |
//!
//! `uptime` is in seconds since reset, `stack` in bytes that the stack has never used.

use core::fmt::Write;
use core::sync::atomic::{AtomicUsize, Ordering};

use embassy_time::Instant;
use heapless::String;
use tubesock_firmware::{free_stack, lamp};

/// Room for the longest line there can be.
pub const LINE: usize = 96;

/// How many WebSocket clients are connected.
static CLIENTS: AtomicUsize = AtomicUsize::new(0);

/// The state now, as one line of JSON.
pub fn line() -> String<LINE> {
    let (lit, clients) = (lamp::is_lit(), CLIENTS.load(Ordering::Relaxed));
    let (uptime, stack) = (Instant::now().as_secs(), free_stack());
    let mut line = String::new();
    // A line that does not fit cannot be: each number has a largest value, and LINE holds them all.
    let _ =
        write!(line, r#"{{"lamp":{lit},"clients":{clients},"uptime":{uptime},"stack":{stack}}}"#);
    line
}
