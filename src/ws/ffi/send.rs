//! Frames in the send buffer.
#![allow(unsafe_code)]

use super::deflate::{self, OutOfMemory};
use crate::ffi::str::bytes;
use crate::net::limits::has_room;
use crate::net::{self, Flag, limits, mg_connection};
use crate::ws::deflate::codec::TAIL;
use crate::ws::deflate::{Sending, Session};
use crate::ws::frame::{FIN, Header, MAX_HEADER, RSV1, opcode};
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

#[inline]
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
    net::prepare_send(c);
    let io = &c.send;
    if deflates(c) {
        // SAFETY: forwarded from the caller.
        if let Some(total) = unsafe { compressed_frame(c, first, from, len) } {
            return total;
        }
    }
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
    if deflates(c)
        && len <= io.len.get()
        && let Some(total) = compressed(c, first, None, len)
    {
        return total > 0;
    }
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

#[inline]
fn deflates(c: &mg_connection) -> bool {
    c.ws().is_some_and(|state| state.deflate.is_on())
}

/// [`frame`] with compression; `None` when the frame is to be sent as it is.
///
/// # Safety
/// As for [`frame`].
#[inline(never)]
unsafe fn compressed_frame(
    c: &mg_connection,
    first: u8,
    from: *const u8,
    len: usize,
) -> Option<usize> {
    let io = &c.send;
    let used = io.len.get();
    let inside = (from as usize)
        .checked_sub(io.buf.get() as usize)
        .filter(|&ofs| ofs < io.size.get());
    if inside.is_none() && !from.is_null() {
        // SAFETY: forwarded from the caller; the send buffer, which grows, is another one.
        return compressed(c, first, Some(unsafe { bytes(from, len) }), len);
    }
    // What stands in the buffer moves when it grows, so the payload is put at its end first.
    if !io.reserve(len) {
        return Some(0);
    }
    // SAFETY: there is room for `len` bytes at `used`; the other end is in the block, too.
    unsafe {
        let to = io.buf.get().add(used);
        to.write_bytes(0, len);
        if let Some(ofs) = inside {
            to.copy_from(io.buf.get().add(ofs), len.min(used.saturating_sub(ofs)));
        }
    }
    io.len.set(used + len);
    let sent = compressed(c, first, None, len);
    if sent.is_none_or(|total| total == 0) {
        io.len.set(used.min(io.len.get()));
    }
    sent
}

/// Appends a compressed frame with the payload `from`; without that, makes one of the last `len` bytes of
/// the send buffer. Returns its length, or 0 when memory is exhausted; `None`, with nothing done, when
/// the frame is to be sent as it is.
fn compressed(c: &mg_connection, first: u8, from: Option<&[u8]>, len: usize) -> Option<usize> {
    let state = c.ws()?;
    let result = state.deflate.with(|session| {
        let how = session.plan(first, len);
        let result = match how {
            Sending::Plain => Ok(None),
            _ => compress(c, session, first, from, len, how),
        };
        let sent = match result {
            Ok(Some(_)) => how,
            _ => Sending::Plain,
        };
        session.note(first, sent);
        result
    })?;
    match result {
        Ok(total) => total,
        Err(failure) => {
            match failure {
                OutOfMemory::Limit(extra) => _ = has_room(c, extra),
                OutOfMemory::Midway if !c.is(Flag::Closing) => net::error(c, b"OOM"),
                _ => {}
            }
            Some(0)
        }
    }
}

/// Compresses to behind where the longest header would end, and moves the outcome into its place.
fn compress(
    c: &mg_connection,
    session: &mut Session,
    first: u8,
    from: Option<&[u8]>,
    len: usize,
    how: Sending,
) -> Result<Option<usize>, OutOfMemory> {
    let io = &c.send;
    let used = io.len.get();
    let start = if from.is_some() { used } else { used - len };
    let (first, prefix) = match how {
        Sending::Next => (first, &TAIL[..]),
        _ => (first | RSV1, &[][..]),
    };
    let at = used + MAX_HEADER;
    let n = match deflate::deflate(c, session, from, len, at, prefix) {
        // Nothing refers to a context that is not there.
        Err(OutOfMemory::NoContext) if how == Sending::First => return Ok(None),
        result => result?,
    };
    if how == Sending::First && n >= len && !session.sends_context() {
        return Ok(None);
    }
    let out = Outgoing::new(c, first, n);
    let total = out.len + n;
    let extra = (start + total).saturating_sub(used);
    let limit = limits::of(c, |limits| limits.send_size);
    if limit > 0 && used.saturating_add(extra) > limit {
        return Err(OutOfMemory::Limit(extra));
    }
    // SAFETY: the block has what was compressed at its end, all initialised because buffers grow zeroed;
    // no handler runs while the slice lives.
    let text = unsafe { std::slice::from_raw_parts_mut(io.buf.get().add(start), at + n - start) };
    text.copy_within(at - start.., out.len);
    text[..out.len].copy_from_slice(out.header());
    if let Some(key) = out.key {
        mask::apply(&mut text[out.len..total], key, 0);
    }
    io.len.set(start + total);
    note(c, first);
    Ok(Some(total))
}
