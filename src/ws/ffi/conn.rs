//! The WebSocket side of a connection: bytes in, events out.
//!
//! A *pass* looks at what stands in `c->recv`. The frame that is handled stands at the front, or
//! behind the fragments of an unfinished message: their payloads, after the first byte of the first
//! frame. `c->pfn_data` says how long that is. A frame is removed when its handlers have returned. A
//! compressed message is inflated when it is complete, and takes the place of its frames.
//!
//! Handlers may do anything to the connection. What the pass needs is read again after each of them,
//! and no slice of a buffer lives across one.
#![allow(unsafe_code)]

use super::deflate::{self, Failure};
use super::mg_ws_message;
use super::send;
use crate::ffi::str::bytes;
use crate::ffi::{inject, mg_str};
use crate::fmt::stack::Stack;
use crate::http::ffi::mg_http_message;
use crate::http::parser::{self, HeadEnd, Parsed};
use crate::http::state::HttpState;
use crate::net::{self, Backlog, Flag, ev, limits, mg_connection, mg_event_handler_t};
use crate::ws::close::Violation;
use crate::ws::frame::{FIN, MAX_CONTROL, RSV1, opcode};
use crate::ws::handshake::{Answer, NONCE};
use crate::ws::receiver::{Frame, Receiver, Room};
use crate::ws::state::{Phase, WsState};
use std::ffi::{c_int, c_void};
use std::fmt::Write;
use std::ptr::from_mut;

/// How much of many frames stays in the receive buffer.
const PIECE: usize = 2048;
/// Pings are not answered one by one while more than this is queued for the peer.
const MAX_QUEUED: usize = 256 * 1024;

/// True while WebSocket is what a connection speaks, or asks for.
pub fn is_websocket(c: &mg_connection) -> bool {
    let handler: mg_event_handler_t = Some(ws_handler);
    c.pfn.get().map(|f| f as usize) == handler.map(|f| f as usize)
}

/// The WebSocket protocol handler (`c->pfn` of WebSocket connections).
pub unsafe extern "C" fn ws_handler(c: *mut mg_connection, event: c_int, _: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || {
        // A connection that the program made itself has no state and starts afresh every time.
        let fresh;
        let state = match c.ws() {
            Some(state) => state,
            None => {
                fresh = WsState::default();
                &fresh
            }
        };
        match event {
            ev::READ => run(c, state),
            ev::WRITE => send_late_pong(c, state),
            _ => {}
        }
    });
}

fn run(c: &mg_connection, state: &WsState) {
    // In a handler that runs the loop the buffer belongs to whoever called that handler.
    if c.http().is_some_and(HttpState::is_running) || state.running.replace(true) {
        return;
    }
    Pass {
        c,
        state,
        pfn: c.pfn.get(),
        backlog: Backlog::default(),
    }
    .run();
}

/// Whether to go on with the pass.
#[derive(PartialEq, Eq)]
enum Next {
    Frame,
    Stop,
}

