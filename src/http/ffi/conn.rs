//! HTTP on a connection: what events lead to, and the response that is due.
//!
//! What stands in `c->recv` is looked at in [passes](super::pass). On accepted connections `is_resp` stops
//! them until the response is complete.
#![allow(unsafe_code)]

use super::mg_http_message;
use super::pass::run;
use crate::ffi::inject;
use crate::ffi::str::cstr;
use crate::http::coding::ffi::accepted;
use crate::http::framing::{self, Framing, Persistence};
use crate::http::parser::{self, Connection, Parsed};
use crate::http::reply;
use crate::http::state::{HandMade, HttpState, Incoming, Request};
use crate::http::stream::ffi as stream;
use crate::limits::Phase;
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t};
use std::ffi::{c_int, c_long, c_void};

/// Requests wait while more than this is queued for the client (and it does not read).
pub(super) const MAX_QUEUED: usize = 256 * 1024;

/// The HTTP protocol handler (`c->pfn` of HTTP connections).
pub unsafe extern "C" fn http_handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || {
        // A connection that the program made itself has no state and starts afresh every time.
        let fresh;
        let state = match c.http() {
            Some(state) => state,
            None => {
                fresh = HttpState::default();
                &fresh
            }
        };
        match event {
            ev::READ => {
                // SAFETY: READ comes with the number of bytes, or from elsewhere with NULL.
                let n = unsafe { data.cast::<c_long>().as_ref() }
                    .copied()
                    .unwrap_or(0);
                run(c, state, usize::try_from(n).unwrap_or(0), false);
            }
            ev::CLOSE => {
                inject("http close");
                run(c, state, 0, true);
                stream::closed(c);
            }
            ev::POLL | ev::WRITE => {
                state.streams.fill(c);
                resume(c, state);
            }
            ev::ERROR => {
                // SAFETY: ERROR comes with a text, or from elsewhere with NULL.
                stream::failed(c, unsafe { cstr(data.cast_const().cast()) });
            }
            _ => {}
        }
    });
}

/// True when the pending request is a HEAD request.
pub fn head_requested(c: &mg_connection) -> bool {
    c.http().is_some_and(|s| s.request.get().is_head)
}

/// True when HEAD is answered, or was at last: that response was complete with its head, but the program may
/// not have noticed.
pub(in crate::http) fn is_bodyless(c: &mg_connection) -> bool {
    c.http().is_some_and(|s| {
        let request = s.request.get();
        if request.open {
            request.is_head
        } else {
            s.head_answered.get()
        }
    })
}

/// True when a request is being received or answered on this connection.
pub(in crate::http) fn request_open(c: &mg_connection) -> bool {
    c.http().is_some_and(|s| s.request.get().open)
}

/// The effort with which the response to the pending request may be compressed, and the shortest body
/// that is; `None` without a request, or when the program does not want it.
#[inline]
pub(in crate::http) fn compression(c: &mg_connection) -> Option<Compression> {
    let state = c.http()?;
    let (settings, request) = (state.codings.get(), state.request.get());
    (settings.level > 0 && request.open).then_some(Compression {
        level: settings.level,
        min_size: settings.min_size as usize,
        is_accepted: request.accepts_gzip == Some(true),
    })
}

/// How a response may be compressed.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Compression {
    pub level: u8,
    pub min_size: usize,
    /// The client likes gzip.
    pub is_accepted: bool,
}

/// The codings of a connection were set: the request that a handler is looking at is read again for what
/// the client accepts, if nobody wanted to know before.
pub(in crate::http) fn look_at_codings_again(c: &mg_connection, state: &HttpState) {
    let request = state.request.get();
    let is_known = !request.open || request.accepts_gzip.is_some();
    if state.codings.get().level == 0 || !state.running.get() || is_known {
        return;
    }
    let mut hm = mg_http_message::EMPTY;
    // SAFETY: the handler's message is at the start of the buffer, and no handler runs while the
    // slice lives.
    if let Parsed::Complete(_) = hm.parse(unsafe { c.recv.as_bytes() }) {
        // SAFETY: the strings point into the buffer, which has not changed.
        unsafe { note_codings(state, &hm) };
    }
}

