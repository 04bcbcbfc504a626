//! HTTP and WebSocket echo in Rust, with this crate as a dependency: the functions of the C interface under their
//! own names, without a shared library.
//!
//! Build: cargo build --example echo
//! Run:   target/debug/examples/echo http://127.0.0.1:8000
//! Try:   curl -d hello http://127.0.0.1:8000/echo, and a WebSocket client on ws://127.0.0.1:8000/ws

use mongoose::ffi::mg_str;
use mongoose::http::ffi::{accessors::mg_http_get_header, mg_http_listen, mg_http_message};
use mongoose::net::{ev, ffi::mg_mgr_poll, mg_connection};
use mongoose::plain::ffi::*;
use mongoose::ws::ffi::{mg_ws_message, mg_ws_send};
use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

static STOPPED: AtomicBool = AtomicBool::new(false);

extern "C" fn stop(_: c_int) {
    STOPPED.store(true, Ordering::Relaxed);
}

fn reply(c: *mut mg_connection, status: c_int, body: &[u8]) {
    let headers: *const c_char = c"Content-Type: text/plain\r\n".as_ptr();
    // SAFETY: `c` is the connection whose handler runs.
    unsafe { mg_http_reply_buf(c, status, headers, body.as_ptr().cast(), body.len()) }
}

/// # Safety
/// `c` and `hm` come from MG_EV_HTTP_MSG.
unsafe fn serve(c: *mut mg_connection, hm: *mut mg_http_message) {
    // SAFETY: the message and its strings stay until the handler returns.
    unsafe {
        match (*hm).uri.as_bytes() {
            b"/" => reply(c, 200, b"Hello from Rust\n"),
            b"/echo" => reply(c, 200, (*hm).body.as_bytes()),
            b"/agent" => {
                let agent = mg_http_get_header(hm, c"User-Agent".as_ptr()).as_ref();
                reply(c, 200, agent.unwrap_or(&mg_str::NULL).as_bytes());
            }
            b"/ws" => mg_ws_upgrade_headers(c, hm, std::ptr::null()),
            b"/fail" => panic!("asked to fail"),
            _ => reply(c, 404, b"Not found\n"),
        }
    }
}

unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    match event {
        // A panic that reached the end of an extern "C" function would end the process.
        // SAFETY: the event's data is a message.
        ev::HTTP_MSG => match catch_unwind(AssertUnwindSafe(|| unsafe { serve(c, data.cast()) })) {
            Ok(()) => {}
            Err(_) => reply(c, 500, b"Failed\n"),
        },
        // SAFETY: the event's data is a message.
        ev::WS_MSG => unsafe {
            let message: *const mg_ws_message = data.cast();
            let payload = (*message).data;
            mg_ws_send(c, payload.buf.cast(), payload.len, mg_ws_get_op(message));
        },
        _ => {}
    }
}

fn main() -> ExitCode {
    let url = std::env::args()
        .nth(1)
        .unwrap_or("http://127.0.0.1:8000".into());
    let url = CString::new(url).expect("arguments contain no NUL");
    // SAFETY: everything is used on this thread, in the order that the library asks for.
    unsafe {
        for number in [libc::SIGINT, libc::SIGTERM] {
            libc::signal(number, stop as extern "C" fn(c_int) as libc::sighandler_t);
        }
        mg_log_set_level(1);
        let mgr = mg_mgr_new();
        let listener = mg_http_listen(mgr, url.as_ptr(), Some(handler), null_mut());
        if listener.is_null() {
            return ExitCode::FAILURE;
        }
        println!("Listening on port {}", mg_addr_port(mg_conn_loc(listener)));
        while !STOPPED.load(Ordering::Relaxed) {
            mg_mgr_poll(mgr, 1000);
        }
        mg_mgr_delete(mgr);
    }
    ExitCode::SUCCESS
}
