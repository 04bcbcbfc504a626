#![allow(unsafe_code)]

use super::text::{Piece, hex_byte, inner, piece};
use super::{Error, entry, find, number};
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::str::{bytes, cstr};
use crate::ffi::{guard, mg_str};
use crate::util::base64::ffi::mg_base64_decode;
use std::ffi::{c_char, c_double, c_int, c_long};
use std::ptr;

impl Error {
    fn code(self) -> c_int {
        match self {
            Error::TooDeep => -1,
            Error::Invalid => -2,
            Error::NotFound => -3,
        }
    }
}

/// The value at `path` as it stands in the text.
///
/// # Safety
/// Pointer contract of [`crate::ffi`]; `path` may be NULL. The result must not be used when
/// something may have written to the text.
pub(crate) unsafe fn token<'a>(json: mg_str, path: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: forwarded from the caller.
    let (json, path) = unsafe { (json.as_bytes(), cstr(path)) };
    find(json, path).ok().map(|range| &json[range])
}

/// The number at `path`.
///
/// # Safety
/// As for [`token`].
unsafe fn number_at<'a>(json: mg_str, path: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: forwarded from the caller.
    unsafe { token(json, path) }.filter(|value| matches!(value[0], b'-' | b'0'..=b'9'))
}

/// What is between the quotes of the string at `path`.
///
/// # Safety
/// As for [`token`].
unsafe fn string_at<'a>(json: mg_str, path: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: forwarded from the caller.
    unsafe { token(json, path) }.and_then(inner)
}

/// Finds the value at `path` in JSON text: "$" is all of it, "$.a" a member, "$[0]" an element,
/// "$.a[1].b" and so on. Returns its offset and stores its length in bytes in `*toklen`, which may
/// be NULL. Strings include their quotes.
///
/// Returns MG_JSON_NOT_FOUND when there is no such value or the text ends before it does,
/// MG_JSON_INVALID when `path` does not begin with "$" or the text before the end of the value is
/// not JSON, MG_JSON_TOO_DEEP when objects and arrays are nested more than MG_JSON_MAX_DEPTH deep
/// on the way; `*toklen` is 0 then.
///
/// The text is read once and only up to the end of the value; what is behind is not looked at.
/// Names are compared as they stand in the text, so escapes in them have to be in the path too; of
/// equal names the first counts. A comma before a closing bracket and control characters in
/// strings are accepted. Allocates nothing. Thread-safe, like all mg_json_*() functions.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get(
    json: mg_str,
    path: *const c_char,
    toklen: *mut c_int,
) -> c_int {
    guard(Error::Invalid.code(), || {
        // SAFETY: pointer contract.
        let found = unsafe { find(json.as_bytes(), cstr(path)) }.and_then(|range| {
            let fits = |n| c_int::try_from(n).map_err(|_| Error::NotFound);
            Ok((fits(range.start)?, fits(range.len())?))
        });
        let (result, len) = found.unwrap_or_else(|error| (error.code(), 0));
        if !toklen.is_null() {
            // SAFETY: pointer contract.
            unsafe { toklen.write(len) };
        }
        result
    })
}

/// The value at `path` as it stands in the text, strings with their quotes; see mg_json_get(). The
/// result points into `json`. {NULL, 0} when it is not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_tok(json: mg_str, path: *const c_char) -> mg_str {
    guard(mg_str::NULL, || {
        // SAFETY: pointer contract.
        unsafe { token(json, path) }.map_or(mg_str::NULL, mg_str::from_bytes)
    })
}

/// Stores the number at `path` in `*v`, which may be NULL. False, with `*v` unchanged, when there
/// is no number.
///
/// The value is the nearest double, for numbers that are too large the largest one. RFC 8259
/// section 6.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_num(
    json: mg_str,
    path: *const c_char,
    v: *mut c_double,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(token) = (unsafe { number_at(json, path) }) else {
            return false;
        };
        if !v.is_null() {
            let value = number::value(token);
            // SAFETY: pointer contract.
            unsafe { v.write(value) };
        }
        true
    })
}

