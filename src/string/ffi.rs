#![allow(unsafe_code)]

use super::{compare, compare_ignore_case, difference_ignore_case, glob_match, split};
use super::{parse_decimal, parse_number};
use crate::ffi::alloc::dup_nul;
use crate::ffi::str::{bytes, cstr};
use crate::ffi::{guard, mg_str};
use std::cmp::Ordering;
use std::ffi::{c_char, c_int, c_void};

/// Returns a view of a NUL-terminated string; {NULL, 0} for NULL. Usually called as `mg_str(s)`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_str_s(s: *const c_char) -> mg_str {
    guard(mg_str::NULL, || mg_str {
        buf: s.cast_mut(),
        // SAFETY: pointer contract.
        len: unsafe { cstr(s) }.len(),
    })
}

/// Returns a view of `n` bytes at `s`.
#[unsafe(no_mangle)]
pub extern "C" fn mg_str_n(s: *const c_char, n: usize) -> mg_str {
    mg_str {
        buf: s.cast_mut(),
        len: n,
    }
}

/// Compares two NUL-terminated strings without regard to the case of ASCII letters.
///
/// Returns 0 if they are equal, else the difference of the first two characters (as `signed
/// char`, in lower case) that differ. NULL is an empty string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_casecmp(s1: *const c_char, s2: *const c_char) -> c_int {
    guard(1, || {
        // SAFETY: pointer contract.
        let (a, b) = unsafe { (cstr(s1), cstr(s2)) };
        difference_ignore_case(a, b)
    })
}

/// Compares two strings byte by byte, as `signed char`: returns -1, 0 or 1. A string comes behind
/// its own beginnings. NUL bytes are ordinary.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_strcmp(str1: mg_str, str2: mg_str) -> c_int {
    guard(1, || {
        // SAFETY: pointer contract.
        let (a, b) = unsafe { (str1.as_bytes(), str2.as_bytes()) };
        sign(compare(a, b))
    })
}

/// Like mg_strcmp(), without regard to the case of ASCII letters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_strcasecmp(str1: mg_str, str2: mg_str) -> c_int {
    guard(1, || {
        // SAFETY: pointer contract.
        let (a, b) = unsafe { (str1.as_bytes(), str2.as_bytes()) };
        sign(compare_ignore_case(a, b))
    })
}

fn sign(order: Ordering) -> c_int {
    order as c_int
}

/// Copies a string to the heap and puts a NUL behind it.
///
/// Returns {NULL, 0} when the string is empty or memory is exhausted. Release `buf` with
/// mg_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_strdup(s: mg_str) -> mg_str {
    guard(mg_str::NULL, || {
        // SAFETY: pointer contract.
        let text = unsafe { s.as_bytes() };
        if text.is_empty() {
            return mg_str::NULL;
        }
        let copy = dup_nul(text);
        if copy.is_null() {
            mg_str::NULL
        } else {
            mg_str {
                buf: copy.cast(),
                len: text.len(),
            }
        }
    })
}

/// Splits a string at the first `sep`: `*a` becomes what is before it, `*b` what is behind it.
/// Without a `sep`, `*a` becomes all of `s`, and `*b` its empty end.
///
/// Returns false, and sets nothing, when `s` is empty. So this takes a comma-separated list
/// apart:
///
///     while (mg_span(s, &entry, &s, ',')) { ... }
///
/// `a` and `b` may be NULL. The results point into `s`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_span(s: mg_str, a: *mut mg_str, b: *mut mg_str, sep: c_char) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some((first, rest)) = split(unsafe { s.as_bytes() }, sep as u8) else {
            return false;
        };
        // SAFETY: pointer contract.
        unsafe {
            if !a.is_null() {
                a.write(mg_str::from_bytes(first));
            }
            if !b.is_null() {
                b.write(mg_str::from_bytes(rest));
            }
        }
        true
    })
}

/// Reads a decimal number without a sign. Blanks and tabs around it are ignored.
///
/// False, with `*val` unchanged, when there is anything else, no digit, or a value beyond
/// SIZE_MAX.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_to_size_t(str: mg_str, val: *mut usize) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(value) = parse_decimal(unsafe { str.as_bytes() }).filter(|_| !val.is_null())
        else {
            return false;
        };
        // SAFETY: pointer contract.
        unsafe { val.write(value) };
        true
    })
}

/// Reads an unsigned number that takes all of `str`, without blanks and sign, into the integer of
/// `val_len` bytes (1, 2, 4 or 8) at `val`.
///
/// `base` is 2, 10 or 16. With base 0, `0b` and `0x` in front of the digits mean base 2 and 16,
/// everything else base 10; `str` needs two characters then. False, with `*val` unchanged, when
/// `str` is no such number or does not fit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_str_to_num(
    str: mg_str,
    base: c_int,
    val: *mut c_void,
    val_len: usize,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let text = unsafe { str.as_bytes() };
        let number = u32::try_from(base)
            .ok()
            .and_then(|base| parse_number(text, base));
        let Some(number) = number.filter(|_| !val.is_null()) else {
            return false;
        };
        // SAFETY: `val` points to an integer of that many bytes, by contract.
        unsafe {
            match val_len {
                1 => store::<u8>(number, val),
                2 => store::<u16>(number, val),
                4 => store::<u32>(number, val),
                8 => store::<u64>(number, val),
                _ => false,
            }
        }
    })
}

/// # Safety
/// `val` points to writable memory for a `T`.
unsafe fn store<T: TryFrom<u64>>(number: u64, val: *mut c_void) -> bool {
    let Ok(number) = T::try_from(number) else {
        return false;
    };
    // SAFETY: forwarded from the caller.
    unsafe { val.cast::<T>().write_unaligned(number) };
    true
}

/// Whether `pattern` matches all of `str`. Case matters.
///
/// `?` stands for any character, `*` for any number of characters but not for a `/`, `#` for any
/// number of characters. Everything else stands for itself; nothing is escaped. Two peculiarities
/// are kept for the programs that know them. A `/` stops a `*` only where the rest of the pattern
/// fails to match; so a `*` in the middle of a pattern may stand for text with a `/` after all.
/// And only the last `*` or `#` that was reached is tried with more text; so `*` directly behind
/// `#` loses matches.
///
/// `caps`, unless NULL, is an array with one element per wildcard and one more. The first
/// elements become views of the parts of `str` that the wildcards stand for: one for each `?`,
/// one for each run of adjacent `*` and `#`. A {NULL, 0} follows, unless the pattern ends with
/// `*` or `#`; set the array to zero before the call. An empty part has a `buf` that is not NULL.
/// Without a match the first element is {NULL, 0} and the others are unspecified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_match(str: mg_str, pattern: mg_str, caps: *mut mg_str) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let (text, glob) = unsafe { (bytes(str.buf.cast(), str.len), pattern.as_bytes()) };
        if caps.is_null() {
            return glob_match(text, glob, |_, _| ());
        }
        let set = |slot: usize, part: mg_str| {
            // SAFETY: slots are below the number of wildcards, or equal to it at the end; the
            // array has one element more than there are wildcards, by contract.
            unsafe { caps.add(slot).write(part) };
        };
        set(0, mg_str::NULL);
        let mut used = 0;
        let matched = glob_match(text, glob, |slot, range| {
            set(
                slot,
                mg_str {
                    buf: str.buf.wrapping_add(range.start),
                    len: range.len(),
                },
            );
            used = slot + 1;
        });
        if !matched {
            set(0, mg_str::NULL);
        } else if !matches!(glob.last(), Some(b'*' | b'#')) {
            set(used, mg_str::NULL);
        }
        matched
    })
}
