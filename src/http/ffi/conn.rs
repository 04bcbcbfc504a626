//! The HTTP state machine of a connection.
//!
//! A *pass* looks at what stands in `c->recv`. Message by message: when the head is complete,
//! MG_EV_HTTP_HDRS, once, with the head at the very start of the buffer, because handlers remove it
//! there to take the body over; when the body is complete, MG_EV_HTTP_MSG; then the message
//! is removed. On accepted connections `is_resp` stops the pass until the response is complete.
//!
//! Handlers may do anything to the connection in both events. What the pass needs is read again
//! after each of them, and no slice of a buffer lives across one.
#![allow(unsafe_code)]

use super::mg_http_message;
use crate::ffi::inject;
use crate::ffi::str::{bytes, cstr};
use crate::http::chunked::{self, Chunks, Step};
use crate::http::coding::ffi::accepted;
use crate::http::framing::{self, Framing, FramingError, Persistence};
use crate::http::parser::{self, Connection, HeadEnd, Parsed};
use crate::http::reply;
use crate::http::state::{Body, HandMade, HttpState, Incoming, Request};
use crate::http::stream::ffi::{self as stream, Announced, Progress};
use crate::limits::{Limits, Phase};
use crate::net::{self, Backlog, Flag, ev, limits, mg_connection, mg_event_handler_t};
use std::ffi::{c_int, c_long, c_void};
use std::ptr::from_mut;