/// Stores true or false at `path` in `*v`, which may be NULL. False, with `*v` unchanged, when
/// there is neither.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_bool(json: mg_str, path: *const c_char, v: *mut bool) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let value = match unsafe { token(json, path) } {
            Some([b't', ..]) => true,
            Some([b'f', ..]) => false,
            _ => return false,
        };
        if !v.is_null() {
            // SAFETY: pointer contract.
            unsafe { v.write(value) };
        }
        true
    })
}

/// The number at `path` without its fraction, or the nearest `long` when it does not fit; `dflt`
/// when there is no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_long(
    json: mg_str,
    path: *const c_char,
    dflt: c_long,
) -> c_long {
    guard(dflt, || {
        // SAFETY: pointer contract.
        let Some(token) = (unsafe { number_at(json, path) }) else {
            return dflt;
        };
        let nearest = number::integer(token).clamp(c_long::MIN as i64, c_long::MAX as i64);
        nearest as c_long
    })
}

/// How many plain bytes are copied one by one.
const FEW: usize = 16;

/// Decodes the text of a string into `n` bytes at `to` and puts a NUL behind. Returns the length;
/// 0 when it does not fit or is broken.
///
/// # Safety
/// `text` is readable over `len` bytes, `to` writable over `n`. They may overlap if `to` is not
/// behind `text`.
unsafe fn decode(text: *const u8, len: usize, to: *mut u8, n: usize) -> usize {
    let (mut from, mut used) = (0, 0);
    let mut result = None;
    while result.is_none() && used < n {
        // A few bytes are not worth the call of a library function.
        let few = FEW.min(len - from).min(n - used);
        let mut copied = 0;
        // SAFETY: inside both texts. Each byte is read before its place is written.
        unsafe {
            while copied < few {
                let byte = text.add(from + copied).read();
                if byte == b'\\' {
                    break;
                }
                to.add(used + copied).write(byte);
                copied += 1;
            }
        }
        (from, used) = (from + copied, used + copied);
        if used == n {
            break;
        }
        // SAFETY: `from` never exceeds `len`; the reference is gone before anything is written.
        // `used` is less than `n`, and `plain` bytes fit behind it.
        unsafe {
            match piece(bytes(text.add(from), len - from)) {
                Some(Piece::Plain(plain)) => {
                    let plain = plain.min(n - used);
                    ptr::copy(text.add(from), to.add(used), plain);
                    (from, used) = (from + plain, used + plain);
                }
                Some(Piece::Escape { byte, len }) => {
                    to.add(used).write(byte);
                    (from, used) = (from + len, used + 1);
                }
                Some(Piece::Broken) => result = Some(0),
                Some(Piece::Wide) | None => result = Some(used),
            }
        }
    }
    if n > 0 {
        // SAFETY: inside the `n` bytes.
        unsafe { to.add(used.min(n - 1)).write(0) };
    }
    result.unwrap_or(0)
}

/// Stores the string at `path` without quotes and escapes in `to`, which has room for `n` bytes
/// including a NUL. Returns its length in bytes. `to` may be where `json` begins.
///
/// Returns 0, with `to` unchanged, when there is no string. Returns 0 and stores as much as is
/// possible, with a NUL, when the room does not suffice or a backslash stands before something that
/// RFC 8259 section 7 does not name. `\u0000` to `\u00ff` give one byte of that value; at larger
/// ones decoding ends, and the result is what came before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_unescape(
    json: mg_str,
    path: *const c_char,
    to: *mut c_char,
    n: usize,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract; a decoded text is never ahead of its source.
        unsafe {
            let Some((text, len)) = string_at(json, path).map(|text| (text.as_ptr(), text.len()))
            else {
                return 0;
            };
            decode(text, len, to.cast(), if to.is_null() { 0 } else { n })
        }
    })
}

