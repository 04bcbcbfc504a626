//! Streaming a body to a file, or to the functions that install firmware.
//!
//! While it lasts, the connection's handlers are put aside: `pfn` is [`handler`], `fn` is none. The
//! end is reported, and the handlers come back, only when no pass of the HTTP handler is on the
//! stack.
#![allow(unsafe_code)]

use super::Sink;
use crate::ffi::inject;
use crate::ffi::str::{bytes, cstr};
use crate::http::chunked::{Chunks, Step};
use crate::http::ffi::conn::http_handler;
use crate::http::framing::Persistence;
use crate::http::reply::reply;
use crate::http::state::{HttpState, Request};
use crate::http::stream::incoming::Incoming;
use crate::http::upload::portion;
use crate::limits::Phase;
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t};
use crate::util::ffi::mg_millis;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::ptr::{from_mut, null, null_mut};

/// Told how an upload ended: NULL, or what went wrong.
pub type Report = Option<unsafe extern "C" fn(c: *mut mg_connection, error: *const c_char)>;

/// The upload of a connection, if any.
#[derive(Default)]
pub struct Upload {
    active: Cell<Option<Box<Active>>>,
    is_active: Cell<bool>,
}

pub(super) struct Active {
    pub sink: Sink,
    /// Body bytes not written yet.
    pub remaining: usize,
    /// The body comes in chunks; how many bytes remain is known at its end.
    pub chunked: Option<Chunked>,
    /// Nothing is written any more.
    pub failure: Option<&'static CStr>,
    /// mg_millis() at which it ends in failure.
    pub deadline: Option<u64>,
    pub report: Report,
    pub request: Request,
    /// The client waits for a sign before it sends the body.
    pub expects_continue: bool,
    /// The program's handler, to be put back.
    pub user: mg_event_handler_t,
}

/// A body in chunks.
pub(super) struct Chunked {
    body: Incoming,
    /// Bytes that may still come.
    allowed: usize,
}

impl Chunked {
    pub fn new(c: &mg_connection) -> Chunked {
        let allowed = match net::limits::of(c, |limits| limits.body_size) {
            0 => net::limits::recv_size(c),
            limit => limit,
        };
        Chunked {
            body: Incoming::Chunked(Chunks::default()),
            allowed,
        }
    }

    /// Brings what was received of the content to the front: how much that is, and of how many bytes it was
    /// made. At the end of the body, `remaining` becomes that.
    fn take(
        &mut self,
        c: &mg_connection,
        remaining: &mut usize,
    ) -> Result<(usize, usize), &'static CStr> {
        let len = c.recv.len.get();
        if len == 0 {
            return Ok((0, 0));
        }
        // SAFETY: `len` bytes are in use, and nothing else looks at them while the slice lives.
        let input = unsafe { std::slice::from_raw_parts_mut(c.recv.buf.get(), len) };
        let (n, used, end) = self.body.compact(input);
        if n > self.allowed {
            return Err(c"body limit");
        }
        self.allowed -= n;
        match end {
            Step::Invalid => return Err(c"invalid chunk"),
            Step::End => *remaining = n,
            Step::More | Step::Data(_) => {}
        }
        Ok((n, used))
    }
}

impl Upload {
    /// True while a body goes somewhere else than to the program.
    pub fn is_active(&self) -> bool {
        self.is_active.get()
    }
}

/// Takes the connection over; the head of the request leaves its buffer.
pub(super) fn start(c: &mg_connection, state: &HttpState, head_len: usize, active: Box<Active>) {
    c.recv.consume(head_len);
    c.pfn.set(Some(handler));
    c.r#fn.set(None);
    net::limits::begin_body(c, c.recv.len.get());
    let wait = active.expects_continue && c.recv.len.get() < active.remaining;
    if wait && !c.send.append(b"HTTP/1.1 100 Continue\r\n\r\n") {
        net::error(c, b"OOM");
    }
    state.upload.active.set(Some(active));
    state.upload.is_active.set(true);
    store(c, state);
    if c.is_dead() {
        end(c, state, c"connection closed".as_ptr(), false);
    }
}

/// Protocol handler of a connection whose body is on its way.
unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || {
        let Some(state) = c.http() else { return };
        match event {
            ev::READ | ev::POLL => {
                if let Some(failure) = store(c, state) {
                    end(c, state, failure.as_ptr(), false);
                } else if is_complete(state) {
                    end(c, state, null(), false);
                }
            }
            ev::ERROR => {
                let text = data.cast::<c_char>().cast_const();
                end(
                    c,
                    state,
                    if text.is_null() {
                        c"error".as_ptr()
                    } else {
                        text
                    },
                    false,
                );
            }
            ev::CLOSE => end(c, state, c"connection closed".as_ptr(), true),
            _ => {}
        }
    });
}

