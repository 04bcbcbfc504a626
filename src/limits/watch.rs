//! What is known about the progress of one connection, and when it has to have made some.
#![forbid(unsafe_code)]

use super::Limits;
use std::cell::Cell;
use std::ffi::c_ulong;
use std::fmt;

/// How long a connection that exceeded a limit has for the reply that says so.
const ENDING_MS: u64 = 2000;

/// What a connection is busy with, as far as that may only take so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Connecting,
    /// The TLS handshake.
    Handshake,
    /// The head of an HTTP request is due.
    Head,
    /// The body of an HTTP request is on its way.
    Body,
    /// Anything else.
    Quiet,
    /// A limit was exceeded; the peer is being told.
    Ending,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Connect,
    Handshake,
    Head,
    Body,
    Write,
    Idle,
    Ending,
}

/// What programs get as the text of MG_EV_ERROR.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::Connect => "connect timeout",
            Cause::Handshake => "TLS handshake timeout",
            Cause::Head => "header timeout",
            Cause::Body => "body timeout",
            Cause::Write => "write timeout",
            Cause::Idle => "idle timeout",
            Cause::Ending => "closed late",
        })
    }
}

/// The watch of a connection, if it has one.
#[derive(Default)]
pub struct Slot(Cell<Option<Box<Watch>>>);

impl Slot {
    /// Works on the watch. `f` does not call out.
    #[inline]
    pub fn with<R>(&self, f: impl FnOnce(&mut Watch) -> R) -> Option<R> {
        let mut watch = self.0.take()?;
        let result = f(&mut watch);
        self.0.set(Some(watch));
        Some(result)
    }

    pub fn set(&self, watch: Option<Box<Watch>>) {
        self.0.set(watch);
    }
}

pub struct Watch {
    /// A member that is 0 sets no limit.
    pub limits: Limits,
    /// They were set for this listener, rather than taken from its manager.
    pub own: bool,
    phase: Phase,
    /// When the phase began.
    since: u64,
    /// Bytes received in it.
    received: u64,
    /// When bytes were last received or sent.
    moved: u64,
    /// Since when the peer takes none of the output that waits.
    blocked: Option<u64>,
    /// Open connections that this listener accepted.
    pub accepted: usize,
    /// Among the accepted connections of its manager.
    pub is_accepted: bool,
    /// Slot and identifier of the listener that counts this connection.
    pub listener: Option<(u32, c_ulong)>,
}

