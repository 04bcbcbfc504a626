//! A *pass* over the receive buffer of an HTTP connection.
//!
//! Message by message: when the head is complete, MG_EV_HTTP_HDRS, once, with the head at the very start
//! of the buffer, because handlers remove it there to take the body over; when the body is complete,
//! MG_EV_HTTP_MSG; then the message is removed.
//!
//! Handlers may do anything to the connection in both events. What the pass needs is read again
//! after each of them, and no slice of a buffer lives across one.
#![allow(unsafe_code)]

mod changed;
mod streamed;

use super::conn::{MAX_QUEUED, close_if_idle, say_no, settle};
use super::mg_http_message;
use crate::ffi::alloc::try_box;
use crate::ffi::inject;
use crate::ffi::str::bytes;
use crate::http::chunked::{self, Chunks, Step};
use crate::http::coding::ffi::accepted;
use crate::http::framing::{self, Framing, FramingError, Persistence};
use crate::http::parser::{self, HeadEnd, Parsed};
use crate::http::reply;
use crate::http::state::{Body, HttpState, Incoming, Request};
use crate::http::stream::ffi::Announced;
use crate::limits::{Limits, Phase};
use crate::net::{self, Backlog, Flag, ev, limits, mg_connection, mg_event_handler_t};
use std::ffi::c_long;
use std::ptr::from_mut;

pub(in crate::http) use changed::Changed;

/// How much of many pipelined messages stays in the receive buffer.
const PIECE: usize = 16 * 1024;

const HEADER_LIMIT: &[u8] = b"header limit";
const BODY_LIMIT: &[u8] = b"body limit";

/// Looks at what was received, unless somebody is at it.
#[inline]
pub(super) fn run(c: &mg_connection, state: &HttpState, received: usize, closing: bool) {
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
        unsafe { net::call_handler(pfn, c, ev::READ, from_mut(&mut n).cast()) };
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
        state.unsent.set(0);
        state.yields.set(false);
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
            if self.state.discarding.get() {
                return Next::Stop;
            }
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
        if state.unsent.get() > MAX_QUEUED {
            state.yields.set(true);
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
                    state.finished.set(false);
                }
                Facts {
                    len: head.len,
                    status: head.status(),
                    framing: framing::framing(&head, state.asked.head_is_first()),
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
            if !c.is(Flag::Closing) {
                limits::give_up(c, text);
            }
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
        // Only what waits for its body is parsed again.
        let before = match facts.framing {
            Ok(Framing::Length(n)) if n <= len - facts.len => None,
            _ => Some(*hm),
        };
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
        let changed = before.and_then(|before| Changed::new(&before, hm, &c.recv));
        let hm = (c.recv.buf.get() == buf).then_some(hm);
        let next = self.body(body, hm);
        if next.is_none()
            && let Some(changed) = changed
        {
            let Some(changed) = try_box(changed) else {
                net::error(c, b"OOM");
                return Some(Next::Stop);
            };
            state.changed.set(Some(changed));
        }
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
                if let Some(changed) = self.state.changed.take() {
                    changed.apply(&mut hm, &c.recv);
                }
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
        state.asked.pop();
        limits::enter(c, Phase::Quiet);
        self.await_response();
        let len = c.recv.len.get();
        net::call(c, ev::HTTP_MSG, from_mut(hm).cast());
        if self.gone() {
            return Next::Stop;
        }
        let taken = self.taken(len);
        self.backlog.split(&c.recv, body.head_len + raw);
        c.recv.consume((body.head_len + raw).saturating_sub(taken));
        self.after_message()
    }

    /// A request is complete: its response is due.
    fn await_response(&self) {
        let (c, state) = (self.c, self.state);
        if !c.is(Flag::Accepted) {
            return;
        }
        c.set(Flag::Resp, true);
        let request = state.request.get();
        if state.streams.is_sending() {
            state.forget_hand_made();
        } else {
            state.await_hand_made(c.send.len.get());
        }
        state.request.set(Request {
            dispatched: true,
            ..request
        });
    }

    /// The handlers have seen a message.
    fn after_message(&self) -> Next {
        let (c, state) = (self.c, self.state);
        if self.replaced() {
            if !c.is(Flag::Resp) {
                let closes = state.request.get().persistence == Persistence::Close;
                if closes && c.pfn.get().is_none() {
                    c.set(Flag::Draining, true);
                }
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

    /// What handlers have taken of the `len` bytes in the buffer.
    fn taken(&self, len: usize) -> usize {
        self.take_surplus(len);
        let left = self.c.recv.len.get();
        if left == 0 && len > 0 {
            // They emptied the buffer, and with it what waits behind.
            self.backlog.clear();
        }
        len.saturating_sub(left)
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