/// When an upload on this connection has something to do in MG_EV_POLL.
pub(crate) fn due(c: &mg_connection) -> Option<u64> {
    let upload = &c.http()?.upload;
    if !upload.is_active() || c.pfn.get().map(|f| f as usize) != Some(handler as *const () as usize)
    {
        return None;
    }
    let active = upload.active.take()?;
    let ended = active.failure.is_some() || active.remaining == 0;
    let due = if ended {
        Some(0)
    } else {
        active.deadline.map(|at| at + 1)
    };
    upload.active.set(Some(active));
    due
}

/// Writes what has arrived; what went wrong, now or before.
fn store(c: &mg_connection, state: &HttpState) -> Option<&'static CStr> {
    let mut active = Taken {
        active: Some(state.upload.active.take()?),
        from: &state.upload.active,
    };
    let active = active.active.as_deref_mut()?;
    inject("upload stream");
    let received = match (&mut active.chunked, active.failure) {
        (Some(chunked), None) if active.remaining > 0 => chunked.take(c, &mut active.remaining),
        _ => {
            let n = portion(c.recv.len.get(), active.remaining);
            Ok((n, n))
        }
    };
    let (n, used) = received.unwrap_or_else(|text| {
        active.sink.discard();
        active.failure = Some(text);
        (0, 0)
    });
    let late = active.deadline.is_some_and(|at| mg_millis() > at);
    if late && active.failure.is_none() {
        active.failure = Some(c"OTA timeout");
    }
    if used > 0 && active.failure.is_none() {
        // SAFETY: `n` bytes are in use. Nothing looks at them after the sink, which may be the
        // program's, was called.
        let mut stored = n == 0 || active.sink.write(unsafe { bytes(c.recv.buf.get(), n) });
        if stored {
            active.remaining -= n;
            c.recv.consume(used);
            stored = active.remaining > 0 || active.sink.flush();
        }
        if c.is_dead() {
            active.failure = Some(c"connection closed");
        } else if !stored {
            active.sink.discard();
            active.failure = Some(c"write error");
        }
    }
    active.failure
}

/// The upload while it is worked on. It goes back where it was, whatever happens.
struct Taken<'a> {
    active: Option<Box<Active>>,
    from: &'a Cell<Option<Box<Active>>>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.from.set(self.active.take());
    }
}

fn is_complete(state: &HttpState) -> bool {
    let active = state.upload.active.take();
    let complete = active.as_ref().is_some_and(|active| active.remaining == 0);
    state.upload.active.set(active);
    complete
}

/// Puts the handlers back, reports, and goes on with what stands behind the body. `is_closing` tells that
/// this is MG_EV_CLOSE, which the program's handler gets afterwards.
fn end(c: &mg_connection, state: &HttpState, error: *const c_char, is_closing: bool) {
    let Some(active) = state.upload.active.take() else {
        return;
    };
    state.upload.is_active.set(false);
    net::limits::enter(c, Phase::Quiet);
    let Active {
        sink,
        report,
        user,
        request,
        remaining,
        ..
    } = *active;
    let closed = sink.close();
    let error = match closed {
        Err(text) if error.is_null() => text.as_ptr(),
        _ => error,
    };
    c.r#fn.set(user);
    c.pfn.set(Some(http_handler));
    if c.is(Flag::Accepted) && !c.is_dead() {
        // Behind a body that was not taken to its end nothing can be understood.
        if remaining > 0 {
            state.discarding.set(true);
            net::set_linger(c);
        }
        state.request.set(Request {
            open: true,
            dispatched: true,
            persistence: if remaining > 0 {
                Persistence::Close
            } else {
                request.persistence
            },
            ..request
        });
        c.set(Flag::Resp, true);
    }
    let missed_close = c.is_dead() && !is_closing;
    self::report(c, report, error);
    if missed_close {
        // A function of the program's closed the connection while its handler was put aside.
        net::call_user(c, ev::CLOSE, null_mut());
    }
    if !c.is(Flag::Resp) && !c.is(Flag::Closing) && c.recv.len.get() > 0 && !c.is_dead() {
        let mut n: c_long = 0;
        net::call(c, ev::READ, from_mut(&mut n).cast());
    }
}

/// Tells the program, or the client when the program asked for nothing else, how it ended.
pub(super) fn report(c: &mg_connection, report: Report, error: *const c_char) {
    if let Some(report) = report {
        // SAFETY: the program's function, called as documented.
        return unsafe { report(c.as_ptr(), error) };
    }
    if error.is_null() {
        crate::log::info(format_args!("{} body stored", c.id.get()));
        return reply(c, 200, b"", b"ok\n");
    }
    // SAFETY: a terminated text.
    let text = unsafe { cstr(error) };
    crate::log::info(format_args!(
        "{} body not stored: {}",
        c.id.get(),
        text.escape_ascii()
    ));
    let mut line = [0; 128];
    let n = text.len().min(line.len() - 1);
    line[..n].copy_from_slice(&text[..n]);
    line[n] = b'\n';
    let code = if text == b"body timeout" { 408 } else { 500 };
    reply(c, code, b"", &line[..=n]);
}
