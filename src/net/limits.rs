//! Holds connections to their limits: notes what moves, looks at what is due, and ends what took too
//! long or grew too large.
//!
//! A connection without limits has no watch; for it, every function here is one look at a pointer.

use super::conn::{ConnPrivate, Ready};
use super::mgr::{MgrPrivate, manager};
use super::{Flag, MAX_RECV_SIZE, contain, error, mg_connection, mg_mgr, report, stats};
use crate::ffi::alloc::try_box;
use crate::ffi::heap::strictly;
use crate::fmt::stack::Stack;
use crate::limits::{Cause, Limits, Phase, Shared, Watch};
use crate::util::ffi::mg_millis;
use crate::{http, mqtt, ws};
use mio::Token;
use std::ffi::c_ulong;
use std::fmt::Write;
use std::mem::take;

fn shared(c: &mg_connection) -> Option<&Shared> {
    manager(c).and_then(mg_mgr::private).map(|p| &p.limits)
}

fn with_defaults(limits: Option<Limits>) -> Limits {
    let limits = limits.unwrap_or(Limits::NONE);
    let recv_size = match limits.recv_size {
        0 => MAX_RECV_SIZE,
        size => size,
    };
    Limits {
        recv_size,
        ..limits
    }
}

/// mg_mgr_set_limits().
pub(crate) fn set_default(mgr: &mg_mgr, limits: Option<Limits>) -> bool {
    let Some(private) = mgr.private() else {
        return false;
    };
    private.limits.default.set(limits);
    private.limits.make_room();
    true
}

/// mg_mgr_get_limits().
pub(crate) fn default(mgr: &mg_mgr) -> Option<Limits> {
    mgr.private().map(|p| with_defaults(p.limits.default.get()))
}

/// mg_conn_set_limits().
pub(crate) fn set(c: &mg_connection, limits: Option<Limits>) -> bool {
    let (Some(p), Some(shared)) = (c.private(), shared(c)) else {
        return false;
    };
    if c.is(Flag::Udp) || p.dead.get() {
        return false;
    }
    let own = limits.is_some();
    let limits = limits.or(shared.default.get()).unwrap_or(Limits::NONE);
    let replaced = p.limits.with(|watch| {
        watch.limits = limits;
        watch.own = own;
    });
    if replaced.is_none() {
        let mut watch = Watch::new(limits, phase(c), mg_millis());
        watch.own = own;
        let Some(watch) = try_box(watch) else {
            return false;
        };
        p.limits.set(Some(watch));
    }
    shared.make_room();
    arm(c, p, shared)
}

/// mg_conn_get_limits().
pub(crate) fn get(c: &mg_connection) -> Option<Limits> {
    let (p, shared) = (c.private()?, shared(c)?);
    let follows = c.is(Flag::Listening);
    let own = p
        .limits
        .with(|watch| (watch.own || !follows).then_some(watch.limits));
    let inherited = shared.default.get().filter(|_| follows);
    Some(with_defaults(own.flatten().or(inherited)))
}

/// What a connection is busy with.
fn phase(c: &mg_connection) -> Phase {
    if c.is(Flag::Connecting) {
        Phase::Connecting
    } else if c.is(Flag::TlsHs) {
        Phase::Handshake
    } else {
        http::ffi::conn::receiving(c)
    }
}

/// Sees to it that a connection is looked at when it is due. False, after MG_EV_ERROR, when memory is
/// exhausted.
fn arm(c: &mg_connection, p: &ConnPrivate, shared: &Shared) -> bool {
    let Some((at, _)) = p.limits.with(|watch| watch.deadline()).flatten() else {
        return true;
    };
    let armed = match p.slot.get().checked_sub(1) {
        Some(key) if !c.is(Flag::Listening) && !p.dead.get() => {
            strictly(|| shared.deadlines.borrow_mut().advance(key, at))
        }
        _ => true,
    };
    if !armed {
        error(c, b"OOM");
    }
    armed
}

