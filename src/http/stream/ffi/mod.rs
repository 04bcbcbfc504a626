#![allow(unsafe_code)]

mod hidden;
mod receive;
mod send;
mod text;

pub(in crate::http) use receive::Progress;

use super::incoming::Incoming;
use super::outgoing::Outgoing;
use crate::ffi::alloc::try_box;
use crate::ffi::guard;
use crate::ffi::mg_str;
use crate::ffi::str::{bytes, cstr};
use crate::http::ffi::conn::{self, head_requested};
use crate::http::ffi::mg_http_message;
use crate::http::reply;
use crate::net::{self, Flag, contain_kept, limits, mg_connection, streaming};
use crate::plain::request::Head;
use crate::util::ffi::mg_millis;
use receive::{CLOSED, Receiver};
use send::Sender;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_long, c_void};
use std::ptr::null;
use text::Text;

/// Gets a piece of a body, of at least one byte. `data` is valid during the call. Where pieces begin and end says
/// nothing: chunks, packets and TLS records do not show.
pub type mg_http_piece_fn =
    Option<unsafe extern "C" fn(c: *mut mg_connection, data: mg_str, arg: *mut c_void)>;

/// Writes the next piece of a body to `buf`, which has room for `len` bytes: at least 1,000, or as many as are missing of
/// the length of the body. Returns how many it wrote; 0 when there is nothing at the moment, after which mg_http_resume_send() has it called again;
/// MG_HTTP_STREAM_END when the body is complete; or MG_HTTP_STREAM_ABORT.
pub type mg_http_source_fn = Option<
    unsafe extern "C" fn(
        c: *mut mg_connection,
        buf: *mut c_char,
        len: usize,
        arg: *mut c_void,
    ) -> c_long,
>;

/// Told, once, how a body ended; `arg` is not used afterwards. `error` is NULL when the body is complete. Otherwise it
/// is a text, valid during the call: that of MG_EV_ERROR, or "connection closed".
pub type mg_http_done_fn =
    Option<unsafe extern "C" fn(c: *mut mg_connection, error: *const c_char, arg: *mut c_void)>;

/// The bodies of a connection that are streamed, if any.
#[derive(Default)]
pub struct Streams {
    receiver: Cell<Option<Box<Receiver>>>,
    sender: Cell<Option<Box<Sender>>>,
    /// There is a receiver, or a sender, also while it is worked on.
    receiving: Cell<bool>,
    sending: Cell<bool>,
    /// What was received waits until the program wants it.
    held: Cell<bool>,
    announced: Cell<Announced>,
}

/// What MG_EV_HTTP_HDRS is being delivered for.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::http) enum Announced {
    /// Nothing whose body could be streamed.
    #[default]
    Nothing,
    Body,
    /// The client waits for a sign before it sends the body.
    AwaitedBody,
}

/// Works on what a slot has, which no foreign code does meanwhile.
fn with<T, R>(slot: &Cell<Option<Box<T>>>, f: impl FnOnce(&mut T) -> R) -> Option<R> {
    let mut value = slot.take()?;
    let result = f(&mut value);
    slot.set(Some(value));
    Some(result)
}

fn tell(c: &mg_connection, done: mg_http_done_fn, error: Option<Text>, arg: *mut c_void) {
    let Some(done) = done else { return };
    let text = error
        .as_ref()
        .map_or(null(), |text| text.as_cstr().as_ptr());
    // SAFETY: the program's function, called as documented.
    streaming::hand_out(c, || unsafe { done(c.as_ptr(), text, arg) });
}

impl Streams {
    /// True while a body is handed to the program.
    #[inline]
    pub fn is_receiving(&self) -> bool {
        self.receiving.get()
    }

    /// True while the program is asked for a body.
    #[inline]
    pub fn is_sending(&self) -> bool {
        self.sending.get()
    }

    /// True when a paused body waits, or waited until now.
    pub fn is_held(&self) -> bool {
        self.held.get()
    }

    /// True when the program does not want a paused body to wait any longer.
    #[inline]
    pub fn may_resume(&self, c: &mg_connection) -> bool {
        self.held.get() && !c.is(Flag::Full) && conn::speaks_http(c)
    }

    /// True when a response to the request at hand has begun.
    pub(in crate::http) fn is_answering(&self) -> bool {
        self.is_sending() || self.is_answered()
    }

    pub(in crate::http) fn is_answered(&self) -> bool {
        with(&self.receiver, |r| r.answered) == Some(true)
    }

    /// True while the program has nothing to send.
    pub fn is_waiting(&self) -> bool {
        with(&self.sender, |s| s.is_waiting) == Some(true)
    }

