//! The printers for `%M` and `%m` that the library offers.
#![allow(unsafe_code)]

use super::{Out, Source, mg_pfn_t};
use crate::ffi::guard;
use crate::ffi::va::{VaList, va_list};
use crate::fmt::address;
use crate::fmt::escape::{self, Escape};
use crate::fmt::{Sink, hex};
use crate::net::mg_addr;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ffi::{c_char, c_void};

/// Runs `print` with the output and the arguments of a printer and returns the number of
/// characters.
///
/// # Safety
/// `out` may be called with `arg`; `ap` points to a live, started `va_list`.
unsafe fn printer(
    out: mg_pfn_t,
    arg: *mut c_void,
    ap: *mut va_list,
    print: impl FnOnce(&mut Out, VaList),
) -> usize {
    guard(0, || {
        // SAFETY: forwarded from the caller.
        unsafe {
            let mut out = Out::new(out, arg);
            print(&mut out, VaList::new(ap));
            out.count
        }
    })
}

/// Reads `N` bytes; `None` for NULL.
///
/// # Safety
/// `p` is NULL or points to `N` bytes.
unsafe fn array<const N: usize>(p: *const [u8; N]) -> Option<[u8; N]> {
    // SAFETY: forwarded from the caller; a byte array needs no alignment.
    unsafe { p.as_ref() }.copied()
}

/// Writes `source` with what `next` finds replaced.
fn escaped(out: &mut Out, source: Source<'_>, next: fn(&[u8]) -> Option<(usize, Escape)>) {
    let mut at = 0;
    while let Some((n, escape)) = source.look(at, next) {
        out.put_source(source.part(at, n));
        escape.with(|text| out.put(text));
        at += n + 1;
    }
    out.put_source(source.part(at, source.len()));
}

/// Writes text as a JSON string, with quotes.
pub(crate) fn print_json(out: &mut Out, text: Source<'_>) {
    out.put(b"\"");
    escaped(out, text, escape::next_json);
    out.put(b"\"");
}

/// Printer: takes an int `n` and a pointer to `n` bytes, prints them as lower-case
/// hexadecimal digits.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_hex(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            let n = usize::try_from(ap.int()).unwrap_or(0);
            let source = Source::new(ap.ptr(), n);
            let mut text = [0; 64];
            for at in (0..source.len()).step_by(text.len() / 2) {
                let used = source.look(at, |rest| {
                    let pairs = text.chunks_exact_mut(2).zip(rest);
                    pairs
                        .map(|(pair, &byte)| pair.copy_from_slice(&hex::pair(byte)))
                        .count()
                });
                out.put(&text[..2 * used]);
            }
        })
    }
}

/// Printer: takes an int `n` and a pointer to `n` bytes, prints them in base64 with padding
/// (RFC 4648 section 4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_base64(
    out: mg_pfn_t,
    arg: *mut c_void,
    ap: *mut va_list,
) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            let n = usize::try_from(ap.int()).unwrap_or(0);
            let source = Source::new(ap.ptr(), n);
            // A multiple of three bytes per step, so that only the last one needs padding.
            const STEP: usize = 384;
            let mut text = [0; STEP / 3 * 4];
            for at in (0..source.len()).step_by(STEP) {
                let used = source.look(at, |rest| {
                    STANDARD
                        .encode_slice(&rest[..rest.len().min(STEP)], &mut text)
                        .unwrap_or(0)
                });
                out.put(&text[..used]);
            }
        })
    }
}

/// Printer: takes an int `n` and a string, prints the string escaped for a JSON string (RFC
/// 8259 section 7), without quotes; use `%m` to add them. The string ends after `n` bytes or at
/// a NUL; with `n` 0 only at the NUL. NULL prints nothing. See MG_ESC().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_esc(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            let max = match usize::try_from(ap.int()) {
                Ok(n) if n > 0 => n,
                _ => usize::MAX,
            };
            let text: *const c_char = ap.ptr();
            let n = if text.is_null() {
                0
            } else {
                libc::strnlen(text, max)
            };
            escaped(out, Source::new(text.cast(), n), escape::next_json);
        })
    }
}

/// Printer: takes an int `n` and a pointer to `n` bytes of text, prints them with `&`, `<`,
/// `>` and `"` replaced by HTML entities. With `n` 0 prints nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_html_esc(
    out: mg_pfn_t,
    arg: *mut c_void,
    ap: *mut va_list,
) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            let n = usize::try_from(ap.int()).unwrap_or(0);
            let source = Source::new(ap.ptr(), n);
            escaped(out, source, escape::next_html);
        })
    }
}

/// Printer: takes a pointer to the 4 bytes of an IPv4 address, prints it like "1.2.3.4".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_ip4(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            if let Some(bytes) = array(ap.ptr()) {
                out.put(address::ip4(bytes).as_bytes());
            }
        })
    }
}

/// Printer: takes a pointer to the 16 bytes of an IPv6 address, prints it in brackets with
/// all eight groups, like "[2001:db8:0:0:0:0:0:1]".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_ip6(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            if let Some(bytes) = array(ap.ptr()) {
                out.put(address::ip6(bytes).as_bytes());
            }
        })
    }
}

/// Printer: takes a `struct mg_addr *`, prints the address like mg_print_ip4() or
/// mg_print_ip6().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_ip(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            if let Some(addr) = ap.ptr::<mg_addr>().as_ref().copied() {
                out.put(ip(addr).as_bytes());
            }
        })
    }
}

/// Printer: takes a `struct mg_addr *`, prints address and port like "1.2.3.4:8080".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_ip_port(
    out: mg_pfn_t,
    arg: *mut c_void,
    ap: *mut va_list,
) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            if let Some(addr) = ap.ptr::<mg_addr>().as_ref().copied() {
                out.put(ip_port(addr).as_bytes());
            }
        })
    }
}

/// An address and its port.
pub(crate) fn ip_port(addr: mg_addr) -> address::Text {
    let mut text = ip(addr);
    address::add_port(&mut text, u16::from_be(addr.port));
    text
}

fn ip(addr: mg_addr) -> address::Text {
    // SAFETY: every bit pattern is valid in every member of the union.
    let bytes = unsafe { addr.addr.ip };
    if addr.is_ip6 {
        address::ip6(bytes)
    } else {
        address::ip4([bytes[0], bytes[1], bytes[2], bytes[3]])
    }
}

/// Printer: takes a pointer to the 6 bytes of a hardware address, prints it like
/// "00:01:ab:ff:09:0a".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_mac(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            if let Some(bytes) = array::<6>(ap.ptr()) {
                out.put(address::hardware(&bytes).as_bytes());
            }
        })
    }
}

/// Printer: takes a pointer to the 8 bytes of an IEEE 802.15.4 address, prints it like
/// "00:01:ab:ff:09:0a:0b:0c".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_print_ieee64(
    out: mg_pfn_t,
    arg: *mut c_void,
    ap: *mut va_list,
) -> usize {
    // SAFETY: pointer contract; the arguments are those documented.
    unsafe {
        printer(out, arg, ap, |out, ap| {
            if let Some(bytes) = array::<8>(ap.ptr()) {
                out.put(address::hardware(&bytes).as_bytes());
            }
        })
    }
}
