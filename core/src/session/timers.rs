//! Keepalive and deadlines, as data.

use super::{Config, Replies};
use crate::error::Timeout;
use crate::time::{Instant, Millis};
use crate::wire::{CloseCode, CloseFrame};

#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(super) struct Timers {
    last_received: Instant,
    last_data: Instant,
    ping_sent: Instant,
    awaits_pong: bool,
    /// The ping had not gone out when its answer was due.
    ping_waited: bool,
    ping_interval: Millis,
    pong_timeout: Millis,
    idle_timeout: Millis,
    close_timeout: Millis,
}

impl Timers {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        Self {
            last_received: now,
            last_data: now,
            ping_sent: now,
            awaits_pong: false,
            ping_waited: false,
            ping_interval: Millis::new(config.ping_interval),
            pong_timeout: Millis::new(config.pong_timeout),
            idle_timeout: Millis::new(config.idle_timeout),
            close_timeout: Millis::new(config.close_timeout),
        }
    }

    /// Any byte shows that the peer lives: inside a long frame it can't pong.
    #[inline]
    pub(super) fn received(&mut self, now: Instant) {
        self.last_received = now;
        self.awaits_pong = false;
    }

    /// What was received belongs to a message.
    #[inline]
    pub(super) fn data(&mut self) {
        self.last_data = self.last_received;
    }

    #[inline]
    pub(super) fn last_received(&self) -> Instant {
        self.last_received
    }

    pub(super) fn next(&self, closing: Option<Instant>, ended: bool) -> Option<Instant> {
        if let Some(since) = closing {
            return self.close_timeout.after(since);
        }
        if ended {
            return None;
        }
        let idle = self.idle_timeout.after(self.last_data);
        match (self.keepalive(), idle) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    fn keepalive(&self) -> Option<Instant> {
        if !self.awaits_pong {
            return self.ping_interval.after(self.last_received);
        }
        // Without a pong deadline, pings still go out: they keep middleboxes awake.
        self.pong_timeout.after(self.ping_sent).or_else(|| self.ping_interval.after(self.ping_sent))
    }

    pub(super) fn handle<P: AsRef<[u8]> + AsMut<[u8]>>(
        &mut self,
        now: Instant,
        replies: &mut Replies<P>,
        ended: bool,
    ) -> Result<(), Timeout> {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if let Some(since) = replies.closing_since() {
            return if due(self.close_timeout.after(since)) { Err(Timeout::Close) } else { Ok(()) };
        }
        if ended {
            return Ok(());
        }
        if due(self.keepalive()) {
            let waits = self.awaits_pong && replies.wants_ping();
            if self.awaits_pong && self.pong_timeout.after(now).is_some() {
                if !waits && !self.ping_waited {
                    return Err(Timeout::Pong);
                }
                // Behind a large frame of ours: the peer hasn't seen it, and has
                // its time from when it will. Until then the wire's own
                // deadline holds, which is for whoever writes.
            } else {
                replies.request_ping();
            }
            self.ping_waited = waits;
            self.ping_sent = now;
            self.awaits_pong = true;
        }
        if due(self.idle_timeout.after(self.last_data)) {
            let frame = CloseFrame { code: CloseCode::GOING_AWAY, reason: "idle" };
            super::Deposit::close(replies, frame, now);
        }
        Ok(())
    }
}
