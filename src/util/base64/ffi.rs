#![allow(unsafe_code)]

use super::{DIGITS, URL_DIGITS};
use super::{decode_groups, decode_url, digit, encode, encode_byte, padded_len};
use crate::ffi::guard;
use crate::ffi::str::{bytes, cells};
use std::ffi::{c_char, c_uchar};

/// Puts a NUL behind the result, or at the start when there is none; returns the result's length,
/// or 0.
///
/// # Safety
/// `dst` is writable over `dl` bytes, and more than the result's length.
unsafe fn finish(dst: *mut c_char, dl: usize, result: Option<usize>) -> usize {
    let len = result.unwrap_or(0);
    if dl > 0 && !dst.is_null() {
        // SAFETY: forwarded from the caller.
        unsafe { dst.add(len).write(0) };
    }
    len
}

/// # Safety
/// As for mg_base64_encode().
unsafe fn encode_into(
    p: *const c_uchar,
    n: usize,
    buf: *mut c_char,
    dl: usize,
    digits: &[u8; 64],
    padding: bool,
) -> usize {
    // Also what is not padded needs room for the padding: programs may rely on the failure.
    let fits = padded_len(n).is_some_and(|len| len < dl);
    let usable = fits && !buf.is_null() && (!p.is_null() || n == 0);
    // SAFETY: forwarded from the caller; cells may overlap. The result and its NUL fit.
    unsafe {
        let (from, to) = (cells(p.cast_mut().cast(), n), cells(buf, dl));
        finish(buf, dl, usable.then(|| encode(from, to, digits, padding)))
    }
}

/// Encodes the `n` bytes at `p` in base64 with padding (RFC 4648 section 4) and puts a NUL
/// behind.
///
/// Returns the length of the text, or 0 when the `dl` bytes at `buf` do not suffice: it takes 4
/// characters for each 3 bytes begun, and the NUL. `buf` is an empty string then, if `dl` is not
/// 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_base64_encode(
    p: *const c_uchar,
    n: usize,
    buf: *mut c_char,
    dl: usize,
) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe { encode_into(p, n, buf, dl, DIGITS, true) })
}

/// Like mg_base64_encode(), in the URL-safe alphabet and without padding (RFC 4648 section 5).
/// `buf` needs as much room as with padding.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_base64url_encode(
    p: *const c_uchar,
    n: usize,
    buf: *mut c_char,
    dl: usize,
) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        encode_into(p, n, buf, dl, URL_DIGITS, false)
    })
}

/// Decodes base64 text of `n` characters (RFC 4648 section 4) and puts a NUL behind the result.
/// `dst` may be `src`.
///
/// Returns the number of bytes. Text is taken in groups of 4 characters: 1 to 3 characters behind
/// the last group are ignored, padding ends a group but not the text. Returns 0, with an empty
/// string at `dst` if `dl` is not 0, when there are other characters (also blanks and line ends),
/// or when `dl` is less than 3 for each group and 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_base64_decode(
    src: *const c_char,
    n: usize,
    dst: *mut c_char,
    dl: usize,
) -> usize {
    guard(0, || {
        let groups = if src.is_null() { 0 } else { n / 4 };
        let fits = groups.checked_mul(3).is_some_and(|len| len < dl);
        let usable = fits && !dst.is_null();
        // SAFETY: pointer contract; cells may overlap. The result and its NUL fit.
        unsafe {
            let (text, to) = (cells(src.cast_mut(), groups * 4), cells(dst, dl));
            finish(dst, dl, usable.then(|| decode_groups(text, to)).flatten())
        }
    })
}

/// Decodes base64 text of `n` characters in the URL-safe alphabet (RFC 4648 section 5), with or
/// without padding, and puts a NUL behind the result. `dst` may be `src`.
///
/// Returns the number of bytes. Everything from the first `=` on is ignored. Returns 0, with an
/// empty string at `dst` if `dl` is not 0, when there are other characters, when `n` is one more
/// than a multiple of 4, or when the result and its NUL do not fit into `dl` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_base64url_decode(
    src: *const c_char,
    n: usize,
    dst: *mut c_char,
    dl: usize,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let text = unsafe { bytes(src.cast(), n) };
        let n = memchr::memchr(b'=', text).unwrap_or(text.len());
        let len = n / 4 * 3 + (n % 4).saturating_sub(1);
        let usable = text.len() % 4 != 1 && len < dl && !dst.is_null();
        // SAFETY: pointer contract; cells may overlap. The result and its NUL fit.
        unsafe {
            let (text, to) = (cells(src.cast_mut(), n), cells(dst, dl));
            finish(dst, dl, usable.then(|| decode_url(text, to)).flatten())
        }
    })
}

/// Encodes one byte more in base64, behind the `len` characters that earlier calls wrote to
/// `buf`.
///
/// Returns the new length; start with 0. `buf[len]` holds what is left of the byte for the next
/// character, so `buf` needs room for one more. mg_base64_final() completes the text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_base64_update(
    input_byte: c_uchar,
    buf: *mut c_char,
    len: usize,
) -> usize {
    guard(len, || {
        if buf.is_null() {
            return len;
        }
        let phase = len % 4;
        let pending = if phase == 0 {
            0
        } else {
            // SAFETY: pointer contract; `buf[len]` was written by the call before.
            unsafe { buf.add(len).read() }
        };
        let ([a, b], complete) = encode_byte(input_byte, pending as u8, phase);
        // SAFETY: pointer contract: room for the characters and one more.
        unsafe {
            buf.add(len).write(a as c_char);
            buf.add(len + 1).write(b as c_char);
        }
        len + complete
    })
}

/// Completes the text of `len` characters that mg_base64_update() made, with padding and a NUL.
/// Returns its final length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_base64_final(buf: *mut c_char, len: usize) -> usize {
    guard(len, || {
        if buf.is_null() {
            return len;
        }
        let mut len = len;
        // SAFETY: pointer contract: room for padding up to a multiple of 4 and the NUL.
        unsafe {
            if !len.is_multiple_of(4) {
                buf.add(len)
                    .write(digit(buf.add(len).read() as u8) as c_char);
                len += 1;
                while !len.is_multiple_of(4) {
                    buf.add(len).write(b'=' as c_char);
                    len += 1;
                }
            }
            buf.add(len).write(0);
        }
        len
    })
}
