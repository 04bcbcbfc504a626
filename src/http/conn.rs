//! The HTTP state machine of a connection.
#![allow(unsafe_code)]

use crate::net::mg_connection;
use std::ffi::{c_int, c_void};

/// The HTTP protocol handler (`c->pfn` of HTTP connections).
pub unsafe extern "C" fn http_handler(_c: *mut mg_connection, _ev: c_int, _ev_data: *mut c_void) {}

/// Appends a complete response to `c->send`, as mg_http_reply() does, and finishes it.
pub fn reply(_c: &mg_connection, _code: i32, _headers: &[u8], _body: &[u8]) {}

/// The response to the request at hand is complete: clears `is_resp` and closes the connection
/// when the request asked for it.
pub fn finish_response(_c: &mg_connection) {}

/// True when the pending request is a HEAD request.
pub fn head_requested(_c: &mg_connection) -> bool {
    false
}
