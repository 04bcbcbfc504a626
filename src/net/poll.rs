//! One iteration of the event loop.
//!
//! 1. *Look ahead.* Walk the connections. If one has work that needs no notification (input left
//!    over, output queued and the socket writable, closing), do not sleep.
//! 2. *Wait* for readiness. It is edge-triggered: what a socket became ready for is remembered in
//!    its connection until an operation would block. A socket in trouble gets MG_EV_ERROR here.
//! 3. *Clock and timers.* The time is read once.
//! 4. *Turns.* Head to tail, each connection gets MG_EV_POLL, then MG_EV_READ with 0 if it finished a
//!    response in it, then one of: nothing (resolving, closing), accepting, finishing a connect,
//!    reading. What its handlers queued is sent at once. Then draining and closing take effect.
//!    Connections made meanwhile stand before the head and have their first turn next time.
//! 5. *Release* the memory of closed connections, when no outer iteration is running.
//!
//! Any handler may close any connection. A closed one leaves the list but keeps its memory, its
//! `next` and a mark until phase 5, so walks step over it.

use super::conn::{ConnPrivate, Ready, call, contain, fail_after_panic};
use super::mgr::{EVENTS_CAPACITY, MgrPrivate, close};
use super::{Flag, connect, error, ev, io, mg_connection, mg_mgr, tls};
use crate::ffi::{heap, inject};
use std::cell::Cell;
use std::ffi::{c_int, c_long};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{from_mut, null_mut};
use std::time::Duration;

/// States in which nothing is sent.
const NOT_SENDING: u32 = 1 << Flag::Resolving as u8
    | 1 << Flag::Connecting as u8
    | 1 << Flag::TlsHs as u8
    | 1 << Flag::Closing as u8;

/// States in which not even a handshake goes on.
const NOT_CONNECTED: u32 = NOT_SENDING & !(1 << Flag::TlsHs as u8) | 1 << Flag::Listening as u8;

/// States in which nothing is received.
const NOT_RECEIVING: u32 =
    1 << Flag::Full as u8 | 1 << Flag::Resolving as u8 | 1 << Flag::Connecting as u8;

/// How often a listener that ran out of descriptors, or a socket that closes gently, is looked at.
const HOUSEKEEPING_MS: u64 = 50;

pub(super) fn poll(mgr: &mg_mgr, ms: c_int) {
    let Some(private) = mgr.private() else {
        return;
    };
    let _iteration = Iteration::begin(private);
    wait(mgr, private, ms);
    let mut now = crate::util::ffi::mg_millis();
    crate::timer::ffi::poll(&mgr.timers, now);
    turns(mgr, &mut now);
    if private.has_lingering() {
        private.serve_lingering(now);
    }
}

/// A running iteration. The end of the outermost one releases closed connections.
struct Iteration<'a>(&'a MgrPrivate);

impl Iteration<'_> {
    fn begin(private: &MgrPrivate) -> Iteration<'_> {
        private.depth.set(private.depth.get() + 1);
        Iteration(private)
    }
}

impl Drop for Iteration<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() - 1);
        if self.0.depth.get() == 0 {
            self.0.reap();
        }
    }
}

fn output_waits(c: &mg_connection, p: &ConnPrivate) -> bool {
    let queued = (c.send.len.get() > 0 || p.has_output_pending(c)) && !c.any(NOT_SENDING);
    queued || p.tls.is_on() && tls::output_waits(p) && !c.any(NOT_CONNECTED)
}