/// Keeps what the request at hand accepts.
///
/// # Safety
/// The strings of the message are readable.
pub(in crate::http) unsafe fn note_codings(state: &HttpState, hm: &mg_http_message) {
    let request = state.request.get();
    if request.open {
        state.request.set(Request {
            // SAFETY: forwarded from the caller.
            accepts_gzip: Some(unsafe { accepted(hm) }.prefers_gzip()),
            ..request
        });
    }
}

/// Fields that responses get besides those of the program, see mg_http_set_fields().
pub(in crate::http) mod wanted {
    pub const DATE: u8 = 1;
    pub const CONNECTION: u8 = 2;
}

/// True when the program wants responses to have a field of [`wanted`].
#[inline]
pub(in crate::http) fn wants(c: &mg_connection, which: u8) -> bool {
    c.http().is_some_and(|s| s.fields.get() & which != 0)
}

pub(super) fn set_fields(c: &mg_connection, fields: u8) -> bool {
    match c.http().filter(|_| !c.is(Flag::Udp) && !c.is_dead()) {
        Some(state) => {
            state.fields.set(fields);
            true
        }
        None => false,
    }
}

/// A listener gives what it is set to to what it accepts.
pub fn inherit_settings(c: &mg_connection, listener: &mg_connection) {
    if let (Some(state), Some(from)) = (c.http(), listener.http()) {
        state.fields.set(from.fields.get());
        state.codings.set(from.codings.get());
    }
}

/// What a response to the request at hand has to say of the connection, besides what the program lets it
/// say (`given`). From then on the connection does what the response says. `ends` tells that the response
/// says where it ends.
pub(in crate::http) fn connection_option(
    c: &mg_connection,
    given: Option<Connection>,
    ends: bool,
) -> Option<&'static [u8]> {
    let state = c.http()?;
    let mut request = state.request.get();
    let keeps = match request.persistence {
        Persistence::Keep => true,
        Persistence::KeepIfTold => ends && given.is_none_or(|given| given.keep_alive),
        Persistence::CloseWhenIdle | Persistence::Close => false,
    };
    let closes = !keeps || c.is(Flag::Draining) || given.is_some_and(|given| given.close);
    let told = request.persistence == Persistence::KeepIfTold;
    request.persistence = if closes {
        Persistence::Close
    } else {
        Persistence::Keep
    };
    if request.open {
        state.request.set(request);
    }
    match given {
        Some(_) => None,
        None if closes => Some(b"Connection: close\r\n"),
        None if told => Some(b"Connection: keep-alive\r\n"),
        None => None,
    }
}

/// True while HTTP is what a connection speaks.
#[inline]
pub fn speaks_http(c: &mg_connection) -> bool {
    let handler: mg_event_handler_t = Some(http_handler);
    c.pfn.get().map(|f| f as usize) == handler.map(|f| f as usize)
}

/// True while a connection is served over HTTP.
pub fn serves_http(c: &mg_connection) -> bool {
    c.is(Flag::Accepted) && speaks_http(c)
}

/// True when HTTP is what a connection speaks and nothing has begun that MG_EV_POLL could move on.
#[inline]
pub fn is_idle(c: &mg_connection, state: &HttpState) -> bool {
    c.recv.len.get() == 0
        && state.seen.get() == 0
        && !state.request.get().dispatched
        && speaks_http(c)
}

/// True when MG_EV_POLL would go on with requests that stand in the receive buffer, or draw the consequences of a
/// response that the program has ended.
pub fn may_go_on(c: &mg_connection, state: &HttpState) -> bool {
    let waits = c.recv.len.get() > 0
        && (state.behind_response.get() || state.stalled.get() && c.send.len.get() <= MAX_QUEUED);
    (state.request.get().dispatched || waits) && may_resume(c, state)
}

