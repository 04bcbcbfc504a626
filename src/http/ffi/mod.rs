#![allow(unsafe_code)]

pub mod accessors;
pub mod conn;
mod pass;

pub(in crate::http) use pass::Changed;

use super::parser::{self, HeadEnd, Parsed};
use super::reply::{self, Draft};
use crate::ffi::layout::MAX_HTTP_HEADERS;
use crate::ffi::str::{bytes, cstr};
use crate::ffi::va::{VaList, va_list, variadic_export, variadic_twin};
use crate::ffi::{guard, inject, mg_str};
use crate::fmt::ffi::vprintf_iobuf;
use crate::net::ffi::{mg_connect_svc, mg_listen};
use crate::net::{self, mg_connection, mg_event_handler_t, mg_mgr};
use conn::{finish_response, http_handler};
use std::ffi::{c_char, c_int, c_uchar, c_uint, c_void};
use std::ptr::null_mut;

/// A header field of an HTTP message. Views into the receive buffer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_http_header {
    /// Field name as received.
    pub name: mg_str,
    /// Field value without surrounding blanks.
    pub value: mg_str,
}

/// A parsed HTTP request or response. All members are views into the buffer that was parsed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_http_message {
    /// Request method; in a response the protocol version.
    pub method: mg_str,
    /// Request target before '?', not decoded; in a response the status code.
    pub uri: mg_str,
    /// Request target behind '?', not decoded; `{NULL, 0}` without a '?'.
    pub query: mg_str,
    /// Protocol version; in a response the reason phrase.
    pub proto: mg_str,
    /// Header fields in order of arrival; the first unused one has an empty name.
    pub headers: [mg_http_header; MAX_HTTP_HEADERS],
    /// Message body.
    pub body: mg_str,
    /// Start line, headers and the empty line.
    pub head: mg_str,
    /// Head and body.
    pub message: mg_str,
}

impl mg_http_message {
    pub const EMPTY: mg_http_message = mg_http_message {
        method: mg_str::NULL,
        uri: mg_str::NULL,
        query: mg_str::NULL,
        proto: mg_str::NULL,
        headers: [mg_http_header {
            name: mg_str::NULL,
            value: mg_str::NULL,
        }; MAX_HTTP_HEADERS],
        body: mg_str::NULL,
        head: mg_str::NULL,
        message: mg_str::NULL,
    };

    /// Fills an empty message from the head at the start of `buf`.
    pub(crate) fn parse<'a>(&mut self, buf: &'a [u8]) -> Parsed<'a> {
        let headers = &mut self.headers;
        let parsed = parser::parse(buf, &mut |i, name, value| {
            headers[i] = mg_http_header {
                name: mg_str::from_bytes(name),
                value: mg_str::from_bytes(value),
            };
        });
        if let Parsed::Complete(head) = &parsed {
            self.method = mg_str::from_bytes(head.method);
            self.uri = mg_str::from_bytes(head.uri);
            self.query = head.query.map_or(mg_str::NULL, mg_str::from_bytes);
            self.proto = mg_str::from_bytes(head.proto);
            self.head = mg_str::from_bytes(&buf[..head.len]);
            self.message = self.head;
            self.body = mg_str::from_bytes(&buf[head.len..]);
            self.body.len = head.announced_body().unwrap_or(usize::MAX);
            self.message.len = head.len.saturating_add(self.body.len);
        }
        parsed
    }
}

/// Finds the end of an HTTP message head. Returns its length with the empty line that ends it, 0
/// when it is not complete yet, or -1 when a control character stands before its end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_request_len(buf: *const c_uchar, buf_len: usize) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract.
        match parser::head_end(unsafe { bytes(buf, buf_len) }, 0) {
            HeadEnd::At(len) => c_int::try_from(len).unwrap_or(-1),
            HeadEnd::NotYet => 0,
            HeadEnd::Invalid => -1,
        }
    })
}

