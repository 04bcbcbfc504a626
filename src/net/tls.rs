//! Input and output of connections with TLS. Plaintext goes to and comes from `recv` and `send`,
//! as on any connection. Ciphertext is decrypted in memory that the connections of a manager
//! share; what of it is incomplete waits in `rtls`, and what the socket does not take waits in the
//! session.

use super::conn::{ConnPrivate, Ready};
use super::mgr::{MgrPrivate, manager};
use super::{Flag, call, error, ev, io, limits, mg_connection, mg_mgr, socket, stats};
use crate::ffi::alloc::try_box;
use crate::ffi::heap::{self, strictly};
use crate::ffi::inject;
use crate::tls::{Cache, End, Outcome, Session, Settings, Side};
use std::cell::{Cell, RefCell};
use std::ffi::c_long;
use std::ptr::null_mut;

/// Ciphertext read at once: several records of the greatest size.
const READ_SIZE: usize = 64 * 1024;
/// Plaintext encrypted before the socket is tried.
const WRITE_SIZE: usize = 64 * 1024;
/// Output a connection may produce per iteration.
const WRITE_BUDGET: usize = 4 * 1024 * 1024;
/// The most plaintext in one record (RFC 8446, section 5.1).
const RECORD_SIZE: usize = 16384;

/// States in which a session has to wait.
const NOT_CONNECTED: u32 = 1 << Flag::Resolving as u8
    | 1 << Flag::Connecting as u8
    | 1 << Flag::Closing as u8
    | 1 << Flag::Listening as u8;

/// A connection's session, if it has one.
#[derive(Default)]
pub(super) struct Slot(RefCell<Option<Box<Session>>>);

impl Slot {
    #[inline]
    pub fn is_on(&self) -> bool {
        self.0.borrow().is_some()
    }

    fn with<R>(&self, f: impl FnOnce(&mut Session) -> R) -> Option<R> {
        self.0.borrow_mut().as_deref_mut().map(f)
    }
}

/// What the connections of a manager share.
#[derive(Default)]
pub(super) struct Shared {
    pub cache: Cache,
    /// Taken while in use.
    input: Cell<Vec<u8>>,
    output: Cell<Vec<u8>>,
}

impl Shared {
    /// Bytes of the buffers that connections share.
    pub fn memory(&self) -> usize {
        let capacity = |buffer: &Cell<Vec<u8>>| {
            let taken = buffer.take();
            let capacity = taken.capacity();
            buffer.set(taken);
            capacity
        };
        capacity(&self.input) + capacity(&self.output)
    }
}

fn shared(c: &mg_connection) -> Option<&Shared> {
    manager(c).and_then(mg_mgr::private).map(MgrPrivate::tls)
}

/// Turns TLS on.
pub(crate) fn init(c: &mg_connection, settings: &Settings<'_>) {
    let (Some(p), Some(shared)) = (c.private(), shared(c)) else {
        return error(c, b"tls oom");
    };
    if c.is(Flag::Udp) {
        return error(c, b"TLS is for TCP connections");
    }
    c.set(Flag::Tls, true);
    c.set(Flag::TlsHs, true);
    let http = crate::http::ffi::conn::speaks_http(c) || crate::ws::ffi::conn::is_websocket(c);
    let side = if c.is(Flag::Client) {
        Side::Client { http }
    } else {
        Side::Server { http }
    };
    heap::ran_out();
    let session = shared.cache.session(settings, &side);
    match session.map(|session| try_box(session).filter(|_| !heap::ran_out())) {
        Ok(None) => {
            // What it made may be in the reserve.
            shared.cache.clear();
            fail(c, "tls oom");
        }
        Ok(Some(session)) => {
            c.tls.set(std::ptr::from_ref(&*session).cast_mut().cast());
            p.tls.0.replace(Some(session));
            limits::update(c);
        }
        Err(text) => fail(c, &text),
    }
}

/// Turns TLS off. What was received and not decrypted is of no use any more.
pub(crate) fn free(c: &mg_connection) {
    c.tls.set(null_mut());
    if let Some(p) = c.private() {
        p.tls.0.take();
        if c.is(Flag::Tls) {
            c.rtls.free();
        }
    }
}

