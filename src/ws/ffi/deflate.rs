//! permessage-deflate: what programs set, and messages in the buffers of a connection.
#![allow(unsafe_code)]

use super::conn::is_websocket;
use crate::ffi::{guard, inject, versioned};
use crate::fmt::stack::Stack;
use crate::http::ffi::mg_http_message;
use crate::iobuf::mg_iobuf;
use crate::net::{self, Flag, limits, manager, mg_connection, mg_mgr};
use crate::ws::close::Violation;
use crate::ws::deflate::codec::{self, Cursor, Inflater, TAIL};
use crate::ws::deflate::negotiate::{MAX_BITS, Params, Wish};
use crate::ws::deflate::{Session, Settings};
use crate::ws::state::WsState;
use std::ffi::c_int;
use std::fmt::Write;
use std::rc::Rc;

/// Compression of WebSocket messages (permessage-deflate, RFC 7692); see mg_ws_set_deflate().
///
/// Zero the struct, put its size into `size`, and set what is to be different. "Sent" and "received"
/// are this side's words. A window is what a message may refer back to; `bits` of it are 2 to that
/// power bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct mg_ws_deflate_opts {
    /// sizeof(struct mg_ws_deflate_opts), so that later versions can add members.
    pub size: usize,
    /// From 1, which is fast, to 9, which makes messages small. 0: 3.
    pub level: c_int,
    /// Window for messages that are sent, 9 to 15 bits; the peer may ask for a smaller one. 0: 12.
    pub send_window_bits: c_int,
    /// Window that the peer is asked to keep to, 9 to 15 bits, for its sake: here it costs the same.
    /// 0: 15.
    pub recv_window_bits: c_int,
    /// Non-zero: messages that are sent do not refer to those before (server_no_context_takeover of a
    /// server, client_no_context_takeover of a client). They are larger; the connection keeps no memory.
    pub send_no_context: c_int,
    /// Non-zero: the peer is asked for the same.
    pub recv_no_context: c_int,
    /// Shorter messages are sent as they are, in bytes. 0: 64.
    pub min_size: usize,
    /// The longest message after inflating, in bytes. "WS message limit", Close code 1009. 0: no limit
    /// besides `message_size` and `recv_size` of the connection's limits.
    pub message_size: usize,
    /// Bytes that the memories of all connections of the manager may take. Who comes when they are
    /// used up is asked to do without, as if `send_no_context` and `recv_no_context` were set.
    /// 0: 64 MB.
    pub memory: usize,
}

const DEFAULT_LEVEL: u8 = 3;
const DEFAULT_SEND_BITS: u8 = 12;
const DEFAULT_MIN_SIZE: usize = 64;
/// Contexts of all connections of a manager.
const DEFAULT_MEMORY: usize = 64 * 1024 * 1024;

impl mg_ws_deflate_opts {
    fn settings(&self, mgr: &mg_mgr) -> Option<Rc<Settings>> {
        let wish = Wish {
            send_bits: in_range(self.send_window_bits, 9, MAX_BITS, DEFAULT_SEND_BITS)?,
            recv_bits: in_range(self.recv_window_bits, 9, MAX_BITS, MAX_BITS)?,
            send_takeover: self.send_no_context == 0,
            recv_takeover: self.recv_no_context == 0,
        };
        Some(Rc::new(Settings {
            wish,
            level: in_range(self.level, 1, 9, DEFAULT_LEVEL)?,
            min_size: or_default(self.min_size, DEFAULT_MIN_SIZE),
            message_size: or_default(self.message_size, usize::MAX),
            memory: or_default(self.memory, DEFAULT_MEMORY),
            shared: mgr.deflate()?,
        }))
    }
}

fn or_default(value: usize, default: usize) -> usize {
    if value == 0 { default } else { value }
}

fn in_range(value: c_int, least: u8, most: u8, default: u8) -> Option<u8> {
    match u8::try_from(value).ok()? {
        0 => Some(default),
        value => (least..=most).contains(&value).then_some(value),
    }
}

