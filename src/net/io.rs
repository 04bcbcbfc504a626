//! Moving bytes between sockets and connection buffers.

use super::conn::{ConnPrivate, Ready, call_in_loop};
use super::mgr::{MgrPrivate, manager};
use super::{Flag, IO_SIZE, call, error, ev, limits, mg_connection, mg_mgr, socket, stats, tls};
use crate::ffi::inject;
use std::ffi::{c_int, c_long};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Bytes (or datagrams, at full size) a connection may take per iteration before others get
/// their turn.
pub(super) const READ_BUDGET: usize = 256 * 1024;
/// Free space below which the receive buffer grows before a read.
const MIN_ROOM: usize = 4096;
/// Room for the largest datagram.
const DATAGRAM_ROOM: usize = 65536;
/// How long a UDP client waits for the network to take a datagram.
const DATAGRAM_WAIT_MS: c_int = 1000;
/// Bytes of a file that a connection may send before others get their turn.
const SENDFILE_MAX: usize = 2 << 20;

fn fire(c: &mg_connection, event: c_int, n: usize) {
    let mut n = n as c_long;
    call(c, event, std::ptr::from_mut(&mut n).cast());
}

/// Output is about to be queued: gives the send buffer a block, if it has none.
#[inline]
pub fn prepare_send(c: &mg_connection) {
    if let Some(p) = c.private()
        && let Some(m) = manager(c).and_then(mg_mgr::private)
    {
        p.send_loan.small(&c.send, &m.spare);
        m.visits.mark(p);
        m.outputs.set(m.outputs.get().wrapping_add(1));
    }
}

/// So many bytes of the buffers were written to, though they may not be in use any more.
pub fn note_used(c: &mg_connection, recv: usize, send: usize) {
    /// Inflating may write a little further than it says.
    const SPILL: usize = 512;
    if let Some(p) = c.private() {
        if recv > 0 {
            p.recv_loan.note(recv + SPILL);
        }
        p.send_loan.note(send);
    }
}

/// Takes back what was queued behind the first `len` bytes.
pub fn cut_output(c: &mg_connection, len: usize) {
    let queued = c.send.len.get();
    note_used(c, 0, queued);
    c.send.len.set(queued.min(len));
}

/// Takes a block back to which nothing was added.
#[inline]
pub fn settle_send(c: &mg_connection) {
    if c.send.len.get() == 0
        && let Some(p) = c.private()
        && let Some(m) = manager(c).and_then(mg_mgr::private)
    {
        p.send_loan.settle(&c.send, &m.spare);
    }
}

/// Makes room for a read; the number of bytes that may be read, 0 after an error.
fn make_room(c: &mg_connection, wanted: usize) -> usize {
    let len = c.recv.len.get();
    let max = if c.is(Flag::Udp) {
        super::MAX_RECV_SIZE
    } else {
        limits::recv_size(c)
    };
    if len >= max {
        // As much as is allowed is no error.
        if !socket::is_readable(c.raw_fd()) {
            if let Some(p) = c.private() {
                p.set_ready(Ready::Read, false);
            }
            return 0;
        }
        limits::exceeded(c);
        error(c, b"MG_MAX_RECV_SIZE");
        return 0;
    }
    let room = c.recv.size.get().saturating_sub(len);
    if room < wanted && !c.recv.reserve(wanted.max(IO_SIZE)) && room == 0 {
        error(c, b"OOM");
        return 0;
    }
    (c.recv.size.get() - len).min(max - len)
}

