//! The executor: runs what is ready, then sleeps until an interrupt.
//!
//! embassy's own waits with WFE, on which QEMU does not sleep but spins; WFI makes an idle chip cost the host nothing.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

use crate::{exit, hw};

/// Guards the stack, starts the clock, lets `init` spawn the first tasks, and runs them for ever.
pub fn run(init: impl FnOnce(Spawner)) -> ! {
    static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
    let Some(mut core) = cortex_m::Peripherals::take() else {
        exit::fail(format_args!(
            "the executor was started twice; start it once, from the entry point"
        ));
    };
    hw::guard_stack(&core.MPU);
    crate::time::start(&mut core.SYST);
    let executor = EXECUTOR.init(raw::Executor::new(null_mut()));
    init(executor.spawner());
    loop {
        READY.store(false, Ordering::Relaxed);
        hw::poll(executor);
        // With interrupts masked a wake between the question and WFI is not lost: WFI returns when one is pending.
        critical_section::with(|_| {
            if !READY.load(Ordering::Relaxed) {
                cortex_m::asm::wfi();
            }
        });
    }
}

/// A task is ready: the next sleep is skipped.
pub(crate) fn pend() {
    READY.store(true, Ordering::Relaxed);
}

static READY: AtomicBool = AtomicBool::new(false);