/// Phase 1: the longest time to sleep.
fn look_ahead(mgr: &mg_mgr, private: &MgrPrivate, ms: c_int) -> Option<Duration> {
    let mut limit = u64::try_from(ms).ok();
    if private.has_lingering() {
        limit = Some(limit.unwrap_or(u64::MAX).min(HOUSEKEEPING_MS));
    }
    let mut next = mgr.conns.get();
    while limit != Some(0) && !next.is_null() {
        // SAFETY: list members are live connections, and no handler runs here.
        let c = unsafe { &*next };
        next = c.next.get();
        let Some(p) = c.private() else { continue };
        let input = p.is_ready(Ready::Read) && !c.any(NOT_RECEIVING) && !c.is_paused(p);
        let output = p.is_ready(Ready::Write) && output_waits(c, p);
        if input || output || c.is(Flag::Closing) {
            return Some(Duration::ZERO);
        }
        if p.accept_retry_at.get() != 0 {
            limit = Some(limit.unwrap_or(u64::MAX).min(HOUSEKEEPING_MS));
        }
    }
    limit.map(Duration::from_millis)
}

/// Phases 1 and 2.
fn wait(mgr: &mg_mgr, private: &MgrPrivate, ms: c_int) {
    let timeout = look_ahead(mgr, private, ms);
    let mut events = private
        .events
        .take()
        .unwrap_or_else(|| mio::Events::with_capacity(EVENTS_CAPACITY));
    // SAFETY: &MgrPrivate is shared, but only this frame uses `poll` mutably: mio wants &mut to keep
    // two threads from waiting at once, which a manager forbids.
    let waited = unsafe { (*private.poll.get()).poll(&mut events, timeout) };
    if waited.is_ok() {
        for event in &events {
            if let Some(c) = private.connection(event.token()) {
                // SAFETY: the table holds live connections only; memory of those closed by a
                // handler in this loop stays until phase 5.
                let c = unsafe { &*c };
                contain(c, (), || note(c, event));
            }
        }
    }
    // Memory of the reserve is not kept.
    private.events.set((!heap::ran_out()).then_some(events));
}

/// Remembers what an event says about a connection.
fn note(c: &mg_connection, event: &mio::event::Event) {
    let Some(p) = c.private() else { return };
    // First of all, since it is told only once.
    if event.is_readable() || event.is_read_closed() {
        p.set_ready(Ready::Read, true);
        p.set_ready(Ready::ReadClosed, event.is_read_closed());
    }
    if event.is_writable() {
        p.set_ready(Ready::Write, true);
    }
    inject("notification");
    if event.is_error() {
        // One that has failed already, or whose peer is known to be gone, has nothing to report.
        if p.peer_done.get() {
            c.set(Flag::Closing, true);
        } else if c.is(Flag::Connecting) && !c.is(Flag::Closing) {
            return connect::connect_failed(c);
        } else if p.tls.is_on() {
            tls::read_last_words(c, p);
        }
        if !c.is(Flag::Closing) {
            error(c, b"socket error");
        }
    }
}

/// Phase 4. A panic costs the connection at hand, not the others.
fn turns(mgr: &mg_mgr, now: &mut u64) {
    let next = Cell::new(mgr.conns.get());
    let current = Cell::new(null_mut());
    heap::ran_out();
    while catch_unwind(AssertUnwindSafe(|| walk(&next, &current, now))).is_err() {
        // SAFETY: the walk stood on it; its memory stays until phase 5.
        let c: &mg_connection = unsafe { &*current.get() };
        fail_after_panic(c);
    }
}

fn walk(next: &Cell<*mut mg_connection>, current: &Cell<*mut mg_connection>, now: &mut u64) {
    while !next.get().is_null() {
        current.set(next.get());
        // SAFETY: reached through the list or through a connection of the list; closed ones keep
        // their memory until phase 5.
        let c = unsafe { &*current.get() };
        // Taken before the turn: connections that a handler closes stay readable, and those it
        // opens go to the head.
        next.set(c.next.get());
        match c.private() {
            Some(p) if p.dead.get() => {}
            Some(p) => {
                turn(c, p, now);
                if heap::ran_out() && !p.dead.get() && !c.is_lasting() {
                    error(c, b"OOM");
                }
            }
            None => call(c, ev::POLL, from_mut(now).cast()),
        }
    }
}