/// Reads while there is input, the handlers consume it and the budget lasts: one message, or what a stream has
/// until somebody answers. An answer leaves before more is read, so that what is queued stays small while the peer reads it.
pub(super) fn read_ready(c: &mg_connection, p: &ConnPrivate, m: &MgrPrivate) {
    let udp = c.is(Flag::Udp);
    let messages = udp || p.keeps_messages.get();
    let spare = &m.spare;
    let mut budget = READ_BUDGET;
    while p.is_ready(Ready::Read) && !c.is(Flag::Full) && !c.is_paused(p) {
        // Programs copy what a raw connection receives to buffers of MG_IO_SIZE.
        if messages || p.streams_in.get() && c.pfn.get().is_some() {
            p.recv_loan.large(&c.recv, spare);
        } else {
            p.recv_loan.small(&c.recv, spare);
        }
        let room = make_room(c, if messages { DATAGRAM_ROOM } else { MIN_ROOM });
        if room == 0 {
            return;
        }
        let received = if udp {
            receive_datagram(c, room)
        } else {
            receive(c, p, room)
        };
        let n = match received {
            Ok(0) if udp => return,
            Ok(0) => return end_of_stream(p),
            Ok(n) => n,
            Err(e) => return read_failed(c, p, &e),
        };
        // A stream socket that filled less than it could is empty (epoll(7)), unless an end of
        // stream waits behind the data.
        if !udp && n < room && !p.is_ready(Ready::ReadClosed) && !p.reads_in_parts.get() {
            p.set_ready(Ready::Read, false);
        }
        limits::received(p, n);
        stats::received(c, n);
        let before = c.recv.len.get();
        c.recv.len.set(before + n);
        c.recv.terminate();
        p.recv_loan.note(before + n);
        let answers = Answers::watch(c, m);
        p.send_loan.small(&c.send, spare);
        inject("read");
        arrived(c, p, before, n);
        if p.dead.get() {
            return;
        }
        let answered = answers.any();
        p.streams_in.set(!udp && n == room && !answered);
        if udp {
            flush_datagram(c, p);
        }
        // Between two, a program gets MG_EV_POLL and has its loop back.
        let one = messages && c.r#fn.get().is_some();
        if one && !socket::is_readable(c.raw_fd()) {
            p.set_ready(Ready::Read, false);
        }
        budget = budget.saturating_sub(if udp { n.max(IO_SIZE / 4) } else { n });
        let consumed = c.recv.len.get() <= before;
        // What follows STARTTLS is not plain text.
        let starttls = p.tls.is_on();
        // Who closed behind a question need not be told of the answer's failure.
        let may_end = p.is_ready(Ready::ReadClosed) && n < room;
        let ends = answered && !udp && !may_end || c.any(ENDING) || one || starttls;
        if budget == 0 || !consumed && !may_end || ends {
            return;
        }
    }
}

/// The program wants the connection closed.
pub(super) const ENDING: u32 = 1 << Flag::Closing as u8 | 1 << Flag::Draining as u8;

/// Whether handlers queue output, on a connection or on others of its manager.
pub(super) struct Answers<'a> {
    c: &'a mg_connection,
    m: &'a MgrPrivate,
    queued: usize,
    outputs: usize,
}

impl<'a> Answers<'a> {
    pub fn watch(c: &'a mg_connection, m: &'a MgrPrivate) -> Answers<'a> {
        Answers {
            c,
            m,
            queued: c.send.len.get(),
            outputs: m.outputs.get(),
        }
    }

    pub fn any(&self) -> bool {
        self.c.send.len.get() > self.queued || self.m.outputs.get() != self.outputs
    }
}

/// `n` bytes have come to stand in `recv` from `before` on.
pub(super) fn arrived(c: &mg_connection, p: &ConnPrivate, before: usize, n: usize) {
    p.delivered.set(true);
    if c.is(Flag::Hexdumping) {
        // SAFETY: `n` bytes from `before` on are in use.
        unsafe { hexdump(c, "<-", c.recv.buf.get().add(before), n) };
    }
    let mut n = n as c_long;
    call_in_loop(c, ev::READ, std::ptr::from_mut(&mut n).cast());
}

fn receive(c: &mg_connection, p: &ConnPrivate, room: usize) -> io::Result<usize> {
    // SAFETY: make_room() left `room` bytes of capacity behind the data.
    unsafe {
        let tail = c.recv.buf.get().add(c.recv.len.get());
        socket::recv(c.raw_fd(), tail, room, !p.not_a_socket.get())
    }
}

fn receive_datagram(c: &mg_connection, room: usize) -> io::Result<usize> {
    // SAFETY: make_room() left `room` bytes of capacity behind the data; no handler runs while
    // the slice lives.
    let buf = unsafe {
        let tail = c.recv.buf.get().add(c.recv.len.get());
        std::slice::from_raw_parts_mut(tail.cast::<MaybeUninit<u8>>(), room)
    };
    let (n, rem) = socket::recv_from(c.raw_fd(), buf)?;
    stats::count(c, |n| &n.datagrams_received);
    if n > 0 {
        c.rem.set(rem);
    }
    Ok(n)
}

