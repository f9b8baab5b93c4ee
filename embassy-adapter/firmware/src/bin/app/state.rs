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

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::watch::{Receiver, Watch};
use embassy_time::Instant;
use heapless::String;
use tubesock_firmware::{free_stack, lamp};

use crate::web::SLOTS;

/// WebSockets at once. One more is answered with 503, from one of the slots that are left for pages: two, since a slot that
/// is still closing does not listen.
const MAX_SOCKETS: usize = SLOTS - 2;

/// Room for the longest line there can be.
pub const LINE: usize = 96;

/// How many slots are WebSockets.
static SOCKETS: AtomicUsize = AtomicUsize::new(0);

/// How many of those are clients of the lamp.
static CLIENTS: AtomicUsize = AtomicUsize::new(0);

/// Changed with the lamp and with the clients. Each client watches it.
static CHANGES: Watch<CriticalSectionRawMutex, (), SLOTS> = Watch::new();

/// A client's own view of the changes.
pub type Changes = Receiver<'static, CriticalSectionRawMutex, (), SLOTS>;

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

/// Switches the lamp, and tells every client.
pub fn switch(lit: bool) {
    lamp::set(lit);
    CHANGES.sender().send(());
}

/// Whether another WebSocket may come.
pub fn has_room() -> bool {
    SOCKETS.load(Ordering::Relaxed) < MAX_SOCKETS
}

/// A slot that is a WebSocket for as long as this lives.
pub struct Slot;

impl Slot {
    /// Counts one more.
    pub fn take() -> Self {
        count(&SOCKETS, |sockets| sockets + 1);
        Self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        count(&SOCKETS, |sockets| sockets.saturating_sub(1));
    }
}

/// A client of the lamp for as long as this lives.
pub struct Client;

impl Client {
    /// Counts one more, and tells the others.
    pub fn enter() -> Self {
        count(&CLIENTS, |clients| clients + 1);
        CHANGES.sender().send(());
        Self
    }

    /// Changes from here on; `None` where more watch than there are slots.
    pub fn changes(&self) -> Option<Changes> {
        CHANGES.receiver()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        count(&CLIENTS, |clients| clients.saturating_sub(1));
        CHANGES.sender().send(());
    }
}

/// All tasks run on one executor, so nothing comes between load and store, and a chip without atomic addition would do.
fn count(what: &AtomicUsize, next: impl FnOnce(usize) -> usize) {
    what.store(next(what.load(Ordering::Relaxed)), Ordering::Relaxed);
}