/// Lets a connection compress its WebSocket messages, if the peer can, too (permessage-deflate, RFC 7692). To be
/// called before the handshake: on a listener, for the connections that it accepts from now on; on a
/// connection before mg_ws_upgrade(); on a client in MG_EV_OPEN, which fires in mg_ws_connect().
///
/// Nothing else changes for the program. mg_ws_send(), mg_ws_printf() and mg_ws_wrap() compress text and binary
/// messages; what they append, and what mg_ws_send() and mg_ws_wrap() return, is smaller then; MG_EV_WS_MSG brings messages inflated, without
/// a trace in `flags`. Continuation frames in MG_EV_WS_CTL have the payload that was sent. A client
/// whose server answers with an extension that was not offered, or with other parameters, gets
/// MG_EV_ERROR "ws extension error". A message that does not inflate is "WS message does not inflate", Close
/// code 1007.
///
/// What a connection remembers of its messages costs memory as soon as the first one is compressed:
/// 146 KB and 4 times the window for sending (162 KB with 12 bits, 274 KB with 15), 47 KB for receiving.
/// It is set aside when the extension is agreed on, see `memory`. Without that (`send_no_context`,
/// `recv_no_context`) connections share what the manager keeps.
///
/// Do not compress secrets together with what an attacker can choose: lengths tell what they have in common.
///
/// `opts` is copied. NULL: messages are not compressed, as without a call. Returns false, with nothing
/// changed, for a connection that speaks WebSocket already or is closed, when `opts->size` is
/// absurd, a number is out of its range, or a member is set that this version of the library does not have.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_set_deflate(
    c: *mut mg_connection,
    opts: *const mg_ws_deflate_opts,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return false;
        };
        let (Some(state), Some(mgr)) = (c.ws(), manager(c)) else {
            return false;
        };
        if is_websocket(c) || c.is_dead() || c.is(Flag::Udp) {
            return false;
        }
        if opts.is_null() {
            state.deflate.set_settings(None);
            return true;
        }
        // SAFETY: pointer contract.
        let settings = unsafe { versioned::read(opts) }.and_then(|o| o.settings(mgr));
        let valid = settings.is_some();
        if valid {
            state.deflate.set_settings(settings);
        }
        valid
    })
}

/// True when both sides have agreed to compress messages, from MG_EV_WS_OPEN on; see mg_ws_set_deflate().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_is_deflating(c: *const mg_connection) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let state = unsafe { c.as_ref() }.and_then(mg_connection::ws);
        state.is_some_and(|state| state.deflate.is_on())
    })
}

pub const FIELD: &[u8] = b"Sec-WebSocket-Extensions";

/// The fields of a message that name extensions.
///
/// # Safety
/// The strings of the message are readable.
unsafe fn fields(hm: &mg_http_message) -> impl Iterator<Item = &[u8]> {
    hm.headers
        .iter()
        .take_while(|header| header.name.len > 0)
        // SAFETY: forwarded from the caller.
        .map(|header| unsafe { (header.name.as_bytes(), header.value.as_bytes()) })
        .filter(|(name, _)| name.eq_ignore_ascii_case(FIELD))
        .map(|(_, value)| value)
}

/// The field of a handshake.
type Field = Stack<200>;

fn field(params: Params) -> Field {
    let mut text = Field::new();
    let _ = write!(text, "Sec-WebSocket-Extensions: {params}\r\n");
    text
}

/// Makes what a client offers, if anything: the field, and the session for when it is accepted.
pub fn offer(state: &WsState) -> Option<Field> {
    let (session, params) = Session::offer(&state.deflate.settings()?);
    let session = crate::ffi::alloc::try_box(session)?;
    state.deflate.set(Some(session), false);
    Some(field(params))
}

/// Reads what the server says to our offer. False when it says anything else.
///
/// # Safety
/// The strings of the message are readable.
pub unsafe fn agree(state: &WsState, hm: &mg_http_message) -> bool {
    // SAFETY: forwarded from the caller.
    let agreed = state
        .deflate
        .with(|session| session.agree(unsafe { fields(hm) }));
    match agreed {
        Some(Ok(true)) => state.deflate.switch_on(),
        Some(Err(_)) => return false,
        Some(Ok(false)) => state.deflate.set(None, false),
        None => {}
    }
    true
}

/// Accepts what a client offers, if anything, and returns the field that says so.
///
/// # Safety
/// The strings of the message are readable.
pub unsafe fn accept(state: &WsState, hm: &mg_http_message) -> Option<Field> {
    let settings = state.deflate.settings()?;
    // SAFETY: forwarded from the caller.
    let (session, answer) = Session::accept(&settings, unsafe { fields(hm) })?;
    let session = crate::ffi::alloc::try_box(session)?;
    state.deflate.set(Some(session), true);
    Some(field(answer))
}

/// The whole block of a buffer, as far as it was ever written or zeroed.
///
/// # Safety
/// As for `mg_iobuf::as_bytes`, and there is one slice at a time.
unsafe fn block<'a>(io: &mg_iobuf) -> &'a mut [u8] {
    if io.size.get() == 0 {
        return &mut [];
    }
    // SAFETY: the block has `size` bytes, initialised because buffers grow zeroed.
    unsafe { std::slice::from_raw_parts_mut(io.buf.get(), io.size.get()) }
}

