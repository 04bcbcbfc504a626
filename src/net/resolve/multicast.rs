//! Names that end in `.local`, asked of the multicast DNS listener (RFC 6762).

use super::{Failure, fail, finish, finish_later, resolver};
use crate::dns::rtype;
use crate::ffi::heap::strictly;
use crate::net::mgr::manager;
use crate::net::{Flag, error, mg_connection, mg_mgr};
use std::net::IpAddr;

/// How long an answer may take.
const TIMEOUT_MS: u64 = 500;

/// A connection that waits for an answer.
pub(super) struct Waiter {
    c: *mut mg_connection,
    host: Box<[u8]>,
    deadline: u64,
}

impl Waiter {
    pub fn is(&self, c: &mg_connection) -> bool {
        self.c == c.as_ptr()
    }

    /// When it has waited too long.
    pub fn due(&self) -> u64 {
        self.deadline + 1
    }
}

pub(super) fn resolve(c: &mg_connection, host: &[u8]) {
    let Some((mgr, resolver)) = manager(c).and_then(|m| Some((m, resolver(m)?))) else {
        return error(c, b"resolver");
    };
    if let super::Choice::Host = super::choice(&mgr.dns4, super::DEFAULT_DNS4) {
        let found = resolver
            .host
            .borrow_mut()
            .addresses(host, mgr.use_dns6.get());
        match found {
            None => return error(c, b"OOM"),
            Some(found) if !found.is_empty() => return finish_later(c, &found),
            Some(_) => {}
        }
    }
    // SAFETY: NULL or open: closing a connection clears the member.
    let Some(listener) = (unsafe { mgr.mdns.get().as_ref() }) else {
        c.set(Flag::Resolving, false);
        return error(c, b"no mDNS listener, see mg_mdns_listen()");
    };
    let mut waiters = resolver.multicast.borrow_mut();
    if strictly(|| waiters.try_reserve(1)).is_err() {
        drop(waiters);
        return error(c, b"resolve OOM");
    }
    waiters.push(Waiter {
        c: c.as_ptr(),
        host: host.into(),
        deadline: crate::util::ffi::mg_millis() + TIMEOUT_MS,
    });
    drop(waiters);
    if !crate::dns::ffi::multicast::ask(listener, host, rtype::A) {
        super::cancel(c);
        error(c, b"mDNS send");
    }
}

/// Takes out a waiter, the latest first.
fn take(mgr: &mg_mgr, wanted: impl Fn(&Waiter) -> bool) -> Option<&mg_connection> {
    let mut waiters = resolver(mgr)?.multicast.borrow_mut();
    let place = waiters.iter().rposition(wanted)?;
    // SAFETY: a connection that closes takes itself out of here.
    Some(unsafe { &*waiters.remove(place).c })
}

/// The listener heard that `name` is at `ip`. Returns the port of the URL that asked for it, if any.
pub(crate) fn heard(mgr: &mg_mgr, name: &[u8], ip: IpAddr) -> Option<u16> {
    let mut port = None;
    // Those that handlers add meanwhile wait for an answer of their own.
    let waiting = resolver(mgr)?.multicast.borrow().len();
    for _ in 0..waiting {
        let Some(c) = take(mgr, |w| w.host.eq_ignore_ascii_case(name)) else {
            break;
        };
        port = Some(c.rem.get().port());
        finish(c, &[ip]);
    }
    port
}

/// Time passes.
pub(crate) fn tick(mgr: &mg_mgr, now: u64) {
    while let Some(c) = take(mgr, |w| now >= w.due()) {
        error(c, b"mDNS timeout");
    }
}

/// The listener closed.
pub(crate) fn closed(mgr: &mg_mgr) {
    while let Some(c) = take(mgr, |_| true) {
        fail(c, b"", Failure::Text("mDNS listener error"));
    }
}
