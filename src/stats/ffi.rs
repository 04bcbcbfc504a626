#![allow(unsafe_code)]

use crate::ffi::{guard, versioned};
use crate::net::{mg_mgr, stats};

/// What a manager has done since mg_mgr_init(), and what it holds; see mg_mgr_get_stats().
///
/// Members are counters, which only grow, unless they are said to be "at the moment". The library's own
/// connections, for name lookups and wakeups, and what mg_alloc_conn() made are not counted.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mg_stats {
    /// sizeof(struct mg_stats), set by the caller, so that later versions can add members.
    pub size: usize,
    /// Connections that listeners accepted.
    pub accepted: u64,
    /// Connections made by mg_connect() and the functions like it, UDP included, whatever became of them.
    pub clients: u64,
    /// Connections made by mg_wrapfd().
    pub wrapped: u64,
    /// Those of `clients` that got MG_EV_CONNECT.
    pub connected: u64,
    /// Those of `accepted`, `clients` and `wrapped` that are closed, for whatever reason.
    pub closed: u64,
    /// The other ones: `accepted + clients + wrapped - closed`, at the moment.
    pub open: u64,
    /// Listeners at the moment, those for UDP included.
    pub listeners: u64,
    /// Attempts to accept a connection that failed: no descriptor, no memory.
    pub accept_errors: u64,
    /// How often listeners stopped accepting, because as many connections were open as `connections` of struct
    /// mg_limits allows. More wait in the system's queue.
    pub accept_pauses: u64,
    /// Bytes that sockets delivered, as they came: with TLS records, framing and HTTP heads, and
    /// the payload of datagrams, without the headers of TCP, UDP and IP.
    pub bytes_received: u64,
    /// Bytes that sockets took, of the same kind.
    pub bytes_sent: u64,
    /// UDP datagrams received.
    pub datagrams_received: u64,
    /// UDP datagrams sent.
    pub datagrams_sent: u64,
    /// HTTP requests whose head was received and understood.
    pub http_requests: u64,
    /// HTTP responses to clients, likewise; without interim ones (1xx) and answers to WebSocket handshakes.
    pub http_responses: u64,
    /// WebSocket messages received: MG_EV_WS_MSG. Control frames are not counted.
    pub ws_messages_received: u64,
    /// WebSocket messages queued to be sent: mg_ws_send(), mg_ws_printf(), mg_ws_wrap().
    pub ws_messages_sent: u64,
    /// MQTT packets received: MG_EV_MQTT_CMD.
    pub mqtt_packets_received: u64,
    /// MQTT packets queued to be sent, those included that the library answers with.
    pub mqtt_packets_sent: u64,
    /// TLS handshakes that were completed, of servers and clients.
    pub tls_handshakes: u64,
    /// Those of them that resumed an earlier session.
    pub tls_resumed: u64,
    /// Connections that closed between mg_tls_init() and MG_EV_TLS_HS.
    pub tls_failed: u64,
    /// Deliveries of MG_EV_ERROR.
    pub errors: u64,
    /// Of these, because of a size: MG_MAX_RECV_SIZE, or one of struct mg_limits.
    pub limits_exceeded: u64,
    /// Of these, because of a time of struct mg_limits.
    pub timeouts: u64,
    /// What peers sent that was no HTTP, WebSocket or MQTT. HTTP and MQTT: without MG_EV_ERROR, mostly.
    pub malformed: u64,
    /// Timers of the manager whose function was called.
    pub timers: u64,
    /// Iterations of the loop: calls of mg_mgr_poll(), nested ones included.
    pub polls: u64,
    /// MG_EV_WAKEUP delivered.
    pub wakeups: u64,
    /// Bytes that wait in `c->recv` of all connections, at the moment.
    pub recv_buffered: u64,
    /// Bytes that wait in `c->send` of all connections, and behind it in TLS, at the moment.
    pub send_buffered: u64,
    /// Size of these buffers, in bytes, at the moment; that of `rtls`, `prof`, of buffers for TLS and of
    /// what mg_ws_set_deflate() remembers of messages, too. Not what TLS sessions need otherwise.
    pub buffer_memory: u64,
    /// Size of the buffers that the manager keeps for connections in need, in bytes, at the moment. Bounded:
    /// 1.5 MB, what TLS shares, and 1.2 MB for WebSocket messages that mg_ws_set_deflate() compresses.
    pub spare_memory: u64,
}

/// Tells what a manager has done and what it holds. Set `stats->size` to sizeof(*stats) before; members
/// that this version of the library does not have become 0. Returns false, with nothing written, when there is no
/// manager or the size is absurd.
///
/// Call it from the manager's thread, in handlers too; nothing is locked. It walks over all connections to
/// add up their buffers. Counting itself costs an addition per event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_mgr_get_stats(mgr: *const mg_mgr, stats: *mut mg_stats) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(mgr) = (unsafe { mgr.as_ref() }) else {
            return false;
        };
        if stats.is_null() {
            return false;
        }
        // SAFETY: pointer contract; the members are integers.
        stats::read(mgr).is_some_and(|found| unsafe { versioned::write(stats, &found) })
    })
}