pub(crate) fn clear_cache(mgr: &mg_mgr) {
    if let Some(p) = mgr.private() {
        p.tls().cache.clear();
    }
}

/// MG_EV_ERROR holds only so much; the log has it all.
#[cold]
fn fail(c: &mg_connection, text: &str) {
    if text.len() > 63 {
        crate::log::error(format_args!("{} {text}", c.id.get()));
    }
    error(c, text.as_bytes());
}

/// True when there is something to send that the program did not queue.
pub(super) fn output_waits(p: &ConnPrivate) -> bool {
    p.tls
        .with(|s| s.waits_for_start() || !s.output.is_empty())
        .unwrap_or(false)
}

/// True while ciphertext waits for the socket.
pub(super) fn is_unsent(p: &ConnPrivate) -> bool {
    p.tls.with(|s| !s.output.is_empty()).unwrap_or(false)
}

/// What a session has in buffers of its own: bytes that wait for the socket, and memory.
pub(super) fn buffers(c: &mg_connection) -> (usize, usize) {
    let session = c.private().and_then(|p| p.tls.0.try_borrow().ok());
    match session.as_ref().and_then(|session| session.as_deref()) {
        Some(session) => (
            session.output.pending().len(),
            session.output.memory() + session.plaintext.capacity(),
        ),
        None => (0, 0),
    }
}

/// Reads while there is input, the handlers consume it and the budget lasts, until somebody answers.
pub(super) fn read(c: &mg_connection, p: &ConnPrivate, m: &MgrPrivate) {
    if !deliver_plaintext(c, p) {
        return;
    }
    let mut budget = io::READ_BUDGET;
    while p.is_ready(Ready::Read) && !c.is(Flag::Full) && !c.is_paused(p) {
        if p.peer_done.get() {
            // Whatever follows the end of the stream.
            return p.set_ready(Ready::Read, false);
        }
        if c.recv.len.get() >= limits::recv_size(c) {
            limits::exceeded(c);
            return error(c, b"MG_MAX_RECV_SIZE");
        }
        let before = c.recv.len.get();
        let (received, outcome) = match receive(c, p) {
            Received::Data(n, outcome) => (n, outcome),
            Received::End => return end_of_stream(c, p),
            Received::Error(e) => return io::read_failed(c, p, &e),
            Received::NoMemory => return error(c, b"OOM"),
        };
        let answers = io::Answers::watch(c, m);
        if !deliver(c, p, before, outcome) {
            return;
        }
        budget = budget.saturating_sub(received);
        let left = c.recv.len.get() > before;
        let may_end = p.is_ready(Ready::ReadClosed) && received < READ_SIZE;
        if budget == 0 || left || answers.any() && !may_end || c.any(io::ENDING) {
            return;
        }
    }
    if c.rtls.len.get() == 0 && c.rtls.size.get() > 0 {
        c.rtls.free();
    }
}

enum Received {
    /// So many bytes of ciphertext, and what they led to.
    Data(usize, Outcome),
    End,
    Error(std::io::Error),
    NoMemory,
}

/// Reads from the socket and decrypts.
fn receive(c: &mg_connection, p: &ConnPrivate) -> Received {
    let Some(shared) = shared(c) else {
        return Received::NoMemory;
    };
    let mut input = shared.input.take();
    let received = receive_into(c, p, &mut input);
    shared.input.set(input);
    received
}

fn receive_into(c: &mg_connection, p: &ConnPrivate, input: &mut Vec<u8>) -> Received {
    let waiting = c.rtls.len.get();
    let size = waiting + READ_SIZE;
    if let Some(missing) = size.checked_sub(input.len()) {
        if strictly(|| input.try_reserve(missing)).is_err() {
            return Received::NoMemory;
        }
        input.resize(size, 0);
    }
    // SAFETY: nothing else looks at the buffer while the slice lives.
    input[..waiting].copy_from_slice(unsafe { c.rtls.as_bytes() });
    // SAFETY: the room behind is READ_SIZE bytes.
    let received = unsafe {
        let room = input.as_mut_ptr().add(waiting);
        socket::recv(c.raw_fd(), room, READ_SIZE, !p.not_a_socket.get())
    };
    match received {
        Ok(0) => Received::End,
        Ok(n) => {
            limits::received(p, n);
            stats::received(c, n);
            if n < READ_SIZE && !p.is_ready(Ready::ReadClosed) && !p.reads_in_parts.get() {
                p.set_ready(Ready::Read, false);
            }
            match decrypt(c, p, &mut input[..waiting + n]) {
                Some(outcome) => Received::Data(n, outcome),
                None => Received::NoMemory,
            }
        }
        Err(e) => Received::Error(e),
    }
}

