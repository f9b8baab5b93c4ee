//! embassy-time as the core's clock.

use core::future::Future;

use embassy_time::{Duration, Instant, Timer};

/// The clock of embassy-time, for deadlines and keepalive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EmbassyTimer;

impl tubesock_core::driver::asynch::Timer for EmbassyTimer {
    fn now(self) -> tubesock_core::Instant {
        tubesock_core::Instant::from_millis(Instant::now().as_millis())
    }

    fn wait_until(self, at: tubesock_core::Instant) -> impl Future<Output = ()> {
        // An epoch of milliseconds that no clock of ticks reaches is no deadline.
        let at = Instant::try_from_millis(at.as_millis()).unwrap_or(Instant::MAX);
        Timer::at(at)
    }
}

/// A span of the standard library's in embassy's ticks.
pub(crate) fn ticks(span: core::time::Duration) -> Duration {
    Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}