/// One run over the receive buffer.
struct Pass<'a> {
    c: &'a mg_connection,
    state: &'a WsState,
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
    fn run(&self) {
        inject("websocket");
        while !self.c.is_dead() && !self.replaced() && self.step() == Next::Frame {}
        if self.c.is_dead() {
            return;
        }
        if matches!(self.state.phase.get(), Phase::Over) && !self.replaced() {
            self.backlog.clear();
            self.c.recv.len.set(self.pending());
        } else if !self.backlog.restore(&self.c.recv) {
            net::error(self.c, b"OOM");
        }
    }

    /// A handler switched the connection to another protocol.
    fn replaced(&self) -> bool {
        self.c.pfn.get().map(|f| f as usize) != self.pfn.map(|f| f as usize)
    }

    fn step(&self) -> Next {
        match self.state.phase.get() {
            Phase::Handshake { nonce, searched } => self.handshake(nonce, searched),
            Phase::Open(receiver) => self.frame(receiver),
            Phase::Over => Next::Stop,
        }
    }

    /// Looks at the server's answer.
    fn handshake(&self, nonce: [u8; NONCE], searched: usize) -> Next {
        let c = self.c;
        // SAFETY: no handler runs while the slice lives.
        let buf = unsafe { c.recv.as_bytes() };
        let len = match parser::head_end(buf, searched) {
            HeadEnd::At(len) => len,
            HeadEnd::NotYet => {
                let searched = buf.len();
                self.state.phase.set(Phase::Handshake { nonce, searched });
                return Next::Stop;
            }
            HeadEnd::Invalid => return self.refuse(b"not http"),
        };
        let mut hm = mg_http_message::EMPTY;
        // SAFETY: the strings of the message lie in the buffer, and no handler runs meanwhile.
        let agreed = matches!(hm.parse(&buf[..len]), Parsed::Complete(head) if head.is_response)
            && unsafe { answer(&hm) }.agrees(nonce);
        if !agreed {
            return self.refuse(b"ws handshake error");
        }
        // SAFETY: as above.
        if !unsafe { deflate::agree(self.state, &hm) } {
            return self.refuse(b"ws extension error");
        }
        // What follows the head is not a body.
        hm.message = hm.head;
        hm.body.len = 0;
        let inflates = self.state.deflate.is_on();
        self.state.phase.set(Phase::Open(Receiver::new(inflates)));
        c.set(Flag::Websocket, true);
        let before = c.recv.len.get();
        net::call(c, ev::WS_OPEN, from_mut(&mut hm).cast());
        self.remove(0, len, before)
    }

    #[cold]
    fn refuse(&self, why: &[u8]) -> Next {
        self.state.phase.set(Phase::Over);
        net::stats::count(self.c, |n| &n.malformed);
        net::error(self.c, why);
        Next::Stop
    }

    /// How many bytes at the front of the buffer belong to an unfinished message.
    fn pending(&self) -> usize {
        (self.c.pfn_data.get() as usize).min(self.c.recv.len.get())
    }

    fn set_pending(&self, n: usize) {
        // Behind another protocol handler it is that one's.
        if !self.replaced() {
            self.c.pfn_data.set(n as *mut c_void);
        }
    }

    /// Looks at the next frame.
    fn frame(&self, mut receiver: Receiver) -> Next {
        let c = self.c;
        let at = self.pending();
        // SAFETY: the bytes are in use, and no handler runs while the slice lives.
        let buf = unsafe { bytes_mut(c) };
        let first = (at > 0).then(|| buf[0]);
        let from_client = !c.is(Flag::Client);
        let room = Room {
            frame: limits::recv_size(c).saturating_sub(at),
            payload: match limits::of(c, |limits| limits.message_size) {
                0 => usize::MAX,
                size => size.saturating_sub(at.saturating_sub(1)),
            },
        };
        let found = receiver.next(&mut buf[at..], first, from_client, room);
        self.state.phase.set(Phase::Open(receiver));
        match found {
            Ok(Some(frame)) => {
                self.backlog.split(&c.recv, at + frame.total());
                self.handle(frame, at)
            }
            Ok(None) if self.backlog.refill(&c.recv, at) => Next::Frame,
            Ok(None) => Next::Stop,
            Err(violation) => self.fail(violation),
        }
    }

    /// Handles the frame that stands at `at`.
    fn handle(&self, frame: Frame, at: usize) -> Next {
        let c = self.c;
        let before = c.recv.len.get();
        let payload = at + frame.header;
        match frame.opcode() {
            opcode::CONTINUE => return self.fragment(frame, at),
            opcode::TEXT | opcode::BINARY if !frame.is_final() => {
                c.recv.overwrite(frame.header - 1, &[frame.first]);
                c.recv.consume(frame.header - 1);
                self.set_pending(1 + frame.payload);
                return Next::Frame;
            }
            opcode::TEXT | opcode::BINARY if frame.first & RSV1 != 0 => {
                return self.compressed(frame.first, payload, frame.payload);
            }
            opcode::TEXT | opcode::BINARY => {
                self.tell(ev::WS_MSG, frame.first, payload, frame.payload);
            }
            opcode::CLOSE => return self.close(frame, payload),
            opcode::PING => {
                let buf = c.recv.buf.get();
                self.pong(payload, frame.payload);
                // What cannot be answered is an error, and its handler may have done anything.
                let stands = c.recv.buf.get() == buf && c.recv.len.get() == before;
                if stands && !c.is_dead() {
                    self.tell(ev::WS_CTL, frame.first, payload, frame.payload);
                }
            }
            _ => {
                self.tell(ev::WS_CTL, frame.first, payload, frame.payload);
            }
        }
        self.remove(at, frame.total(), before)
    }

    /// Appends a fragment to the unfinished message in front of it.
    fn fragment(&self, frame: Frame, at: usize) -> Next {
        let c = self.c;
        let before = c.recv.len.get();
        self.tell(ev::WS_CTL, frame.first, at + frame.header, frame.payload);
        if at == 0 {
            return self.remove(0, frame.total(), before);
        }
        let next = self.remove(at, frame.header, before);
        if next == Next::Stop {
            return next;
        }
        let end = (at + frame.payload).min(c.recv.len.get());
        self.set_pending(end);
        if frame.is_final() && end > 0 {
            // SAFETY: the bytes are in use, and no handler runs while the slice lives.
            let first = unsafe { c.recv.as_bytes() }[0];
            if first & RSV1 != 0 {
                return self.compressed(first, 1, end - 1);
            }
            let before = c.recv.len.get();
            self.tell(ev::WS_MSG, first, 1, end - 1);
            self.set_pending(0);
            return self.remove(0, end, before);
        }
        next
    }

    /// Inflates the message at the start of the buffer, whose payload are `len` bytes at `at`, and
    /// delivers it.
    fn compressed(&self, first: u8, at: usize, len: usize) -> Next {
        let c = self.c;
        let size = c.recv.size.get();
        let n = match deflate::inflate(c, self.state, at, len) {
            Ok(n) => n,
            Err(Failure::Violation(violation)) => return self.fail(violation),
            Err(Failure::OutOfMemory) => {
                net::error(c, b"OOM");
                return Next::Stop;
            }
        };
        self.set_pending(1 + n);
        // SAFETY: the bytes are in use, and no handler runs while the slice lives.
        let text = unsafe { &c.recv.as_bytes()[1..][..n] };
        if opcode(first) == opcode::TEXT && std::str::from_utf8(text).is_err() {
            return self.fail(Violation::BadUtf8);
        }
        let before = c.recv.len.get();
        self.tell(ev::WS_MSG, first & !RSV1, 1, n);
        self.set_pending(0);
        let next = self.remove(0, 1 + n, before);
        if !c.is_dead() {
            deflate::shrink(&c.recv, size);
        }
        next
    }

    /// The peer says Close: so do we, unless we have said it before.
    fn close(&self, frame: Frame, payload: usize) -> Next {
        let c = self.c;
        let mut copy = [0; MAX_CONTROL];
        let copy = &mut copy[..frame.payload];
        // SAFETY: the frame is in the buffer, and no handler runs while the slice lives.
        copy.copy_from_slice(&unsafe { c.recv.as_bytes() }[payload..payload + frame.payload]);
        let given = c.recv.buf.get().wrapping_add(payload);
        let message = self.tell(ev::WS_CTL, frame.first, payload, frame.payload);
        if c.is_dead() {
            return Next::Stop;
        }
        self.state.phase.set(Phase::Over);
        if !self.state.close_sent.get() {
            let echo = message.data;
            let untouched = echo.buf.cast() == given && echo.len == frame.payload;
            let from = if untouched {
                copy.as_ptr()
            } else {
                echo.buf.cast()
            };
            // SAFETY: our copy, or what the handler put in its place.
            unsafe { send::frame(c, opcode::CLOSE | FIN, from, echo.len) };
        }
        c.set(Flag::Draining, true);
        Next::Stop
    }

    /// Answers a ping.
    fn pong(&self, payload: usize, len: usize) {
        let c = self.c;
        // SAFETY: the frame is in the receive buffer, which nobody touches meanwhile.
        let data = unsafe { bytes(c.recv.buf.get().add(payload), len) };
        if c.send.len.get() > MAX_QUEUED {
            // Of those that come while earlier answers wait, the last one is enough (5.5.3).
            let mut late = Vec::new();
            if late.try_reserve_exact(len).is_ok() {
                late.extend_from_slice(data);
                self.state.late_pong.set(Some(late));
            }
        } else {
            send_pong(c, data);
        }
    }

    /// Delivers a message or control frame; returns what the handlers left in the struct. Look
    /// whether the connection is still there.
    fn tell(&self, event: c_int, flags: u8, at: usize, len: usize) -> mg_ws_message {
        let c = self.c;
        let mut message = mg_ws_message {
            data: mg_str {
                // SAFETY: `at` is inside the bytes in use, or directly behind them.
                buf: unsafe { c.recv.buf.get().add(at) }.cast(),
                len,
            },
            flags,
        };
        if event == ev::WS_MSG {
            net::stats::count(c, |n| &n.ws_messages_received);
        }
        net::call(c, event, from_mut(&mut message).cast());
        message
    }

    /// Removes `n` bytes at `at` that were handled; the buffer had `before` bytes then.
    fn remove(&self, at: usize, n: usize, before: usize) -> Next {
        let c = self.c;
        if c.is_dead() {
            return Next::Stop;
        }
        // A handler that runs the loop may have received more, which belongs behind the backlog.
        if !self.backlog.push_surplus(&c.recv, before) {
            net::error(c, b"OOM");
            return Next::Stop;
        }
        let taken = before - c.recv.len.get();
        if taken > 0 && c.recv.len.get() == 0 {
            // The handler emptied the buffer, and with it what waits behind.
            self.backlog.clear();
        }
        c.recv.remove(at, n.saturating_sub(taken));
        Next::Frame
    }

    /// Ends the connection because of what the peer did (RFC 6455, 7.1.7): MG_EV_ERROR and a
    /// Close frame.
    #[cold]
    fn fail(&self, violation: Violation) -> Next {
        let c = self.c;
        match violation {
            Violation::TooBig | Violation::MessageTooBig => limits::exceeded(c),
            _ => net::stats::count(c, |n| &n.malformed),
        }
        send_close(c, self.state, violation.close_code());
        if c.is(Flag::Closing) {
            // The Close frame was too much, which was told.
            return Next::Stop;
        }
        c.set(Flag::Draining, true);
        net::set_linger(c);
        let mut text = Stack::<64>::new();
        let _ = write!(text, "{violation}");
        net::report(c, text.as_bytes());
        Next::Stop
    }
}