/// The peer will send no more. What is queued for it still goes out, unless the handshake will
/// never end.
fn closed_by_peer(c: &mg_connection, p: &ConnPrivate) {
    io::end_of_stream(p);
    if c.is(Flag::TlsHs) {
        c.set(Flag::Closing, true);
    }
}

/// The same, but the peer did not say so: it left, or somebody cut the connection.
fn end_of_stream(c: &mg_connection, p: &ConnPrivate) {
    crate::log::debug(format_args!("{} closed without close_notify", c.id.get()));
    crate::http::stream::ffi::cut_off(c);
    closed_by_peer(c, p);
    if !c.is(Flag::TlsHs) && c.rtls.len.get() > 0 {
        error(c, b"TLS: connection was cut off in a record");
    }
}

/// Decrypts `input` into `recv`, and keeps the rest of it for later. `None` without memory for that.
fn decrypt(c: &mg_connection, p: &ConnPrivate, input: &mut [u8]) -> Option<Outcome> {
    let shared = shared(c)?;
    let outcome = p.tls.with(|session| {
        session.output.lend_memory(|| shared.output.take());
        inject("tls");
        session.process(input, &mut |plaintext| c.recv.append(plaintext))
    })?;
    c.rtls.len.set(0);
    c.rtls.append(&input[outcome.consumed..]).then_some(outcome)
}

/// Tells the program what input led to. `before` is the length that `recv` had. False when the
/// connection is not to be touched, or not worth it, any more.
fn deliver(c: &mg_connection, p: &ConnPrivate, before: usize, outcome: Outcome) -> bool {
    flush(c, p);
    if p.dead.get() {
        return false;
    }
    if outcome.established {
        c.set(Flag::TlsHs, false);
        limits::established(c);
        stats::count(c, |n| &n.tls_handshakes);
        if p.tls.with(|session| session.is_resumed()) == Some(true) {
            stats::count(c, |n| &n.tls_resumed);
        }
        call(c, ev::TLS_HS, null_mut());
        if p.dead.get() {
            return false;
        }
    }
    let n = c.recv.len.get().saturating_sub(before);
    if n > 0 {
        // What STARTTLS found in the buffer may have been on loan.
        io::note_used(c, c.recv.len.get(), 0);
    }
    if n > 0 && !c.is(Flag::Closing) {
        c.recv.terminate();
        io::arrived(c, p, before, n);
        if p.dead.get() {
            return false;
        }
    }
    match outcome.end {
        Some(End::Failed(text)) if !c.is(Flag::Closing) => fail(c, &text),
        Some(End::Closed) => closed_by_peer(c, p),
        _ => {}
    }
    !p.dead.get() && !c.is(Flag::Closing)
}

/// What mg_tls_recv() decrypted and did not take.
fn deliver_plaintext(c: &mg_connection, p: &ConnPrivate) -> bool {
    let Some(plaintext) = p.tls.with(|s| std::mem::take(&mut s.plaintext)) else {
        return false;
    };
    if plaintext.is_empty() {
        return true;
    }
    let before = c.recv.len.get();
    if !c.recv.append(&plaintext) {
        error(c, b"OOM");
        return false;
    }
    c.recv.terminate();
    io::arrived(c, p, before, plaintext.len());
    !p.dead.get()
}