/// Gives a new connection its limits: those of its listener, or of its manager. Called before the
/// first event. False when memory is exhausted.
pub(super) fn begin(c: &mg_connection, listener: Option<&mg_connection>) -> bool {
    let (Some(p), Some(shared)) = (c.private(), shared(c)) else {
        return true;
    };
    let mut limits = shared.default.get();
    let mut counted_by = None;
    if let Some((listener, q)) = listener.and_then(|l| Some((l, l.private()?))) {
        q.limits.with(|watch| {
            counted_by = Some((q.slot.get(), listener.id.get()));
            if watch.own {
                limits = Some(watch.limits);
            }
        });
    }
    if limits.is_none() && counted_by.is_none() {
        return true;
    }
    let phase = if listener.is_some_and(http::ffi::conn::speaks_http) {
        Phase::Head
    } else {
        Phase::Quiet
    };
    let mut watch = Watch::new(limits.unwrap_or(Limits::NONE), phase, mg_millis());
    watch.is_accepted = listener.is_some();
    watch.listener = counted_by;
    let Some(watch) = try_box(watch) else {
        return false;
    };
    p.limits.set(Some(watch));
    if let Some(listener) = listener {
        shared.accepted.set(shared.accepted.get() + 1);
        if let Some(q) = listener.private() {
            q.limits.with(|watch| watch.accepted += 1);
        }
    }
    arm(c, p, shared)
}

/// A connection of the library itself has no limits.
pub(super) fn exempt(c: &mg_connection) {
    if let Some(p) = c.private() {
        p.limits.set(None);
    }
}

/// A connection was closed.
pub(super) fn closed(c: &mg_connection, p: &ConnPrivate) {
    let leaves = |watch: &mut Watch| (take(&mut watch.is_accepted), watch.listener.take());
    let (Some((is_accepted, listener)), Some(shared)) = (p.limits.with(leaves), shared(c)) else {
        return;
    };
    if let Some(key) = p.slot.get().checked_sub(1) {
        shared.deadlines.borrow_mut().remove(key);
    }
    if is_accepted {
        shared.accepted.set(shared.accepted.get().saturating_sub(1));
        shared.make_room();
    }
    if let Some((slot, id)) = listener {
        leave(c, slot, id);
    }
}

/// The listener that accepted a connection has one less.
fn leave(c: &mg_connection, slot: u32, id: c_ulong) {
    let private = manager(c).and_then(mg_mgr::private);
    let listener = private
        .zip(slot.checked_sub(1))
        .and_then(|(private, slot)| private.connection(Token(slot as usize)))
        // SAFETY: the table holds live connections only.
        .map(|listener| unsafe { &*listener })
        .filter(|listener| listener.id.get() == id)
        .and_then(mg_connection::private);
    if let Some(p) = listener {
        p.limits
            .with(|watch| watch.accepted = watch.accepted.saturating_sub(1));
    }
}

/// False when a listener has to leave new connections in the system's queue.
pub(super) fn may_accept(listener: &mg_connection, p: &ConnPrivate) -> bool {
    let Some(shared) = shared(listener) else {
        return true;
    };
    let all = shared.default.get().map_or(0, |limits| limits.connections);
    let (own, accepted) = p
        .limits
        .with(|watch| (watch.limits.connections, watch.accepted))
        .unwrap_or_default();
    let full = all > 0 && shared.accepted.get() >= all || own > 0 && accepted >= own;
    if full {
        p.set_ready(Ready::Read, false);
        if !shared.crowded.replace(true) {
            stats::count(listener, |n| &n.accept_pauses);
            crate::log::debug(format_args!("{} connection limit", listener.id.get()));
        }
    }
    !full
}

/// Lets listeners look again, if there may be room for what waits in the system's queue.
#[inline]
pub(super) fn look_for_room(mgr: &mg_mgr, private: &MgrPrivate) {
    if private.limits.room.replace(false) {
        private.limits.crowded.set(false);
        super::for_each(mgr, |c| {
            if let (true, Some(p)) = (c.is(Flag::Listening) && !c.is(Flag::Udp), c.private()) {
                p.set_ready(Ready::Read, true);
            }
        });
    }
}