impl Watch {
    pub fn new(limits: Limits, phase: Phase, now: u64) -> Watch {
        Watch {
            limits,
            own: false,
            phase,
            since: now,
            received: 0,
            moved: now,
            blocked: None,
            accepted: 0,
            is_accepted: false,
            listener: None,
        }
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn enter(&mut self, phase: Phase, now: u64) {
        self.phase = phase;
        self.since = now;
        self.received = 0;
    }

    pub fn received(&mut self, n: usize, now: u64) {
        self.received = self.received.saturating_add(n as u64);
        self.moved = now;
    }

    /// The socket took `n` bytes of output; `blocked` says that it takes no more of what waits. True
    /// when that is new.
    pub fn sent(&mut self, n: usize, blocked: bool, now: u64) -> bool {
        if n > 0 {
            self.moved = now;
            self.blocked = None;
        }
        let is_new = blocked && self.blocked.is_none();
        self.blocked = blocked.then_some(self.blocked.unwrap_or(now));
        is_new
    }

    /// What happens when, if nothing moves until then.
    pub fn deadline(&self) -> Option<(u64, Cause)> {
        let limits = &self.limits;
        let phase = match self.phase {
            Phase::Connecting => (limits.connect_timeout, Cause::Connect),
            Phase::Handshake => (limits.handshake_timeout, Cause::Handshake),
            Phase::Head => (limits.header_timeout, Cause::Head),
            Phase::Body => (self.time_for_body(), Cause::Body),
            Phase::Quiet => (0, Cause::Idle),
            Phase::Ending => (ENDING_MS, Cause::Ending),
        };
        let write = self.blocked.map(|at| (at, limits.write_timeout));
        let ending = self.phase == Phase::Ending;
        [
            Some((self.since, phase.0, phase.1)),
            write.map(|(at, time)| (at, time, Cause::Write)),
            Some((self.moved, limits.idle_timeout, Cause::Idle)),
        ]
        .into_iter()
        .flatten()
        .filter(|&(_, time, cause)| time > 0 && (!ending || cause == Cause::Ending))
        .map(|(start, time, cause)| (start.saturating_add(time), cause))
        .min_by_key(|&(at, _)| at)
    }

    /// The time a body may take grows with what of it has arrived.
    fn time_for_body(&self) -> u64 {
        let limits = &self.limits;
        if limits.body_timeout == 0 {
            return 0;
        }
        let earned = self.received.saturating_mul(1000);
        let earned = earned.checked_div(limits.body_rate as u64).unwrap_or(0);
        limits.body_timeout.saturating_add(earned)
    }

    /// The time for something begins anew.
    pub fn restart(&mut self, cause: Cause, now: u64) {
        match cause {
            Cause::Idle => self.moved = now,
            Cause::Write => self.blocked = None,
            _ => self.enter(self.phase, now),
        }
    }

    /// The last `ms` milliseconds do not count.
    pub fn excuse(&mut self, ms: u64, now: u64) {
        self.since = self.since.saturating_add(ms).min(now);
        self.moved = now;
    }

    pub fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limits() -> Limits {
        Limits {
            connect_timeout: 10,
            handshake_timeout: 20,
            header_timeout: 30,
            body_timeout: 40,
            write_timeout: 50,
            ..Limits::NONE
        }
    }

    #[test]
    fn nothing_is_due_without_limits() {
        let mut watch = Watch::new(Limits::NONE, Phase::Head, 5);
        watch.sent(0, true, 6);
        assert_eq!(watch.deadline(), None);
    }

    #[test]
    fn each_phase_has_its_time() {
        let mut watch = Watch::new(limits(), Phase::Connecting, 100);
        assert_eq!(watch.deadline(), Some((110, Cause::Connect)));
        for (phase, deadline) in [
            (Phase::Handshake, Some((220, Cause::Handshake))),
            (Phase::Head, Some((230, Cause::Head))),
            (Phase::Body, Some((240, Cause::Body))),
            (Phase::Quiet, None),
            (Phase::Ending, Some((200 + ENDING_MS, Cause::Ending))),
        ] {
            watch.enter(phase, 200);
            watch.received(1000, 219);
            assert_eq!(watch.deadline(), deadline, "{phase:?}");
        }
    }

    #[test]
    fn time_for_which_the_program_is_to_blame_does_not_count() {
        let mut watch = Watch::new(limits(), Phase::Body, 100);
        watch.excuse(25, 130);
        assert_eq!(watch.deadline(), Some((165, Cause::Body)));
        watch.excuse(1000, 140);
        assert_eq!(watch.deadline(), Some((180, Cause::Body)));
    }

    #[test]
    fn a_body_earns_time_at_the_minimal_rate() {
        let limits = Limits {
            body_timeout: 1000,
            body_rate: 500,
            ..Limits::NONE
        };
        let mut watch = Watch::new(limits, Phase::Body, 0);
        assert_eq!(watch.deadline(), Some((1000, Cause::Body)));
        watch.received(250, 10);
        assert_eq!(watch.deadline(), Some((1500, Cause::Body)));
        watch.enter(Phase::Body, 2000);
        assert_eq!(watch.deadline(), Some((3000, Cause::Body)));
    }

    #[test]
    fn output_has_to_move() {
        let mut watch = Watch::new(limits(), Phase::Quiet, 0);
        assert!(watch.sent(10, true, 5));
        assert_eq!(watch.deadline(), Some((55, Cause::Write)));
        assert!(!watch.sent(0, true, 30));
        assert_eq!(watch.deadline(), Some((55, Cause::Write)));
        assert!(watch.sent(1, true, 40));
        assert_eq!(watch.deadline(), Some((90, Cause::Write)));
        watch.sent(1, false, 60);
        assert_eq!(watch.deadline(), None);
    }

    #[test]
    fn traffic_in_either_direction_is_not_idle() {
        let limits = Limits {
            idle_timeout: 100,
            ..Limits::NONE
        };
        let mut watch = Watch::new(limits, Phase::Quiet, 0);
        watch.received(1, 10);
        assert_eq!(watch.deadline(), Some((110, Cause::Idle)));
        watch.sent(1, false, 20);
        assert_eq!(watch.deadline(), Some((120, Cause::Idle)));
        watch.sent(0, true, 30);
        assert_eq!(watch.deadline(), Some((120, Cause::Idle)));
        watch.restart(Cause::Idle, 120);
        assert_eq!(watch.deadline(), Some((220, Cause::Idle)));
    }

    proptest! {
        #[test]
        fn deadlines_are_not_missed(
            times in any::<[u64; 6]>(),
            rate in any::<usize>(),
            now in any::<u64>(),
            n in any::<usize>(),
        ) {
            let limits = Limits {
                connect_timeout: times[0],
                handshake_timeout: times[1],
                header_timeout: times[2],
                body_timeout: times[3],
                body_rate: rate,
                write_timeout: times[4],
                idle_timeout: times[5],
                ..Limits::NONE
            };
            for phase in [Phase::Connecting, Phase::Handshake, Phase::Head, Phase::Body, Phase::Quiet] {
                let mut watch = Watch::new(limits, phase, now);
                watch.received(n, now);
                watch.sent(1, true, now);
                let deadline = watch.deadline();
                let least = deadline.map_or(u64::MAX, |(at, _)| at);
                if times[5] > 0 {
                    prop_assert!(least <= now.saturating_add(times[5]));
                }
                if times[4] > 0 {
                    prop_assert!(least <= now.saturating_add(times[4]));
                }
                prop_assert!(deadline.is_none_or(|(at, _)| at >= now));
                if let Some((at, cause)) = deadline && at < u64::MAX {
                    watch.restart(cause, at);
                    prop_assert!(watch.deadline().is_none_or(|(next, other)| next > at || other != cause));
                }
            }
        }
    }
}
