//! Ways out of the chip: a line of text on QEMU's standard error, and QEMU's exit code.

use core::fmt;
use core::panic::PanicInfo;

use semihosting::{eprintln, process};

/// Exit code after a panic; the same as a panicking program's on the desktop.
pub const PANIC: i32 = 101;
/// Exit code after a fault, an unexpected interrupt or a stack overflow.
pub const FAULT: i32 = 102;

/// Says one line on QEMU's standard error.
pub fn say(line: fmt::Arguments<'_>) {
    eprintln!("firmware: {line}");
}

/// Ends QEMU with `code`.
pub fn exit(code: i32) -> ! {
    process::exit(code)
}

/// Ends QEMU with a line of text and the exit code [`FAULT`].
pub fn fail(line: fmt::Arguments<'_>) -> ! {
    say(line);
    exit(FAULT)
}

#[panic_handler]
fn on_panic(panic: &PanicInfo<'_>) -> ! {
    say(format_args!("{panic}"));
    exit(PANIC)
}
