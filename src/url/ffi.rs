#![allow(unsafe_code)]

use super::{host, is_ssl, pass, path, port, user};
use crate::ffi::str::cstr;
use crate::ffi::{guard, mg_str};
use std::ffi::{c_char, c_ushort};

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
/// `url` and may be empty. Nothing is percent-decoded. Thread-safe, like all mg_url_*() functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_host(url: *const c_char) -> mg_str {
    // SAFETY: pointer contract.
    guard(mg_str::NULL, || unsafe { view(url, host) })
}

/// Returns the port of a URL in host byte order. Without a port in the URL, the scheme decides:
/// 80 for `http:` and `ws:`, 443 for `https:` and `wss:`, 1883 for `mqtt:`, 8883 for `mqtts:`, otherwise 0.
/// Numbers above 65535 are taken modulo 65536.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_port(url: *const c_char) -> c_ushort {
    // SAFETY: pointer contract.
    guard(0, || port(unsafe { cstr(url) }))
}

/// Returns path, query and fragment of a URL, beginning with the `/`: a pointer into `url`, or to a
/// constant "/" when the URL ends with its host.
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

/// Whether the scheme of a URL asks for TLS: `https:`, `wss:`, `mqtts:`, `tls:`, `ssl:` or `tcps:`,
/// in lower case.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_url_is_ssl(url: *const c_char) -> bool {
    // SAFETY: pointer contract.
    guard(false, || is_ssl(unsafe { cstr(url) }))
}