fn turn(c: &mg_connection, p: &ConnPrivate, now: &mut u64) {
    inject("turn");
    show_readiness(c, p);
    let responding = c.is(Flag::Resp);
    call(c, ev::POLL, from_mut(now).cast());
    if responding && !c.is(Flag::Resp) && !p.dead.get() {
        let mut n: c_long = 0;
        call(c, ev::READ, from_mut(&mut n).cast());
    }
    if p.dead.get() {
        return;
    }
    if !c.any(1 << Flag::Resolving as u8 | 1 << Flag::Closing as u8) {
        if c.is(Flag::Listening) && !c.is(Flag::Udp) {
            accept(c, p, *now);
        } else if c.is(Flag::Connecting) {
            if p.is_ready(Ready::Read) || p.is_ready(Ready::Write) {
                connect::connect_ready(c);
            }
        } else if p.tls.is_on() {
            tls::read(c, p);
        } else {
            io::read_ready(c, p);
        }
        if p.dead.get() {
            return;
        }
        if p.tls.is_on() {
            tls::write(c, p);
        } else if !c.any(NOT_SENDING) {
            io::flush(c, p);
        }
    }
    if p.dead.get() {
        return;
    }
    let done =
        c.send.len.get() == 0 && !p.has_output_pending(c) && !(p.tls.is_on() && tls::is_unsent(p));
    if c.is(Flag::Closing) || done && (c.is(Flag::Draining) || p.peer_done.get()) {
        close(c);
    }
}

/// Sets `is_readable` and `is_writable`, which handlers may look at.
#[inline]
fn show_readiness(c: &mg_connection, p: &ConnPrivate) {
    let readable = p.is_ready(Ready::Read) && !c.is(Flag::Full);
    let writable = p.is_ready(Ready::Write) && output_waits(c, p);
    if c.is(Flag::Readable) != readable {
        c.set(Flag::Readable, readable);
    }
    if c.is(Flag::Writable) != writable {
        c.set(Flag::Writable, writable);
    }
}

fn accept(c: &mg_connection, p: &ConnPrivate, now: u64) {
    let retry_at = p.accept_retry_at.get();
    if retry_at != 0 && now >= retry_at {
        p.accept_retry_at.set(0);
        p.set_ready(Ready::Read, true);
    }
    if p.is_ready(Ready::Read) {
        connect::accept_ready(c, now);
    }
}

/// Closes every connection of a manager and releases what the library keeps for it.
pub(super) fn free(mgr: &mg_mgr) {
    crate::timer::ffi::free_all(&mgr.timers);
    if let Some(private) = mgr.private() {
        if private.depth.get() > 0 {
            crate::log::error(format_args!("mg_mgr_free called from a handler"));
            return;
        }
        private.freeing.set(true);
        mark_closing(mgr);
        poll(mgr, 0);
        while !mgr.conns.get().is_null() {
            // A handler refused to close, or one without a private part: no more asking.
            // SAFETY: list members are live.
            let c = unsafe { &*mgr.conns.get() };
            close(c);
            if mgr.conns.get() == c.as_ptr() {
                mgr.conns.set(c.next.get());
            }
        }
        private.reap();
        // SAFETY: made by Box in mg_mgr_init; no frame of the loop is running.
        drop(unsafe { Box::from_raw(mgr.ifp.replace(null_mut()).cast::<MgrPrivate>()) });
        mgr.epoll_fd.set(-1);
    }
    mgr.conns.set(null_mut());
    // Those that handlers added while they were told to close.
    crate::timer::ffi::free_all(&mgr.timers);
}

fn mark_closing(mgr: &mg_mgr) {
    let mut next = mgr.conns.get();
    while !next.is_null() {
        // SAFETY: list members are live connections.
        let c = unsafe { &*next };
        c.set(Flag::Closing, true);
        next = c.next.get();
    }
}