/// Sends what is queued, as far as the socket takes it.
pub(super) fn write(c: &mg_connection, p: &ConnPrivate) {
    if c.any(NOT_CONNECTED) || !start(c, p) || !flush(c, p) || p.dead.get() || c.is(Flag::TlsHs) {
        return;
    }
    if p.is_ready(Ready::Filling) {
        return;
    }
    io::note_used(c, 0, c.send.len.get());
    let (mut done, mut sent) = (0, 0);
    while done < c.send.len.get().min(WRITE_BUDGET) && p.is_ready(Ready::Write) {
        let n = WRITE_SIZE.min(c.send.len.get() - done);
        if let Err(text) = encrypt(c, p, done, n) {
            return fail(c, &text);
        }
        done += n;
        let (empty, n) = send_ciphertext(c, p);
        sent += n;
        if !empty {
            break;
        }
    }
    if c.is(Flag::Client) {
        crate::http::ffi::conn::sending(c, done);
    }
    io::wrote(c, done);
    // Not before that: its handler of MG_EV_ERROR may change the buffer.
    if sent > 0 {
        limits::sent(c, p, sent);
    }
}

/// Begins the handshake of a client. False when that failed.
fn start(c: &mg_connection, p: &ConnPrivate) -> bool {
    let outcome = p.tls.with(|session| {
        let waits = session.waits_for_start();
        waits.then(|| session.start(c.rem.get().ip()))
    });
    match outcome.flatten().and_then(|outcome| outcome.end) {
        Some(End::Failed(text)) => {
            fail(c, &text);
            false
        }
        _ => true,
    }
}

/// Encrypts `n` bytes of `send` from `from` on.
fn encrypt(c: &mg_connection, p: &ConnPrivate, from: usize, n: usize) -> Result<(), String> {
    // SAFETY: no handler runs while the slice lives.
    let plaintext = unsafe { &c.send.as_bytes()[from..from + n] };
    encrypt_bytes(c, p, plaintext)
}

fn encrypt_bytes(c: &mg_connection, p: &ConnPrivate, plaintext: &[u8]) -> Result<(), String> {
    let memory = || shared(c).map(|s| s.output.take()).unwrap_or_default();
    let end = p.tls.with(|session| {
        session.output.lend_memory(memory);
        inject("tls send");
        with_rtls(c, |input| session.encrypt(input, plaintext))
    });
    match end.flatten() {
        Some(End::Failed(text)) => Err(text),
        _ => Ok(()),
    }
}

/// Works on the input that waits for its other part.
fn with_rtls(c: &mg_connection, f: impl FnOnce(&mut [u8]) -> Outcome) -> Option<End> {
    let len = c.rtls.len.get();
    let outcome = if len == 0 {
        f(&mut [])
    } else {
        // SAFETY: `len` bytes are in use; no handler runs and nobody else looks at them while
        // the slice lives.
        f(unsafe { std::slice::from_raw_parts_mut(c.rtls.buf.get(), len) })
    };
    c.rtls.consume(outcome.consumed);
    outcome.end
}

/// Sends ciphertext. True when none is left. The connection may be closed afterwards, as one that exceeds a limit.
pub(super) fn flush(c: &mg_connection, p: &ConnPrivate) -> bool {
    let (empty, sent) = send_ciphertext(c, p);
    if sent > 0 {
        limits::sent(c, p, sent);
    }
    empty
}

/// Sends ciphertext. Whether none is left, and how much was sent.
fn send_ciphertext(c: &mg_connection, p: &ConnPrivate) -> (bool, usize) {
    let mut sent = Ok(0);
    let mut total = 0;
    let empty = p.tls.with(|session| {
        while !session.output.is_empty() && p.is_ready(Ready::Write) {
            let pending = session.output.pending();
            // SAFETY: a slice is as long as it says.
            sent = unsafe {
                let socket = !p.not_a_socket.get();
                socket::send(c.raw_fd(), pending.as_ptr(), pending.len(), socket, 0)
            };
            let Ok(n) = sent else { break };
            if n < pending.len() {
                io::output_full(c, p);
            }
            session.output.consume(n);
            stats::sent(c, n);
            total += n;
        }
        if let (Some(shared), Some(memory)) = (shared(c), session.output.return_memory()) {
            shared.output.set(memory);
        }
        session.output.is_empty()
    });
    if let Err(e) = sent {
        io::write_failed(c, p, &e);
    }
    let empty = empty.unwrap_or(true);
    if c.is(Flag::TlsThrottled) == empty {
        c.set(Flag::TlsThrottled, !empty);
    }
    (empty, total)
}

