//! When to connect again, and whether the other side is still there.
#![forbid(unsafe_code)]

/// How long to wait before connecting again: twice as long after each failure, up to a bound, and not in step
/// with other clients.
pub struct Backoff {
    pub first_ms: u32,
    pub most_ms: u32,
    failures: u32,
}

impl Backoff {
    pub fn new(first_ms: u32, most_ms: u32) -> Backoff {
        Backoff {
            first_ms,
            most_ms: most_ms.max(first_ms),
            failures: 0,
        }
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Between half of the delay and the whole of it, by a random number.
    pub fn next_ms(&mut self, random: u32) -> u64 {
        let delay = u64::from(self.first_ms) << self.failures.min(31);
        let delay = delay.min(u64::from(self.most_ms));
        self.failures = self.failures.saturating_add(1);
        let half = delay / 2;
        half + u64::from(random) % (delay - half + 1)
    }
}

/// Whether the broker is still there (section 3.1.2.10).
#[derive(Default)]
pub struct KeepAlive {
    interval_ms: u64,
    last_sent: u64,
    last_received: u64,
    pinged_at: Option<u64>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Ping,
    /// No answer to the last ping.
    Lost,
}

impl KeepAlive {
    pub fn new(seconds: u16, now: u64) -> KeepAlive {
        KeepAlive {
            interval_ms: u64::from(seconds) * 1000,
            last_sent: now,
            last_received: now,
            pinged_at: None,
        }
    }

    pub fn sent(&mut self, now: u64) {
        self.last_sent = now;
    }

    pub fn received(&mut self, now: u64) {
        self.last_received = now;
        self.pinged_at = None;
    }

    /// When [`KeepAlive::check`] may have something to say, if nothing happens until then.
    pub fn next_check(&self) -> Option<u64> {
        if self.interval_ms == 0 {
            return None;
        }
        Some(match self.pinged_at {
            Some(at) => at.max(self.last_sent) + self.interval_ms / 2,
            None => self.last_sent.min(self.last_received) + self.interval_ms / 4 * 3,
        })
    }

    /// Pings three quarters into an interval without traffic one way or the other, and waits half an interval for
    /// the answer. What is queued in front of the ping has to leave first; as long as it does, the other side is there.
    pub fn check(&mut self, now: u64) -> Due {
        if self.interval_ms == 0 {
            return Due::Nothing;
        }
        if let Some(at) = self.pinged_at {
            return if now.saturating_sub(at.max(self.last_sent)) >= self.interval_ms / 2 {
                Due::Lost
            } else {
                Due::Nothing
            };
        }
        let quiet_since = self.last_sent.min(self.last_received);
        if now.saturating_sub(quiet_since) < self.interval_ms / 4 * 3 {
            return Due::Nothing;
        }
        self.pinged_at = Some(now);
        self.last_sent = now;
        Due::Ping
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays() {
        let mut b = Backoff::new(1000, 5000);
        assert_eq!(b.next_ms(0), 500);
        assert_eq!(b.next_ms(1000), 2000);
        assert_eq!(b.next_ms(2000), 4000);
        assert_eq!(b.next_ms(2500), 5000);
        for _ in 0..100 {
            assert!((2500..=5000).contains(&b.next_ms(12345)));
        }
        b.reset();
        assert_eq!(b.next_ms(500), 1000);
        assert_eq!(Backoff::new(0, 0).next_ms(7), 0);
    }

    #[test]
    fn pings() {
        let mut k = KeepAlive::new(8, 1000);
        assert_eq!(k.check(6999), Due::Nothing);
        assert_eq!(k.next_check(), Some(7000));
        assert_eq!(k.check(7000), Due::Ping);
        assert_eq!(k.next_check(), Some(11_000));
        assert_eq!(k.check(10_999), Due::Nothing);
        assert_eq!(k.check(11_000), Due::Lost);
        // The ping stands behind a large message that is on its way.
        k.sent(10_500);
        assert_eq!(k.next_check(), Some(14_500));
        assert_eq!(k.check(14_499), Due::Nothing);
        assert_eq!(k.check(14_500), Due::Lost);
        k.received(11_000);
        assert_eq!(k.check(11_000), Due::Nothing);
        // The broker talks, but would not hear from us.
        k.received(16_500);
        assert_eq!(k.check(16_500), Due::Ping);
        assert_eq!(k.next_check(), Some(20_500));
        assert_eq!(KeepAlive::new(0, 0).check(u64::MAX), Due::Nothing);
        assert_eq!(KeepAlive::new(0, 0).next_check(), None);
    }
}