/// The string at `path` without quotes and escapes (see mg_json_unescape()), in new memory; release
/// it with mg_free(). NULL when there is no string, it cannot be decoded, or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_str(json: mg_str, path: *const c_char) -> *mut c_char {
    guard(ptr::null_mut(), || {
        // SAFETY: pointer contract; the new memory holds `size` bytes.
        unsafe {
            let Some(text) = string_at(json, path) else {
                return ptr::null_mut();
            };
            let size = text.len() + 1;
            let to = mg_calloc(1, size);
            if to.is_null() || decode(text.as_ptr(), text.len(), to.cast(), size) > 0 || size == 1 {
                return to.cast();
            }
            mg_free(to);
            ptr::null_mut()
        }
    })
}

/// Memory for `size` bytes and a NUL, whose size fits an int.
fn allocate(size: usize) -> Option<(*mut u8, c_int)> {
    let len = c_int::try_from(size).ok()?;
    let memory = mg_calloc(1, size + 1).cast::<u8>();
    (!memory.is_null()).then_some((memory, len))
}

/// # Safety
/// `len` is NULL or writable.
unsafe fn store_len(len: *mut c_int, value: c_int) {
    if !len.is_null() {
        // SAFETY: forwarded from the caller.
        unsafe { len.write(value) };
    }
}

/// The bytes that a string of hex digits at `path` stands for, in new memory with a NUL behind;
/// release it with mg_free(). Stores their number in `*len`, which may be NULL.
///
/// NULL, with `*len` unchanged, when there is no such string or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_hex(
    json: mg_str,
    path: *const c_char,
    len: *mut c_int,
) -> *mut c_char {
    guard(ptr::null_mut(), || {
        // SAFETY: pointer contract; the new memory has room for a byte per pair.
        unsafe {
            let digits = string_at(json, path).filter(|text| {
                text.len().is_multiple_of(2) && text.iter().all(u8::is_ascii_hexdigit)
            });
            let Some(digits) = digits else {
                return ptr::null_mut();
            };
            let Some((to, size)) = allocate(digits.len() / 2) else {
                return ptr::null_mut();
            };
            for (i, pair) in digits.chunks_exact(2).enumerate() {
                to.add(i).write(hex_byte(pair).unwrap_or(0));
            }
            store_len(len, size);
            to.cast()
        }
    })
}

/// The bytes that a base64 string at `path` stands for (RFC 4648 section 4, see
/// mg_base64_decode()), in new memory with a NUL behind; release it with mg_free(). Stores their
/// number in `*len`, which may be NULL; 0 when the string is not base64.
///
/// NULL, with `*len` unchanged, when there is no string or memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_get_b64(
    json: mg_str,
    path: *const c_char,
    len: *mut c_int,
) -> *mut c_char {
    guard(ptr::null_mut(), || {
        // SAFETY: pointer contract; the new memory has room for three bytes per group and a NUL.
        unsafe {
            let Some(text) = string_at(json, path) else {
                return ptr::null_mut();
            };
            let room = text.len() / 4 * 3;
            let Some((to, _)) = allocate(room) else {
                return ptr::null_mut();
            };
            let size = mg_base64_decode(text.as_ptr().cast(), text.len(), to.cast(), room + 1);
            store_len(len, size as c_int);
            to.cast()
        }
    })
}

/// Walks through an object or array, which `obj` must begin with. Start with `ofs` 0 and go on with
/// the result; 0 is the end:
///
///     while ((ofs = mg_json_next(obj, ofs, &key, &val)) > 0) { ... }
///
/// Stores name (with quotes; {NULL, 0} in an array) and value, which point into `obj`; the pointers
/// may be NULL. Text that is not JSON ends the walk too. Missing commas and a missing end of the
/// object or array are not noticed, and names may be other values than strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_json_next(
    obj: mg_str,
    ofs: usize,
    key: *mut mg_str,
    val: *mut mg_str,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let json = unsafe { obj.as_bytes() };
        let Some(entry) = entry(json, ofs) else {
            return 0;
        };
        let name = entry
            .key
            .map_or(mg_str::NULL, |range| mg_str::from_bytes(&json[range]));
        // SAFETY: pointer contract.
        unsafe {
            if !key.is_null() {
                key.write(name);
            }
            if !val.is_null() {
                val.write(mg_str::from_bytes(&json[entry.value]));
            }
        }
        entry.next
    })
}