/// `n` bytes of what a client has queued are on their way: notes the requests that begin in it, and which are
/// HEAD, whose responses have no body. What does not look like a request is the rest of one, or no HTTP.
pub fn sending(c: &mg_connection, n: usize) {
    let Some(asked) = c.http().map(|state| &state.asked) else {
        return;
    };
    if n == 0 || !speaks_http(c) {
        return;
    }
    // SAFETY: no handler runs while the slice lives.
    let text = unsafe { c.send.as_bytes() };
    let mut at = asked.known();
    while let Some(rest) = text.get(at..).filter(|_| at < n) {
        let is_head = rest.starts_with(b"HEAD ");
        if !(parser::is_request_line(rest) || is_head && asked.is_empty()) {
            break;
        }
        asked.push(is_head);
        let Parsed::Complete(head) = parser::parse(rest, &mut |_, _, _| {}) else {
            break;
        };
        let Ok(Framing::Length(len)) = framing::framing(&head, false) else {
            break;
        };
        at = at.saturating_add(head.len).saturating_add(len);
    }
    asked.set_known(at.saturating_sub(n));
}

/// The response to the request at hand is complete: clears `is_resp`, and closes the connection
/// when the request asked for it.
pub fn finish_response(c: &mg_connection) {
    // What else a program sends while its response is streamed does not end that.
    if c.http().is_some_and(|state| state.streams.is_sending()) {
        return;
    }
    let responding = c.is(Flag::Resp);
    c.set(Flag::Resp, false);
    let Some(state) = c.http() else { return };
    state.forget_hand_made();
    state.finished.set(true);
    state.streams.note_answered();
    // A running pass looks at the flag itself, when the handler has returned.
    if responding && !state.running.get() {
        settle(c, state);
        close_if_idle(c, state);
    }
}

/// `n` bytes at the front of the output queue are on their way while a response is due. When that completes a
/// response that the program wrote itself, it is over behind the next MG_EV_POLL: programs clear `is_resp`
/// then, or in MG_EV_WRITE, and that must not be for the request behind it.
pub fn response_leaves(c: &mg_connection, n: usize) {
    let Some(state) = c.http() else { return };
    let unsent = match state.hand_made.get() {
        HandMade::Unknown => return,
        HandMade::Unsent(unsent) => Some(unsent),
        HandMade::Behind(before) if before >= n => {
            return state.hand_made.set(HandMade::Behind(before - n));
        }
        HandMade::Behind(before) => response_end(c, state, before),
    };
    let left = unsent.map(|unsent| unsent.saturating_sub(n));
    state
        .hand_made
        .set(left.map_or(HandMade::Unknown, HandMade::Unsent));
}

/// `n` bytes of a body were made for an answer to HEAD, which has none.
pub(in crate::http) fn note_unsent(c: &mg_connection, n: usize) {
    if let Some(state) = c.http() {
        state.unsent.set(state.unsent.get().saturating_add(n));
    }
}

/// True when requests in the receive buffer wait for their turn.
#[inline]
pub fn waits_for_turn(c: &mg_connection, state: &HttpState) -> bool {
    c.recv.len.get() > 0
        && speaks_http(c)
        && (state.yields.get() && may_resume(c, state) || may_go_on(c, state))
}

/// True when a response that the program wrote itself is on its way to its end.
#[inline]
pub fn has_sent_hand_made(state: &HttpState) -> bool {
    matches!(state.hand_made.get(), HandMade::Unsent(0))
}

/// A response was due before MG_EV_POLL: it is complete if the program wrote it itself and all of it is sent.
pub fn end_hand_made(c: &mg_connection, state: &HttpState) {
    if has_sent_hand_made(state) && c.is(Flag::Resp) {
        state.forget_hand_made();
        finish_response(c);
    }
}

/// True when a response that the program wrote itself is queued to its end, as far as that can be told.
fn is_written(c: &mg_connection, state: &HttpState) -> bool {
    let end = match state.hand_made.get() {
        HandMade::Unknown => None,
        HandMade::Unsent(unsent) => Some(unsent),
        HandMade::Behind(before) => response_end(c, state, before),
    };
    end.is_some_and(|end| end <= c.send.len.get())
}

/// Where in the output queue a response ends whose head stands at `at`, if it says so.
fn response_end(c: &mg_connection, state: &HttpState, at: usize) -> Option<usize> {
    if !speaks_http(c) {
        return None;
    }
    // SAFETY: no handler runs while the slice lives.
    let text = unsafe { c.send.as_bytes() }.get(at..)?;
    let Parsed::Complete(head) = parser::parse(text, &mut |_, _, _| {}) else {
        return None;
    };
    let request = state.request.get();
    if request.is_connect && (200..300).contains(&head.status()) {
        return None;
    }
    // The last chunk ends also what has no body: programs send chunks whatever the method.
    let is_chunked = head.transfer_encoding.is_some();
    match framing::framing(&head, request.is_head) {
        Ok(Framing::Length(len)) if head.is_response && !is_chunked => {
            at.checked_add(head.len)?.checked_add(len)
        }
        _ => None,
    }
}