/// Ends the conversation with a Close frame; whatever still arrives is thrown away.
fn send_close(c: &mg_connection, state: &WsState, code: u16) {
    state.phase.set(Phase::Over);
    if !state.close_sent.get() {
        let code = code.to_be_bytes();
        // SAFETY: the array is as long as it says.
        unsafe { send::frame(c, opcode::CLOSE | FIN, code.as_ptr(), code.len()) };
    }
}

/// Tells the peer why the connection ends. False when it does not speak WebSocket, or does not any
/// more.
pub fn say_close(c: &mg_connection, code: u16) -> bool {
    match c.ws() {
        Some(state) if is_websocket(c) && matches!(state.phase.get(), Phase::Open(_)) => {
            send_close(c, state, code);
            true
        }
        _ => false,
    }
}

/// All bytes in use of the receive buffer.
///
/// # Safety
/// As for `mg_iobuf::as_bytes`, and there is one slice at a time.
unsafe fn bytes_mut<'a>(c: &mg_connection) -> &'a mut [u8] {
    match c.recv.len.get() {
        0 => &mut [],
        // SAFETY: the bytes are in use.
        len => unsafe { std::slice::from_raw_parts_mut(c.recv.buf.get(), len) },
    }
}

/// What matters in a server's answer.
///
/// # Safety
/// The strings of the message are readable.
unsafe fn answer(hm: &mg_http_message) -> Answer<'_> {
    // SAFETY: forwarded from the caller.
    let field = |name| unsafe { hm.header(name).map(|value| value.as_bytes()) };
    // There may be several of them, which are one list (RFC 9110, 5.3).
    let connection = hm.headers.iter().find_map(|header| {
        // SAFETY: forwarded from the caller.
        let (name, value) = unsafe { (header.name.as_bytes(), header.value.as_bytes()) };
        let found = name.eq_ignore_ascii_case(b"Connection") && parser::lists(value, b"upgrade");
        found.then_some(value)
    });
    Answer {
        // SAFETY: forwarded from the caller.
        status: unsafe { hm.uri.as_bytes() },
        upgrade: field(b"Upgrade"),
        connection,
        accept: field(b"Sec-WebSocket-Accept"),
    }
}

fn send_pong(c: &mg_connection, data: &[u8]) {
    // SAFETY: a slice is as long as it says.
    let sent = unsafe { send::frame(c, opcode::PONG | FIN, data.as_ptr(), data.len()) };
    if sent == 0 && !c.is(Flag::Closing) {
        net::error(c, b"OOM");
    }
}

/// Sends the pong that waited, when there is room.
#[inline]
fn send_late_pong(c: &mg_connection, state: &WsState) {
    if c.send.len.get() <= MAX_QUEUED
        && let Some(data) = state.late_pong.take()
    {
        send_pong(c, &data);
    }
}
