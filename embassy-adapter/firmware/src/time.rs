//! embassy-time from the Cortex-M3's SysTick at 1 kHz.

use core::cell::RefCell;
use core::task::Waker;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use critical_section::Mutex;
use embassy_time_driver::{Driver, TICK_HZ};
use embassy_time_queue_utils::Queue;

/// The core's clock as it is after reset: 200 MHz through the divider's reset value, 16.
const CORE_HZ: u32 = 12_500_000;

/// Starts the ticks.
pub fn start(timer: &mut SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CORE_HZ / TICK_HZ as u32 - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// SysTick's interrupt.
pub(crate) fn tick() {
    critical_section::with(|section| {
        let clock = &mut *CLOCK.0.borrow_ref_mut(section);
        clock.now += 1;
        if clock.now >= clock.alarm {
            clock.alarm = clock.queue.next_expiration(clock.now);
        }
    });
}

struct Clock {
    now: u64,
    alarm: u64,
    queue: Queue,
}

struct SysTickDriver(Mutex<RefCell<Clock>>);

impl Driver for SysTickDriver {
    fn now(&self) -> u64 {
        critical_section::with(|section| self.0.borrow_ref(section).now)
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            let clock = &mut *self.0.borrow_ref_mut(section);
            if clock.queue.schedule_wake(at, waker) {
                clock.alarm = clock.queue.next_expiration(clock.now);
            }
        });
    }
}

embassy_time_driver::time_driver_impl!(
    static CLOCK: SysTickDriver = SysTickDriver(Mutex::new(RefCell::new(Clock {
        now: 0,
        alarm: u64::MAX,
        queue: Queue::new(),
    })))
);
