#![allow(unsafe_code)]

use super::codec::{decode_cells, encode_cells};
use super::{host, is_ssl, pass, path, port, user};
use crate::ffi::str::{cells, cstr};
use crate::ffi::{guard, mg_str};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_ushort};

/// # Safety
/// `url` is NULL or a NUL-terminated string.
unsafe fn view(url: *const c_char, part: fn(&[u8]) -> &[u8]) -> mg_str {
    if url.is_null() {
        return mg_str::NULL;
    }
    // SAFETY: forwarded from the caller.
    mg_str::from_bytes(part(unsafe { cstr(url) }))
}

/// Returns the host of a URL: a name, an address, or an IPv6 address with its brackets.
///
/// URLs have the form `[scheme://][user[:password]@]host[:port][/path]`. The result points into
/// `url` and may be empty. Nothing is percent-decoded. Thread-safe, like all mg_url_*()
/// functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_host(url: *const c_char) -> mg_str {
    // SAFETY: pointer contract.
    guard(mg_str::NULL, || unsafe { view(url, host) })
}

/// Returns the port of a URL in host byte order. Without a port in the URL, the scheme decides:
/// 80 for `http:` and `ws:`, 443 for `https:` and `wss:`, 1883 for `mqtt:`, 8883 for `mqtts:`,
/// otherwise 0. Numbers above 65535 are taken modulo 65536.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_port(url: *const c_char) -> c_ushort {
    // SAFETY: pointer contract.
    guard(0, || port(unsafe { cstr(url) }))
}

/// Returns path, query and fragment of a URL, beginning with the `/`: a pointer into `url`, or to
/// a constant "/" when the URL ends with its host.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_uri(url: *const c_char) -> *const c_char {
    guard(c"/".as_ptr(), || {
        // SAFETY: pointer contract. The path reaches to the end of `url`, so it is terminated.
        path(unsafe { cstr(url) }).map_or(c"/".as_ptr(), |path| path.as_ptr().cast())
    })
}

/// Returns the user name of a URL; empty when there is none. The result points into `url`.
/// It is only looked for behind `//`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_user(url: *const c_char) -> mg_str {
    // SAFETY: pointer contract.
    guard(mg_str::NULL, || unsafe { view(url, user) })
}

/// Returns the password of a URL; empty when there is none. The result points into `url`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_pass(url: *const c_char) -> mg_str {
    // SAFETY: pointer contract.
    guard(mg_str::NULL, || unsafe { view(url, pass) })
}

/// Whether the scheme of a URL asks for TLS: `https:`, `wss:`, `mqtts:`, `tls:`, `ssl:` or
/// `tcps:`, in lower case.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_is_ssl(url: *const c_char) -> bool {
    // SAFETY: pointer contract.
    guard(false, || is_ssl(unsafe { cstr(url) }))
}

/// Percent-decodes the `n` bytes at `s` into `to` and puts a NUL behind them. `to` may be `s`:
/// decoding in place works. With `form` not 0, a `+` becomes a blank.
///
/// Returns the decoded length, or -1 when a `%` is not followed by two hexadecimal digits or when
/// the result and its NUL do not fit into `to_len` bytes. After an error, `to` holds what came
/// before it, with a NUL; only with `to_len` 0 nothing is written. Decoded text may contain NUL
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_decode(
    s: *const c_char,
    n: usize,
    to: *mut c_char,
    to_len: usize,
    form: c_int,
) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract; cells may overlap.
        let (s, to) = unsafe { (cells(s.cast_mut(), n), cells(to, to_len)) };
        decode_cells(s, to, form != 0)
            .and_then(|len| c_int::try_from(len).ok())
            .unwrap_or(-1)
    })
}

/// Percent-encodes the `n` bytes at `s` into `buf` and puts a NUL behind them. All but letters,
/// digits and `-._~` is encoded, so this is for parts of a URL, not for a URL as a whole.
///
/// Returns the length of the result, or 0 when the `len` bytes at `buf` do not suffice: there
/// must be 5 bytes left for each byte that is encoded, so 3 n + 4 are always enough. After an
/// error, `buf` holds what came before it, with a NUL. `s` and `buf` must not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_encode(
    s: *const c_char,
    n: usize,
    buf: *mut c_char,
    len: usize,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract; cells may overlap.
        let (s, to) = unsafe { (cells(s.cast_mut(), n), cells(buf, len)) };
        // No buffer is longer, so it is not known where that one ends.
        let is_known = isize::try_from(len).is_ok();
        if let Some(last) = to.last().filter(|_| is_known) {
            last.set(0);
        }
        encode_cells(s.iter().map(Cell::get), to).unwrap_or(0)
    })
}
