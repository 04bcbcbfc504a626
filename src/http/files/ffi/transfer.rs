//! A file on its way to the peer.
//!
//! While one is under way, `c->pfn` is [`handler`]. It goes on whenever the loop visits the connection:
//! files of the host straight from the descriptor to a plain TCP socket, all others through
//! `c->send`, a piece at a time. Those that are compressed on the way leave in chunks.
#![allow(unsafe_code)]

use crate::ffi::alloc::try_box;
use crate::ffi::inject;
use crate::fs::ffi::OpenFile;
use crate::http::chunked;
use crate::http::coding::gzip::Gzip;
use crate::http::ffi::conn::{finish_response, http_handler};
use crate::net::{self, Flag, IO_SIZE, ev, mg_connection};
use std::cell::Cell;
use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::ptr::from_mut;

/// Files up to this size leave together with their response head.
const SMALL: usize = IO_SIZE;
/// How full `c->send` is kept.
const PIECE: usize = 4 * IO_SIZE;
/// Most bytes that are compressed at a time, so that other connections have their turn. They may be
/// hardly any behind that.
const CODED_AT_ONCE: usize = 4 * IO_SIZE;
/// Most bytes of a chunk.
const CHUNK: usize = IO_SIZE;
/// Size line of a chunk, and the end of its data.
const CHUNK_FRAME: usize = b"ffff\r\n\r\n".len();

/// The file that a connection is sending, if any. Dropped, and the file closed, with the
/// connection at the latest.
#[derive(Default)]
pub struct Transfer(Cell<Option<Body>>);

/// The rest of a response body.
pub struct Body {
    file: OpenFile,
    /// Position of the next byte to send.
    position: usize,
    remaining: usize,
    /// The next bytes go from the file to the socket; the file's own position is not used.
    direct: bool,
    encoder: Option<Box<Encoder>>,
}

impl Body {
    /// `len` bytes of a file, which stands at `position`.
    pub fn new(file: OpenFile, position: usize, len: usize, encoder: Option<Box<Encoder>>) -> Body {
        Body {
            file,
            position,
            remaining: len,
            direct: false,
            encoder,
        }
    }
}

/// Compresses a file on its way.
pub struct Encoder {
    gzip: Gzip,
    /// What was read of the file; the compressor has taken it up to `at`.
    input: [u8; IO_SIZE],
    at: usize,
    end: usize,
}

impl Encoder {
    /// For a file of so many bytes. `None` when memory is exhausted.
    pub fn new(level: u8, len: usize) -> Option<Box<Encoder>> {
        try_box(Encoder {
            gzip: Gzip::new(level, len)?,
            input: [0; IO_SIZE],
            at: 0,
            end: 0,
        })
    }
}

/// What became of an attempt to send.
#[derive(PartialEq, Eq)]
enum Progress {
    /// The socket or the buffer is full.
    Wait,
    /// Everything is sent or queued.
    Done,
    /// The file ended before its time.
    Short,
    OutOfMemory,
}

/// Begins to send a body whose head is in `c->send`.
pub fn start(c: &mg_connection, mut body: Body) {
    let transfer = c.http().map(|state| &state.transfer.0);
    if body.remaining <= SMALL || transfer.is_none() {
        let progress = queue(c, &mut body, usize::MAX);
        drop(body);
        return finish(c, progress);
    }
    let Some(transfer) = transfer else { return };
    body.direct = body.encoder.is_none()
        && body.file.descriptor().is_some()
        && !c.is(Flag::Tls)
        && !c.is(Flag::Udp)
        && !c.is(Flag::Hexdumping);
    if let Some(previous) = transfer.replace(Some(body)) {
        drop(previous);
        crate::log::error(format_args!("{}: two files in one response", c.id.get()));
        c.set(Flag::Closing, true);
    }
    c.pfn.set(Some(handler));
    net::set_output_pending(c, true);
}

/// The body cannot be completed: what is queued is sent, then the connection closes, so that the
/// client sees that something is missing.
pub fn cut_short(c: &mg_connection) {
    finish(c, Progress::Short);
}

fn finish(c: &mg_connection, progress: Progress) {
    match progress {
        Progress::OutOfMemory => net::error(c, b"OOM"),
        Progress::Short => {
            crate::log::error(format_args!(
                "{}: file is shorter than announced",
                c.id.get()
            ));
            // The response never ends: another one behind it would pass for the rest of the file.
            return c.set(Flag::Draining, true);
        }
        Progress::Wait | Progress::Done => {}
    }
    finish_response(c);
}

/// The protocol handler while a file is being sent. Requests that arrive meanwhile wait.
unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || match event {
        ev::POLL | ev::WRITE => go_on(c, event),
        ev::CLOSE => drop(take(c)),
        _ => {}
    });
}

fn take(c: &mg_connection) -> Option<Body> {
    c.http()?.transfer.0.take()
}

fn go_on(c: &mg_connection, event: c_int) {
    if c.is(Flag::Closing) {
        return;
    }
    let Some(mut body) = take(c) else {
        return;
    };
    let mut sent = 0;
    let responding = c.is(Flag::Resp);
    inject("file");
    let progress = if !body.direct && !net::write_ready(c) {
        Progress::Wait
    } else if body.direct {
        send(c, &mut body, &mut sent)
    } else {
        queue(c, &mut body, PIECE)
    };
    if c.is_dead() {
        return;
    }
    if progress == Progress::Wait {
        if let Some(state) = c.http() {
            state.transfer.0.set(Some(body));
        }
    } else {
        drop(body);
        net::set_output_pending(c, false);
        c.pfn.set(Some(http_handler));
        finish(c, progress);
    }
    if sent > 0 {
        let mut n = sent as c_long;
        net::conn::call_user(c, ev::WRITE, from_mut(&mut n).cast());
    }
    // The loop itself takes care of responses that are complete after MG_EV_POLL, if one was due: the file may be
    // sent while the body of the request arrives.
    if (event != ev::POLL || !responding)
        && !c.is(Flag::Resp)
        && c.recv.len.get() > 0
        && !c.is_dead()
    {
        let mut n: c_long = 0;
        net::call(c, ev::READ, from_mut(&mut n).cast());
    }
}