/// Compresses `from`, or the last `len` bytes of the send buffer, to `at` in its block. Returns how
/// long it is, without the tail. `None` when memory is exhausted: the connection has failed if that
/// was noticed too late.
pub fn deflate(
    c: &mg_connection,
    session: &mut Session,
    from: Option<&[u8]>,
    len: usize,
    at: usize,
    prefix: &[u8],
) -> Result<usize, OutOfMemory> {
    /// Room for so much at a time.
    const PIECE: usize = 64 * 1024;
    let io = &c.send;
    let used = io.len.get();
    let room = |left: usize| codec::deflated_bound(left.min(PIECE));
    if !io.reserve(at - used + prefix.len() + room(len)) {
        return Err(OutOfMemory::Nothing);
    }
    let mut deflater = session.take_deflater().ok_or(OutOfMemory::NoContext)?;
    // SAFETY: no handler runs while slices of the buffer live, here and below.
    let start = unsafe { &mut block(io)[at..] };
    start[..prefix.len()].copy_from_slice(prefix);
    let (mut read, mut end) = (0, at + prefix.len());
    loop {
        // SAFETY: as above.
        let (text, free) = unsafe { block(io) }.split_at_mut(end);
        let input = from.unwrap_or_else(|| &text[used - len..used]);
        let (n, written, done) = deflater.deflate(&input[read..], free);
        read += n;
        end += written;
        if done {
            break;
        }
        if !io.reserve(end - used + room(len - read)) {
            // What was compressed will not be sent, and the context is of no use any more.
            return Err(OutOfMemory::Midway);
        }
    }
    session.give_deflater(deflater);
    net::note_used(c, 0, end);
    Ok(end - at - TAIL.len())
}

/// When memory was exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfMemory {
    /// Nothing has happened.
    Nothing,
    /// There is no context, so the message may be sent as it is.
    NoContext,
    /// More would be queued than the limits allow.
    Limit(usize),
    /// The connection cannot go on.
    Midway,
}

/// Why a message was not inflated.
pub enum Failure {
    Violation(Violation),
    OutOfMemory,
}

/// Replaces the compressed message at the start of the receive buffer, whose payload are `len` bytes at
/// `at`, by a byte of its first frame and the inflated message. Returns the length of the latter.
pub fn inflate(
    c: &mg_connection,
    state: &WsState,
    at: usize,
    len: usize,
) -> Result<usize, Failure> {
    inject("inflate");
    let bound = |which: usize| if which == 0 { usize::MAX } else { which };
    let inflated = state.deflate.with(|session| {
        let message =
            bound(limits::of(c, |limits| limits.message_size)).min(session.message_size());
        let buffer = limits::recv_size(c).saturating_sub(1);
        let mut inflater = session.take_inflater().ok_or(Failure::OutOfMemory)?;
        let result = inflate_behind(&c.recv, &mut inflater, at..at + len, message.min(buffer));
        session.give_inflater(inflater);
        result.map_err(|failure| match failure {
            Failure::Violation(Violation::TooBig) if message <= buffer => {
                Failure::Violation(Violation::MessageTooBig)
            }
            failure => failure,
        })
    });
    let n = inflated.unwrap_or(Err(Failure::Violation(Violation::ReservedBits)))?;
    let rest = c.recv.len.get() - (at + len);
    net::note_used(c, c.recv.len.get() + n, 0);
    // SAFETY: no handler runs while the slice lives.
    let text = &mut unsafe { block(&c.recv) }[..c.recv.len.get() + n];
    text[at + len..].rotate_left(rest);
    c.recv.len.set(text.len());
    c.recv.remove(1, at + len - 1);
    Ok(n)
}

/// Gives back what a buffer, which had `before` bytes, grew by for a large message: its peer may have sent
/// but a thousandth of that.
pub fn shrink(io: &mg_iobuf, before: usize) {
    const KEPT: usize = 128 * 1024;
    let (size, len) = (io.size.get(), io.len.get());
    if size > before.max(KEPT) && len <= KEPT {
        // Without memory it stays as it is.
        io.resize_exact(if len == 0 { 0 } else { KEPT });
    }
}

/// Inflates a payload that stands in a buffer, to behind what is in use there.
fn inflate_behind(
    io: &mg_iobuf,
    inflater: &mut Inflater,
    payload: std::ops::Range<usize>,
    most: usize,
) -> Result<usize, Failure> {
    /// Room to begin with. Text shrinks to a quarter, or less.
    const LEAST: usize = 512;
    let used = io.len.get();
    let mut cursor = Cursor::default();
    let (mut n, mut room) = (0, payload.len().saturating_mul(4).max(LEAST));
    loop {
        // One more than allowed, to notice it.
        let want = room.min(most.saturating_add(1) - n);
        if !io.reserve(n + want) {
            return Err(Failure::OutOfMemory);
        }
        // SAFETY: no handler runs while the slice lives.
        let (text, free) = unsafe { block(io) }.split_at_mut(used);
        let free = &mut free[n..];
        let left = free.len().min(most.saturating_add(1) - n);
        let (written, done) = inflater
            .inflate(&text[payload.clone()], &mut cursor, &mut free[..left])
            .map_err(|_| Failure::Violation(Violation::BadDeflate))?;
        n += written;
        if n > most {
            return Err(Failure::Violation(Violation::TooBig));
        }
        if done {
            return Ok(n);
        }
        room = n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range() {
        assert_eq!(in_range(0, 9, 15, 12), Some(12));
        assert_eq!(in_range(9, 9, 15, 12), Some(9));
        for value in [-1, 1, 8, 16, 256 + 9, c_int::MAX, c_int::MIN] {
            assert_eq!(in_range(value, 9, 15, 12), None, "{value}");
        }
    }
}
