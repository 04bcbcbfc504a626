#![allow(unsafe_code)]

pub mod conn;
mod deflate;
mod send;

use super::frame::FIN;
use super::handshake;
use super::receiver::Receiver;
use super::state::Phase;
use crate::ffi::str::{bytes, cstr};
use crate::ffi::va::{VaList, va_list, variadic_export, variadic_twin};
use crate::ffi::{guard, inject, mg_str};
use crate::fmt::ffi::{Appended, vprintf_iobuf};
use crate::fmt::stack::Stack;
use crate::http::ffi::mg_http_message;
use crate::http::reply;
use crate::net::endpoint;
use crate::net::ffi::mg_connect;
use crate::net::{self, Flag, ev, mg_connection, mg_event_handler_t, mg_mgr};
use crate::url;
use crate::util::ffi::random_bytes;
use conn::ws_handler;
pub use deflate::{mg_ws_deflate_opts, mg_ws_is_deflating, mg_ws_set_deflate};
use std::ffi::{c_char, c_int, c_void};
use std::fmt::Write;
use std::ptr::null_mut;

/// A WebSocket message or control frame.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_ws_message {
    /// Payload, in the receive buffer, not NUL-terminated: valid until the handler returns.
    pub data: mg_str,
    /// First byte of the frame (RFC 6455, section 5.2): bit 7 is FIN, the low 4 bits are
    /// WEBSOCKET_OP_*. A message that came in fragments has the first byte of the first one,
    /// without FIN, so compare `flags & 15`.
    pub flags: u8,
}

/// mg_ws_connect() behind its shim.
unsafe extern "C" fn vconnect(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
    fmt: *const c_char,
    ap: *mut va_list,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: same contract; the shim started `ap`, and the caller passed what `fmt` asks for.
        unsafe {
            connect_with(mgr, url, r#fn, fn_data, |c| {
                append_format(c, fmt, ap).map(|text| text.len)
            })
        }
    })
}

variadic_twin!("mongoose_ws_vconnect" => vconnect);
variadic_export!(mg_ws_connect => shim_mg_ws_connect);