/// The most unread input.
#[inline]
pub(crate) fn recv_size(c: &mg_connection) -> usize {
    let size = c
        .private()
        .and_then(|p| p.limits.with(|w| w.limits.recv_size));
    match size {
        None | Some(0) => MAX_RECV_SIZE,
        Some(size) => size,
    }
}

/// Reads one of the limits; 0 when there is none.
#[inline]
pub(crate) fn of(c: &mg_connection, which: impl FnOnce(&Limits) -> usize) -> usize {
    c.private()
        .and_then(|p| p.limits.with(|watch| which(&watch.limits)))
        .unwrap_or(0)
}

/// `n` bytes came from the socket.
#[inline]
pub(super) fn received(p: &ConnPrivate, n: usize) {
    p.limits.with(|watch| watch.received(n, mg_millis()));
}

/// The socket took `n` bytes of output, or none. The connection may be closed afterwards.
#[inline]
pub(super) fn sent(c: &mg_connection, p: &ConnPrivate, n: usize) {
    let Some(limit) = p.limits.with(|watch| watch.limits.send_size) else {
        return;
    };
    if p.dead.get() {
        return;
    }
    let blocked = !p.is_ready(Ready::Write) && super::poll::output_waits(c, p);
    let is_new = p.limits.with(|watch| watch.sent(n, blocked, mg_millis()));
    if let (Some(true), Some(shared)) = (is_new, shared(c)) {
        arm(c, p, shared);
    }
    if blocked && limit > 0 && c.send.len.get() > limit {
        overflow(c);
    }
}

const SEND_LIMIT: &[u8] = b"send limit";

/// True when `extra` bytes more may be queued. Otherwise the connection fails.
#[inline]
pub(crate) fn has_room(c: &mg_connection, extra: usize) -> bool {
    let limit = of(c, |limits| limits.send_size);
    limit == 0 || c.send.len.get().saturating_add(extra) <= limit || overflow(c)
}

/// True when what was queued behind the first `start` bytes may stay. Otherwise it is taken back, and
/// the connection fails.
#[inline]
pub(crate) fn may_stay(c: &mg_connection, start: usize) -> bool {
    let limit = of(c, |limits| limits.send_size);
    if limit == 0 || c.send.len.get() <= limit {
        return true;
    }
    super::cut_output(c, start);
    overflow(c)
}

/// The peer sends more than it may, or takes less.
#[cold]
pub(crate) fn exceeded(c: &mg_connection) {
    stats::count(c, |n| &n.limits_exceeded);
}

/// Always false, so that callers read well.
#[cold]
fn overflow(c: &mg_connection) -> bool {
    if !c.is(Flag::Closing) {
        exceeded(c);
        error(c, SEND_LIMIT);
    }
    false
}

/// Looks again at what a connection is busy with.
#[inline]
pub(crate) fn update(c: &mg_connection) {
    if let Some(p) = c.private()
        && let Some(before) = p.limits.with(|watch| watch.phase())
    {
        let now = phase(c);
        // Empty lines are no request.
        let waits = before == Phase::Head && now == Phase::Quiet;
        if before == Phase::Ending || before == now || waits && awaits_request(c) {
            return;
        }
        match now {
            Phase::Body => begin_body(c, http::ffi::conn::body_so_far(c)),
            _ => enter(c, now),
        }
    }
}

fn awaits_request(c: &mg_connection) -> bool {
    http::ffi::conn::speaks_http(c) && !c.is(Flag::Resp)
}

/// A connection begins something that may take only so long.
#[inline]
pub(crate) fn enter(c: &mg_connection, phase: Phase) {
    let Some(p) = c.private() else { return };
    let entered = p.limits.with(|watch| {
        let changes = watch.phase() != Phase::Ending;
        if changes {
            watch.enter(phase, mg_millis());
        }
        changes
    });
    if let (Some(true), Some(shared)) = (entered, shared(c)) {
        arm(c, p, shared);
    }
}

/// A body begins, of which so many bytes have come already.
pub(crate) fn begin_body(c: &mg_connection, so_far: usize) {
    enter(c, Phase::Body);
    if let Some(p) = c.private() {
        received(p, so_far);
    }
}