/// Parses the head of an HTTP request or response (RFC 9112) in `len` bytes at `s`, which need no
/// terminator and are not modified.
///
/// Returns the length of the head, 0 when it is not complete yet (`*hm` is all zero then), or -1
/// when it is not HTTP. The strings in `*hm` point into `s`. The body need not be there: `hm->body.len`
/// is the length that the head announces, 0 for a request without Content-Length, and the
/// largest size_t for a response whose body ends with the connection or is chunked.
///
/// Header fields beyond MG_MAX_HTTP_HEADERS are checked but not stored; a message that has
/// Content-Length, Transfer-Encoding, Connection, Authorization, Cookie or Host among them is
/// refused. So is a repeated one of Content-Length, Transfer-Encoding, Authorization and Cookie, and
/// Content-Length together with Transfer-Encoding. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_parse(
    s: *const c_char,
    len: usize,
    hm: *mut mg_http_message,
) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract; the old content is overwritten without being read.
        let Some(hm) = (unsafe {
            if !hm.is_null() {
                hm.write(mg_http_message::EMPTY);
            }
            hm.as_mut()
        }) else {
            return -1;
        };
        // SAFETY: pointer contract.
        match hm.parse(unsafe { bytes(s.cast(), len) }) {
            Parsed::Complete(head) => c_int::try_from(head.len).unwrap_or(-1),
            Parsed::Incomplete => 0,
            Parsed::Invalid => -1,
        }
    })
}

/// Opens an HTTP listener; see mg_listen() for the URL. The handler `fn` of accepted connections
/// gets MG_EV_HTTP_HDRS and MG_EV_HTTP_MSG, both with a `struct mg_http_message *` that is valid during the call, and all
/// other events. What is no HTTP request, or has more than one Host field, closes its connection without an answer. Returns the
/// listener, owned by the manager, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_listen(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    guard(null_mut(), || {
        // SAFETY: same contract.
        let c = unsafe { mg_listen(mgr, url, r#fn, fn_data) };
        // SAFETY: NULL or a connection.
        if let Some(c) = unsafe { c.as_ref() } {
            c.pfn.set(Some(http_handler));
        }
        c
    })
}

/// Opens an HTTP client connection; see mg_connect(). Nothing is sent: the program writes its
/// request with mg_printf(), right away or in MG_EV_CONNECT. The response comes as
/// MG_EV_HTTP_HDRS and MG_EV_HTTP_MSG, both with a `struct mg_http_message *` that is valid during the call. Returns the
/// connection, owned by the manager, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_connect(
    mgr: *mut mg_mgr,
    url: *const c_char,
    r#fn: mg_event_handler_t,
    fn_data: *mut c_void,
) -> *mut mg_connection {
    // SAFETY: same contract.
    unsafe { mg_connect_svc(mgr, url, r#fn, fn_data, Some(http_handler), null_mut()) }
}

/// Sets which fields the library adds to responses on a connection; given a listener, on those that it accepts
/// from now on. Returns false, with nothing changed, for a NULL, UDP or closed connection, and when `fields` has a bit
/// that this version of the library does not know.
///
/// `fields` is a combination of
/// - MG_HTTP_FIELD_DATE: Date, the time of mg_now(), which origin servers with a clock have to send (RFC
///   9110, 6.6.1);
/// - MG_HTTP_FIELD_CONNECTION: "Connection: close" when the connection closes after the response, and
///   "Connection: keep-alive" for a client that speaks HTTP/1.0 and asked for that, in which case the
///   connection is kept (RFC 9112, 9.3 and 9.6). Set `c->is_draining` before the response, not after it.
///
/// 0, the default, adds none. Responses of mg_http_reply(), mg_http_reply_stream(), mg_http_serve_file(),
/// mg_http_serve_dir(), uploads and limits get them, but not those that the program writes itself, and no interim ones (1xx). A field that the
/// program gives in its header lines is not added, and if that is "Connection: close", the connection closes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_set_fields(c: *mut mg_connection, fields: c_uint) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let c = unsafe { c.as_ref() };
        c.is_some_and(|c| fields & !ALL_FIELDS == 0 && conn::set_fields(c, fields as u8))
    })
}

const ALL_FIELDS: c_uint = (conn::wanted::DATE | conn::wanted::CONNECTION) as c_uint;

/// mg_http_reply() behind its shim.
unsafe extern "C" fn vreply(
    c: *mut mg_connection,
    code: c_int,
    headers: *const c_char,
    fmt: *const c_char,
    ap: *mut va_list,
) {
    // SAFETY: pointer contract.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain_kept(c, (), || {
        // SAFETY: pointer contract.
        let Some(draft) = Draft::begin(c, code, unsafe { cstr(headers) }) else {
            return net::error(c, b"OOM");
        };
        inject("mg_http_reply");
        let fmt = if fmt.is_null() { c"".as_ptr() } else { fmt };
        // SAFETY: the shim started `ap`, and the caller passed what `fmt` asks for.
        match unsafe { vprintf_iobuf(&c.send, fmt, VaList::new(ap)) } {
            Some(_) => draft.finish(c),
            None => draft.out_of_memory(c),
        }
    });
}

