//! The part of a pass that serves messages whose body is streamed.
#![forbid(unsafe_code)]

use super::{Facts, Next, Pass};
use crate::http::ffi::mg_http_message;
use crate::http::framing::Framing;
use crate::http::parser::Parsed;
use crate::http::stream::ffi::{Announced, Progress};
use crate::limits::Phase;
use crate::net::{self, Flag, ev, limits};
use std::ptr::from_mut;

impl Pass<'_> {
    /// Whether a handler of MG_EV_HTTP_HDRS may have the body streamed.
    pub(super) fn body_to_stream(&self, facts: &Facts) -> Announced {
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
    pub(super) fn begin_stream(&self, head_len: usize, queued: usize) -> Next {
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
    pub(super) fn streamed(&self) -> Option<Next> {
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
        state.request_sent.set(false);
        limits::enter(c, Phase::Quiet);
        self.await_response();
        if answered {
            c.set(Flag::Resp, false);
            state.finished.set(true);
        }
        let len = c.recv.len.get();
        receiver.complete(c);
        if self.gone() {
            return Next::Stop;
        }
        self.taken(len);
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
            self.taken(len);
        }
        self.after_message()
    }
}
