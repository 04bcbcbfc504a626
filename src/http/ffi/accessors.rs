//! `extern "C"` functions that look things up in messages.
#![allow(unsafe_code)]

use super::mg_http_message;
use crate::ffi::str::cstr;
use crate::ffi::{guard, mg_str};
use crate::http::credentials::{self, Credentials, SCRATCH};
use crate::http::{fields, multipart, parser};
use crate::string::equal_ignore_case;
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
        for header in &self.headers {
            if header.name.len == 0 {
                break;
            }
            // SAFETY: forwarded from the caller.
            let is_named = || equal_ignore_case(unsafe { header.name.as_bytes() }, name);
            if header.name.len == name.len() && is_named() {
                return Some(&header.value);
            }
        }
        None
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
    guard(mg_str::NULL, || {
        // SAFETY: pointer contract.
        let (text, name) = unsafe { (s.as_bytes(), v.as_bytes()) };
        view(fields::parameter(text, name))
    })
}

/// Finds a variable in a query string or form body, "a=b&c=d". Its name is compared raw, in any
/// ASCII case. Returns a view of its raw value in `buf`: `{NULL, 0}` when there is no such
/// variable, empty but not NULL when it has no value. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_var(buf: mg_str, name: mg_str) -> mg_str {
    guard(mg_str::NULL, || {
        // SAFETY: pointer contract.
        let (text, name) = unsafe { (buf.as_bytes(), name.as_bytes()) };
        view(fields::variable(text, name))
    })
}

/// Copies a variable of a query string or form body to `dst`, percent-decoded, '+' as blank. Its
/// name is compared raw, in any ASCII case.
///
/// Returns the length without the NUL, or -1 for no source (no bytes, or `name` NULL), -2 for no
/// destination, -3 when the value has a broken escape or does not fit into `dst_len` bytes with its
/// NUL, -4 when there is no such variable. Except for -2, `dst` holds a string then: what could be
/// decoded in the case of -3, otherwise an empty one. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_get_var(
    buf: *const mg_str,
    name: *const c_char,
    dst: *mut c_char,
    dst_len: usize,
) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract; a destination that overlaps the source is not allowed.
        let Some(to) = (unsafe { output(dst, dst_len) }) else {
            return -2;
        };
        // SAFETY: pointer contract.
        let text = unsafe { buf.as_ref().map_or(&[][..], |s| s.as_bytes()) };
        if text.is_empty() || name.is_null() {
            return -1;
        }
        // SAFETY: pointer contract.
        match fields::variable(text, unsafe { cstr(name) }) {
            None => -4,
            Some(value) => crate::url::decode(value, to, true)
                .and_then(|n| c_int::try_from(n).ok())
                .unwrap_or(-3),
        }
    })
}

/// The bytes of an output buffer, which becomes an empty string; `None` when there is none.
///
/// # Safety
/// `dst` is NULL or has `len` writable bytes that nobody else uses meanwhile.
unsafe fn output<'a>(dst: *mut c_char, len: usize) -> Option<&'a mut [u8]> {
    if dst.is_null() || len == 0 || len > isize::MAX as usize {
        return None;
    }
    // SAFETY: forwarded from the caller.
    unsafe {
        dst.write(0);
        Some(std::slice::from_raw_parts_mut(dst.cast(), len))
    }
}

/// Extracts credentials of a request as strings, cut to their buffers.
///
/// Looks for "Authorization: Basic ..." (user and password; up to 255 bytes decoded), then
/// "Authorization: Bearer ...", then the cookie access_token, then, without any Cookie header, the
/// query variable access_token; the last three go to `pass`. What is missing or malformed gives
/// empty strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_creds(
    hm: *mut mg_http_message,
    user: *mut c_char,
    userlen: usize,
    pass: *mut c_char,
    passlen: usize,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let (mut user, mut pass) = unsafe { (output(user, userlen), output(pass, passlen)) };
        // SAFETY: pointer contract.
        let Some(hm) = (unsafe { hm.as_ref() }) else {
            return;
        };
        // SAFETY: pointer contract.
        let (header, query) = unsafe {
            let header = |name: &[u8]| hm.header(name).map(|v| v.as_bytes());
            (header, hm.query.as_bytes())
        };
        let mut scratch = [0; SCRATCH];
        match credentials::find(
            header(b"Authorization"),
            header(b"Cookie"),
            query,
            &mut scratch,
        ) {
            Credentials::Basic(u, p) => {
                copy(&mut user, u);
                copy(&mut pass, p);
            }
            Credentials::Token(token) => copy(&mut pass, token),
            Credentials::Query(value) => {
                if let Some(to) = &mut pass {
                    let last = to.len() - 1;
                    to[last] = 1;
                    if crate::url::decode(value, to, true).is_none() && to[last] != 0 {
                        // A broken escape, not a lack of room.
                        to[0] = 0;
                    }
                }
            }
            Credentials::None => {}
        }
    });
}

/// Copies text up to a NUL, and adds one.
fn copy(to: &mut Option<&mut [u8]>, text: &[u8]) {
    let Some(to) = to else { return };
    let len = memchr::memchr(0, text)
        .unwrap_or(text.len())
        .min(to.len() - 1);
    to[..len].copy_from_slice(&text[..len]);
    to[len] = 0;
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