    /// The program has said something to the client already.
    pub(in crate::http) fn continue_not_awaited(&self) {
        with(&self.receiver, |r| r.expects_continue = false);
    }

    /// A response is complete.
    #[inline]
    pub(in crate::http) fn note_answered(&self) {
        if self.is_receiving() {
            with(&self.receiver, |r| r.answered = true);
        }
    }

    pub(in crate::http) fn announce(&self, what: Announced) {
        self.announced.set(what);
    }

    fn update_mark(&self, c: &mg_connection) {
        streaming::set_streaming(c, self.is_receiving() || self.is_sending());
    }
}

/// MG_EV_ERROR: a body that was on its way does not come.
pub fn failed(c: &mg_connection, text: &[u8]) {
    let Some(state) = c.http() else { return };
    let streams = &state.streams;
    if streams.is_receiving() && c.any(1 << Flag::Closing as u8 | 1 << Flag::Draining as u8) {
        // Behind a body that was not taken to its end nothing can be understood.
        state.discard_input();
        streams.abort_body(c, text);
    }
    if streams.is_sending() && c.is(Flag::Closing) {
        streams.abort_sending(c, text);
    }
}

/// The connection was closed: tells whoever has not been told.
pub fn closed(c: &mg_connection) {
    let Some(streams) = c.http().map(|state| &state.streams) else {
        return;
    };
    // A program may send itself MG_EV_CLOSE.
    if !c.is_dead() {
        return;
    }
    if streams.is_receiving() {
        guard((), || streams.abort_body(c, CLOSED));
    }
    if streams.is_sending() {
        guard((), || streams.abort_sending(c, CLOSED));
    }
}

/// A TLS connection ended without close_notify: a body that its end would complete may lack something
/// (RFC 9112, 9.8).
pub fn cut_off(c: &mg_connection) {
    if let Some(state) = c.http() {
        with(&state.streams.receiver, |r| r.cut_off = true);
    }
}

/// Hands the body of a request, or of a response, to the program while it arrives, so that it may be of any size;
/// call it in MG_EV_HTTP_HDRS of the message.
///
/// `fn` gets the body piece by piece, without the framing of chunks, beginning when the handlers of MG_EV_HTTP_HDRS
/// have returned; NULL throws the body away. Then `done` is called, NULL or not, once: when the body is complete, or
/// when the connection failed or was closed before. Body sizes of struct mg_limits do not count, times do.
///
/// After a complete body MG_EV_HTTP_MSG follows with `hm->body` empty, unless before `done` has returned the response was
/// finished, or one with mg_http_reply_stream() or a file was begun; one that the program writes itself, with mg_printf()
/// say, does not count before its end. Nothing of the message stands in `c->recv` then. The next request of the connection
/// waits for the response as ever. To refuse the rest of a body, send a response and set `is_draining`: no more pieces come
/// then. "Expect: 100-continue" is answered when the body is wanted, that is, not while it is paused.
///
/// Both functions run on the thread of the manager and may do anything that a handler may. Inside `fn`, `c->recv` looks empty.
/// Close-delimited responses over TLS that end without close_notify are not complete.
///
/// Without a body only `done` is called. Returns false, and the message takes its normal course, when this is not
/// MG_EV_HTTP_HDRS of the message, when its body goes somewhere else already, or when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_read_body(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    r#fn: mg_http_piece_fn,
    done: mg_http_done_fn,
    arg: *mut c_void,
) -> bool {
    // SAFETY: pointer contract.
    let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
        return false;
    };
    contain_kept(c, false, || {
        let Some(receiver) = receiver(c, hm, r#fn, done, arg) else {
            return false;
        };
        let Some(state) = c.http() else { return false };
        state.streams.receiver.set(Some(receiver));
        state.streams.receiving.set(true);
        state.streams.update_mark(c);
        // The head leaves the buffer before the program may ask for compression.
        // SAFETY: pointer contract.
        unsafe { conn::note_codings(state, hm) };
        true
    })
}

fn receiver(
    c: &mg_connection,
    hm: &mg_http_message,
    piece: mg_http_piece_fn,
    done: mg_http_done_fn,
    arg: *mut c_void,
) -> Option<Box<Receiver>> {
    let state = c.http()?;
    let announced = state.streams.announced.get();
    let (head_len, framing) = state.announced()?;
    let is_it = announced != Announced::Nothing
        && !state.streams.is_receiving()
        && !state.upload.is_active()
        && conn::speaks_http(c)
        && !c.is_dead()
        && hm.head.buf.cast_const().cast() == c.recv.buf.get().cast_const()
        && hm.head.len == head_len
        && head_len <= c.recv.len.get();
    if !is_it {
        return None;
    }
    let mut head = Vec::new();
    if crate::ffi::heap::strictly(|| head.try_reserve_exact(head_len)).is_err() {
        return None;
    }
    // SAFETY: `head_len` bytes are in use, and no handler runs while the slice lives.
    head.extend_from_slice(unsafe { bytes(c.recv.buf.get(), head_len) });
    try_box(Receiver {
        piece,
        done,
        arg,
        head,
        body: Incoming::new(framing)?,
        in_call: false,
        failure: None,
        expects_continue: announced == Announced::AwaitedBody,
        answered: false,
        cut_off: false,
        paused_at: None,
    })
}

