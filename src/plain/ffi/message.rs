//! Members of messages.
#![allow(unsafe_code)]

use crate::ffi::mg_str;
use crate::http::ffi::{mg_http_header, mg_http_message};
use crate::ws::ffi::mg_ws_message;
use std::ffi::c_int;
use std::ptr::{from_ref, null};

/// # Safety
/// `hm` is NULL or points to a message.
unsafe fn member(
    hm: *const mg_http_message,
    member: fn(&mg_http_message) -> &mg_str,
) -> *const mg_str {
    // SAFETY: forwarded from the caller.
    unsafe { hm.as_ref() }.map_or(null(), |hm| from_ref(member(hm)))
}

/// Returns `&hm->method`, the method of a request, for example GET. As with all functions of this kind, the
/// result points into `hm`, is NULL for NULL, and its text is valid until the handler returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_method(hm: *const mg_http_message) -> *const mg_str {
    // SAFETY: pointer contract.
    unsafe { member(hm, |hm| &hm.method) }
}

/// Returns `&hm->uri`, the target of a request before '?', not decoded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_uri(hm: *const mg_http_message) -> *const mg_str {
    // SAFETY: pointer contract.
    unsafe { member(hm, |hm| &hm.uri) }
}

/// Returns `&hm->query`, the target of a request behind '?', not decoded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_query(hm: *const mg_http_message) -> *const mg_str {
    // SAFETY: pointer contract.
    unsafe { member(hm, |hm| &hm.query) }
}

/// Returns `&hm->proto`, the protocol version of a request, or the reason phrase of a response. Its status is
/// what mg_http_status() returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_proto(hm: *const mg_http_message) -> *const mg_str {
    // SAFETY: pointer contract.
    unsafe { member(hm, |hm| &hm.proto) }
}

/// Returns `&hm->body`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_body(hm: *const mg_http_message) -> *const mg_str {
    // SAFETY: pointer contract.
    unsafe { member(hm, |hm| &hm.body) }
}

/// Returns the header field at a position, counted from 0: name and value. NULL behind the last one.
/// mg_http_get_header() finds one by its name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_header_at(
    hm: *const mg_http_message,
    index: usize,
) -> *const mg_http_header {
    // SAFETY: pointer contract.
    let headers = unsafe { hm.as_ref() }.map_or(&[][..], |hm| &hm.headers[..]);
    let used = headers
        .iter()
        .position(|h| h.name.len == 0)
        .unwrap_or(headers.len());
    headers[..used].get(index).map_or(null(), from_ref)
}

/// Returns `&wm->data`, the payload of a WebSocket message; see mg_http_get_method().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_get_data(wm: *const mg_ws_message) -> *const mg_str {
    // SAFETY: pointer contract.
    unsafe { wm.as_ref() }.map_or(null(), |wm| from_ref(&wm.data))
}

/// Returns what kind of message or frame it is, `wm->flags & 15`: WEBSOCKET_OP_TEXT (1),
/// WEBSOCKET_OP_BINARY (2) and so on. -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_get_op(wm: *const mg_ws_message) -> c_int {
    // SAFETY: pointer contract.
    unsafe { wm.as_ref() }.map_or(-1, |wm| c_int::from(wm.flags & 15))
}