/// Requests wait while more than this is queued for the client (and it does not read).
const MAX_QUEUED: usize = 256 * 1024;
/// How much of many pipelined messages stays in the receive buffer.
const PIECE: usize = 16 * 1024;

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
    match c.http() {
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

/// A client connection is about to send what is queued: notes whether that is a HEAD request, whose
/// response has no body.
pub fn sending(c: &mg_connection) {
    // SAFETY: no handler runs while the slice lives.
    let is_head = unsafe { c.send.as_bytes() }.starts_with(b"HEAD ");
    if is_head && let Some(state) = c.http() {
        state.head_sent.set(true);
    }
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
    state.streams.note_answered();
    // A running pass looks at the flag itself, when the handler has returned.
    if responding && !state.running.get() {
        settle(c, state);
        close_if_idle(c, state);
    }
}

/// `n` bytes at the front of the output queue are on their way while a response is due. When that
/// completes a response that the program wrote itself, returns true: see [`finish_response`].
pub fn completes_response(c: &mg_connection, n: usize) -> bool {
    let Some(state) = c.http() else { return false };
    let unsent = match state.hand_made.get() {
        HandMade::Unknown => return false,
        HandMade::Unsent(unsent) => Some(unsent),
        HandMade::Behind(before) if before >= n => {
            state.hand_made.set(HandMade::Behind(before - n));
            return false;
        }
        HandMade::Behind(before) => response_end(c, state, before),
    };
    let left = unsent.map(|unsent| unsent.saturating_sub(n));
    state
        .hand_made
        .set(left.map_or(HandMade::Unknown, HandMade::Unsent));
    left == Some(0)
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
    match framing::framing(&head, state.request.get().is_head) {
        Ok(Framing::Length(len)) if head.is_response => at.checked_add(head.len)?.checked_add(len),
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
fn say_no(c: &mg_connection, status: i32) {
    reply::reply(c, status, b"Connection: close\r\n", b"");
}

/// Input does not matter any more; the connection closes when all is sent.
pub fn end_connection(c: &mg_connection) {
    c.set(Flag::Draining, true);
    if let Some(state) = c.http() {
        state.discarding.set(true);
    }
}

const HEADER_LIMIT: &[u8] = b"header limit";
const BODY_LIMIT: &[u8] = b"body limit";

/// Draws the consequences of a complete response.
fn settle(c: &mg_connection, state: &HttpState) {
    let request = state.request.get();
    if !request.dispatched || c.is(Flag::Resp) {
        return;
    }
    state.forget_request();
    match request.persistence {
        Persistence::Keep => {}
        Persistence::CloseWhenIdle | Persistence::KeepIfTold => state.close_when_idle.set(true),
        Persistence::Close => {
            c.set(Flag::Draining, true);
            state.discarding.set(true);
        }
    }
}

fn close_if_idle(c: &mg_connection, state: &HttpState) {
    let is_idle = !c.is(Flag::Resp) && c.recv.len.get() == 0 && !state.streams.is_receiving();
    if state.close_when_idle.get() && is_idle {
        c.set(Flag::Draining, true);
    }
}

/// Goes on with requests that were waiting for a response or for the client to read.
#[inline]
fn resume(c: &mg_connection, state: &HttpState) {
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
    may && c.is(Flag::Accepted) && !c.is(Flag::Resp)
}

#[inline]
fn run(c: &mg_connection, state: &HttpState, received: usize, closing: bool) {
    if state.running.replace(true) {
        return;
    }
    let pass = Pass {
        c,
        state,
        closing,
        pfn: c.pfn.get(),
        backlog: Backlog::default(),
    };
    pass.run(received);
    let successor = if pass.replaced() { c.pfn.get() } else { None };
    drop(pass);
    // The new protocol begins where the old one ended.
    if let Some(pfn) = successor
        && !c.is_dead()
        && (c.recv.len.get() > 0 || state.upload.is_active())
    {
        let mut n = c.recv.len.get() as c_long;
        // SAFETY: the program or the library installed this handler for connections.
        unsafe { pfn(c.as_ptr(), ev::READ, from_mut(&mut n).cast()) };
    }
}

/// What a pass needs to know of a head once handlers have run.
struct Facts {
    len: usize,
    status: i32,
    framing: Result<Framing, FramingError>,
    expects_continue: bool,
}

/// Whether to go on with the pass.
#[derive(PartialEq, Eq)]
enum Next {
    Message,
    Stop,
}

/// One run over the receive buffer.
struct Pass<'a> {
    c: &'a mg_connection,
    state: &'a HttpState,
    /// The stream has ended.
    closing: bool,
    /// The protocol handler when the pass began.
    pfn: mg_event_handler_t,
    backlog: Backlog<PIECE>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.state.running.set(false);
    }
}

impl Pass<'_> {
    fn run(&self, received: usize) {
        let (c, state) = (self.c, self.state);
        inject("http");
        let before = c.recv.len.get().saturating_sub(received);
        if before < state.seen.get() {
            // The program took bytes of the message away.
            state.restart();
        }
        settle(c, state);
        // What a client left unfinished is no request.
        let over = self.closing && c.is(Flag::Accepted);
        if !over {
            while !state.discarding.get() && self.step() == Next::Message {}
        }
        if state.discarding.get() {
            self.discard();
        } else if !self.backlog.restore(&c.recv) {
            net::error(c, b"OOM");
        }
        state.seen.set(c.recv.len.get());
        state.behind_response.set(c.is(Flag::Resp));
        if !over {
            close_if_idle(c, state);
        }
        if !c.is_dead() {
            limits::update(c);
        }
    }

    fn step(&self) -> Next {
        let c = self.c;
        if self.state.streams.fill(c) {
            settle(c, self.state);
        }
        if c.is(Flag::Resp) || c.is(Flag::Closing) && !self.closing || self.replaced() {
            return Next::Stop;
        }
        let next = match self.state.incoming.get() {
            _ if self.state.streams.is_receiving() => self.streamed(),
            Incoming::Head { .. } if c.is(Flag::Accepted) && self.state.streams.is_sending() => {
                return Next::Stop;
            }
            Incoming::Head { scanned } => self.head(scanned),
            Incoming::Body(body) => self.body(body, None),
        };
        match next {
            Some(next) => next,
            None if self.backlog.refill(&c.recv, 0) => Next::Message,
            None => Next::Stop,
        }
    }

    /// Looks for a head. `None`: there is more to wait for.
    fn head(&self, scanned: usize) -> Option<Next> {
        let (c, state) = (self.c, self.state);
        if c.recv.len.get() == 0 {
            return None;
        }
        let stalled = c.is(Flag::Accepted) && c.send.len.get() > MAX_QUEUED;
        if state.stalled.replace(stalled) != stalled {
            net::pause_input(c, stalled);
        }
        if stalled {
            return Some(Next::Stop);
        }
        if scanned == 0 && c.is(Flag::Accepted) && self.skip_empty_lines() {
            return None;
        }
        let mut hm = mg_http_message::EMPTY;
        // SAFETY: no handler runs while the slice lives.
        let buf = unsafe { c.recv.as_bytes() };
        // A head that comes in drops is searched for its end only, and parsed when it is whole.
        if scanned > 0 && parser::head_end(buf, scanned) == HeadEnd::NotYet {
            return self.wait_for_head(buf.len());
        }
        let facts = match hm.parse(buf) {
            Parsed::Incomplete => return self.wait_for_head(buf.len()),
            Parsed::Complete(head) if self.exceeds_head_limits(&buf[..head.len]) => {
                return Some(self.too_large(431, HEADER_LIMIT));
            }
            Parsed::Invalid => {
                self.protocol_error();
                return Some(Next::Stop);
            }
            // Which of them counts is not for us to guess (RFC 9112, 3.2).
            Parsed::Complete(head) if head.repeats_host && c.is(Flag::Accepted) => {
                self.protocol_error();
                return Some(Next::Stop);
            }
            Parsed::Complete(head) => {
                if c.is(Flag::Accepted) {
                    // SAFETY: the strings point into `buf`.
                    let accepts_gzip = || unsafe { accepted(&hm) }.prefers_gzip();
                    let asks = state.codings.get().level > 0;
                    let accepts_gzip = asks.then(accepts_gzip);
                    state.request.set(Request::new(&head, accepts_gzip));
                }
                Facts {
                    len: head.len,
                    status: head.status(),
                    framing: framing::framing(&head, state.head_sent.get()),
                    expects_continue: head.expects_continue && !head.is_http10 && !head.is_response,
                }
            }
        };
        self.announce(&mut hm, &facts)
    }

    /// The head is not complete; `len` bytes of it are there.
    fn wait_for_head(&self, len: usize) -> Option<Next> {
        let limit = limits::of(self.c, |limits| limits.header_size);
        if limit > 0 && len > limit {
            return Some(self.too_large(431, HEADER_LIMIT));
        }
        self.state.incoming.set(Incoming::Head { scanned: len });
        None
    }

    fn exceeds_head_limits(&self, head: &[u8]) -> bool {
        let limit = |which: fn(&Limits) -> usize| match limits::of(self.c, which) {
            0 => usize::MAX,
            limit => limit,
        };
        let size = limit(|limits| limits.header_size);
        let count = limit(|limits| limits.header_count);
        // The start line and the empty one are no fields.
        head.len() > size
            || count < usize::MAX && memchr::memchr_iter(b'\n', head).count() - 2 > count
    }

    /// The peer sends more than the connection's limits allow.
    #[cold]
    fn too_large(&self, status: i32, text: &[u8]) -> Next {
        let c = self.c;
        limits::exceeded(c);
        if c.is(Flag::Accepted) {
            say_no(c, status);
            self.give_up();
            limits::give_up(c, text);
        } else {
            self.state.discarding.set(true);
            net::error(c, text);
        }
        Next::Stop
    }

    /// A client may send empty lines before a request (RFC 9112, 2.2). True when one of them is
    /// all there is.
    fn skip_empty_lines(&self) -> bool {
        // SAFETY: the slice is gone before the buffer changes.
        let text = unsafe { self.c.recv.as_bytes() };
        let mut rest = text;
        while let [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..] = rest {
            rest = tail;
        }
        let n = text.len() - rest.len();
        let wait = matches!(rest, [] | [b'\r']);
        if n > 0 {
            self.c.recv.consume(n);
        }
        wait
    }

    /// A head is complete.
    fn announce(&self, hm: &mut mg_http_message, facts: &Facts) -> Option<Next> {
        let (c, state) = (self.c, self.state);
        let body = Body {
            head_len: facts.len,
            framing: facts.framing.unwrap_or(Framing::UntilClose),
            chunks: Chunks::default(),
            pos: facts.len,
        };
        state.incoming.set(Incoming::Body(body));
        if c.is(Flag::Accepted) {
            net::stats::count(c, |n| &n.http_requests);
        } else if facts.framing != Ok(Framing::Interim) {
            net::stats::count(c, |n| &n.http_responses);
        }
        let (buf, len, queued) = (c.recv.buf.get(), c.recv.len.get(), c.send.len.get());
        state.streams.announce(self.body_to_stream(facts));
        net::call(c, ev::HTTP_HDRS, from_mut(hm).cast());
        state.streams.announce(Announced::Nothing);
        if self.gone() {
            return Some(Next::Stop);
        }
        self.take_surplus(len);
        if c.recv.len.get() < len {
            self.detach();
            return Some(Next::Stop);
        }
        if state.streams.is_receiving() {
            return Some(self.begin_stream(body.head_len, queued));
        }
        match facts.framing {
            Ok(Framing::Interim) => {
                c.recv.consume(facts.len);
                state.incoming.take();
                return Some(Next::Message);
            }
            Ok(Framing::UntilClose) if facts.status >= 200 => {
                crate::log::error(format_args!("Content length missing from response"));
                if c.is(Flag::Accepted) {
                    self.give_up();
                    reply::reply(c, 411, b"", b"");
                    return Some(Next::Stop);
                }
            }
            Ok(_) => {}
            Err(FramingError::CodedHttp10) => {
                self.protocol_error();
                return Some(Next::Stop);
            }
            Err(FramingError::TransferEncoding) => {
                self.fail(b"Invalid Transfer-Encoding");
                return Some(Next::Stop);
            }
        }
        let hm = (c.recv.buf.get() == buf).then_some(hm);
        let next = self.body(body, hm);
        if next.is_none() && c.is(Flag::Accepted) {
            if self.replaced() {
                state.restart();
                state.forget_request();
            } else if c.is(Flag::Draining) {
                // The client was told to go away while it sends its body.
                net::set_linger(c);
            } else if facts.expects_continue && c.send.len.get() == queued {
                c.send.append(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
        }
        next
    }

    /// Whether a handler of MG_EV_HTTP_HDRS may have the body streamed.
    fn body_to_stream(&self, facts: &Facts) -> Announced {
        match facts.framing {
            Err(_) | Ok(Framing::Interim) => Announced::Nothing,
            Ok(Framing::UntilClose) if self.c.is(Flag::Accepted) => Announced::Nothing,
            Ok(_) if facts.expects_continue => Announced::AwaitedBody,
            Ok(_) => Announced::Body,
        }
    }

    /// A handler wants the body as it arrives: the head leaves the buffer.
    #[cold]
    #[inline(never)]
    fn begin_stream(&self, head_len: usize, queued: usize) -> Next {
        let (c, state) = (self.c, self.state);
        c.recv.consume(head_len);
        state.incoming.take();
        state.head_sent.set(false);
        if c.is(Flag::Accepted) {
            limits::begin_body(c, c.recv.len.get());
        }
        if c.send.len.get() != queued {
            state.streams.continue_not_awaited();
        }
        Next::Message
    }

    /// Hands out a body that is streamed. `None`: there is more to wait for.
    #[cold]
    #[inline(never)]
    fn streamed(&self) -> Option<Next> {
        let (c, state) = (self.c, self.state);
        if self.closing {
            return Some(if state.streams.ends_with_stream(c) {
                self.end_stream()
            } else {
                Next::Stop
            });
        }
        match state.streams.hand_out(c) {
            Progress::More => None,
            Progress::End => Some(self.end_stream()),
            Progress::Invalid => Some(self.chunk_error()),
            Progress::Stop => Some(Next::Stop),
            Progress::Refused => {
                self.give_up();
                Some(Next::Stop)
            }
        }
    }

    /// A streamed body is complete: tells the program, and asks for the response.
    fn end_stream(&self) -> Next {
        let (c, state) = (self.c, self.state);
        let answered = state.streams.is_answered();
        let Some(receiver) = state.streams.end_body(c) else {
            return Next::Stop;
        };
        limits::enter(c, Phase::Quiet);
        if c.is(Flag::Accepted) {
            c.set(Flag::Resp, !answered);
            if !state.streams.is_sending() {
                state.hand_made.set(HandMade::Behind(c.send.len.get()));
            }
            let request = state.request.get();
            state.request.set(Request {
                dispatched: true,
                ..request
            });
        }
        let len = c.recv.len.get();
        receiver.complete(c);
        if self.gone() {
            return Next::Stop;
        }
        self.take_surplus(len);
        let begun = !c.is(Flag::Resp) || state.streams.is_sending() || self.replaced();
        if !(c.is(Flag::Accepted) && begun) {
            let mut hm = mg_http_message::EMPTY;
            if !matches!(hm.parse(&receiver.head), Parsed::Complete(_)) {
                self.protocol_error();
                return Next::Stop;
            }
            hm.body.len = 0;
            hm.message = hm.head;
            let len = c.recv.len.get();
            net::call(c, ev::HTTP_MSG, from_mut(&mut hm).cast());
            if self.gone() {
                return Next::Stop;
            }
            self.take_surplus(len);
        }
        if self.replaced() {
            if !c.is(Flag::Resp) {
                state.forget_request();
            }
            return Next::Stop;
        }
        settle(c, state);
        Next::Message
    }

    /// Looks whether a body is complete. `None`: there is more to wait for.
    fn body(&self, mut body: Body, hm: Option<&mut mg_http_message>) -> Option<Next> {
        let c = self.c;
        let len = c.recv.len.get();
        let available = len.saturating_sub(body.head_len);
        match body.framing {
            Framing::Length(n) if n > self.body_limit() => Some(self.too_large(413, BODY_LIMIT)),
            Framing::UntilClose if available > self.body_limit() => {
                Some(self.too_large(413, BODY_LIMIT))
            }
            Framing::Length(n) if n <= available => Some(self.message(body, hm, n, n)),
            // Either the peer broke off, or the head told the length of what it left out.
            Framing::Length(_) | Framing::UntilClose if self.closing && len > 0 => {
                Some(self.message(body, hm, available, available))
            }
            Framing::Length(_) | Framing::UntilClose | Framing::Interim => None,
            Framing::Chunked => {
                // SAFETY: no handler runs while the slice lives.
                let step = body
                    .chunks
                    .skip(unsafe { c.recv.as_bytes() }, &mut body.pos);
                self.state.incoming.set(Incoming::Body(body));
                if body.chunks.announced() > self.body_limit() {
                    return Some(self.too_large(413, BODY_LIMIT));
                }
                match step {
                    Step::End => {
                        let raw = body.pos - body.head_len;
                        // SAFETY: `pos` is inside the bytes in use, and no handler runs while
                        // the slice lives.
                        let text = unsafe {
                            std::slice::from_raw_parts_mut(c.recv.buf.get().add(body.head_len), raw)
                        };
                        match chunked::decode(text) {
                            Some((_, n)) => Some(self.message(body, hm, raw, n)),
                            None => Some(self.chunk_error()),
                        }
                    }
                    Step::Invalid => Some(self.chunk_error()),
                    Step::More | Step::Data(_) => None,
                }
            }
        }
    }

    /// What a body may have, unless a handler takes care of it or has refused it.
    fn body_limit(&self) -> usize {
        if self.replaced() || self.c.is(Flag::Draining) {
            return usize::MAX;
        }
        match limits::of(self.c, |limits| limits.body_size) {
            0 => usize::MAX,
            limit => limit,
        }
    }

    /// A message is complete: its body takes `raw` bytes behind the head, of which the first `n`
    /// are content.
    fn message(&self, body: Body, hm: Option<&mut mg_http_message>, raw: usize, n: usize) -> Next {
        match hm {
            Some(hm) => self.dispatch(body, hm, raw, n),
            None => self.parse_again(body, raw, n),
        }
    }

    /// The head of the message was announced in an earlier pass.
    #[cold]
    #[inline(never)]
    fn parse_again(&self, body: Body, raw: usize, n: usize) -> Next {
        let c = self.c;
        let mut hm = mg_http_message::EMPTY;
        // SAFETY: no handler runs while the slice lives.
        let head = unsafe { bytes(c.recv.buf.get(), body.head_len.min(c.recv.len.get())) };
        match hm.parse(head) {
            Parsed::Complete(head) if head.len == body.head_len => {
                self.dispatch(body, &mut hm, raw, n)
            }
            // The program changed what it was shown.
            _ => {
                self.protocol_error();
                Next::Stop
            }
        }
    }

    /// Delivers MG_EV_HTTP_MSG and removes the message.
    fn dispatch(&self, body: Body, hm: &mut mg_http_message, raw: usize, n: usize) -> Next {
        let (c, state) = (self.c, self.state);
        hm.body.len = n;
        hm.message.len = body.head_len + n;
        state.incoming.take();
        state.head_sent.set(false);
        limits::enter(c, Phase::Quiet);
        if c.is(Flag::Accepted) {
            c.set(Flag::Resp, true);
            state.hand_made.set(HandMade::Behind(c.send.len.get()));
            let request = state.request.get();
            state.request.set(Request {
                dispatched: true,
                ..request
            });
        }
        let len = c.recv.len.get();
        net::call(c, ev::HTTP_MSG, from_mut(hm).cast());
        if self.gone() {
            return Next::Stop;
        }
        self.take_surplus(len);
        let taken = len - c.recv.len.get();
        if taken > 0 && c.recv.len.get() == 0 {
            // The handler emptied the buffer, and with it what waits behind.
            self.backlog.clear();
        }
        self.backlog.split(&c.recv, body.head_len + raw);
        c.recv.consume((body.head_len + raw).saturating_sub(taken));
        if self.replaced() {
            if !c.is(Flag::Resp) {
                state.forget_request();
            }
            return Next::Stop;
        }
        settle(c, state);
        Next::Message
    }

    /// A handler switched the connection to another protocol, or to none.
    fn replaced(&self) -> bool {
        self.c.pfn.get().map(|f| f as usize) != self.pfn.map(|f| f as usize)
    }

    /// The connection was closed by a handler.
    fn gone(&self) -> bool {
        self.c.is_dead() && !self.closing
    }

    /// A handler that polled the manager made the buffer longer than `len`: what came stands
    /// behind the backlog.
    fn take_surplus(&self, len: usize) {
        if !self.backlog.push_surplus(&self.c.recv, len) {
            net::error(self.c, b"OOM");
        }
    }

    /// The program took the message over.
    fn detach(&self) {
        let (c, state) = (self.c, self.state);
        crate::log::debug(format_args!("{} detaching HTTP handler", c.id.get()));
        if !self.replaced() {
            c.pfn.set(None);
        }
        state.restart();
        state.forget_request();
    }

    /// What arrived is not HTTP. Nothing is said to the peer.
    #[cold]
    fn protocol_error(&self) {
        net::stats::count(self.c, |n| &n.malformed);
        let recv = &self.c.recv;
        crate::log::error(format_args!("HTTP parse, {} bytes", recv.len.get()));
        // SAFETY: the log function does not touch connections.
        let start = unsafe { bytes(recv.buf.get(), recv.len.get().min(16)) };
        crate::log::debug(format_args!("{}", start.escape_ascii()));
        self.give_up();
    }

    #[cold]
    fn chunk_error(&self) -> Next {
        self.fail(b"Invalid chunk");
        Next::Stop
    }

    /// The message cannot be delimited: MG_EV_ERROR. Responses that are queued are still sent.
    #[cold]
    fn fail(&self, text: &'static [u8]) {
        net::stats::count(self.c, |n| &n.malformed);
        self.give_up();
        net::report(self.c, text);
    }

    /// Closes when the queued responses are sent; input does not matter any more.
    fn give_up(&self) {
        self.c.set(Flag::Draining, true);
        self.state.discarding.set(true);
        net::set_linger(self.c);
    }

    fn discard(&self) {
        self.state.streams.abort_body(self.c, b"connection closed");
        self.backlog.clear();
        self.c.recv.consume(usize::MAX);
        self.state.restart();
    }
}
