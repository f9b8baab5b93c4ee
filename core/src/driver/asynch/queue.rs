//! Who waits for the wire, in order.

use core::task::Waker;

use super::link::Need;

/// How many tasks may wait to send on one connection at a time. One more is
/// told so at once: without an allocator the queue has to end somewhere.
pub const MAX_WAITERS: usize = 4;

#[derive(Debug)]
struct Waiter {
    place: u32,
    need: Need,
    waker: Waker,
}

impl Waiter {
    fn may_go(&self, message_is_open: bool) -> bool {
        self.need == Need::Frame || !message_is_open
    }
}

/// First come, first served; but one who must wait for a message to end is
/// passed by those who needn't, or that message could never end.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiters: [Option<Waiter>; MAX_WAITERS],
    last_place: u32,
}

impl Queue {
    /// Whether it is the turn of the one at `place`, or of one who isn't in
    /// the queue and needs `need`.
    pub(super) fn is_turn_of(&self, place: Option<u32>, need: Need, message_is_open: bool) -> bool {
        match (self.next(message_is_open), place) {
            (Some(next), Some(place)) => next.place == place,
            (Some(_), None) => false,
            (None, _) => need == Need::Frame || !message_is_open,
        }
    }

    /// Takes a place at the end, or keeps the one it has. Says whether there
    /// is one.
    pub(super) fn wait(&mut self, place: &mut Option<u32>, need: Need, waker: &Waker) -> bool {
        let mut waiters = self.waiters.iter_mut();
        let slot = match *place {
            Some(place) => waiters.find(|slot| slot.as_ref().is_some_and(|w| w.place == place)),
            None => waiters.find(|slot| slot.is_none()),
        };
        let Some(slot) = slot else { return false };
        if let Some(waiter) = slot {
            waiter.waker.clone_from(waker);
            return true;
        }
        self.last_place = self.last_place.wrapping_add(1);
        *slot = Some(Waiter { place: self.last_place, need, waker: waker.clone() });
        *place = Some(self.last_place);
        true
    }

    pub(super) fn leave(&mut self, place: u32) {
        for slot in &mut self.waiters {
            if slot.as_ref().is_some_and(|waiter| waiter.place == place) {
                *slot = None;
            }
        }
    }

    /// Wakes the one whose turn it is, and says whether there is one.
    pub(super) fn wake_next(&self, message_is_open: bool) -> bool {
        let next = self.next(message_is_open);
        if let Some(waiter) = next {
            waiter.waker.wake_by_ref();
        }
        next.is_some()
    }

    pub(super) fn wake_all(&self) {
        for waiter in self.waiters.iter().flatten() {
            waiter.waker.wake_by_ref();
        }
    }

    fn next(&self, message_is_open: bool) -> Option<&Waiter> {
        let waiting = self.waiters.iter().flatten().filter(|w| w.may_go(message_is_open));
        // Places wrap around: the earliest is the one furthest behind the last.
        waiting.max_by_key(|waiter| self.last_place.wrapping_sub(waiter.place))
    }
}
