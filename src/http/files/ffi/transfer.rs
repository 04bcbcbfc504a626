//! Sending the body of a file response, piece by piece.
#![allow(unsafe_code)]

use crate::ffi::alloc::try_box;
use crate::ffi::guard;
use crate::fs::ffi::OpenFile;
use crate::http::conn::{finish_response, http_handler};
use crate::net::conn::call_user;
use crate::net::{self, Flag, IO_SIZE, ev, mg_connection};
use std::cell::Cell;
use std::ffi::{c_int, c_long, c_void};
use std::io::ErrorKind;
use std::ptr::from_mut;

/// A file on its way to the peer.
#[derive(Default)]
pub struct Transfer(Cell<Option<Box<Active>>>);

struct Active {
    file: OpenFile,
    offset: u64,
    remaining: u64,
}

/// Bytes that one turn of a connection sends, so that others get theirs.
const TURN_BUDGET: u64 = 4 << 20;
/// Bytes read at once when the file cannot go straight to the socket.
const PIECE: usize = 64 * 1024;

/// Sends `length` bytes from `first` on behind what is queued. The connection's protocol handler
/// is put aside meanwhile.
pub(super) fn start(c: &mg_connection, mut file: OpenFile, first: u64, length: u64) {
    let direct = file.descriptor().is_some();
    // A small file shares one send with its head.
    let small = length <= IO_SIZE as u64;
    if (small || !direct) && first > 0 {
        file.seek(first as usize);
    }
    if small {
        if read_into_send(c, &mut file, length as usize) == Some(length) {
            return finish_response(c);
        }
        return broken(c);
    }
    let active = try_box(Active {
        file,
        offset: first,
        remaining: length,
    });
    match (c.http(), active) {
        (Some(state), Some(active)) => {
            state.transfer.0.set(Some(active));
            c.pfn.set(Some(transfer_handler));
            net::set_output_pending(c, true);
        }
        _ => net::error(c, b"OOM"),
    }
}

/// The announced length cannot be kept: only closing tells the client.
fn broken(c: &mg_connection) {
    crate::log::error(format_args!(
        "{} file is shorter than announced",
        c.id.get()
    ));
    finish_response(c);
    c.set(Flag::Draining, true);
}

/// Reads up to `n` bytes to the end of `c->send`; `None` when memory is exhausted.
fn read_into_send(c: &mg_connection, file: &mut OpenFile, n: usize) -> Option<u64> {
    let io = &c.send;
    let before = io.len.get();
    if !io.reserve(n.checked_add(1)?) {
        return None;
    }
    // SAFETY: `n` bytes of initialised capacity follow the data. A file system written in C that
    // touches the buffer of the connection it reads for is beyond help in C too.
    let room = unsafe { std::slice::from_raw_parts_mut(io.buf.get().add(before), n) };
    let mut total = 0;
    while total < n {
        match file.read(&mut room[total..]) {
            0 => break,
            read => total += read,
        }
    }
    io.len.set(before + total);
    io.terminate();
    Some(total as u64)
}

/// Protocol handler of a connection that a file is sent on. What the peer sends meanwhile waits in
/// `c->recv`.
unsafe extern "C" fn transfer_handler(c: *mut mg_connection, event: c_int, _data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    guard((), || {
        let Some(transfer) = c.http().map(|state| &state.transfer) else {
            return;
        };
        match event {
            ev::POLL | ev::WRITE => pump(c, transfer),
            ev::CLOSE => drop(transfer.0.take()),
            _ => {}
        }
    });
}

enum Progress {
    /// The socket takes no more at present.
    Later,
    Done,
    /// The file ended early, or cannot be sent.
    Broken,
    /// The user's handler put an end to it.
    Stopped,
}

fn pump(c: &mg_connection, transfer: &Transfer) {
    if c.is(Flag::Closing) || c.send.len.get() > 0 && !c.is(Flag::Tls) {
        return;
    }
    let Some(mut active) = transfer.0.take() else {
        return;
    };
    let straight = !c.is(Flag::Tls) && active.file.descriptor().is_some();
    let progress = if straight {
        send_straight(c, &mut active)
    } else {
        fill_buffer(c, &mut active)
    };
    match progress {
        Progress::Later => transfer.0.set(Some(active)),
        Progress::Stopped => {}
        Progress::Done => {
            drop(active);
            hand_back(c);
            finish_response(c);
            proceed(c);
        }
        Progress::Broken => {
            drop(active);
            hand_back(c);
            broken(c);
        }
    }
}

/// From the file to the socket without a copy.
fn send_straight(c: &mg_connection, active: &mut Active) -> Progress {
    let mut budget = TURN_BUDGET;
    while active.remaining > 0 && budget > 0 {
        if !net::write_ready(c) {
            return Progress::Later;
        }
        let Some(file) = active.file.descriptor() else {
            return Progress::Broken;
        };
        let max = usize::try_from(active.remaining).unwrap_or(usize::MAX);
        match net::send_file(c, file, &mut active.offset, max) {
            Ok(0) => return Progress::Broken,
            Ok(n) => {
                active.remaining = active.remaining.saturating_sub(n as u64);
                budget = budget.saturating_sub(n as u64);
                let mut n = n as c_long;
                call_user(c, ev::WRITE, from_mut(&mut n).cast());
                if c.is_dead() || c.is(Flag::Closing) {
                    return Progress::Stopped;
                }
                // What the handler queued comes behind the file.
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Progress::Later,
            // A file system without this system call.
            Err(e) if matches!(e.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS)) => {
                active.file.seek(active.offset as usize);
                return fill_buffer(c, active);
            }
            Err(_) => {
                c.set(Flag::Closing, true);
                return Progress::Stopped;
            }
        }
    }
    if active.remaining == 0 {
        Progress::Done
    } else {
        Progress::Later
    }
}

/// Through `c->send`, for TLS and for file systems that programs bring.
fn fill_buffer(c: &mg_connection, active: &mut Active) -> Progress {
    let room = PIECE.saturating_sub(c.send.len.get());
    let wanted = usize::try_from(active.remaining)
        .unwrap_or(usize::MAX)
        .min(room);
    match read_into_send(c, &mut active.file, wanted) {
        Some(n) => {
            active.remaining -= n;
            active.offset += n;
            if active.remaining == 0 {
                Progress::Done
            } else if n < wanted as u64 {
                Progress::Broken
            } else {
                Progress::Later
            }
        }
        None => Progress::Broken,
    }
}

fn hand_back(c: &mg_connection) {
    net::set_output_pending(c, false);
    c.pfn.set(Some(http_handler));
}

/// Requests that came meanwhile are looked at now rather than at the next poll.
fn proceed(c: &mg_connection) {
    if let (Some(pfn), true) = (c.pfn.get(), c.recv.len.get() > 0) {
        let mut n: c_long = 0;
        // SAFETY: the connection's protocol handler.
        unsafe { pfn(c.as_ptr(), ev::READ, from_mut(&mut n).cast()) };
    }
}
