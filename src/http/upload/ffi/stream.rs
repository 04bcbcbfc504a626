//! Streaming a request body to a file.
//!
//! While it lasts, the connection's handlers are put aside: `pfn` is `upload_handler`, `fn` is
//! none. The end is reported, and the handlers come back, only when no pass of the HTTP handler is
//! on the stack.
#![allow(unsafe_code)]

use crate::ffi::guard;
use crate::ffi::str::bytes;
use crate::fs::ffi::OpenFile;
use crate::http::ffi::conn::http_handler;
use crate::http::reply::reply;
use crate::http::upload::portion;
use crate::net::{Flag, ev, mg_connection, mg_event_handler_t};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr::{from_mut, null};

/// Told how an upload ended: NULL, or what went wrong.
pub type Report = Option<unsafe extern "C" fn(c: *mut mg_connection, error: *const c_char)>;

/// An upload in progress.
#[derive(Default)]
pub struct Upload(Cell<Option<Box<Active>>>);

pub(super) struct Active {
    pub file: OpenFile,
    /// Body bytes not written yet.
    pub remaining: usize,
    pub failure: Option<&'static CStr>,
    pub report: Report,
    /// The program's handler, to be put back.
    pub user: mg_event_handler_t,
    /// The client asked for the connection to be closed after the response.
    pub close: bool,
}

impl Upload {
    /// True while the body of a request goes to a file.
    pub fn is_active(&self) -> bool {
        let active = self.0.take();
        let is_active = active.is_some();
        self.0.set(active);
        is_active
    }
}

/// Takes the connection over. False, with nothing done, when one is running already.
pub(super) fn start(c: &mg_connection, upload: &Upload, head_len: usize, active: Box<Active>) {
    c.recv.consume(head_len);
    c.pfn.set(Some(upload_handler));
    c.r#fn.set(None);
    upload.0.set(Some(active));
    write_available(c, upload);
}

/// Writes what has arrived. File systems may be C code that looks at the connection.
fn write_available(c: &mg_connection, upload: &Upload) {
    let Some(mut active) = upload.0.take() else {
        return;
    };
    let n = portion(c.recv.len.get(), active.remaining);
    if n > 0 && active.failure.is_none() {
        // SAFETY: `n` bytes are in use. A file system that frees the receive buffer of the
        // connection it writes for is beyond help in C too.
        if active.file.write(unsafe { bytes(c.recv.buf.get(), n) }) == n {
            active.remaining -= n;
            c.recv.consume(n);
        } else {
            active.failure = Some(c"write error");
        }
    }
    upload.0.set(Some(active));
}

/// Protocol handler of a connection whose request body goes to a file.
unsafe extern "C" fn upload_handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    guard((), || {
        let Some(upload) = c.http().map(|state| &state.upload) else {
            return;
        };
        match event {
            ev::READ | ev::POLL => {
                write_available(c, upload);
                finish_if_done(c, upload);
            }
            ev::ERROR => {
                // SAFETY: the event comes with a terminated text that outlives the call.
                let text = unsafe { data.cast::<c_char>().as_ref() };
                end(
                    c,
                    upload,
                    text.map_or(c"error".as_ptr(), std::ptr::from_ref),
                );
            }
            ev::CLOSE => end(c, upload, c"connection closed".as_ptr()),
            _ => {}
        }
    });
}

fn finish_if_done(c: &mg_connection, upload: &Upload) {
    let Some(mut active) = upload.0.take() else {
        return;
    };
    if active.remaining == 0 && active.failure.is_none() && !active.file.flush() {
        active.failure = Some(c"write error");
    }
    let (failure, done) = (active.failure, active.remaining == 0);
    upload.0.set(Some(active));
    match failure {
        Some(text) => end(c, upload, text.as_ptr()),
        None if done => end(c, upload, null()),
        None => {}
    }
}

/// Puts the handlers back, reports, and goes on with what stands behind the body.
fn end(c: &mg_connection, upload: &Upload, error: *const c_char) {
    let Some(active) = upload.0.take() else {
        return;
    };
    let Active {
        file,
        report,
        user,
        close,
        remaining,
        ..
    } = *active;
    drop(file);
    c.r#fn.set(user);
    c.pfn.set(Some(http_handler));
    match report {
        // SAFETY: the program's function, called as documented.
        Some(report) => unsafe { report(c.as_ptr(), error) },
        None => report_to_client(c, error),
    }
    if c.is_dead() || c.is(Flag::Closing) {
        return;
    }
    if close || remaining > 0 {
        // Behind a body that was not read to its end nothing can be understood.
        if remaining > 0 {
            crate::net::set_linger(c);
            c.pfn.set(None);
        }
        c.set(Flag::Draining, true);
    } else if let (Some(pfn), true) = (c.pfn.get(), c.recv.len.get() > 0) {
        let mut n: c_long = 0;
        // SAFETY: the connection's protocol handler.
        unsafe { pfn(c.as_ptr(), ev::READ, from_mut(&mut n).cast()) };
    }
}

/// The report when the program asked for none.
pub(super) fn report_to_client(c: &mg_connection, error: *const c_char) {
    // SAFETY: NULL or a terminated text.
    let text = unsafe { crate::ffi::str::cstr(error) };
    if error.is_null() {
        crate::log::info(format_args!("{} upload done", c.id.get()));
        return reply(c, 200, b"", b"ok\n");
    }
    crate::log::info(format_args!(
        "{} upload: {}",
        c.id.get(),
        text.escape_ascii()
    ));
    let mut line = [0; 128];
    let n = text.len().min(line.len() - 1);
    line[..n].copy_from_slice(&text[..n]);
    line[n] = b'\n';
    reply(c, 500, b"", &line[..=n]);
}
