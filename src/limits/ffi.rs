#![allow(unsafe_code)]

use crate::ffi::{guard, versioned};
use crate::net::{limits, mg_connection, mg_mgr};

/// Limits of stream connections; see mg_mgr_set_limits() and mg_conn_set_limits().
///
/// Zero the struct, put its size into `size`, and set what is to be limited. A member that is 0
/// leaves things as they are without this interface, which its comment tells. Sizes are bytes,
/// times are milliseconds as mg_millis() counts them.
///
/// A connection that exceeds a limit gets MG_EV_ERROR, once, with the text in quotes, and closes. The
/// peer is told before, where its protocol has words for it and `is_draining` is set then: HTTP
/// clients get a status, WebSocket peers a Close frame, MQTT 5 peers DISCONNECT. It has
/// 2 seconds to take that.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mg_limits {
    /// sizeof(struct mg_limits), so that later versions can add members.
    pub size: usize,
    /// Unread input in `c->recv`, which whole HTTP messages, WebSocket messages and MQTT packets have
    /// to fit in. "MG_MAX_RECV_SIZE" when they do not. 0: 3 MB (MG_MAX_RECV_SIZE).
    pub recv_size: usize,
    /// Output in `c->send`. "send limit" when the program queues more, because the peer does not
    /// read: the function that was to queue it fails as if memory were exhausted. Bytes that
    /// the program puts into `c->send` itself count once the socket takes no more. Files that
    /// the library sends, and bodies of mg_http_reply_stream(), need no more than 64 KB. 0: no limit.
    pub send_size: usize,
    /// Head of an HTTP message: start line, fields, empty line. "header limit", status 431.
    /// 0: no limit besides `recv_size`.
    pub header_size: usize,
    /// Fields in it. "header limit", status 431. 0: no limit; the first MG_MAX_HTTP_HEADERS are stored.
    pub header_count: usize,
    /// Body of an HTTP message, without the framing of chunks. "body limit", status 413, which answers
    /// "Expect: 100-continue", too. Looked at when the handlers of MG_EV_HTTP_HDRS have
    /// returned, so these can change it for the request at hand, or take the body over, as
    /// mg_http_start_upload() does; then it does not count. 0: no limit besides `recv_size`.
    pub body_size: usize,
    /// Payload of a WebSocket message, inflated: "WS message limit", Close code 1009. MQTT packet: "MQTT packet
    /// limit", reason 0x95. 0: no limit besides `recv_size`.
    pub message_size: usize,
    /// Open connections that were accepted: of a listener, or of all listeners of a manager. More
    /// are left in the system's queue, without an event, until one closes. 0: no limit.
    pub connections: usize,
    /// From the first attempt to MG_EV_CONNECT, without the name lookup (see `mgr->dnstimeout`).
    /// "connect timeout". 0: as long as the system tries.
    pub connect_timeout: u64,
    /// From mg_tls_init() to MG_EV_TLS_HS. "TLS handshake timeout". 0: no limit.
    pub handshake_timeout: u64,
    /// Until the head of an HTTP request is complete; from MG_EV_ACCEPT, or MG_EV_TLS_HS, or, for later
    /// requests, from their first byte. "header timeout", status 408 if a part of it came. 0: no limit.
    pub header_timeout: u64,
    /// From the head of an HTTP request to the end of its body, uploads included. "body timeout",
    /// status 408. 0: no limit.
    pub body_timeout: u64,
    /// Bytes of a body for which `body_timeout` grows by a second, so that large ones may take
    /// longer if they come at this rate. 0: it does not grow.
    pub body_rate: usize,
    /// While output waits: until the peer takes some of it. "write timeout". 0: no limit.
    pub write_timeout: u64,
    /// While nothing is received or sent. Not while the program owes an HTTP response (`is_resp`) or
    /// does not want input (`is_full`). "idle timeout"; status 408 inside a request, Close code 1001,
    /// reason 0x8d. 0: no limit.
    pub idle_timeout: u64,
}

/// Limits the connections that a manager makes from now on: those that its listeners accept, unless a
/// listener has limits of its own, and its TCP clients. `connections` counts from now on. Open
/// connections keep what they have; mg_conn_set_limits() changes it. UDP is not limited, nor
/// are the library's own connections.
///
/// `limits` is copied. NULL: no limits. Returns false, with nothing changed, when `limits->size` is
/// absurd, or when a member is set that this version of the library does not have.
///
/// Deadlines are looked at in mg_mgr_poll(), which does not sleep past the next one by more than 50
/// milliseconds, whatever it was told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_set_limits(mgr: *mut mg_mgr, limits: *const mg_limits) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(mgr) = (unsafe { mgr.as_ref() }) else {
            return false;
        };
        if limits.is_null() {
            return limits::set_default(mgr, None);
        }
        // SAFETY: pointer contract.
        let read = unsafe { versioned::read(limits) };
        read.is_some_and(|read| limits::set_default(mgr, Some(read)))
    })
}

/// Reads the limits of a manager into `limits`, whose `size` the caller has set. `recv_size` is never
/// 0. False when there is no manager or the size is absurd.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_get_limits(mgr: *const mg_mgr, limits: *mut mg_limits) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let found = unsafe { mgr.as_ref() }.and_then(limits::default);
        // SAFETY: pointer contract.
        found.is_some_and(|found| !limits.is_null() && unsafe { versioned::write(limits, &found) })
    })
}

/// Limits one connection; or, given a listener, those that it accepts from now on, in the place
/// of the manager's limits. All members are replaced; to change one, call mg_conn_get_limits()
/// before. Allowed in any handler. Times that have begun to run go on under the new limits.
///
/// `limits` is copied. NULL: the manager's limits as they are now; a listener follows its manager
/// again. Returns false, with nothing changed, for a UDP or closed connection, when memory is
/// exhausted, and as mg_mgr_set_limits() does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_set_limits(
    c: *mut mg_connection,
    limits: *const mg_limits,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return false;
        };
        if limits.is_null() {
            return limits::set(c, None);
        }
        // SAFETY: pointer contract.
        let read = unsafe { versioned::read(limits) };
        read.is_some_and(|read| limits::set(c, Some(read)))
    })
}

/// Reads the limits of a connection, or those that a listener gives to what it accepts; see
/// mg_mgr_get_limits().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_conn_get_limits(
    c: *const mg_connection,
    limits: *mut mg_limits,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let found = unsafe { c.as_ref() }.and_then(limits::get);
        // SAFETY: pointer contract.
        found.is_some_and(|found| !limits.is_null() && unsafe { versioned::write(limits, &found) })
    })
}