/// Stops reading from a connection whose body mg_http_read_body() hands out: sets `is_full`. No more pieces come, not
/// even of what was received already, nor does the end; TCP makes the peer wait. What the library has received
/// by then stays in `c->recv`, 128 KB or less. Times of struct mg_limits do not run.
///
/// That the peer closed its side is noticed after mg_http_resume_body(), because data may stand before it; that it
/// reset the connection, at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_pause_body(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return;
        };
        if let Some(state) = c.http() {
            let pause = |r: &mut Receiver| {
                r.paused_at.get_or_insert_with(|| mg_millis());
                c.set(Flag::Full, true);
            };
            with(&state.streams.receiver, pause);
        }
    });
}

/// Goes on with a paused body: clears `is_full`. Pieces come in the next iteration of the event loop. Allowed anywhere on the
/// thread of the manager; other threads use mg_wakeup().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_resume_body(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return;
        };
        let Some(state) = c.http() else { return };
        let paused_at = with(&state.streams.receiver, |r| r.paused_at.take());
        if let Some(Some(paused_at)) = paused_at {
            c.set(Flag::Full, false);
            limits::excuse(c, mg_millis().saturating_sub(paused_at));
            state.streams.update_mark(c);
        }
    });
}

/// Sends a response whose body the program writes piece by piece, as fast as the client takes it, so that it may be
/// of any size. Call it in MG_EV_HTTP_MSG, or as long as the response is due afterwards; or after mg_http_read_body(),
/// also while the request body still arrives.
///
/// `headers` is as in mg_http_reply() and has no Content-Length or Transfer-Encoding. `length` is the length of the body,
/// or negative when it is not known: it is sent in chunks then, and to HTTP/1.0 clients until the connection closes.
///
/// `fn` is called from the event loop, whenever no more than 16 KB wait in `c->send`, for up to 64 KB; not before this
/// function has returned. With a length it is called until it has written so many bytes. Then `done`, NULL or not, is called
/// once: when the whole body was handed to the connection, or with a text when that failed or was closed before. A body
/// that is shorter than its length, or aborted, closes the connection with MG_EV_ERROR "stream too short" or "stream
/// aborted", and what is still queued is lost. Responses to HEAD, and with status 1xx, 204 or 304, have no body: only
/// `done` is called.
///
/// Both functions run on the thread of the manager and may do anything that a handler may, but inside `fn` `c->send` looks empty, and
/// what is sent with other functions would stand in the middle of the body.
///
/// `is_resp` stays set, and the next request waits, until the body ends. A client that shuts down its side while `fn` has
/// nothing to send is taken for gone.
///
/// Returns false, with nothing sent and no function called, when no response is due on this connection, one is being
/// streamed already, `headers` frames the body, or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_reply_stream(
    c: *mut mg_connection,
    status_code: c_int,
    headers: *const c_char,
    length: i64,
    r#fn: mg_http_source_fn,
    done: mg_http_done_fn,
    arg: *mut c_void,
) -> bool {
    // SAFETY: pointer contract.
    let (Some(c), headers) = (unsafe { c.as_ref() }, unsafe { cstr(headers) }) else {
        return false;
    };
    contain_kept(c, false, || {
        let Some(state) = c.http() else { return false };
        let due = state.owes_response(c) || state.streams.is_receiving();
        if !due || !may_start(c) || state.streams.is_answering() || is_framed(headers) {
            return false;
        }
        let shape = reply::shape(status_code, head_requested(c));
        let body = match u64::try_from(length) {
            Ok(length) => Outgoing::Length(length),
            Err(_) if state.serves_http10() => Outgoing::UntilClose,
            Err(_) => Outgoing::Chunked,
        };
        let framing = shape.has_length.then_some(body);
        let ends = framing != Some(Outgoing::UntilClose);
        let sender = Sender {
            source: r#fn,
            done,
            arg,
            body: if shape.has_body {
                body
            } else {
                Outgoing::Length(0)
            },
            is_response: true,
            is_waiting: false,
            in_call: false,
            failure: None,
        };
        net::prepare_send(c);
        let begun = start(c, sender, || {
            reply::append_status_line(&c.send, status_code, headers.len())
                && reply::append_wanted(c, status_code, headers, ends)
                && reply::append_headers(&c.send, headers)
                && append_framing(c, framing, says_close(c, headers))
        });
        if begun {
            state.forget_hand_made();
        }
        begun
    })
}

