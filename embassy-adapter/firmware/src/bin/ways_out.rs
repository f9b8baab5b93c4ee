//! Leaves the chip in the way that QEMU's `arg=` names, so that a test can see that none of them is silent.
#![no_std]
#![no_main]
#![allow(missing_docs, reason = "the entry point's macro makes a public function")]

use core::hint::black_box;
use core::mem::MaybeUninit;

use semihosting::sys::arm_compat::sys_get_cmdline_uninit;
use tubesock_firmware::{executor, exit};

#[cortex_m_rt::entry]
fn main() -> ! {
    executor::run(|_| {
        let mut line = [const { MaybeUninit::uninit() }; 128];
        let way = match sys_get_cmdline_uninit(&mut line) {
            Ok(line) => core::str::from_utf8(line).unwrap_or_default().trim_end_matches('\0'),
            Err(_) => "",
        };
        match way.rsplit(' ').next() {
            Some("panic") => panic!("asked to"),
            Some("fault") => cortex_m::asm::udf(),
            Some("overflow") => exit::say(format_args!("{}", deeper(1))),
            Some("exit") => exit::exit(7),
            _ => exit::fail(format_args!("say panic, fault, overflow or exit, with ARG=")),
        }
    })
}

/// Recurses until there is no stack left.
#[expect(unconditional_recursion, reason = "that is what it is for")]
fn deeper(depth: u32) -> u32 {
    black_box([depth; 8])[0] + black_box(deeper(black_box(depth + 1)))
}
