//! What a manager counts. `net::stats` says when.
#![deny(unsafe_code)]

pub mod ffi;

pub use ffi::mg_stats as Stats;
use std::cell::Cell;

/// A number that only grows. It belongs to the thread of its manager.
#[derive(Default)]
pub struct Counter(Cell<u64>);

impl Counter {
    #[inline]
    pub fn add(&self, n: usize) {
        self.0.set(self.0.get().wrapping_add(n as u64));
    }

    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

/// The counters of a manager; `mg_stats` describes them. What every request moves stands together.
#[derive(Default)]
#[repr(C)]
pub struct Counters {
    pub bytes_received: Counter,
    pub bytes_sent: Counter,
    pub http_requests: Counter,
    pub polls: Counter,
    pub datagrams_received: Counter,
    pub datagrams_sent: Counter,
    pub http_responses: Counter,
    pub ws_messages_received: Counter,
    pub ws_messages_sent: Counter,
    pub mqtt_packets_received: Counter,
    pub mqtt_packets_sent: Counter,
    pub accepted: Counter,
    pub clients: Counter,
    pub wrapped: Counter,
    pub connected: Counter,
    pub closed: Counter,
    pub accept_errors: Counter,
    pub accept_pauses: Counter,
    pub tls_handshakes: Counter,
    pub tls_resumed: Counter,
    pub tls_failed: Counter,
    pub errors: Counter,
    pub limits_exceeded: Counter,
    pub timeouts: Counter,
    pub malformed: Counter,
    pub timers: Counter,
    pub wakeups: Counter,
}

impl Counters {
    /// Connections that were opened and not closed.
    pub fn open(&self) -> u64 {
        let opened = self.accepted.get() + self.clients.get() + self.wrapped.get();
        opened.saturating_sub(self.closed.get())
    }
}
