//! Asking the program for a body, as fast as the peer takes it.
#![allow(unsafe_code)]

use super::hidden::Hidden;
use super::text::Text;
use super::{Streams, mg_http_done_fn, mg_http_source_fn, tell, with};
use crate::ffi::inject;
use crate::http::ffi::conn::{end_connection, finish_response};
use crate::http::stream::outgoing::Outgoing;
use crate::net::{self, Flag, mg_connection, streaming};
use std::cell::Cell;
use std::ffi::{c_long, c_void};

/// How full `c->send` is made.
const HIGH: usize = 64 * 1024;
/// The program is asked for more when no more than this is queued.
const LOW: usize = 16 * 1024;
/// The least room to ask for a piece, framing included.
const LEAST: usize = 1024;

/// The program's function has nothing to add.
pub const END: c_long = -1;

/// A body on its way from the program.
pub struct Sender {
    pub source: mg_http_source_fn,
    pub done: mg_http_done_fn,
    pub arg: *mut c_void,
    pub body: Outgoing,
    pub is_response: bool,
    /// The program has nothing at the moment.
    pub is_waiting: bool,
    /// The program's function is running: it is told of the end when it has returned.
    pub in_call: bool,
    /// What ended the body meanwhile.
    pub failure: Option<Text>,
}

impl Streams {
    /// Asks the program for what the send buffer has room for. True when that was the end of the body.
    #[inline(always)]
    pub(in crate::http) fn fill(&self, c: &mg_connection) -> bool {
        self.is_sending() && self.fill_buffer(c)
    }

    #[cold]
    #[inline(never)]
    fn fill_buffer(&self, c: &mg_connection) -> bool {
        while self.is_sending() && !c.is_dead() && streaming::may_send(c) {
            let Some((body, waits)) = with(&self.sender, |s| (s.body, s.in_call || s.is_waiting))
            else {
                return false;
            };
            if body.is_complete() {
                return self.complete(c, body);
            }
            if waits || c.send.len.get() > LOW {
                return false;
            }
            streaming::prepare_stream(c);
            let Some(n) = self.ask(c, body) else {
                return false;
            };
            if let Some(failure) = with(&self.sender, |s| s.failure).flatten() {
                self.fail(c, failure.as_cstr().to_bytes());
                return false;
            }
            if c.is_dead() {
                self.fail(c, super::receive::CLOSED);
                return false;
            }
            match n {
                1.. => {}
                0 => {
                    // Unless it was woken meanwhile.
                    if with(&self.sender, |s| s.is_waiting) == Some(true) {
                        streaming::set_pulling(c, false);
                    }
                    return false;
                }
                END => return self.complete(c, body),
                _ => {
                    self.fail(c, b"stream aborted");
                    return false;
                }
            }
        }
        false
    }

    /// Asks for a piece and queues it: what the program's function returned. `None` when there is no room.
    fn ask(&self, c: &mg_connection, mut body: Outgoing) -> Option<c_long> {
        let queued = c.send.len.get();
        if queued == 0 && c.send.size.get() < LEAST && !c.send.reserve(LOW) {
            self.fail(c, b"OOM");
            return None;
        }
        let free = c.send.size.get().min(HIGH).saturating_sub(queued);
        if queued > 0 && free < LEAST {
            return None;
        }
        let room = body.room(free);
        let (source, arg) = with(&self.sender, |s| {
            s.in_call = true;
            s.is_waiting = true;
            (s.source, s.arg)
        })?;
        let _call = Call(&self.sender);
        let n = streaming::fill(c, || {
            inject("body source");
            let hidden = Hidden::new(&c.send);
            let io = hidden.io();
            let before = body.before();
            // SAFETY: `free` bytes behind those in use hold the framing and `room` bytes, and nobody else
            // reaches the buffer.
            let at = unsafe { io.buf.get().add(queued + before) };
            let n = source.map_or(END, |source| {
                // SAFETY: the program's function, called as documented.
                unsafe { source(c.as_ptr(), at.cast(), room, arg) }
            });
            // It may have written more than it says.
            streaming::note_sent_block(c, queued + before + room);
            let accepted = usize::try_from(n).ok().filter(|&n| n > 0 && n <= room);
            let Some(len) = accepted else {
                // More than there is room for: nothing of it can be trusted.
                return n.min(if n > 0 { -2 } else { n });
            };
            let (head, tail) = body.frame(len);
            io.len.set(queued + before + len);
            io.overwrite(queued, &head[..before]);
            io.append(tail);
            n
        });
        with(&self.sender, |s| {
            s.body = body;
            s.is_waiting &= n == 0;
        });
        Some(n)
    }

    /// Nothing is to be added.
    fn complete(&self, c: &mg_connection, body: Outgoing) -> bool {
        let Some(last) = body.end() else {
            self.fail(c, b"stream too short");
            return false;
        };
        if !c.send.append(last) {
            self.fail(c, b"OOM");
            return false;
        }
        let Some(sender) = self.end_sending(c) else {
            return false;
        };
        if sender.is_response {
            if body == Outgoing::UntilClose {
                end_connection(c);
            }
            finish_response(c);
        }
        tell(c, sender.done, None, sender.arg);
        true
    }

    /// The body cannot be completed: the connection closes, so that the peer sees that something is missing.
    fn fail(&self, c: &mg_connection, text: &[u8]) {
        self.abort_sending(c, text);
        if !c.is_dead() && !c.is(Flag::Closing) {
            net::error(c, text);
        }
    }

    /// Ends the body without its rest. Later, when the program's function is running.
    pub(in crate::http) fn abort_sending(&self, c: &mg_connection, text: &[u8]) {
        let running = with(&self.sender, |s| {
            if s.in_call {
                s.failure.get_or_insert(Text::new(text));
            }
            s.in_call
        });
        if running == Some(false)
            && let Some(sender) = self.end_sending(c)
        {
            tell(c, sender.done, Some(Text::new(text)), sender.arg);
        }
    }

    fn end_sending(&self, c: &mg_connection) -> Option<Box<Sender>> {
        let sender = self.sender.take()?;
        self.sending.set(false);
        streaming::set_pulling(c, false);
        self.update_mark(c);
        Some(sender)
    }

    /// mg_http_resume_send()
    pub(super) fn wake(&self, c: &mg_connection) {
        if with(&self.sender, |s| s.is_waiting = false).is_some() {
            streaming::set_pulling(c, true);
        }
    }
}

/// The program's function is running.
struct Call<'a>(&'a Cell<Option<Box<Sender>>>);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        with(self.0, |s| s.in_call = false);
    }
}
