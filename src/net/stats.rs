//! Counts what a manager does, on behalf of connections that programs know of.

use super::conn::ConnPrivate;
use super::mgr::{MgrPrivate, manager};
use super::{Flag, mg_connection, mg_mgr};
use crate::stats::{Counter, Counters, Stats};

/// Who opened a connection.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Origin {
    /// The library itself, or the program past the library: not counted.
    #[default]
    Unknown,
    Accepted,
    Client,
    Wrapped,
    Listener,
}

/// The counters that a connection moves, if it is one that is counted.
#[inline]
pub(crate) fn of(c: &mg_connection) -> Option<&Counters> {
    match c.private() {
        Some(p) if p.origin.get() != Origin::Unknown => counters(c),
        _ => None,
    }
}

fn counters(c: &mg_connection) -> Option<&Counters> {
    manager(c).and_then(mg_mgr::private).map(|m| &m.stats)
}

/// Something happened once.
#[inline]
pub(crate) fn count(c: &mg_connection, which: fn(&Counters) -> &Counter) {
    if let Some(counters) = of(c) {
        which(counters).increment();
    }
}

/// A connection begins, or a listener.
pub(super) fn opened(c: &mg_connection, origin: Origin) {
    let (Some(p), Some(counters)) = (c.private(), counters(c)) else {
        return;
    };
    p.origin.set(origin);
    match origin {
        Origin::Unknown | Origin::Listener => {}
        Origin::Accepted => counters.accepted.increment(),
        Origin::Client => counters.clients.increment(),
        Origin::Wrapped => counters.wrapped.increment(),
    }
}

/// A connection is closed, or a listener.
pub(super) fn closed(c: &mg_connection, p: &ConnPrivate) {
    if let Some(counters) = of(c).filter(|_| p.origin.get() != Origin::Listener) {
        counters.closed.increment();
        if c.is(Flag::TlsHs) {
            counters.tls_failed.increment();
        }
    }
}

/// The socket delivered `n` bytes.
#[inline]
pub(super) fn received(c: &mg_connection, n: usize) {
    if let Some(counters) = of(c) {
        counters.bytes_received.add(n);
    }
}

/// The socket took `n` bytes.
#[inline]
pub(super) fn sent(c: &mg_connection, n: usize) {
    if let Some(counters) = of(c) {
        counters.bytes_sent.add(n);
    }
}

/// mg_mgr_get_stats().
pub(crate) fn read(mgr: &mg_mgr) -> Option<Stats> {
    let private = mgr.private()?;
    let n = &private.stats;
    let mut stats = Stats {
        size: size_of::<Stats>(),
        accepted: n.accepted.get(),
        clients: n.clients.get(),
        wrapped: n.wrapped.get(),
        connected: n.connected.get(),
        closed: n.closed.get(),
        open: n.open(),
        accept_errors: n.accept_errors.get(),
        accept_pauses: n.accept_pauses.get(),
        bytes_received: n.bytes_received.get(),
        bytes_sent: n.bytes_sent.get(),
        datagrams_received: n.datagrams_received.get(),
        datagrams_sent: n.datagrams_sent.get(),
        http_requests: n.http_requests.get(),
        http_responses: n.http_responses.get(),
        ws_messages_received: n.ws_messages_received.get(),
        ws_messages_sent: n.ws_messages_sent.get(),
        mqtt_packets_received: n.mqtt_packets_received.get(),
        mqtt_packets_sent: n.mqtt_packets_sent.get(),
        tls_handshakes: n.tls_handshakes.get(),
        tls_resumed: n.tls_resumed.get(),
        tls_failed: n.tls_failed.get(),
        errors: n.errors.get(),
        limits_exceeded: n.limits_exceeded.get(),
        timeouts: n.timeouts.get(),
        malformed: n.malformed.get(),
        timers: n.timers.get(),
        polls: n.polls.get(),
        wakeups: n.wakeups.get(),
        spare_memory: spare_memory(private),
        ..Stats::default()
    };
    let mut next = mgr.conns.get();
    while !next.is_null() {
        // SAFETY: list members are live connections, and no handler runs here.
        let c = unsafe { &*next };
        next = c.next.get();
        add_buffers(c, &mut stats);
    }
    Some(stats)
}

fn spare_memory(private: &MgrPrivate) -> u64 {
    (private.spare.memory() + private.tls().memory() + private.deflate_memory()) as u64
}

fn add_buffers(c: &mg_connection, stats: &mut Stats) {
    let size = [&c.recv, &c.send, &c.rtls, &c.prof]
        .iter()
        .fold(0, |sum: u64, io| sum.saturating_add(io.size.get() as u64));
    match c.private().map(|p| p.origin.get()) {
        // The buffer of the channel for wakeups, for instance.
        None | Some(Origin::Unknown) => {
            stats.spare_memory = stats.spare_memory.saturating_add(size);
            return;
        }
        Some(Origin::Listener) => stats.listeners += 1,
        Some(_) => {}
    }
    let (queued, memory) = super::tls::buffers(c);
    stats.recv_buffered += c.recv.len.get() as u64;
    stats.send_buffered += (c.send.len.get() + queued) as u64;
    let contexts = c.ws().map_or(0, |state| state.deflate.memory());
    stats.buffer_memory = stats
        .buffer_memory
        .saturating_add(size + (memory + contexts) as u64);
}
