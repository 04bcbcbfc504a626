//! `extern "C"` functions that look things up in messages.
#![allow(unsafe_code)]

use super::ffi::mg_http_message;
use super::{fields, multipart, parser};
use crate::ffi::str::cstr;
use crate::ffi::{guard, mg_str};
use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

/// A part of a multipart body, as mg_http_next_multipart() fills it. Views into the body.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_http_part {
    /// Form field name, not decoded; `{NULL, 0}` when the part has none.
    pub name: mg_str,
    /// File name as the client sent it, not decoded and not checked; `{NULL, 0}` when the part
    /// has none.
    pub filename: mg_str,
    /// Content.
    pub body: mg_str,
}

impl mg_http_part {
    const EMPTY: mg_http_part = mg_http_part {
        name: mg_str::NULL,
        filename: mg_str::NULL,
        body: mg_str::NULL,
    };
}

fn view(text: Option<&[u8]>) -> mg_str {
    text.map_or(mg_str::NULL, mg_str::from_bytes)
}

impl mg_http_message {
    /// The value of the first header field with this name, in any ASCII case.
    ///
    /// # Safety
    /// The strings of the message are readable; see [`mg_str::as_bytes`].
    pub unsafe fn header(&self, name: &[u8]) -> Option<&mg_str> {
        let used = self.headers.iter().take_while(|h| h.name.len > 0);
        // SAFETY: forwarded from the caller.
        used.into_iter()
            .find(|h| unsafe { h.name.as_bytes() }.eq_ignore_ascii_case(name))
            .map(|h| &h.value)
    }
}

/// Finds a header field by its name, in any ASCII case. Returns a pointer to its value inside
/// `*h`, of the first field when there are several, or NULL. Not found are fields beyond the
/// first MG_MAX_HTTP_HEADERS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_header(
    h: *mut mg_http_message,
    name: *const c_char,
) -> *mut mg_str {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        let (Some(hm), name) = (unsafe { h.as_ref() }, unsafe { cstr(name) }) else {
            return null_mut();
        };
        // SAFETY: pointer contract.
        match unsafe { hm.header(name) } {
            Some(value) => std::ptr::from_ref(value).cast_mut(),
            None => null_mut(),
        }
    })
}

/// Finds the parameter `v` in a header value, such as boundary in "multipart/form-data;
/// boundary=abc", or a cookie in a Cookie header. Case-sensitive.
///
/// The parameter must stand at the start or behind ';', ',', a blank or a tab, directly followed
/// by '='. Quotes around its value are removed; a backslash is an ordinary character. Returns a
/// view into `s`, `{NULL, 0}` when there is no such parameter. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_header_var(s: mg_str, v: mg_str) -> mg_str {
    // SAFETY: pointer contract.
    guard(mg_str::NULL, || {
        view(fields::parameter(unsafe { s.as_bytes() }, unsafe {
            v.as_bytes()
        }))
    })
}

/// Finds a variable in a query string or form body, "a=b&c=d". Its name is compared raw, in any
/// ASCII case. Returns a view of its raw value in `buf`: `{NULL, 0}` when there is no such
/// variable, empty but not NULL when it has no value. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_var(buf: mg_str, name: mg_str) -> mg_str {
    // SAFETY: pointer contract.
    guard(mg_str::NULL, || {
        view(fields::variable(unsafe { buf.as_bytes() }, unsafe {
            name.as_bytes()
        }))
    })
}

/// Returns the status code of a response, as atoi() reads it; 0 for a request.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_status(hm: *const mg_http_message) -> c_int {
    guard(0, || {
        // SAFETY: pointer contract.
        unsafe { hm.as_ref() }.map_or(0, |hm| parser::status(unsafe { hm.uri.as_bytes() }))
    })
}

/// Iterates over the parts of a multipart body. Call it with `ofs` 0 first, then with what the
/// call before returned, until it returns 0.
///
/// Fills `*part`, unless NULL, with the part behind the delimiter line at `ofs`, and returns the
/// offset of the next delimiter line. Returns 0, with `*part` all zero, at the end, and for a
/// part that no delimiter line follows. The delimiter is whatever line stands at `ofs`; it is
/// not compared with the Content-Type header. Nothing is copied. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_next_multipart(
    body: mg_str,
    ofs: usize,
    part: *mut mg_http_part,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let found = multipart::part(unsafe { body.as_bytes() }, ofs);
        if !part.is_null() {
            let filled = found
                .as_ref()
                .map_or(mg_http_part::EMPTY, |p| mg_http_part {
                    name: view(p.name),
                    filename: view(p.filename),
                    body: mg_str::from_bytes(p.body),
                });
            // SAFETY: pointer contract.
            unsafe { part.write(filled) };
        }
        found.map_or(0, |p| p.next)
    })
}

/// Writes the entity tag that the file server uses for a file of `size` bytes modified at `mtime`:
/// both numbers in quotes, `"<mtime>.<size>"`. At most `len` bytes with the NUL; the rest is cut
/// off. Returns `buf`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_etag(
    buf: *mut c_char,
    len: usize,
    size: usize,
    mtime: libc::time_t,
) -> *mut c_char {
    guard(buf, || {
        if buf.is_null() || len == 0 {
            return buf;
        }
        let mut tag = [0u8; 48];
        let n = etag(&mut tag, size, mtime).min(len - 1);
        // SAFETY: pointer contract: `len` writable bytes, more than `n`.
        unsafe {
            buf.cast::<u8>().copy_from_nonoverlapping(tag.as_ptr(), n);
            buf.add(n).write(0);
        }
        buf
    })
}

/// Writes the entity tag of a file; its length.
pub fn etag(out: &mut [u8; 48], size: usize, mtime: libc::time_t) -> usize {
    let mut number = itoa::Buffer::new();
    let mut n = 0;
    let mut put = |text: &[u8]| {
        out[n..n + text.len()].copy_from_slice(text);
        n += text.len();
    };
    put(b"\"");
    put(number.format(mtime).as_bytes());
    put(b".");
    put(number.format(size as i64).as_bytes());
    put(b"\"");
    n
}
