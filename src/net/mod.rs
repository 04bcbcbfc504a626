//! Manager, connections and the event loop.
//!
//! This is the one place besides `ffi.rs` files that handles raw connections.
//! C code owns the public structs and may change any field, close any
//! connection and call any function at every call-out, so nothing here keeps a
//! Rust reference to a buffer across one, and connection memory is only released
//! when no frame of the loop can look at it any more.
#![allow(unsafe_code)]

pub mod addr;
mod backlog;
pub mod conn;
mod connect;
mod due;
pub(crate) mod endpoint;
pub mod ffi;
mod io;
pub(crate) mod limits;
mod linger;
mod list;
mod loan;
mod local;
mod mgr;
mod nesting;
mod poll;
pub(crate) mod resolve;
mod socket;
pub(crate) mod stats;
pub(crate) mod streaming;
pub(crate) mod tls;
mod visits;
mod wake;

pub(crate) use backlog::Backlog;
pub use conn::{Flag, mg_connection};
pub(crate) use conn::{call, call_handler, call_user, contain, contain_kept, error, report};
pub use ffi::{mg_addr, mg_event_handler_t, mg_mgr};
pub use io::{
    cut_output, note_used, pause_input, prepare_send, send_file, set_linger, set_output_pending,
    settle_send, unacknowledged, write_ready,
};
pub(crate) use list::for_each;
pub(crate) use mgr::{date, manager};
pub(crate) use nesting::keep;
pub(crate) use resolve::initialize as initialize_dns;

/// Events, as `enum mg_event` of the header.
pub mod ev {
    use std::ffi::c_int;
    pub const ERROR: c_int = 0;
    pub const OPEN: c_int = 1;
    pub const POLL: c_int = 2;
    pub const RESOLVE: c_int = 3;
    pub const CONNECT: c_int = 4;
    pub const ACCEPT: c_int = 5;
    pub const TLS_HS: c_int = 6;
    pub const READ: c_int = 7;
    pub const WRITE: c_int = 8;
    pub const CLOSE: c_int = 9;
    pub const HTTP_HDRS: c_int = 10;
    pub const HTTP_MSG: c_int = 11;
    pub const WS_OPEN: c_int = 12;
    pub const WS_MSG: c_int = 13;
    pub const WS_CTL: c_int = 14;
    pub const MQTT_CMD: c_int = 15;
    pub const MQTT_MSG: c_int = 16;
    pub const MQTT_OPEN: c_int = 17;
    pub const SNTP_TIME: c_int = 18;
    pub const WAKEUP: c_int = 19;
    pub const MDNS_REQ: c_int = 20;
    pub const MDNS_RESP: c_int = 21;
    pub const MODBUS_REQ: c_int = 22;
}

/// Growth step and alignment of connection buffers (`MG_IO_SIZE`).
pub const IO_SIZE: usize = 16384;
/// The most unread input a connection may hold (`MG_MAX_RECV_SIZE`).
pub const MAX_RECV_SIZE: usize = 3 * 1024 * 1024;