/// The program did not want input for `ms` milliseconds: the peer is not to blame.
pub(crate) fn excuse(c: &mg_connection, ms: u64) {
    if let Some(p) = c.private() {
        p.limits.with(|watch| watch.excuse(ms, mg_millis()));
    }
}

/// The TLS handshake is over.
pub(super) fn established(c: &mg_connection) {
    enter(
        c,
        if c.is(Flag::Accepted) && http::ffi::conn::speaks_http(c) {
            Phase::Head
        } else {
            Phase::Quiet
        },
    );
}

/// When a connection has to be looked at, whatever happens until then.
#[inline]
pub(super) fn next_deadline(private: &MgrPrivate) -> Option<u64> {
    private.limits.deadlines.borrow().next()
}

/// Looks at the connections that are due. Called after their turns, so that what came in time counts
/// also when a handler kept the loop busy.
#[inline]
pub(super) fn enforce(private: &MgrPrivate, now: u64) {
    while let Some(key) = pop(private, now) {
        if let Some(c) = private.connection(Token(key as usize)) {
            // SAFETY: the table holds live connections only; memory of those closed by a handler
            // stays until the end of the iteration.
            let c = unsafe { &*c };
            contain(c, (), || look(c, &private.limits, now));
        }
    }
}

fn pop(private: &MgrPrivate, now: u64) -> Option<u32> {
    private.limits.deadlines.borrow_mut().pop(now)
}

/// A connection is due: ends it, unless it made progress meanwhile or is not to blame.
fn look(c: &mg_connection, shared: &Shared, now: u64) {
    let Some(p) = c.private() else { return };
    while !c.is(Flag::Closing) {
        let Some((_, cause)) = p
            .limits
            .with(|watch| watch.deadline().filter(|&(at, _)| at <= now))
            .flatten()
        else {
            arm(c, p, shared);
            return;
        };
        let excused = is_excused(c, p, cause);
        // Also when it is not: a handler may keep the connection, which is not due again at once.
        p.limits.with(|watch| watch.restart(cause, now));
        if !excused {
            return too_late(c, cause);
        }
    }
}

/// True when it is the program that the peer waits for.
fn is_excused(c: &mg_connection, p: &ConnPrivate, cause: Cause) -> bool {
    let blocked = p.limits.with(|watch| watch.is_blocked()) == Some(true);
    // A handler that runs the loop has not looked at all the input yet.
    let busy = c.is(Flag::Full) || p.http.is_running();
    match cause {
        Cause::Write => !super::poll::output_waits(c, p),
        Cause::Idle => !blocked && (busy || c.is(Flag::Resp) || p.http.streams.is_waiting()),
        Cause::Head | Cause::Body => busy,
        Cause::Connect | Cause::Handshake | Cause::Ending => false,
    }
}

/// Something took too long.
#[cold]
fn too_late(c: &mg_connection, cause: Cause) {
    if cause == Cause::Ending {
        return c.set(Flag::Closing, true);
    }
    stats::count(c, |n| &n.timeouts);
    let mut text = Stack::<64>::new();
    let _ = write!(text, "{cause}");
    let text = text.as_bytes();
    if http::ffi::conn::is_uploading(c) {
        // Whoever stores the body is told, and answers.
        enter(c, Phase::Quiet);
        return report(c, text);
    }
    let told = matches!(cause, Cause::Head | Cause::Body | Cause::Idle)
        && (http::ffi::conn::time_out(c)
            || ws::ffi::conn::say_close(c, ws::close::GOING_AWAY)
            || mqtt::ffi::disconnect(c, mqtt::reason::KEEP_ALIVE_TIMEOUT));
    if c.is(Flag::Closing) {
        // What the peer was to be told was too much, which the program was told.
        return;
    }
    if told {
        give_up(c, text);
    } else {
        error(c, text);
    }
}

/// The peer was told why the connection ends: MG_EV_ERROR. The connection closes when that has left, or
/// when it does not leave.
#[cold]
pub(crate) fn give_up(c: &mg_connection, text: &[u8]) {
    enter(c, Phase::Ending);
    c.set(Flag::Draining, true);
    super::set_linger(c);
    report(c, text);
}
