//! One iteration of the event loop.
//!
//! 1. *Look ahead.* Walk the connections. If one has work that needs no notification (input left
//!    over, output queued and the socket writable, closing), do not sleep. Among many connections the
//!    system is asked first whether something is ready; then there is no need to walk.
//! 2. *Wait* for readiness. It is edge-triggered: what a socket became ready for is remembered in
//!    its connection until an operation would block. A socket in trouble is read to its end and gets
//!    MG_EV_ERROR here.
//! 3. *Clock and timers.* The time is read once. An iteration that runs inside of a function for
//!    mg_mgr_call() goes on with what other threads sent behind that.
//! 4. *Turns.* Head to tail, each connection gets MG_EV_POLL, then MG_EV_READ with 0 if it finished a
//!    response in it, then one of: nothing (resolving, closing), accepting, finishing a connect,
//!    reading. What its handlers queued is sent at once. Then draining and closing take effect, but an end that
//!    the peer made behind something that was delivered waits for the next iteration.
//!    Connections made meanwhile stand before the head and have their first turn next time.
//! 5. *Deadlines* of limits are looked at. The memory of closed connections is *released*, when no
//!    outer iteration is running.
//!
//! Any handler may close any connection. A closed one leaves the list but keeps its memory, its
//! `next` and a mark until phase 5, so walks step over it.

use super::conn::{ConnPrivate, Ready, call_in_loop, call_user, contain, fail_after_panic};
use super::list::close;
use super::mgr::{EVENTS_CAPACITY, MgrPrivate, manager};
use super::nesting::{Enclosing, keep};
use super::visits::Round;
use super::{Flag, connect, error, ev, io, limits, mg_connection, mg_mgr, socket, tls, wake};
use crate::ffi::leave::{Uncancelled, call_out};
use crate::ffi::{heap, inject};
use crate::{http, timer, ws};
use std::cell::Cell;
use std::ffi::{c_int, c_long};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{from_mut, null_mut};
use std::time::Duration;

/// States in which nothing is sent.
pub(super) const NOT_SENDING: u32 = 1 << Flag::Resolving as u8
    | 1 << Flag::Connecting as u8
    | 1 << Flag::TlsHs as u8
    | 1 << Flag::Closing as u8;

/// States in which not even a handshake goes on.
const NOT_CONNECTED: u32 = NOT_SENDING & !(1 << Flag::TlsHs as u8) | 1 << Flag::Listening as u8;

/// States in which nothing is received.
const NOT_RECEIVING: u32 =
    1 << Flag::Full as u8 | 1 << Flag::Resolving as u8 | 1 << Flag::Connecting as u8;

/// From so many connections on, a walk over them takes longer than a system call.
pub(super) const MANY: usize = 64;

/// States that have to be looked at in every turn.
const BUSY: u32 = 1 << Flag::Listening as u8
    | 1 << Flag::Resolving as u8
    | 1 << Flag::Connecting as u8
    | 1 << Flag::TlsHs as u8
    | 1 << Flag::Draining as u8
    | 1 << Flag::Closing as u8
    | 1 << Flag::Resp as u8
    | 1 << Flag::Readable as u8
    | 1 << Flag::Writable as u8;

/// How often a listener that ran out of descriptors, or a socket that closes gently, is looked at.
pub(super) const HOUSEKEEPING_MS: u64 = 50;

pub(super) fn poll(mgr: &mg_mgr, ms: c_int) {
    let Some(private) = mgr.private() else {
        return;
    };
    let _iteration = Iteration::begin(mgr, private);
    wait(mgr, private, if private.wake.is_due() { 0 } else { ms });
    let mut now = crate::util::ffi::mg_millis();
    private.stats.polls.increment();
    crate::timer::ffi::poll(&mgr.timers, now, Some(&private.stats.timers));
    if private.wake.is_due() {
        wake::deliver_due(mgr, &private.wake);
    }
    turns(mgr, private, &mut now);
    limits::enforce(private, now);
    if private.lingering.due().is_some_and(|at| now >= at) {
        private.lingering.serve(now, &private.stats.bytes_received);
    }
    private.spare.trim(now);
}

/// A running iteration. Its end releases closed connections.
struct Iteration<'a> {
    mgr: &'a mg_mgr,
    private: &'a MgrPrivate,
    enclosing: Enclosing,
}

impl Iteration<'_> {
    fn begin<'a>(mgr: &'a mg_mgr, private: &'a MgrPrivate) -> Iteration<'a> {
        Iteration {
            mgr,
            private,
            enclosing: private.nesting.begin(),
        }
    }
}

impl Drop for Iteration<'_> {
    #[inline]
    fn drop(&mut self) {
        self.private.nesting.end(self.mgr, &self.enclosing);
    }
}

