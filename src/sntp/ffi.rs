#![allow(unsafe_code)]

use super::message;
use crate::ffi::alloc::try_box;
use crate::ffi::str::bytes;
use crate::ffi::{guard, inject};
use crate::net::ffi::{mg_connect_svc, mg_send};
use crate::net::{self, Flag, ev, mg_addr, mg_connection, mg_event_handler_t, mg_mgr};
use crate::util::ffi::{boot_timestamp, mg_millis};
use crate::util::stock::random_word;
use std::ffi::{c_char, c_int, c_uchar, c_void};
use std::ptr::{from_mut, null_mut};
use std::sync::atomic::Ordering;

/// How long a server may take to answer, name lookup included.
const TIMEOUT_MS: u64 = 3000;
/// When the request is sent once more, since datagrams get lost.
const RESEND_MS: u64 = 1000;

/// What mg_sntp_connect() remembers about its requests.
pub struct Query {
    server: mg_addr,
    /// When to ask again, in mg_millis() time.
    resend_at: Option<u64>,
    /// Transmit timestamps of the last requests, the newest first; 0 is none.
    stamps: [u64; 2],
}

impl Query {
    /// Whether a datagram from `sender` answers one of the requests. Anybody can send datagrams, so
    /// the rest is not worth a look (RFC 4330 section 5).
    fn is_answered_by(&self, sender: &mg_addr, message: &[u8]) -> bool {
        let server = self.server.ip();
        let anonymous = server.is_unspecified() || server.is_multicast();
        (anonymous || server == sender.ip())
            && self.server.port == sender.port
            && message::origin(message).is_some_and(|o| o != 0 && self.stamps.contains(&o))
    }
}

/// Asks a time server (RFC 4330) at a URL such as "udp://host:123"; NULL is
/// "udp://time.google.com:123". There is no default port.
///
/// On a usable reply `mg_boot_timestamp_ms` is set, so that mg_now() tells the time;
/// MG_EV_SNTP_TIME fires, and the connection closes. It also closes, without MG_EV_ERROR, when no
/// reply came within 3 seconds, name lookup included (the first 8 bytes of `c->data` hold this
/// deadline as a uint64_t in mg_millis() time), or when the server has no time to give. After one
/// second the request is sent once more. Datagrams that are not from the server or do not answer
/// the request are dropped; MG_EV_READ then comes with an empty `c->recv`.
///
/// Returns the connection, owned by the manager, or NULL as mg_connect() does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sntp_connect(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    let url = if url.is_null() {
        c"udp://time.google.com:123".as_ptr()
    } else {
        url
    };
    // SAFETY: same contract.
    unsafe { mg_connect_svc(mgr, url, r#fn, fn_data, Some(sntp_handler), null_mut()) }
}

/// Sends a request of 48 bytes to a time server, on a connection made by mg_sntp_connect() (which
/// does so by itself) or any other. While the name is being looked up, it only logs an
/// error.
///
/// The request carries mg_millis() as its transmit timestamp, which the reply brings back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sntp_request(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() } {
            request(c);
        }
    });
}

/// Parses a time server's reply. Returns milliseconds since 1970-01-01 UTC, and sets
/// `mg_boot_timestamp_ms` accordingly; -1 when it is no usable reply: shorter than 48 bytes, not
/// from a server, of another version than 3 or 4, a kiss of death, not synchronised, or without a
/// transmit time.
///
/// Half of the round trip is added if the origin timestamp is that of a request which
/// mg_sntp_request() sent within the last 16 seconds. Who sent the reply is the caller's concern.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sntp_parse(buf: *const c_uchar, len: usize) -> i64 {
    guard(-1, || {
        // SAFETY: pointer contract.
        synchronise(unsafe { bytes(buf, len) }).unwrap_or(-1)
    })
}

/// Sets the clock by a reply; returns the time.
fn synchronise(message: &[u8]) -> Option<i64> {
    let reply = message::parse(message)?;
    let now = mg_millis();
    let time = reply.time(now);
    boot_timestamp().store((time as u64).wrapping_sub(now), Ordering::Relaxed);
    Some(time)
}

fn request(c: &mg_connection) {
    if c.is(Flag::Resolving) {
        crate::log::error(format_args!("{} wait until resolved", c.id.get()));
        return;
    }
    let now = mg_millis();
    let random = u32::from_ne_bytes(random_word());
    let stamp = message::stamp(now, random);
    with_query(c, |query| query.stamps = [stamp, query.stamps[0]]);
    let message = message::request(stamp);
    // SAFETY: a live connection and a buffer of this length.
    unsafe { mg_send(c.as_ptr(), message.as_ptr().cast(), message.len()) };
}

/// What `f` makes of the query of a connection; `None` if it has none.
fn with_query<R>(c: &mg_connection, f: impl FnOnce(&mut Query) -> R) -> Option<R> {
    let slot = &c.private()?.sntp;
    let mut query = slot.take()?;
    let result = f(&mut query);
    slot.set(Some(query));
    Some(result)
}

/// The protocol handler of mg_sntp_connect().
unsafe extern "C" fn sntp_handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || match event {
        ev::OPEN => set_deadline(c, mg_millis() + TIMEOUT_MS),
        ev::CONNECT => begin(c),
        ev::READ => read(c),
        ev::POLL => poll(c),
        _ => {}
    });
}

fn set_deadline(c: &mg_connection, deadline: u64) {
    // SAFETY: `data` is larger than 8 bytes.
    unsafe { c.data.get().cast::<u64>().write_unaligned(deadline) };
}

fn deadline(c: &mg_connection) -> u64 {
    // SAFETY: `data` is larger than 8 bytes.
    unsafe { c.data.get().cast::<u64>().read_unaligned() }
}

fn begin(c: &mg_connection) {
    let query = try_box(Query {
        server: c.rem.get(),
        resend_at: Some(mg_millis() + RESEND_MS),
        stamps: [0; 2],
    });
    match (c.private(), query) {
        (Some(private), Some(query)) => private.sntp.set(Some(query)),
        _ => return net::error(c, b"OOM"),
    }
    request(c);
}

fn read(c: &mg_connection) {
    // SAFETY: no handler runs while the slice lives.
    let message = unsafe { c.recv.as_bytes() };
    let sender = c.rem.get();
    let answered = with_query(c, |query| {
        inject("sntp");
        let answered = query.is_answered_by(&sender, message);
        if !answered {
            c.rem.set(query.server);
        }
        answered
    });
    if answered != Some(true) {
        crate::log::debug(format_args!("{} not from the server", c.id.get()));
        return c.recv.consume(usize::MAX);
    }
    if let Some(mut time) = synchronise(message) {
        net::call(c, ev::SNTP_TIME, from_mut(&mut time).cast());
    }
    c.set(Flag::Closing, true);
}

/// When a connection of mg_sntp_connect() has something to do in MG_EV_POLL.
pub(crate) fn due(c: &mg_connection) -> Option<u64> {
    if c.pfn.get().map(|f| f as usize) != Some(sntp_handler as *const () as usize) {
        return None;
    }
    let resend_at = with_query(c, |query| query.resend_at).flatten();
    Some(
        resend_at
            .unwrap_or(u64::MAX)
            .min(deadline(c).saturating_add(1)),
    )
}

fn poll(c: &mg_connection) {
    let now = mg_millis();
    if now > deadline(c) {
        return c.set(Flag::Closing, true);
    }
    let due = with_query(c, |query| {
        query.resend_at.take_if(|at| *at <= now).is_some()
    });
    if due == Some(true) {
        request(c);
    }
}