pub(super) fn read_failed(c: &mg_connection, p: &ConnPrivate, e: &io::Error) {
    match e.kind() {
        io::ErrorKind::WouldBlock => p.set_ready(Ready::Read, false),
        // An earlier datagram found nobody; the socket itself is fine.
        io::ErrorKind::ConnectionRefused if c.is(Flag::Udp) => {}
        _ if p.is_ready(Ready::Broken) => p.set_ready(Ready::Read, false),
        // Another try in the next turn shows the end.
        _ if p.delivered.get() => {}
        _ => c.set(Flag::Closing, true),
    }
}

/// The connection is broken. What the peer sent before that stands in the socket and would be lost with it: a
/// farewell, or the response to a request that the peer did not want to read as a whole.
///
/// The error itself is left to the program, which may ask for SO_ERROR.
pub(super) fn read_last_words(c: &mg_connection, p: &ConnPrivate) {
    const DEAF: u32 = 1 << Flag::Full as u8
        | 1 << Flag::Closing as u8
        | 1 << Flag::Listening as u8
        | 1 << Flag::Udp as u8;
    let Some(m) = manager(c).and_then(mg_mgr::private) else {
        return;
    };
    p.set_ready(Ready::Broken, true);
    let mut left = usize::MAX;
    while !p.dead.get() && !p.peer_done.get() && !c.any(DEAF) && !c.is_paused(p) {
        let unread = socket::unread(c.raw_fd());
        if unread == 0 || unread >= left {
            break;
        }
        left = unread;
        p.set_ready(Ready::Read, true);
        p.set_ready(Ready::ReadClosed, false);
        if p.tls.is_on() {
            tls::read(c, p, m);
        } else {
            read_ready(c, p, m);
        }
    }
    p.set_ready(Ready::Broken, false);
}

/// The peer will send no more. What is queued for it still goes out; it may only have shut down
/// its sending side.
pub(super) fn end_of_stream(p: &ConnPrivate) {
    p.set_ready(Ready::Read, false);
    p.peer_done.set(true);
}

