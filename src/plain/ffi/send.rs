//! What variadic functions and macros do, with ready-made text.
#![allow(unsafe_code)]

use crate::ffi::guard;
use crate::ffi::str::{bytes, cstr};
use crate::fmt::Sink;
use crate::http::ffi::mg_http_message;
use crate::http::reply::{append_headers, reply};
use crate::net::{self, limits, mg_connection, mg_event_handler_t, mg_mgr};
use crate::plain::request::Head;
use crate::rpc::ffi::mg_rpc_req;
use crate::ws::ffi::{connect_with, upgrade_with};
use crate::{log, rpc};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

/// Sends a whole HTTP response like mg_http_reply(), with `len` bytes at `body` as they are.
///
/// `headers` is NULL or text in which every line ends with "\r\n"; it is sent unchecked, so do not put
/// anything into it that a peer sent. `body` may be NULL with `len` 0, and must not point into
/// `c->send`. MG_EV_ERROR when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_reply_buf(
    c: *mut mg_connection,
    status_code: c_int,
    headers: *const c_char,
    body: *const c_void,
    len: usize,
) {
    guard((), || {
        // SAFETY: pointer contract; nothing is called while the slices live.
        let (c, headers, body) = unsafe { (c.as_ref(), cstr(headers), bytes(body.cast(), len)) };
        if let Some(c) = c {
            reply(c, status_code, headers, body);
        }
    });
}

/// Queues a whole HTTP request on a connection of mg_http_connect(), right away or in MG_EV_CONNECT.
///
/// Path, query and Host come from `url`; user, password and fragment in it are not sent. `headers` is as in
/// mg_http_reply_buf() and may have a Host of its own. Content-Length is added if there is a body, or
/// the method is POST, PUT or PATCH, unless `headers` has it or Transfer-Encoding; then the program sends
/// the body in pieces.
///
/// For a Unix domain socket, name a host all the same: "http://localhost/path".
///
/// False, and nothing is queued, when `method` is no token, `url` has no host or contains blanks or control
/// characters, or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_request_buf(
    c: *mut mg_connection,
    method: *const c_char,
    url: *const c_char,
    headers: *const c_char,
    body: *const c_void,
    len: usize,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract; nothing is called while the slices live.
        let (c, method, url, headers, body) = unsafe {
            let body = bytes(body.cast(), len);
            (c.as_ref(), cstr(method), cstr(url), cstr(headers), body)
        };
        let Some((c, head)) = c.zip(Head::new(method, url, headers, body.len())) else {
            return false;
        };
        let start = c.send.len.get();
        let done = head.write(|part| c.send.append(part)) && c.send.append_nul(body);
        if !done {
            c.send.len.set(start);
        }
        done && limits::may_stay(c, start)
    })
}

/// Opens a WebSocket client connection like mg_ws_connect(). `headers` is NULL or extra request headers, as in
/// mg_http_reply_buf().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_connect_headers(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
    headers: *const c_char,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        unsafe { connect_with(mgr, url, r#fn, fn_data, |c| lines(c, headers)) }
    })
}

/// Accepts a WebSocket handshake like mg_ws_upgrade(). `headers` is NULL or extra response headers, as in
/// mg_http_reply_buf().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_upgrade_headers(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    headers: *const c_char,
) {
    // SAFETY: pointer contract.
    unsafe { upgrade_with(c, hm, |c| lines(c, headers)) };
}

/// Appends header lines to the output. How many bytes, or `None` when memory is exhausted.
///
/// # Safety
/// `headers` is NULL or a NUL-terminated string.
unsafe fn lines(c: &mg_connection, headers: *const c_char) -> Option<usize> {
    let start = c.send.len.get();
    // SAFETY: forwarded from the caller.
    let done = append_headers(&c.send, unsafe { cstr(headers) });
    done.then(|| c.send.len.get() - start)
}

/// Fails a connection like mg_error(): logs `text`, sets `c->is_closing`, and fires MG_EV_ERROR with
/// it, cut to 63 bytes, before it returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_error_str(c: *mut mg_connection, text: *const c_char) {
    guard((), || {
        // SAFETY: pointer contract; the text is copied before a handler runs.
        let (c, text) = unsafe { (c.as_ref(), cstr(text)) };
        if let Some(c) = c {
            net::error(c, text);
        }
    });
}

/// Logs `text` like MG_LOG(), if `level` (MG_LL_*) is enabled, with the place that `file` and `line` name.
/// NULL for `file` is allowed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_log_str(
    level: c_int,
    file: *const c_char,
    line: c_int,
    text: *const c_char,
) {
    guard((), || {
        let file = if file.is_null() { c"".as_ptr() } else { file };
        // SAFETY: pointer contract.
        unsafe { log::ffi::write_text(level, file, line, cstr(text)) };
    });
}

/// Sets `mg_log_level`, the level (MG_LL_*) up to which messages are logged, like mg_log_set(). Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_log_set_level(level: c_int) {
    log::ffi::level().store(level, std::sync::atomic::Ordering::Relaxed);
}

/// Answers a JSON-RPC request like mg_rpc_ok(), with `result`, which is JSON; NULL stands for null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_ok_str(r: *mut mg_rpc_req, result: *const c_char) {
    guard((), || {
        // SAFETY: pointer contract; the text is the program's.
        unsafe {
            if let Some(r) = r.as_ref() {
                rpc::ffi::ok(r, |out| out.put(json_or_null(result)));
            }
        }
    });
}

/// Answers a JSON-RPC request like mg_rpc_err(), with `message`, which is JSON, a string usually; NULL stands for
/// null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_err_str(r: *mut mg_rpc_req, code: c_int, message: *const c_char) {
    guard((), || {
        // SAFETY: pointer contract; the text is the program's.
        unsafe {
            if let Some(r) = r.as_ref() {
                rpc::ffi::error(r, code, |out| out.put(json_or_null(message)));
            }
        }
    });
}

/// # Safety
/// `text` is NULL or a NUL-terminated string, which outlives the result.
unsafe fn json_or_null<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return b"null";
    }
    // SAFETY: forwarded from the caller.
    unsafe { cstr(text) }
}