pub(super) fn output_waits(c: &mg_connection, p: &ConnPrivate) -> bool {
    let queued = (c.send.len.get() > 0 || p.has_output_pending(c)) && !c.any(NOT_SENDING);
    queued && !p.is_ready(Ready::Filling)
        || p.tls.is_on() && tls::output_waits(p) && !c.any(NOT_CONNECTED)
}

/// True when there is nothing to do for a connection but to deliver MG_EV_POLL.
#[inline]
pub(super) fn is_at_rest(c: &mg_connection, p: &ConnPrivate) -> bool {
    !c.any(BUSY) && p.is_quiet() && c.send.len.get() == 0
}

/// Phase 1: the longest time to sleep.
fn look_ahead(mgr: &mg_mgr, private: &MgrPrivate, ms: c_int) -> Option<Duration> {
    let mut limit = u64::try_from(ms).ok();
    limits::look_for_room(mgr, private);
    if let Some(at) = limits::next_deadline(private) {
        let left = at.saturating_sub(crate::util::ffi::mg_millis());
        limit = Some(limit.unwrap_or(u64::MAX).min(left.max(HOUSEKEEPING_MS)));
    }
    if let Some(at) = private.lingering.due() {
        let left = at.saturating_sub(crate::util::ffi::mg_millis());
        limit = Some(limit.unwrap_or(u64::MAX).min(left));
    }
    if private.visits.may_be_few() {
        private.visits.look_at_marked(private, |c| {
            shorten(c, &mut limit);
            limit != Some(0)
        });
        return limit.map(Duration::from_millis);
    }
    let mut next = mgr.conns.get();
    while limit != Some(0) && !next.is_null() {
        // SAFETY: list members are live connections, and no handler runs here.
        let c = unsafe { &*next };
        next = c.next.get();
        shorten(c, &mut limit);
    }
    limit.map(Duration::from_millis)
}

/// Shortens the time to sleep, in milliseconds, to what a connection allows.
#[inline]
fn shorten(c: &mg_connection, limit: &mut Option<u64>) {
    let Some(p) = c.private() else { return };
    if is_at_rest(c, p) {
        return;
    }
    if has_work(c, p) {
        *limit = Some(0);
    } else if p.accept_retry_at.get() != 0 {
        *limit = Some(limit.unwrap_or(u64::MAX).min(HOUSEKEEPING_MS));
    } else if holds_back(c, p) {
        let now = crate::util::ffi::mg_millis();
        let timer = manager(c).and_then(|m| timer::ffi::next(&m.timers, now));
        let left = timer.map(|at| at.saturating_sub(now));
        *limit = (*limit).into_iter().chain(left).min();
    }
}

/// True when the program lets input wait with `is_full`. A timer may let it go on, and is not to be late then.
#[inline]
fn holds_back(c: &mg_connection, p: &ConnPrivate) -> bool {
    c.is(Flag::Full) && p.is_ready(Ready::Read) && !p.is_ready(Ready::Streaming)
}

/// True when something can be done for a connection that no notification will tell of.
#[inline]
pub(super) fn has_work(c: &mg_connection, p: &ConnPrivate) -> bool {
    let input = p.is_ready(Ready::Read) && !c.any(NOT_RECEIVING) && !c.is_paused(p);
    let output = p.is_ready(Ready::Write) && output_waits(c, p);
    let ends = c.is(Flag::Closing) || p.is_ready(Ready::Broken) || is_finished(c, p);
    let goes_on = p.is_ready(Ready::PollAgain)
        || c.is(Flag::Resp) && http::ffi::conn::has_sent_hand_made(&p.http)
        || http::ffi::conn::waits_for_turn(c, &p.http);
    let connects = p.is_resolved.get() && c.is(Flag::Resolving);
    input || output || goes_on || connects || ends || p.may_resume(c)
}

/// True when a connection that is to close after its output has none left.
#[inline]
pub(super) fn is_finished(c: &mg_connection, p: &ConnPrivate) -> bool {
    (c.is(Flag::Draining) || p.peer_done.get())
        && c.send.len.get() == 0
        && !p.has_output_pending(c)
        && !(p.tls.is_on() && tls::is_unsent(p))
        && !p.defers_close(c)
}