/// Sends from the descriptor, when all that was queued before has left.
fn send(c: &mg_connection, body: &mut Body, sent: &mut usize) -> Progress {
    if c.send.len.get() > 0 || !net::write_ready(c) {
        return Progress::Wait;
    }
    let Some(file) = body.file.descriptor() else {
        return Progress::Short;
    };
    let mut offset = body.position as u64;
    match net::send_file(c, file, &mut offset, body.remaining) {
        Ok(0) => Progress::Short,
        Ok(n) => {
            *sent = n;
            body.position += n;
            body.remaining -= n.min(body.remaining);
            if body.remaining == 0 {
                Progress::Done
            } else {
                Progress::Wait
            }
        }
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Progress::Wait,
        Err(e) if is_unsupported(&e) => {
            body.direct = false;
            if body.file.seek(body.position) == body.position {
                queue(c, body, PIECE)
            } else {
                Progress::Short
            }
        }
        Err(_) => {
            c.set(Flag::Closing, true);
            Progress::Done
        }
    }
}

/// True when the kernel cannot copy from this file to this socket.
fn is_unsupported(e: &io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(libc::EINVAL | libc::ENOSYS | libc::EOPNOTSUPP)
    )
}

/// Fills `c->send` up to `limit` bytes with chunks of the compressed file.
fn queue_coded(
    c: &mg_connection,
    body: &mut Body,
    encoder: &mut Encoder,
    limit: usize,
) -> Progress {
    inject("compress");
    let mut taken = 0;
    let mut chunk = [0; CHUNK];
    loop {
        let room = limit.saturating_sub(c.send.len.get());
        if room <= 2 * CHUNK_FRAME || taken >= CODED_AT_ONCE {
            return Progress::Wait;
        }
        if encoder.at == encoder.end && body.remaining > 0 {
            let max = body.remaining.min(encoder.input.len());
            let n = body.file.read(&mut encoder.input[..max]);
            if c.is_dead() {
                return Progress::Wait;
            }
            if n == 0 {
                return Progress::Short;
            }
            (encoder.at, encoder.end) = (0, n);
            body.position += n;
            body.remaining -= n;
        }
        let max = CHUNK.min(room - 2 * CHUNK_FRAME);
        let input = &encoder.input[encoder.at..encoder.end];
        let is_end = body.remaining == 0;
        let Some(step) = encoder.gzip.step(input, &mut chunk[..max], is_end) else {
            return Progress::Short;
        };
        if step.taken + step.made == 0 {
            return Progress::Short;
        }
        encoder.at += step.taken;
        taken += step.taken;
        if !append_chunk(c, &chunk[..step.made]) {
            return Progress::OutOfMemory;
        }
        if step.is_last {
            let done = c.send.append_nul(b"0\r\n\r\n");
            return if done {
                Progress::Done
            } else {
                Progress::OutOfMemory
            };
        }
    }
}

/// Appends a chunk of up to [`CHUNK`] bytes, none for no bytes. False when memory is exhausted.
fn append_chunk(c: &mg_connection, data: &[u8]) -> bool {
    if data.is_empty() {
        return true;
    }
    c.send.reserve(data.len() + CHUNK_FRAME + 1)
        && c.send.append(&chunked::size_digits::<4>(data.len()))
        && c.send.append(b"\r\n")
        && c.send.append(data)
        && c.send.append_nul(b"\r\n")
}

/// Fills `c->send` up to `limit` bytes.
fn queue(c: &mg_connection, body: &mut Body, limit: usize) -> Progress {
    if let Some(mut encoder) = body.encoder.take() {
        let progress = queue_coded(c, body, &mut encoder, limit);
        body.encoder = Some(encoder);
        return progress;
    }
    loop {
        let room = limit.saturating_sub(c.send.len.get()).min(PIECE);
        if room == 0 {
            return Progress::Wait;
        }
        let Some(n) = append(c, &mut body.file, room.min(body.remaining)) else {
            return Progress::OutOfMemory;
        };
        body.position += n;
        body.remaining -= n;
        if c.is_dead() {
            return Progress::Wait;
        }
        if n == 0 {
            return if body.remaining == 0 {
                Progress::Done
            } else {
                Progress::Short
            };
        }
    }
}

/// Reads up to `max` bytes of a file into `c->send`. `None` when memory is exhausted.
fn append(c: &mg_connection, file: &mut OpenFile, max: usize) -> Option<usize> {
    if file.is_builtin() {
        if !c.send.reserve(max + 1) {
            return None;
        }
        // SAFETY: there is room for `max` bytes behind the data, and no foreign code runs while the
        // slice lives.
        let room = unsafe {
            let tail = c.send.buf.get().add(c.send.len.get());
            std::slice::from_raw_parts_mut(tail, max)
        };
        let n = file.read(room);
        c.send.len.set(c.send.len.get() + n);
        c.send.terminate();
        return Some(n);
    }
    // The functions of a table may use the connection themselves.
    let mut piece = [0; IO_SIZE];
    let max = max.min(piece.len());
    let n = file.read(&mut piece[..max]);
    c.send.append_nul(&piece[..n]).then_some(n)
}
