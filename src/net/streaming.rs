//! What the loop has to know of bodies that are streamed: such a connection is never at rest, is not read while
//! a function of the program has its buffer, and has output as long as the program has.

use super::conn::{ConnPrivate, Ready};
use super::mgr::manager;
use super::nesting::keep;
use super::{mg_connection, mg_mgr};

/// States in which output is of no use yet, or any more.
const NOT_SENDING: u32 = super::poll::NOT_SENDING;

/// A body is received or sent, or no more.
pub(crate) fn set_streaming(c: &mg_connection, on: bool) {
    set(c, Ready::Streaming, on);
}

/// The program has more to send, as far as is known.
pub(crate) fn set_pulling(c: &mg_connection, on: bool) {
    set(c, Ready::Pulling, on);
}

fn set(c: &mg_connection, what: Ready, on: bool) {
    if let Some(p) = c.private() {
        p.set_ready(what, on);
        super::visits::mark(c);
    }
}

/// True when the socket would take output. There is no hurry to make some before.
pub(crate) fn may_send(c: &mg_connection) -> bool {
    !c.any(NOT_SENDING) && super::write_ready(c)
}

/// The peer has sent all that it will send.
pub(crate) fn peer_is_done(c: &mg_connection) -> bool {
    c.private().is_some_and(|p| p.peer_done.get())
}

/// Gives an empty send buffer a large block, if it has none of its own.
pub(crate) fn prepare_stream(c: &mg_connection) {
    if let Some(p) = c.private()
        && let Some(m) = manager(c).and_then(mg_mgr::private)
    {
        p.send_loan.large(&c.send, &m.spare);
    }
}

/// The first `n` bytes of the send buffer may have been filled past the functions that queue.
pub(crate) fn note_sent_block(c: &mg_connection, n: usize) {
    if let Some(p) = c.private() {
        p.send_loan.note(n);
    }
}

/// Calls functions of the program that look at input, which may close the connection, run the loop and so on.
/// Nothing more is read while they run, and the connection keeps its memory.
pub(crate) fn hand_out<R>(c: &mg_connection, f: impl FnOnce() -> R) -> R {
    call_out(c, Ready::Handing, f)
}

/// The same for functions that make output. Nothing is sent while they run.
pub(crate) fn fill<R>(c: &mg_connection, f: impl FnOnce() -> R) -> R {
    call_out(c, Ready::Filling, f)
}

fn call_out<R>(c: &mg_connection, what: Ready, f: impl FnOnce() -> R) -> R {
    let _kept = keep(c);
    let _mark = c.private().map(|p| Mark::new(p, what));
    f()
}

struct Mark<'a> {
    p: &'a ConnPrivate,
    what: Ready,
    before: bool,
}

impl Mark<'_> {
    fn new(p: &ConnPrivate, what: Ready) -> Mark<'_> {
        let before = p.is_ready(what);
        p.set_ready(what, true);
        Mark { p, what, before }
    }
}

impl Drop for Mark<'_> {
    fn drop(&mut self) {
        self.p.set_ready(self.what, self.before);
    }
}

impl ConnPrivate {
    /// True when the program has more to send than is queued.
    #[inline]
    pub(super) fn is_pulling(&self, c: &mg_connection) -> bool {
        self.is_ready(Ready::Pulling) && crate::http::ffi::conn::speaks_http(c)
    }

    /// True when a body can go on that the program had paused.
    #[inline]
    pub(super) fn may_resume(&self, c: &mg_connection) -> bool {
        self.is_ready(Ready::Streaming) && self.is_resumed(c)
    }

    #[cold]
    #[inline(never)]
    fn is_resumed(&self, c: &mg_connection) -> bool {
        self.http.streams.may_resume(c)
    }

    /// True when all was sent, but a connection that is to close then has to wait.
    #[inline]
    pub(super) fn defers_close(&self, c: &mg_connection) -> bool {
        if !self.is_ready(Ready::Streaming) || !crate::http::ffi::conn::speaks_http(c) {
            return false;
        }
        let streams = &self.http.streams;
        // A peer that is done and to whom the program has nothing to say at the moment may have left.
        self.is_ready(Ready::Handing)
            || self.is_ready(Ready::Filling)
            || streams.is_sending() && !self.peer_done.get()
            || streams.is_held() && self.peer_done.get()
    }
}
