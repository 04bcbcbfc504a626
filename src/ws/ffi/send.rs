//! Frames in the send buffer.
#![allow(unsafe_code)]

use crate::ffi::str::bytes;
use crate::net::limits::has_room;
use crate::net::{Flag, mg_connection};
use crate::ws::frame::{FIN, Header, MAX_HEADER, opcode};
use crate::ws::mask;

/// The header of a frame to send, and its masking key.
struct Outgoing {
    header: [u8; MAX_HEADER],
    len: usize,
    key: Option<[u8; 4]>,
}

impl Outgoing {
    fn new(c: &mg_connection, first: u8, payload: usize) -> Outgoing {
        // Clients mask (RFC 6455, 5.3).
        let key = c.is(Flag::Client).then(mask::new_key);
        let mut header = [0; MAX_HEADER];
        let len = Header::write(&mut header, first, payload, key);
        Outgoing { header, len, key }
    }

    fn header(&self) -> &[u8] {
        &self.header[..self.len]
    }
}

fn note(c: &mg_connection, first: u8) {
    if first & FIN != 0 && opcode(first) < opcode::CLOSE {
        crate::net::stats::count(c, |n| &n.ws_messages_sent);
    }
    if opcode(first) == opcode::CLOSE
        && let Some(state) = c.ws()
    {
        state.close_sent.set(true);
    }
}

/// Appends a frame whose payload are `len` bytes at `from`, or zeros for NULL. Returns its
/// length, or 0 when memory is exhausted.
///
/// # Safety
/// `from` is NULL or readable over `len` bytes.
pub unsafe fn frame(c: &mg_connection, first: u8, from: *const u8, len: usize) -> usize {
    crate::net::prepare_send(c);
    let io = &c.send;
    let out = Outgoing::new(c, first, len);
    // The payload may lie in the buffer that is about to move.
    let inside = (from as usize)
        .checked_sub(io.buf.get() as usize)
        .filter(|&ofs| ofs < io.len.get());
    let Some(total) = out.len.checked_add(len) else {
        return 0;
    };
    if !has_room(c, total) || !io.reserve(total) {
        return 0;
    }
    io.append(out.header());
    let at = io.len.get();
    // SAFETY: there is room for `len` bytes at `at`, initialised because buffers grow zeroed. A
    // payload outside the buffer does not overlap it; one inside is copied by ptr::copy, from
    // bytes in use as far as there are any.
    unsafe {
        let to = std::slice::from_raw_parts_mut(io.buf.get().add(at), len);
        match (inside, out.key) {
            (None, _) if from.is_null() => to.fill(0),
            (None, Some(key)) => mask::copy(to, bytes(from, len), key),
            (None, None) => to.copy_from_slice(bytes(from, len)),
            (Some(ofs), _) => {
                let n = len.min(io.size.get() - ofs);
                to.as_mut_ptr().copy_from(io.buf.get().add(ofs), n);
            }
        }
        if (from.is_null() || inside.is_some())
            && let Some(key) = out.key
        {
            mask::apply(to, key, 0);
        }
    }
    io.len.set(at + len);
    note(c, first);
    total
}

/// Makes a frame of the last `len` bytes. False, with nothing done, when there are fewer or memory is
/// exhausted.
pub fn wrap(c: &mg_connection, first: u8, len: usize) -> bool {
    let io = &c.send;
    let out = Outgoing::new(c, first, len);
    let Some(at) = io.len.get().checked_sub(len) else {
        return false;
    };
    if !has_room(c, out.len) || !io.reserve(out.len) {
        return false;
    }
    // SAFETY: the block holds the data and the header, all initialised because buffers grow zeroed,
    // and no handler runs while the slice lives.
    let text = unsafe { std::slice::from_raw_parts_mut(io.buf.get().add(at), len + out.len) };
    text.copy_within(..len, out.len);
    match out.header() {
        // The usual one, without the call of a library function.
        &[first, second] => [text[0], text[1]] = [first, second],
        header => text[..header.len()].copy_from_slice(header),
    }
    if let Some(key) = out.key {
        mask::apply(&mut text[out.len..], key, 0);
    }
    io.len.set(io.len.get() + out.len);
    note(c, first);
    true
}