/// Sends a request whose body the program writes piece by piece, as fast as the server takes it, so that it may be of any
/// size. Call it on a connection of mg_http_connect(), right away or in MG_EV_CONNECT.
///
/// `method`, `url` and `headers` are as in mg_http_request_buf(), but `headers` has no Content-Length or
/// Transfer-Encoding. `length`, `fn` and `done` are as in mg_http_reply_stream(); `fn` is not called before the
/// connection is up.
///
/// A response may come before the body has ended; then the program decides whether to go on. With "Expect: 100-continue"
/// among `headers`, `fn` may return 0 until MG_EV_HTTP_HDRS tells of status 100.
///
/// Returns false, with nothing sent and no function called, when mg_http_request_buf() would, when a body is being streamed
/// on this connection already, or `headers` frames the body.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_request_stream(
    c: *mut mg_connection,
    method: *const c_char,
    url: *const c_char,
    headers: *const c_char,
    length: i64,
    r#fn: mg_http_source_fn,
    done: mg_http_done_fn,
    arg: *mut c_void,
) -> bool {
    // SAFETY: pointer contract; nothing is called while the slices live.
    let (c, method, url, headers) = unsafe { (c.as_ref(), cstr(method), cstr(url), cstr(headers)) };
    let Some(c) = c else { return false };
    contain_kept(c, false, || {
        let body = u64::try_from(length).map_or(Outgoing::Chunked, Outgoing::Length);
        let length = u64::try_from(length).ok();
        let head = Head::streamed(method, url, headers, length);
        let (Some(head), true) = (head, may_start(c) && !c.is(Flag::Accepted)) else {
            return false;
        };
        let sender = Sender {
            source: r#fn,
            done,
            arg,
            body,
            is_response: false,
            is_waiting: false,
            in_call: false,
            failure: None,
        };
        start(c, sender, || head.write(|part| c.send.append(part)))
    })
}

fn may_start(c: &mg_connection) -> bool {
    let is_open = !c.is_dead() && !c.is(Flag::Closing);
    let is_free = c.http().is_some_and(|state| !state.streams.is_sending());
    is_open && is_free && conn::speaks_http(c)
}

fn is_framed(headers: &[u8]) -> bool {
    [&b"Content-Length"[..], b"Transfer-Encoding"]
        .iter()
        .any(|name| reply::field(headers, name).is_some())
}

/// True when the head has a field Connection already.
fn says_close(c: &mg_connection, headers: &[u8]) -> bool {
    conn::wants(c, conn::wanted::CONNECTION) || reply::field(headers, b"Connection").is_some()
}

fn append_framing(c: &mg_connection, framing: Option<Outgoing>, says_close: bool) -> bool {
    let io = &c.send;
    match framing {
        None => io.append(b"\r\n"),
        Some(Outgoing::UntilClose) if says_close => io.append(b"\r\n"),
        Some(Outgoing::Chunked) => io.append(b"Transfer-Encoding: chunked\r\n\r\n"),
        Some(Outgoing::UntilClose) => io.append(b"Connection: close\r\n\r\n"),
        Some(Outgoing::Length(length)) => {
            let mut digits = itoa::Buffer::new();
            io.append(b"Content-Length: ")
                && io.append(digits.format(length).as_bytes())
                && io.append(b"\r\n\r\n")
        }
    }
}

/// Queues a head and has the program asked for the body. False, with nothing queued, when memory is exhausted.
fn start(c: &mg_connection, sender: Sender, head: impl FnOnce() -> bool) -> bool {
    let Some(state) = c.http() else { return false };
    let Some(sender) = try_box(sender) else {
        return false;
    };
    let at = c.send.len.get();
    if !head() {
        net::cut_output(c, at);
        return false;
    }
    if !limits::may_stay(c, at) {
        return false;
    }
    c.send.terminate();
    state.streams.sender.set(Some(sender));
    state.streams.sending.set(true);
    state.streams.update_mark(c);
    streaming::set_pulling(c, true);
    true
}

/// Has a body go on whose function returned 0: the function is called in the next iteration of the event loop. Allowed
/// anywhere on the thread of the manager, also inside of the function; other threads use mg_wakeup().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_resume_send(c: *mut mg_connection) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(c) = unsafe { c.as_ref() }
            && let Some(state) = c.http()
        {
            state.streams.wake(c);
        }
    });
}
