//! Time as data: the core has no clock, its caller has.

use core::time::Duration;

/// A moment, in milliseconds since an epoch of the caller's choosing.
///
/// It must not run backwards within one connection. Where it does, a deadline
/// comes late, and nothing worse happens.
///
/// ```
/// use core::time::Duration;
/// use tubesock_core::Instant;
///
/// let start = Instant::from_millis(1_000);
/// let later = start + Duration::from_secs(2);
/// assert_eq!(later.as_millis(), 3_000);
/// assert_eq!(start.until(later), Duration::from_secs(2));
/// assert_eq!(later.until(start), Duration::ZERO);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The moment `millis` milliseconds after the epoch.
    #[inline]
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[inline]
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long it is from here to `later`; zero when that has passed.
    #[inline]
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_millis(later.0.saturating_sub(self.0))
    }

    #[inline]
    pub(crate) const fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0 as u64))
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

/// `Duration::as_millis` divides 128 bits, which takes a small chip hundreds of bytes of flash.
const fn millis(span: Duration) -> u64 {
    span.as_secs().saturating_mul(1000).saturating_add(span.subsec_millis() as u64)
}

/// A span in a quarter of the room that a `Duration` takes; zero is "never".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Millis(u32);

impl Millis {
    /// A span of zero would be one that never ends, so it becomes the shortest.
    // Called for four spans: a call each is smaller than the sum four times.
    #[inline(never)]
    pub(crate) const fn new(span: Option<Duration>) -> Self {
        match span {
            None => Self(0),
            Some(span) => match millis(span) {
                0 => Self(1),
                millis if millis > u32::MAX as u64 => Self(u32::MAX),
                millis => Self(millis as u32),
            },
        }
    }

    /// The moment this long after `start`, unless it never comes.
    #[inline]
    pub(crate) fn after(self, start: Instant) -> Option<Instant> {
        (self.0 != 0).then(|| start.plus(self))
    }
}