/// Phases 1 and 2.
fn wait(mgr: &mg_mgr, private: &MgrPrivate, ms: c_int) {
    let mut events = private
        .events
        .take()
        .unwrap_or_else(|| mio::Events::with_capacity(EVENTS_CAPACITY));
    // With many connections, asking the system costs less than looking ahead, if there was something to do
    // lately.
    let ask = ms != 0
        && private.registered() > MANY
        && !private.visits.may_be_few()
        && private.had_events.get();
    let mut waited = ask && private.wait(&mut events, Some(Duration::ZERO)) && !events.is_empty();
    if !waited {
        let timeout = look_ahead(mgr, private, ms);
        waited = private.wait(&mut events, timeout);
    }
    if waited {
        let mut taken = 0;
        for event in &events {
            taken += 1;
            let token = event.token();
            let known = private.connection(token);
            if let Some(c) = known.or_else(|| private.take_over(mgr, token)) {
                // SAFETY: the table holds live connections only; memory of those closed by a
                // handler in this loop stays until phase 5.
                let c = unsafe { &*c };
                super::visits::mark(c);
                contain(c, (), || note(c, event));
            }
        }
        private.events_left.set(taken == EVENTS_CAPACITY);
        private.had_events.set(taken > 0);
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
    if event.is_priority() {
        // Reads end in front of it.
        p.reads_in_parts.set(true);
        p.set_ready(Ready::Read, true);
    }
    if event.is_writable() {
        p.set_ready(Ready::Write, true);
    }
    inject("notification");
    // kqueue(2) tells it twice, and then another attempt may be under way. And a program that took the descriptor
    // away left it registered: what happens to it is nothing to whoever has the place in the table now.
    if event.is_error() && socket::has_failed(c.raw_fd()) {
        if c.is(Flag::Connecting) && !c.is(Flag::Closing) {
            connect::connect_failed(c);
        } else {
            end_broken(c, p);
        }
    }
}

/// The socket failed for good. A connection that has failed already, or whose peer is known to be done, has
/// nothing to report.
#[cold]
fn end_broken(c: &mg_connection, p: &ConnPrivate) {
    let _kept = keep(c);
    if p.peer_done.get() {
        c.set(Flag::Closing, true);
    }
    io::read_last_words(c, p);
    if c.is(Flag::Closing) || p.dead.get() {
        return;
    }
    let later = p.delivered.get();
    p.set_ready(Ready::Broken, later);
    p.fails.set(later);
    if !later {
        error(c, b"socket error");
    }
}

/// Phase 4. A panic costs the connection at hand, not the others.
fn turns(mgr: &mg_mgr, private: &MgrPrivate, now: &mut u64) {
    private.nesting.begin_visits(mgr);
    let round = private.visits.begin(private, mgr, *now);
    let current = Cell::new(null_mut());
    heap::ran_out();
    let mut walk = || call_out(|| walk(&round, private, &current, now));
    while catch_unwind(AssertUnwindSafe(&mut walk)).is_err() {
        // SAFETY: the walk stood on it; its memory stays until phase 5.
        let c: &mg_connection = unsafe { &*current.get() };
        fail_after_panic(c);
    }
}

fn walk(
    round: &Round<'_>,
    private: &MgrPrivate,
    current: &Cell<*mut mg_connection>,
    now: &mut u64,
) {
    loop {
        current.set(round.next());
        // SAFETY: NULL, or a connection whose memory stays until phase 5.
        let Some(c) = (unsafe { current.get().as_ref() }) else {
            return;
        };
        match c.private() {
            Some(p) if p.dead.get() => {}
            Some(p) => {
                visit(c, p, private, now);
                if heap::ran_out() && !p.dead.get() && !c.is_lasting() {
                    out_of_memory(c);
                }
            }
            None => call_in_loop(c, ev::POLL, from_mut(now).cast()),
        }
    }
}

/// Work for a connection took from the reserve. What it holds of it goes back at once, before others
/// need it.
#[cold]
fn out_of_memory(c: &mg_connection) {
    error(c, b"OOM");
    close(c);
    tls::free(c);
}

/// The turn of a connection.
#[inline]
fn visit(c: &mg_connection, p: &ConnPrivate, private: &MgrPrivate, now: &mut u64) {
    inject("turn");
    let mut again = false;
    if is_at_rest(c, p) {
        poll_at_rest(c, p, now);
        if is_at_rest(c, p) {
            return;
        }
    } else {
        again = p.is_ready(Ready::PollAgain);
        poll_at_work(c, p, now);
    }
    let delivered = turn(c, p, private, *now);
    if delivered && c.is(Flag::Full) {
        p.set_ready(Ready::PollAgain, true);
    }
    // A handler that sends something in each MG_EV_POLL must not keep the loop from waiting.
    if again && !delivered || c.send.len.get() > 0 {
        p.set_ready(Ready::PollAgain, false);
    }
    // A handler that runs the loop may still be looking at its buffer, unless the connection is younger.
    if private.nesting.depth() == 1 || private.nesting.is_younger(p) {
        p.recv_loan.settle(&c.recv, &private.spare);
        p.send_loan.settle(&c.send, &private.spare);
    }
    if !is_at_rest(c, p) {
        private.visits.mark(p);
    }
}

/// MG_EV_POLL for a connection that is at rest. Protocol handlers that would do nothing are left out.
#[inline]
fn poll_at_rest(c: &mg_connection, p: &ConnPrivate, now: &mut u64) {
    let nothing = c.pfn.get().is_none()
        || http::ffi::conn::is_idle(c, &p.http)
        || ws::ffi::conn::is_websocket(c);
    if nothing {
        call_user(c, ev::POLL, from_mut(now).cast());
    } else {
        call_in_loop(c, ev::POLL, from_mut(now).cast());
    }
}

fn poll_at_work(c: &mg_connection, p: &ConnPrivate, now: &mut u64) {
    show_readiness(c, p);
    let responding = c.is(Flag::Resp);
    call_in_loop(c, ev::POLL, from_mut(now).cast());
    if responding && !p.dead.get() {
        http::ffi::conn::end_hand_made(c, &p.http);
    }
    if responding && !c.is(Flag::Resp) && !p.dead.get() {
        let mut n: c_long = 0;
        call_in_loop(c, ev::READ, from_mut(&mut n).cast());
    }
}

/// What a connection does after MG_EV_POLL. True when something was delivered.
fn turn(c: &mg_connection, p: &ConnPrivate, private: &MgrPrivate, now: u64) -> bool {
    if p.dead.get() {
        return false;
    }
    if !c.is(Flag::Closing) && !p.fails.get() {
        advance(c, p, private, now);
        if p.dead.get() {
            return false;
        }
        if p.tls.is_on() {
            tls::write(c, p);
        } else if !c.any(NOT_SENDING) {
            io::flush(c, p);
        }
    }
    if p.is_ready(Ready::Broken) && !p.dead.get() {
        if p.delivered.get() {
            p.fails.set(true);
        } else {
            end_broken(c, p);
        }
    }
    if p.dead.get() {
        return false;
    }
    let delivered = p.delivered.replace(false);
    let lives_on = delivered && !c.is(Flag::Draining) || p.fails.get();
    if c.is(Flag::Closing) || is_finished(c, p) && !lives_on {
        close(c);
    }
    delivered
}

/// What comes before sending: accepts, connects or receives.
#[inline]
fn advance(c: &mg_connection, p: &ConnPrivate, private: &MgrPrivate, now: u64) {
    if c.is(Flag::Resolving) {
        if p.is_resolved.get() {
            connect::connect_resolved(c);
        }
    } else if c.is(Flag::Listening) && !c.is(Flag::Udp) {
        accept(c, p, now);
    } else if c.is(Flag::Connecting) {
        if p.is_ready(Ready::Read) || p.is_ready(Ready::Write) {
            connect::connect_ready(c);
        }
    } else if p.tls.is_on() {
        tls::read(c, p, private);
    } else {
        io::read_ready(c, p, private);
    }
}

/// Sets `is_readable` and `is_writable`, which handlers may look at.
#[inline]
fn show_readiness(c: &mg_connection, p: &ConnPrivate) {
    let readable = p.is_ready(Ready::Read) && !c.is(Flag::Full);
    let writable = p.is_ready(Ready::Write) && (c.is(Flag::Connecting) || output_waits(c, p));
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
    let _uncancelled = Uncancelled::hold();
    if mgr
        .private()
        .is_some_and(|private| private.nesting.depth() > 0)
    {
        crate::log::error(format_args!("mg_mgr_free called from a handler"));
        return;
    }
    crate::timer::ffi::free_all(&mgr.timers);
    if let Some(private) = mgr.private() {
        private.freeing.set(true);
        mark_closing(mgr);
        poll(mgr, 0);
    }
    while !mgr.conns.get().is_null() {
        // A handler refused to close, or one without a private part, or a manager without: no more
        // asking.
        let first = mgr.conns.get();
        // SAFETY: list members are live.
        let next = unsafe { (*first).next.get() };
        // SAFETY: as above.
        close(unsafe { &*first });
        if mgr.conns.get() == first {
            mgr.conns.set(next);
        }
    }
    if let Some(private) = mgr.private() {
        private.nesting.reap();
        // SAFETY: made by Box in mg_mgr_init; no frame of the loop is running.
        drop(unsafe { Box::from_raw(wake::release(mgr)) });
        mgr.epoll_fd.set(-1);
    } else {
        close_without_private(mgr);
    }
    mgr.conns.set(null_mut());
    // Those that handlers added while they were told to close.
    crate::timer::ffi::free_all(&mgr.timers);
}

/// Closes the connections of a manager that never had a readiness queue. They are released at once, so
/// nothing is remembered over a call; those that handlers add are left.
fn close_without_private(mgr: &mg_mgr) {
    let mut count = 0;
    super::for_each(mgr, |_| count += 1);
    for _ in 0..count {
        // SAFETY: list members are live connections.
        let Some(c) = (unsafe { mgr.conns.get().as_ref() }) else {
            return;
        };
        if c.private().is_none() || c.is_dead() {
            mgr.conns.set(c.next.get());
        } else {
            close(c);
        }
    }
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