/// What is received of a request, as far as that may take only so long.
pub fn receiving(c: &mg_connection) -> Phase {
    let Some(state) = c.http() else {
        return Phase::Quiet;
    };
    let waits = speaks_http(c) && c.is(Flag::Accepted) && !c.is(Flag::Resp);
    match state.incoming.get() {
        _ if is_uploading(c) => Phase::Body,
        _ if waits && state.streams.is_receiving() => Phase::Body,
        _ if !waits || state.discarding.get() => Phase::Quiet,
        Incoming::Body(_) => Phase::Body,
        Incoming::Head { .. } if c.recv.len.get() > 0 && !state.stalled.get() => Phase::Head,
        Incoming::Head { .. } => Phase::Quiet,
    }
}

/// Bytes of the present request's body that stand in the receive buffer.
pub fn body_so_far(c: &mg_connection) -> usize {
    match c.http().map(|state| state.incoming.get()) {
        Some(Incoming::Body(body)) => c.recv.len.get().saturating_sub(body.head_len),
        _ => 0,
    }
}

pub fn is_uploading(c: &mg_connection) -> bool {
    c.http().is_some_and(|state| state.upload.is_active())
}

/// The rest of a request does not come. False when there is none, so that nobody waits for a
/// response (RFC 9110, 15.5.9).
pub fn time_out(c: &mg_connection) -> bool {
    match c.http() {
        Some(state) if receiving(c) != Phase::Quiet && !state.streams.is_answering() => {
            say_no(c, 408);
            state.discarding.set(true);
            true
        }
        _ => false,
    }
}

/// Answers a request that is not accepted; the connection closes.
pub(super) fn say_no(c: &mg_connection, status: i32) {
    reply::reply(c, status, b"Connection: close\r\n", b"");
}

/// Input does not matter any more; the connection closes when all is sent.
pub fn end_connection(c: &mg_connection) {
    c.set(Flag::Draining, true);
    if let Some(state) = c.http() {
        state.discarding.set(true);
    }
}

/// Draws the consequences of a complete response.
pub(super) fn settle(c: &mg_connection, state: &HttpState) {
    let request = state.request.get();
    if !request.dispatched || c.is(Flag::Resp) {
        return;
    }
    let may_close = matches!(
        request.persistence,
        Persistence::CloseWhenIdle | Persistence::KeepIfTold
    );
    let closes = may_close && (state.finished.get() || is_written(c, state));
    state.forget_request();
    match request.persistence {
        Persistence::Keep => {}
        Persistence::CloseWhenIdle | Persistence::KeepIfTold => state.close_when_idle.set(closes),
        Persistence::Close => {
            c.set(Flag::Draining, true);
            state.discarding.set(true);
        }
    }
}

pub(super) fn close_if_idle(c: &mg_connection, state: &HttpState) {
    let is_idle = !c.is(Flag::Resp) && c.recv.len.get() == 0 && !state.streams.is_receiving();
    if state.close_when_idle.get() && is_idle {
        c.set(Flag::Draining, true);
    }
}

/// Goes on with requests that were waiting for a response or for the client to read.
#[inline]
fn resume(c: &mg_connection, state: &HttpState) {
    if state.running.get() {
        // A handler runs the loop; its pass goes on behind it.
        return;
    }
    let len = c.recv.len.get();
    if len < state.seen.get() {
        state.restart();
    }
    let work = len > 0 || state.request.get().dispatched;
    if work && may_resume(c, state) || state.streams.may_resume(c) {
        run(c, state, 0, false);
    }
}

#[inline]
fn may_resume(c: &mg_connection, state: &HttpState) -> bool {
    let may = !c.is(Flag::Draining) || state.stalled.get();
    may && c.is(Flag::Accepted) && !c.is(Flag::Resp) && !state.running.get()
}