/// The connection is about to close: tells the peer, if it got everything. Otherwise the missing
/// farewell tells it that something is missing.
pub(super) fn say_goodbye(c: &mg_connection, p: &ConnPrivate) {
    if !p.tls.is_on() || c.send.len.get() > 0 || !flush(c, p) {
        return;
    }
    p.tls.with(|session| {
        inject("tls close");
        with_rtls(c, |input| {
            session.say_goodbye(input);
            Outcome {
                consumed: 0,
                established: false,
                end: None,
            }
        })
    });
    flush(c, p);
}

/// mg_tls_handshake(): one step.
pub(crate) fn handshake(c: &mg_connection) {
    let Some(p) = c.private().filter(|p| p.tls.is_on()) else {
        return;
    };
    if c.any(NOT_CONNECTED) || !c.is(Flag::TlsHs) || !start(c, p) {
        return;
    }
    flush(c, p);
    step(c, p);
}

/// Processes what waits in `rtls`.
fn step(c: &mg_connection, p: &ConnPrivate) {
    if c.rtls.len.get() == 0 {
        return;
    }
    // SAFETY: the bytes are copied at once.
    let mut input = unsafe { c.rtls.as_bytes() }.to_vec();
    let before = c.recv.len.get();
    if let Some(outcome) = decrypt(c, p, &mut input) {
        deliver(c, p, before, outcome);
    }
}

/// mg_tls_send(): one record past the queue.
pub(crate) fn send(c: &mg_connection, data: &[u8]) -> c_long {
    if data.is_empty() {
        return 0;
    }
    let Some(p) = c.private().filter(|p| p.tls.is_on()) else {
        return super::ffi::MG_IO_ERR;
    };
    if c.any(NOT_CONNECTED) {
        return super::ffi::MG_IO_ERR;
    }
    if !flush(c, p) || c.is(Flag::TlsHs) {
        return super::ffi::MG_IO_WAIT;
    }
    let n = data.len().min(RECORD_SIZE);
    if let Err(text) = encrypt_bytes(c, p, &data[..n]) {
        fail(c, &text);
        return super::ffi::MG_IO_ERR;
    }
    flush(c, p);
    n as c_long
}

/// mg_tls_recv(): decrypts what waits in `rtls` and takes up to `take.len()` bytes of it.
pub(crate) fn recv(c: &mg_connection, len: usize, take: impl FnOnce(&[u8])) -> c_long {
    let Some(p) = c.private().filter(|p| p.tls.is_on()) else {
        return if len == 0 { 0 } else { super::ffi::MG_IO_ERR };
    };
    // The loop finishes handshakes, because it tells the program.
    let may = !c.is(Flag::TlsHs);
    let end = p.tls.with(|session| {
        if may && session.plaintext.is_empty() && c.rtls.len.get() > 0 {
            let mut plaintext = Vec::new();
            let end = with_rtls(c, |input| {
                session.process(input, &mut |data| {
                    plaintext.extend_from_slice(data);
                    true
                })
            });
            session.plaintext = plaintext;
            return end;
        }
        None
    });
    flush(c, p);
    match end.flatten() {
        Some(End::Failed(text)) => {
            fail(c, &text);
            return super::ffi::MG_IO_ERR;
        }
        Some(End::Closed) => closed_by_peer(c, p),
        None => {}
    }
    p.tls
        .with(|session| {
            let n = len.min(session.plaintext.len());
            if session.plaintext.is_empty() {
                return super::ffi::MG_IO_WAIT;
            }
            take(&session.plaintext[..n]);
            session.plaintext.drain(..n);
            n as c_long
        })
        .unwrap_or(super::ffi::MG_IO_ERR)
}

pub(crate) fn pending(c: &mg_connection) -> usize {
    let Some(p) = c.private() else { return 0 };
    p.tls.with(|s| s.plaintext.len()).unwrap_or(0)
}

/// mg_tls_flush().
pub(crate) fn flush_now(c: &mg_connection) {
    if let Some(p) = c.private().filter(|p| p.tls.is_on())
        && !c.any(NOT_CONNECTED)
    {
        flush(c, p);
    }
}
