//! Handing out the body of the message at hand.
//!
//! Its head has left the receive buffer, and a pass of the HTTP handler gives what arrives to the program. While the
//! program's function runs, the buffer is out of its reach; see [`Hidden`].
#![allow(unsafe_code)]

use super::hidden::Hidden;
use super::text::Text;
use super::{Streams, mg_http_done_fn, mg_http_piece_fn, tell, with};
use crate::ffi::{inject, mg_str};
use crate::http::chunked::Step;
use crate::http::stream::incoming::Incoming;
use crate::net::{self, Flag, mg_connection, streaming};
use std::cell::Cell;
use std::ffi::c_void;

/// A body on its way to the program.
pub struct Receiver {
    /// NULL: the bytes are thrown away.
    pub piece: mg_http_piece_fn,
    pub done: mg_http_done_fn,
    pub arg: *mut c_void,
    /// The head, for MG_EV_HTTP_MSG.
    pub head: Vec<u8>,
    pub body: Incoming,
    /// The program's function is running: it is told of the end when it has returned.
    pub in_call: bool,
    /// What ended the body meanwhile.
    pub failure: Option<Text>,
    /// The client waits for a sign before it sends the body.
    pub expects_continue: bool,
    /// The response is complete before the body is.
    pub answered: bool,
    /// The stream ended as only an attacker or a crash ends it.
    pub cut_off: bool,
    /// mg_millis() when mg_http_pause_body() was called.
    pub paused_at: Option<u64>,
}

/// What became of the input.
pub enum Progress {
    /// All of it was handed out, and the body is not complete.
    More,
    /// The body is complete.
    End,
    /// It cannot be understood.
    Invalid,
    /// Nothing more for now: it is paused, or the connection closes.
    Stop,
    /// The connection closes when the response has left: nobody wants the rest.
    Refused,
}

impl Streams {
    /// Hands out what stands in the receive buffer.
    pub(in crate::http) fn hand_out(&self, c: &mg_connection) -> Progress {
        self.held.set(false);
        if c.is(Flag::Full) {
            self.held.set(true);
            return Progress::Stop;
        }
        self.say_continue(c);
        let Some(mut body) = with(&self.receiver, |r| r.body) else {
            return Progress::Stop;
        };
        let progress = {
            let call = Call::begin(self);
            let progress = streaming::hand_out(c, || self.pieces(c, &mut body));
            with(&self.receiver, |r| r.body = body);
            drop(call);
            progress
        };
        if let Some(failure) = with(&self.receiver, |r| r.failure).flatten() {
            self.abort_body(c, failure.as_cstr().to_bytes());
            return Progress::Stop;
        }
        if c.is_dead() {
            self.abort_body(c, CLOSED);
            return Progress::Stop;
        }
        progress
    }

    fn pieces(&self, c: &mg_connection, body: &mut Incoming) -> Progress {
        let Some((piece, arg)) = with(&self.receiver, |r| (r.piece, r.arg)) else {
            return Progress::Stop;
        };
        let mut hidden = Hidden::new(&c.recv);
        loop {
            if c.is_dead() || c.is(Flag::Closing) || self.has_failed() {
                return Progress::Stop;
            }
            if c.is(Flag::Draining) {
                return Progress::Refused;
            }
            if c.is(Flag::Full) {
                self.held.set(true);
                return Progress::Stop;
            }
            inject("body piece");
            let mut pos = hidden.used;
            // SAFETY: nobody else reaches the buffer. A function that changes the bytes does so between
            // two of these slices.
            let step = body.step(unsafe { hidden.io().as_bytes() }, &mut pos);
            hidden.used = pos;
            match step {
                Step::Data(range) => {
                    if let Some(piece) = piece {
                        // SAFETY: the range lies inside the bytes in use.
                        let start = unsafe { hidden.io().buf.get().add(range.start) };
                        let data = mg_str {
                            buf: start.cast(),
                            len: range.len(),
                        };
                        // SAFETY: the program's function, called as documented.
                        unsafe { piece(c.as_ptr(), data, arg) };
                    }
                }
                Step::More => return Progress::More,
                Step::End => return Progress::End,
                Step::Invalid => return Progress::Invalid,
            }
        }
    }

    fn has_failed(&self) -> bool {
        with(&self.receiver, |r| r.failure.is_some()) != Some(false)
    }

    /// Asks for the body, unless it is on its way already.
    fn say_continue(&self, c: &mg_connection) {
        let expected = with(&self.receiver, |r| std::mem::take(&mut r.expects_continue));
        let begun = c.recv.len.get() > 0 || self.is_answering() || c.is(Flag::Draining);
        if expected == Some(true) && !begun && !c.send.append(b"HTTP/1.1 100 Continue\r\n\r\n") {
            net::error(c, b"OOM");
        }
    }

    /// Ends the body without its rest. Later, when the program's function is running.
    pub(in crate::http) fn abort_body(&self, c: &mg_connection, text: &[u8]) {
        let running = with(&self.receiver, |r| {
            if r.in_call {
                r.failure.get_or_insert(Text::new(text));
            }
            r.in_call
        });
        if running == Some(false)
            && let Some(receiver) = self.end_body(c)
        {
            tell(c, receiver.done, Some(Text::new(text)), receiver.arg);
        }
    }

    /// The body is over, one way or the other. Whoever takes the receiver tells the program.
    pub(in crate::http) fn end_body(&self, c: &mg_connection) -> Option<Box<Receiver>> {
        let receiver = self.receiver.take()?;
        self.held.set(false);
        self.receiving.set(false);
        self.update_mark(c);
        if receiver.paused_at.is_some() {
            c.set(Flag::Full, false);
        }
        Some(receiver)
    }

    /// The stream has ended. True when that completes the body.
    pub(in crate::http) fn ends_with_stream(&self, c: &mg_connection) -> bool {
        let complete = |r: &mut Receiver| {
            !r.in_call && !r.cut_off && r.failure.is_none() && r.body.ends_with_stream()
        };
        streaming::peer_is_done(c) && with(&self.receiver, complete) == Some(true)
    }
}

pub const CLOSED: &[u8] = b"connection closed";

/// The program's function is running.
struct Call<'a>(&'a Cell<Option<Box<Receiver>>>);

impl Call<'_> {
    fn begin(streams: &Streams) -> Call<'_> {
        with(&streams.receiver, |r| r.in_call = true);
        Call(&streams.receiver)
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        with(self.0, |r| r.in_call = false);
    }
}

impl Receiver {
    /// Tells the program that the body is complete.
    pub fn complete(&self, c: &mg_connection) {
        tell(c, self.done, None, self.arg);
    }
}