variadic_twin!("mongoose_http_vreply" => vreply);
variadic_export!(mg_http_reply => shim_mg_http_reply);

/// mg_http_printf_chunk() behind its shim.
unsafe extern "C" fn vprintf_chunk(c: *mut mg_connection, fmt: *const c_char, ap: *mut va_list) {
    // SAFETY: pointer contract.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain_kept(c, (), || {
        net::prepare_send(c);
        let at = c.send.len.get();
        let fmt = if fmt.is_null() { c"".as_ptr() } else { fmt };
        let done = c.send.append(b"00000000\r\n")
            // SAFETY: the shim started `ap`, and the caller passed what `fmt` asks for.
            && unsafe { vprintf_iobuf(&c.send, fmt, VaList::new(ap)) }.is_some()
            && reply::finish_chunk(c, at);
        if !done {
            net::cut_output(c, at);
            net::error(c, b"OOM");
        } else {
            net::limits::may_stay(c, at);
        }
    });
}

variadic_twin!("mongoose_http_vprintf_chunk" => vprintf_chunk);
variadic_export!(mg_http_printf_chunk => shim_mg_http_printf_chunk);

/// Sends `len` bytes as one chunk of a body with "Transfer-Encoding: chunked"; the program has
/// sent the head itself. A chunk of 0 bytes ends the body and the response. In answer to HEAD nothing is
/// sent, and the last chunk ends the response even so. MG_EV_ERROR when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_write_chunk(
    c: *mut mg_connection,
    buf: *const c_char,
    len: usize,
) {
    // SAFETY: pointer contract.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain_kept(c, (), || {
        let len = if buf.is_null() { 0 } else { len };
        if reply::skip_chunk(c, len) {
            return;
        }
        let at = c.send.len.get();
        if !net::limits::has_room(c, len) {
            return;
        }
        // SAFETY: pointer contract.
        if !write_chunk(c, unsafe { bytes(buf.cast(), len) }) {
            net::error(c, b"OOM");
        } else {
            net::limits::may_stay(c, at);
        }
    });
}

fn write_chunk(c: &mg_connection, data: &[u8]) -> bool {
    net::prepare_send(c);
    let io = &c.send;
    let mut digits = [0u8; 16];
    let mut start = digits.len();
    let mut left = data.len();
    while left > 0 || start == digits.len() {
        start -= 1;
        digits[start] = b"0123456789abcdef"[left & 15];
        left >>= 4;
    }
    let Some(room) = data.len().checked_add(digits.len() + 5) else {
        return false;
    };
    // The data may lie in the buffer that is about to move.
    let inside = (data.as_ptr() as usize)
        .checked_sub(io.buf.get() as usize)
        .filter(|&ofs| ofs < io.len.get());
    if !io.reserve(room) {
        return false;
    }
    io.append(&digits[start..]);
    io.append(b"\r\n");
    match inside {
        Some(ofs) => {
            let at = io.len.get();
            // SAFETY: there is room for the data, whose bytes are those in use from `ofs` on.
            unsafe {
                io.buf
                    .get()
                    .add(at)
                    .copy_from(io.buf.get().add(ofs), data.len())
            };
            io.len.set(at + data.len());
        }
        None => {
            io.append(data);
        }
    }
    io.append_nul(b"\r\n");
    if data.is_empty() {
        finish_response(c);
    }
    true
}

/// Appends the header field "Authorization: Basic ..." (RFC 7617) to `c->send`, for a request
/// that the program is writing. NULL stands for an empty string. With neither user nor
/// password the credentials are left empty. Logs an error and appends nothing when memory is
/// exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_bauth(
    c: *mut mg_connection,
    user: *const c_char,
    pass: *const c_char,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return;
        };
        // SAFETY: pointer contract.
        let written = reply::basic_auth(&c.send, unsafe { cstr(user) }, unsafe { cstr(pass) });
        if written.is_none() {
            crate::log::error(format_args!("{} OOM", c.id.get()));
        }
    });
}