/// Sends what is queued, as far as the socket takes it.
pub(super) fn flush(c: &mg_connection, p: &ConnPrivate) {
    if c.send.len.get() == 0 || !p.is_ready(Ready::Write) || p.is_ready(Ready::Filling) {
        return;
    }
    if c.is(Flag::Udp) {
        return flush_datagram(c, p);
    }
    let len = c.send.len.get();
    p.send_loan.note(len);
    // The rest of a file follows: let it share packets with the head.
    let more = if p.has_more_to_share(c) { MSG_MORE } else { 0 };
    // SAFETY: `len` bytes are in use at `buf`.
    let sent = unsafe {
        socket::send(
            c.raw_fd(),
            c.send.buf.get(),
            len,
            !p.not_a_socket.get(),
            more,
        )
    };
    match sent {
        Ok(n) => {
            if n < len {
                output_full(c, p);
            }
            stats::sent(c, n);
            if c.is(Flag::Client) {
                crate::http::ffi::conn::sending(c, n);
            }
            wrote(c, n);
            limits::sent(c, p, n);
        }
        Err(e) => write_failed(c, p, &e),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const MSG_MORE: c_int = libc::MSG_MORE;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const MSG_MORE: c_int = 0;

/// `n` bytes of `send` are on their way.
pub(super) fn wrote(c: &mg_connection, n: usize) {
    if n == 0 {
        return;
    }
    inject("write");
    if c.is(Flag::Hexdumping) {
        // SAFETY: so many bytes were sent from the start of the buffer.
        unsafe { hexdump(c, "->", c.send.buf.get(), n) };
    }
    if c.is(Flag::Resp) {
        crate::http::ffi::conn::response_leaves(c, n);
    }
    // Behind an HTTP response that is complete, nobody waits for it.
    let answered = crate::http::ffi::conn::serves_http(c) && !c.is(Flag::Resp);
    if let Some(p) = c.private().filter(|_| !answered) {
        p.set_ready(Ready::PollAgain, true);
    }
    c.send.consume(n);
    showing_writable(c, || fire(c, ev::WRITE, n));
}

/// Delivers an event with `is_writable` set: what is queued leaves in the turn that made it, not after the
/// socket was asked.
pub(super) fn showing_writable(c: &mg_connection, deliver: impl FnOnce()) {
    let shown = c.is(Flag::Writable);
    c.set(Flag::Writable, true);
    deliver();
    c.set(Flag::Writable, shown);
}

/// The socket takes no more for now.
pub(super) fn output_full(c: &mg_connection, p: &ConnPrivate) {
    match manager(c).and_then(mg_mgr::private) {
        Some(m) => m.output_full(p, c.raw_fd()),
        None => p.set_ready(Ready::Write, false),
    }
}

pub(super) fn write_failed(c: &mg_connection, p: &ConnPrivate, e: &io::Error) {
    if e.kind() == io::ErrorKind::WouldBlock {
        output_full(c, p);
        limits::sent(c, p, 0);
    } else if c.is(Flag::Udp) {
        c.set(Flag::Closing, true);
    } else {
        p.set_ready(Ready::Broken, true);
        super::visits::mark(c);
    }
}

/// Sends what mg_printf() queued on a UDP connection as one datagram to `rem`.
fn flush_datagram(c: &mg_connection, p: &ConnPrivate) {
    let len = c.send.len.get();
    if len == 0 || c.is(Flag::Closing) {
        return;
    }
    p.send_loan.note(len);
    // SAFETY: no handler runs while the slice lives.
    match send_to(c, unsafe { c.send.as_bytes() }) {
        Ok(_) => {
            stats::sent(c, len);
            stats::count(c, |n| &n.datagrams_sent);
            refresh_loc(c);
            wrote(c, len);
        }
        Err(e) => write_failed(c, p, &e),
    }
}

/// Sends a datagram. A client waits for room in the socket: programs send what they have and do not try
/// again. A server does not keep its peers waiting.
fn send_to(c: &mg_connection, data: &[u8]) -> io::Result<usize> {
    let (fd, rem) = (c.raw_fd(), c.rem.get());
    match socket::send_to(fd, data, &rem) {
        Err(e) if e.kind() == io::ErrorKind::WouldBlock && c.is(Flag::Client) => {
            socket::await_room(fd, DATAGRAM_WAIT_MS);
            socket::send_to(fd, data, &rem)
        }
        outcome => outcome,
    }
}

/// A UDP socket gets its address with its first datagram.
fn refresh_loc(c: &mg_connection) {
    if c.loc.get().port == 0
        && let Some(loc) = socket::local_addr(c.raw_fd())
    {
        c.loc.set(loc);
    }
}

/// mg_send() on a UDP connection: one datagram, at once.
pub(super) fn send_datagram(c: &mg_connection, data: &[u8]) -> bool {
    match send_raw(c, data) {
        super::ffi::MG_IO_WAIT => false,
        n if n > 0 => {
            if c.is(Flag::Hexdumping) {
                // SAFETY: no more bytes are sent than there are.
                unsafe { hexdump(c, "->", data.as_ptr(), n as usize) };
            }
            fire(c, ev::WRITE, n as usize);
            true
        }
        _ => {
            // Sending nothing is not a failure of the socket.
            if !data.is_empty() || c.raw_fd() < 0 {
                c.set(Flag::Closing, true);
            }
            false
        }
    }
}

/// Sends bytes past the queue: the number sent, MG_IO_WAIT, or MG_IO_ERR (also for 0).
pub(super) fn send_raw(c: &mg_connection, data: &[u8]) -> c_long {
    if c.raw_fd() < 0 {
        return super::ffi::MG_IO_ERR;
    }
    let sent = if c.is(Flag::Udp) {
        send_to(c, data).inspect(|_| {
            stats::count(c, |n| &n.datagrams_sent);
            refresh_loc(c);
        })
    } else {
        // SAFETY: a slice is as long as it says.
        unsafe { socket::send(c.raw_fd(), data.as_ptr(), data.len(), true, 0) }
    };
    match sent {
        Ok(0) => super::ffi::MG_IO_ERR,
        Ok(n) => {
            stats::sent(c, n);
            n as c_long
        }
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => super::ffi::MG_IO_WAIT,
        Err(_) => super::ffi::MG_IO_ERR,
    }
}

/// Bytes that the socket took and the other side has not acknowledged, where the system tells.
pub fn unacknowledged(c: &mg_connection) -> usize {
    socket::unacknowledged(c.raw_fd())
}

/// True when the socket took everything offered so far.
pub fn write_ready(c: &mg_connection) -> bool {
    c.private().is_some_and(|p| p.is_ready(Ready::Write))
}

/// Tells the loop that the present protocol handler has more output than `c->send` holds: it does
/// not sleep while the socket is writable, and draining waits.
pub fn set_output_pending(c: &mg_connection, pending: bool) {
    if let Some(p) = c.private() {
        p.output_pending
            .set(if pending { c.pfn.get() } else { None });
    }
}

/// Stops reading from the socket, at most until everything queued is sent, or resumes it. Has
/// nothing to do with `is_full`, which belongs to the program.
pub fn pause_input(c: &mg_connection, paused: bool) {
    if let Some(p) = c.private() {
        p.input_paused.set(paused);
    }
}

/// Tells the loop that the peer is still sending something nobody will read, so that closing
/// must not reset the connection.
pub fn set_linger(c: &mg_connection) {
    if let Some(p) = c.private() {
        p.linger.set(true);
    }
}

/// Sends up to `max` bytes of a file from `offset` on, straight to a plain TCP socket, and moves
/// the offset. `Ok(0)` is the end of the file. A full socket is `WouldBlock`; MG_EV_POLL comes when
/// it has room again.
///
/// A socket that takes only a part is offered the rest at once: it says that it is full, and then is heard
/// of again when a good part of its buffer is free. Without that, the rest goes in many small pieces.
pub fn send_file(
    c: &mg_connection,
    file: BorrowedFd<'_>,
    offset: &mut u64,
    max: usize,
) -> io::Result<usize> {
    let p = c.private().ok_or(io::ErrorKind::InvalidInput)?;
    if p.may_block.replace(false) {
        // sendfile(2) has no flag for it.
        socket::set_nonblocking(c.raw_fd());
    }
    let max = max.min(SENDFILE_MAX);
    let mut sent = 0;
    while sent < max {
        match sendfile(c.raw_fd(), file, *offset, max - sent) {
            Ok(0) => break,
            Ok(n) => {
                *offset += n as u64;
                sent += n;
                limits::sent(c, p, n);
                stats::sent(c, n);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                if e.kind() == io::ErrorKind::WouldBlock {
                    output_full(c, p);
                    limits::sent(c, p, 0);
                }
                if sent == 0 {
                    return Err(e);
                }
                break;
            }
        }
    }
    Ok(sent)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn sendfile(fd: c_int, file: BorrowedFd<'_>, offset: u64, max: usize) -> io::Result<usize> {
    let mut offset = libc::off64_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: both descriptors are open and `offset` outlives the call.
    let n = unsafe { libc::sendfile64(fd, file.as_raw_fd(), &raw mut offset, max) };
    usize::try_from(n).map_err(|_| io::Error::last_os_error())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn sendfile(fd: c_int, file: BorrowedFd<'_>, offset: u64, max: usize) -> io::Result<usize> {
    let offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut buf = [0u8; 32 * 1024];
    let len = max.min(buf.len());
    // SAFETY: `len` bytes of the buffer are writable, then `n` of them readable.
    unsafe {
        let n = libc::pread(file.as_raw_fd(), buf.as_mut_ptr().cast(), len, offset);
        match usize::try_from(n) {
            Ok(0) => Ok(0),
            Ok(n) => socket::send(fd, buf.as_ptr(), n, true, 0),
            Err(_) => Err(io::Error::last_os_error()),
        }
    }
}

/// Logs traffic of a connection with `is_hexdumping`.
///
/// # Safety
/// `n` bytes at `data` are readable.
unsafe fn hexdump(c: &mg_connection, arrow: &str, data: *const u8, n: usize) {
    crate::log::info(format_args!(
        "\n-- {} {} {arrow} {} {n}",
        c.id.get(),
        AddrText(c.loc.get()),
        AddrText(c.rem.get())
    ));
    // SAFETY: forwarded from the caller; the log sink is the only code that runs.
    unsafe { crate::log::ffi::mg_hexdump(data.cast(), n) };
}

struct AddrText(super::mg_addr);

impl std::fmt::Display for AddrText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.to_socket_addr().fmt(f)
    }
}
