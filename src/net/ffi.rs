#![allow(unsafe_code)]

use super::mg_connection;
use crate::timer::ffi::mg_timer;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_ulong, c_void};

/// A connection's event handler: `ev` is an MG_EV_* value, and `ev_data` points to what
/// the event documents. Runs on the thread that polls the manager. It may call any
/// function of this library except mg_mgr_free() on its own manager.
pub type mg_event_handler_t =
    Option<unsafe extern "C" fn(c: *mut mg_connection, ev: c_int, ev_data: *mut c_void)>;

/// Address bytes in network order.
#[repr(C)]
#[derive(Clone, Copy)]
pub union mg_addr_bytes {
    /// All 16 bytes; an IPv4 address uses the first 4.
    pub ip: [u8; 16],
    /// IPv4 address, network byte order.
    pub ip4: u32,
    /// IPv6 address, network byte order.
    pub ip6: [u64; 2],
}

/// A network address and port.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_addr {
    /// The address, network byte order.
    pub addr: mg_addr_bytes,
    /// TCP or UDP port, network byte order.
    pub port: u16,
    /// IPv6 scope (interface index), 0 for none.
    pub scope_id: u8,
    /// True for an IPv6 address.
    pub is_ip6: bool,
}

/// A DNS server: its URL, and the library's connection to it.
#[repr(C)]
pub struct mg_dns {
    /// URL such as "udp://8.8.8.8:53". The pointer is kept; it must stay valid.
    pub url: Cell<*const c_char>,
    /// The connection used for queries, or NULL. Owned by the library.
    pub c: Cell<*mut mg_connection>,
}

/// Handle for mg_wakeup().
#[repr(C)]
#[derive(Clone, Copy)]
pub union mg_pipe {
    /// Writing end, or -1 before mg_wakeup_init().
    pub fd: c_int,
    /// Not used on hosts with sockets.
    pub q: *mut c_void,
}

/// Incomplete: stands for the embedded TCP/IP stack, which this library does not have.
#[repr(C)]
pub struct mg_tcpip_if {
    _opaque: [u8; 0],
}

/// An event manager: the list of connections, their timers and name servers.
///
/// The program owns the struct, calls mg_mgr_init() before anything else and
/// mg_mgr_free() at the end. It must not be moved or copied in between. All
/// functions on one manager and its connections belong to one thread at a time, except
/// mg_wakeup().
#[repr(C)]
pub struct mg_mgr {
    /// Head of the connection list, newest first. Read only.
    pub conns: Cell<*mut mg_connection>,
    /// IPv4 name server.
    pub dns4: mg_dns,
    /// IPv6 name server.
    pub dns6: mg_dns,
    /// Multicast DNS connection, or NULL. Owned by the library.
    pub mdns: Cell<*mut mg_connection>,
    /// Name lookup time-out in milliseconds, initially 3000.
    pub dnstimeout: Cell<c_int>,
    /// Ask the IPv6 name server.
    pub use_dns6: Cell<bool>,
    /// Last connection id given out.
    pub nextid: Cell<c_ulong>,
    /// Free for the program.
    pub userdata: Cell<*mut c_void>,
    /// TLS state shared by connections. Internal.
    pub tls_ctx: Cell<*mut c_void>,
    /// Last MQTT packet id given out.
    pub mqtt_id: Cell<u16>,
    /// Internal.
    pub active_dns_requests: Cell<*mut c_void>,
    /// Internal.
    pub active_mdns_requests: Cell<*mut c_void>,
    /// Head of the timer list, for the mg_timer_*() functions.
    pub timers: Cell<*mut mg_timer>,
    /// Descriptor to wait on, or negative. Read only.
    pub epoll_fd: Cell<c_int>,
    /// Internal: the library's private state of this manager.
    pub ifp: Cell<*mut mg_tcpip_if>,
    /// Extra bytes to allocate behind each `struct mg_connection`.
    pub extraconnsize: Cell<usize>,
    /// Writing end of the wakeup channel.
    pub pipe: Cell<mg_pipe>,
}
