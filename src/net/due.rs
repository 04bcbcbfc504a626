//! When a manager has to be polled although nothing became ready.
//!
//! A program that runs another event loop waits for the manager's descriptor, and no longer than
//! [`wait`] says. What the kernel does not tell is found here: work left over from the last iteration,
//! what the program asked for between two of them, and everything that waits for a time. What is missing
//! here comes late or never, so whatever begins to depend on MG_EV_POLL or on the clock has to be added.

use super::conn::ConnPrivate;
use super::mgr::MgrPrivate;
use super::poll::{self, HOUSEKEEPING_MS, MANY};
use super::{Flag, limits, mg_connection, mg_mgr, socket, tls};
use crate::{dash, http, modbus, ota, sntp, timer};

/// The earliest of several moments (mg_millis).
struct Due {
    now: u64,
    at: Option<u64>,
}

impl Due {
    fn is_now(&self) -> bool {
        self.at.is_some_and(|at| at <= self.now)
    }

    fn by(&mut self, at: Option<u64>) {
        self.at = self.at.into_iter().chain(at).min();
    }
}

/// Milliseconds until the next iteration is due, `None` for when the descriptor becomes readable. It
/// stops looking at the first thing that is due now.
pub(super) fn wait(mgr: &mg_mgr) -> Option<u64> {
    let private = mgr.private()?;
    let now = crate::util::ffi::mg_millis();
    let mut due = Due { now, at: None };
    look_at_manager(mgr, private, &mut due);
    // What the last iteration could not take is no news to a loop that waits for edges.
    if private.events_left.get() {
        return Some(0);
    }
    let few = private.visits.may_be_few();
    // Among many connections, asking the system costs less than looking at all.
    let ask = !few && private.registered() > MANY && !due.is_now();
    if ask && socket::is_readable(private.raw_fd()) {
        return Some(0);
    }
    if few {
        private.visits.look_at_marked(private, |c| {
            look_at_connection(c, &mut due);
            !due.is_now()
        });
    } else {
        let mut next = mgr.conns.get();
        while !due.is_now() && !next.is_null() {
            // SAFETY: list members are live connections, and no handler runs here.
            let c = unsafe { &*next };
            next = c.next.get();
            look_at_connection(c, &mut due);
        }
    }
    due.at.map(|at| at.saturating_sub(now))
}

fn look_at_manager(mgr: &mg_mgr, private: &MgrPrivate, due: &mut Due) {
    limits::look_for_room(mgr, private);
    // In a handler, closed connections have to wait for the iteration to end.
    if private.nesting.depth() == 0 && private.nesting.has_dead() || private.wake.is_due() {
        due.by(Some(0));
    }
    due.by(timer::ffi::next(&mgr.timers, due.now));
    due.by(private.lingering.due());
    due.by(private.spare.trim_due());
    // Neighbours share an iteration.
    due.by(limits::next_deadline(private)
        .map(|at| at.div_ceil(HOUSEKEEPING_MS).saturating_mul(HOUSEKEEPING_MS)));
    due.by(private.visits.next_round());
    if !private.visits.may_be_few() {
        due.by(private.resolver.next_due());
    }
}

fn look_at_connection(c: &mg_connection, due: &mut Due) {
    let Some(p) = c.private() else { return };
    if !poll::is_at_rest(c, p) {
        if poll::has_work(c, p) || has_plaintext(c, p) {
            return due.by(Some(0));
        }
        due.by(Some(p.accept_retry_at.get()).filter(|at| *at != 0));
    }
    due.by(by_handlers(c, p));
}

/// What mg_tls_recv() decrypted and nobody took.
fn has_plaintext(c: &mg_connection, p: &ConnPrivate) -> bool {
    p.tls.is_on()
        && !c.any(
            1 << Flag::Listening as u8 | 1 << Flag::Resolving as u8 | 1 << Flag::Connecting as u8,
        )
        && tls::pending(c) > 0
}

/// When the handlers of a connection have something to do in MG_EV_POLL.
#[inline]
fn by_handlers(c: &mg_connection, p: &ConnPrivate) -> Option<u64> {
    if http::ffi::conn::speaks_http(c) {
        if http::ffi::conn::may_go_on(c, &p.http) {
            return Some(0);
        }
        return ota::ffi::check::due(c);
    }
    if c.is(Flag::Websocket) {
        return dash::ffi::notify::is_due(c).then_some(0);
    }
    if modbus::ffi::may_go_on(c) {
        return Some(0);
    }
    sntp::ffi::due(c).or_else(|| http::upload::ffi::stream::due(c))
}