/// mg_ws_connect() with header fields that `append_fields` appends; it returns how many bytes, or
/// `None` when memory is exhausted.
///
/// # Safety
/// As for mg_ws_connect().
pub(crate) unsafe fn connect_with(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
    append_fields: impl FnOnce(&mg_connection) -> Option<usize>,
) -> *mut mg_connection {
    // SAFETY: forwarded from the caller.
    let c = unsafe { mg_connect(mgr, url, r#fn, fn_data) };
    // SAFETY: NULL or a connection.
    let Some(connection) = (unsafe { c.as_ref() }) else {
        return null_mut();
    };
    let _kept = net::keep(connection);
    // SAFETY: forwarded from the caller.
    if !begin_client(connection, unsafe { cstr(url) }, append_fields) {
        net::error(connection, b"OOM");
    }
    c
}

/// Makes a WebSocket client of a connection. False when memory is exhausted.
fn begin_client(
    c: &mg_connection,
    url: &[u8],
    append_fields: impl FnOnce(&mg_connection) -> Option<usize>,
) -> bool {
    let mut nonce = [0; handshake::NONCE];
    random_bytes(&mut nonce);
    let offer = c.ws().and_then(|state| {
        state.begin(Phase::Handshake { nonce, searched: 0 });
        deflate::offer(state)
    });
    c.pfn.set(Some(ws_handler));
    c.pfn_data.set(null_mut());
    let io = &c.send;
    let mut port = Stack::<8>::new();
    let (host, uri) = if endpoint::is_local(url) {
        (&b"localhost"[..], endpoint::uri(url))
    } else {
        if let Some(number) = url::unusual_port(url) {
            let _ = write!(port, ":{number}");
        }
        (url::host(url), url::uri(url))
    };
    let extension = offer.as_ref().map_or(&[][..], Stack::as_bytes);
    let mut appended = true;
    for part in [
        b"GET ",
        uri,
        b" HTTP/1.1\r\nUpgrade: websocket\r\nHost: ",
        host,
        port.as_bytes(),
        b"\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ",
        &handshake::key(nonce),
        b"\r\n",
        extension,
    ] {
        appended = appended && io.append(part);
    }
    appended && append_fields(c).is_some() && io.append_nul(b"\r\n")
}

/// Appends formatted text, none for NULL. `None` when memory is exhausted.
///
/// # Safety
/// `ap` is started and has what `fmt` asks for.
unsafe fn append_format(
    c: &mg_connection,
    fmt: *const c_char,
    ap: *mut va_list,
) -> Option<Appended> {
    if fmt.is_null() {
        return Some(Appended { len: 0, counted: 0 });
    }
    // SAFETY: forwarded from the caller.
    unsafe { vprintf_iobuf(&c.send, fmt, VaList::new(ap)) }
}

/// mg_ws_upgrade() behind its shim.
unsafe extern "C" fn vupgrade(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    fmt: *const c_char,
    ap: *mut va_list,
) {
    // SAFETY: same contract; the shim started `ap`, and the caller passed what `fmt` asks for.
    unsafe { upgrade_with(c, hm, |c| append_format(c, fmt, ap).map(|text| text.len)) };
}

/// mg_ws_upgrade() with header fields that `append_fields` appends; see [`connect_with`].
///
/// # Safety
/// As for mg_ws_upgrade().
pub(crate) unsafe fn upgrade_with(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    append_fields: impl FnOnce(&mg_connection) -> Option<usize>,
) {
    // SAFETY: pointer contract.
    let (Some(c), Some(request)) = (unsafe { (c.as_ref(), hm.as_ref()) }) else {
        return;
    };
    net::contain_kept(c, (), || {
        inject("mg_ws_upgrade");
        c.pfn.set(Some(ws_handler));
        c.pfn_data.set(null_mut());
        let state = c.ws();
        if let Some(state) = state {
            state.begin(Phase::default());
        }
        // SAFETY: the strings of a message are readable while its event is handled.
        let field = |name| unsafe { request.header(name).map(|value| value.as_bytes()) };
        let key = field(b"Sec-WebSocket-Key");
        let current = handshake::speaks_version(field(b"Sec-WebSocket-Version"));
        let (Some(key), true) = (key, current) else {
            let headers: &[u8] = if current {
                b""
            } else {
                b"Sec-WebSocket-Version: 13\r\n"
            };
            reply::reply(c, 426, headers, b"WS upgrade expected\n");
            c.set(Flag::Draining, true);
            net::set_linger(c);
            if let Some(state) = state {
                state.phase.set(Phase::Over);
            }
            return;
        };
        let offered = field(b"Sec-WebSocket-Protocol");
        // SAFETY: as above.
        let extension = state.and_then(|state| unsafe { deflate::accept(state, request) });
        if !switch_protocols(
            c,
            key,
            offered,
            extension.as_ref().map(Stack::as_bytes),
            append_fields,
        ) {
            return net::error(c, b"OOM");
        }
        if let Some(state) = state {
            let inflates = state.deflate.is_on();
            state.phase.set(Phase::Open(Receiver::new(inflates)));
        }
        c.set(Flag::Websocket, true);
        c.set(Flag::Resp, false);
        net::call(c, ev::WS_OPEN, hm.cast());
    });
}

/// mg_ws_upgrade() without header fields of the program.
///
/// # Safety
/// As for mg_ws_upgrade().
pub unsafe fn upgrade(c: *mut mg_connection, hm: *mut mg_http_message) {
    // SAFETY: forwarded from the caller.
    unsafe { upgrade_with(c, hm, |_| Some(0)) };
}

variadic_twin!("mongoose_ws_vupgrade" => vupgrade);
variadic_export!(mg_ws_upgrade => shim_mg_ws_upgrade);

/// Queues the answer that accepts a handshake. False when memory is exhausted.
fn switch_protocols(
    c: &mg_connection,
    key: &[u8],
    offered: Option<&[u8]>,
    extension: Option<&[u8]>,
    append_fields: impl FnOnce(&mg_connection) -> Option<usize>,
) -> bool {
    const PROTOCOL: &[u8] = b"Sec-WebSocket-Protocol";
    let io = &c.send;
    let appended = io.append(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
        && io.append(b"Connection: Upgrade\r\nSec-WebSocket-Accept: ")
        && io.append(&handshake::accept(key))
        && io.append(b"\r\n");
    let Some(n) = appended.then(|| append_fields(c)).flatten() else {
        return false;
    };
    // SAFETY: `n` bytes were appended; no handler runs while the slice lives.
    let text = unsafe { bytes(io.buf.get().add(io.len.get() - n), n) };
    let agreed = match offered {
        Some(offered) if !handshake::has_field(text, PROTOCOL) => {
            io.append(PROTOCOL)
                && io.append(b": ")
                && io.append(handshake::subprotocol(offered))
                && io.append(b"\r\n")
        }
        _ => true,
    };
    agreed && io.append(extension.unwrap_or_default()) && io.append_nul(b"\r\n")
}

/// Sends one frame with `len` bytes of payload; `op` is WEBSOCKET_OP_TEXT, WEBSOCKET_OP_BINARY
/// or another opcode. Client frames are masked, with a key from the system's random generator.
///
/// The frame is appended to `c->send`; to send a message in fragments, clear bit 7 of its first byte
/// there, which stands so many bytes before the end as this returns. `buf` is not modified and may point into the message that is being handled; NULL stands
/// for zeros. Nothing is checked: neither the state of the connection, nor whether text is UTF-8.
/// After a Close frame (WEBSOCKET_OP_CLOSE) the one of the peer is not answered any more.
///
/// Returns the size of the frame with its header, or 0 when memory is exhausted or `send_size` of the
/// connection's limits would be exceeded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_send(
    c: *mut mg_connection,
    buf: *const c_void,
    len: usize,
    op: c_int,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        match unsafe { c.as_ref() } {
            // SAFETY: pointer contract.
            Some(c) => unsafe { send::frame(c, first_byte(op), buf.cast(), len) },
            None => 0,
        }
    })
}

/// The first byte of an unfragmented frame.
fn first_byte(op: c_int) -> u8 {
    op as u8 | FIN
}

/// Makes the last `len` bytes of `c->send` the payload of a frame; see mg_ws_send(). Nothing
/// happens when there are fewer, or when memory is exhausted. Returns the new `c->send.len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_wrap(c: *mut mg_connection, len: usize, op: c_int) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return 0;
        };
        send::wrap(c, first_byte(op), len);
        c.send.len.get()
    })
}

/// mg_ws_printf() with arguments in `*ap`, which moves behind those that were used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ws_vprintf(
    c: *mut mg_connection,
    op: c_int,
    fmt: *const c_char,
    ap: *mut va_list,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return 0;
        };
        let _kept = net::keep(c);
        let start = c.send.len.get();
        // SAFETY: pointer contract.
        let Some(text) = (unsafe { append_format(c, fmt, ap) }) else {
            return 0;
        };
        if !net::limits::may_stay(c, start) {
            return 0;
        }
        if !send::wrap(c, first_byte(op), text.len) {
            c.send.len.set(c.send.len.get().min(start));
            return 0;
        }
        text.counted
    })
}

variadic_export!(mg_ws_printf => shim_mg_ws_printf);
