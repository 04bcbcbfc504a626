//! What the HTTP layer remembers about a connection between events.
#![forbid(unsafe_code)]

use super::chunked::Chunks;
use super::coding::Settings;
use super::ffi::Changed;
use super::framing::{self, Framing, Persistence};
use super::parser::Head;
use super::{files::Transfer, stream::Streams, upload::Upload};
use crate::net::{Flag, mg_connection};
use std::cell::Cell;

/// State of the message at the front of the receive buffer and of the response to it.
///
/// All-default is the state of a new connection. What tells that there is nothing to do comes first.
#[derive(Default)]
#[repr(C)]
pub struct HttpState {
    /// Length of the receive buffer when it was last looked at.
    pub(super) seen: Cell<usize>,
    /// The request that is being received or answered.
    pub(super) request: Cell<Request>,
    /// Progress of the message at the front.
    pub(super) incoming: Cell<Incoming>,
    /// What the program changed in it.
    pub(super) changed: Cell<Option<Box<Changed>>>,
    pub transfer: Transfer,
    pub upload: Upload,
    pub streams: Streams,
    /// A run over the receive buffer is on the stack.
    pub(super) running: Cell<bool>,
    /// Whatever still arrives is thrown away.
    pub(super) discarding: Cell<bool>,
    /// Requests wait in the receive buffer until the responses before them are sent.
    pub(super) stalled: Cell<bool>,
    /// Bytes made in this pass for answers to HEAD, and not sent.
    pub(super) unsent: Cell<usize>,
    /// The pass ended because of them; others have their turn first.
    pub(super) yields: Cell<bool>,
    /// A response was due when the receive buffer was last looked at, so what stands there may be requests.
    pub(super) behind_response: Cell<bool>,
    /// Close when nothing is left to answer.
    pub(super) close_when_idle: Cell<bool>,
    /// The requests of a client whose responses are not complete.
    pub(super) asked: Asked,
    /// The last request that was answered was HEAD.
    pub(super) head_answered: Cell<bool>,
    pub(super) hand_made: Cell<HandMade>,
    /// The response is complete, as the library knows; otherwise a program that clears `is_resp` only says that it
    /// wants the next request.
    pub(super) finished: Cell<bool>,
    /// How responses are coded; of a listener, those of what it accepts.
    pub codings: Cell<Settings>,
    /// Fields that the library adds to responses: bits of `mg_http_fields`.
    pub(super) fields: Cell<u8>,
}

/// Which of a client's requests are HEAD: their responses have no body.
#[derive(Default)]
pub(super) struct Asked {
    /// A bit each, the first one lowest.
    heads: Cell<u32>,
    count: Cell<u32>,
    /// So many bytes of what is to be sent next belong to them.
    known: Cell<usize>,
}

impl Asked {
    /// A request leaves. Behind more than 32, HEAD is not known.
    pub fn push(&self, is_head: bool) {
        let at = self.count.get();
        if at < u32::BITS {
            self.heads.set(self.heads.get() | u32::from(is_head) << at);
        }
        self.count.set(at.saturating_add(1));
    }

    /// The response to the first of them is complete.
    pub fn pop(&self) {
        self.heads.set(self.heads.get() >> 1);
        self.count.set(self.count.get().saturating_sub(1));
    }

    pub fn clear(&self) {
        self.heads.set(0);
        self.count.set(0);
    }

    pub fn known(&self) -> usize {
        self.known.get()
    }

    pub fn set_known(&self, n: usize) {
        self.known.set(n);
    }

    pub fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    /// True when the next response is that to HEAD.
    pub fn head_is_first(&self) -> bool {
        self.heads.get() & 1 != 0
    }
}

/// A response that the program writes itself, with mg_send() or mg_printf().
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum HandMade {
    /// There is none, or only the program knows where it ends.
    #[default]
    Unknown,
    /// It begins behind so many bytes of the output queue.
    Behind(usize),
    /// So many bytes of it have not been sent.
    Unsent(usize),
}

/// How far the message at the front of the receive buffer has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Incoming {
    /// Its head is not complete; so many bytes were looked at.
    Head { scanned: usize },
    /// Its head was announced.
    Body(Body),
}

impl Default for Incoming {
    fn default() -> Incoming {
        Incoming::Head { scanned: 0 }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Body {
    pub head_len: usize,
    pub framing: Framing,
    /// Where a chunked body was left off: state, and offset in the message.
    pub chunks: Chunks,
    pub pos: usize,
}

/// Facts about a request that its response needs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Request {
    /// There is one: its head was announced, and its response is not complete.
    pub open: bool,
    /// MG_EV_HTTP_MSG was delivered.
    pub dispatched: bool,
    /// The method is HEAD.
    pub is_head: bool,
    /// The method is CONNECT: what follows the head of a 2xx response is no body (RFC 9110, 9.3.6).
    pub is_connect: bool,
    /// The client likes gzip. Found out when somebody may ask for it.
    pub accepts_gzip: Option<bool>,
    /// The client speaks HTTP/1.0.
    pub is_http10: bool,
    pub persistence: Persistence,
}

impl Request {
    /// One whose head has come.
    pub fn new(head: &Head, accepts_gzip: Option<bool>) -> Request {
        Request {
            open: true,
            dispatched: false,
            is_head: !head.is_response && head.method == b"HEAD",
            is_connect: !head.is_response && head.method == b"CONNECT",
            accepts_gzip,
            is_http10: head.is_http10,
            persistence: framing::persistence(head),
        }
    }
}

impl HttpState {
    /// True while a message is handled that stands in the receive buffer.
    pub fn is_running(&self) -> bool {
        self.running.get()
    }

    /// Forgets the message being received. Called when somebody else took over the receive
    /// buffer.
    pub fn restart(&self) {
        self.incoming.take();
        self.changed.take();
        self.asked.clear();
        self.seen.set(0);
    }

    /// Length of the head that was announced, and the framing of its body.
    pub(super) fn announced(&self) -> Option<(usize, Framing)> {
        match self.incoming.get() {
            Incoming::Body(body) => Some((body.head_len, body.framing)),
            Incoming::Head { .. } => None,
        }
    }

    /// Whatever still arrives is thrown away.
    pub(super) fn discard_input(&self) {
        self.discarding.set(true);
    }

    /// True when MG_EV_HTTP_MSG was delivered and the response is not complete.
    pub(super) fn owes_response(&self, c: &mg_connection) -> bool {
        self.request.get().dispatched && c.is(Flag::Resp)
    }

    pub(super) fn serves_http10(&self) -> bool {
        self.request.get().is_http10
    }

    /// A response that the program writes itself would begin behind so many bytes of output.
    pub(super) fn await_hand_made(&self, queued: usize) {
        self.hand_made.set(HandMade::Behind(queued));
    }

    /// The response is not one that the program writes itself.
    pub(super) fn forget_hand_made(&self) {
        self.hand_made.set(HandMade::Unknown);
    }

    /// Forgets the request and its response.
    pub(super) fn forget_request(&self) {
        self.head_answered.set(self.request.take().is_head);
        self.close_when_idle.set(false);
    }
}
