//! `struct mg_str`, the string slice of the C API.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, c_char};

/// A string slice: `len` bytes at `buf`, not necessarily NUL-terminated.
///
/// It owns nothing. `{NULL, 0}` means "no string"; a non-NULL `buf` with `len` 0
/// is an empty string.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mg_str {
    /// First byte, or NULL.
    pub buf: *mut c_char,
    /// Length in bytes.
    pub len: usize,
}

impl mg_str {
    pub const NULL: mg_str = mg_str {
        buf: std::ptr::null_mut(),
        len: 0,
    };

    /// A view of `bytes`; the borrow checker cannot follow it, so the caller keeps
    /// the memory alive while C looks at it.
    pub fn from_bytes(bytes: &[u8]) -> mg_str {
        mg_str {
            buf: bytes.as_ptr() as *mut c_char,
            len: bytes.len(),
        }
    }

    /// The bytes of this string; empty for `{NULL, anything}`.
    ///
    /// # Safety
    /// Pointer contract of [`crate::ffi`]; `'a` must not outlive the memory, and no C code may
    /// write to it meanwhile.
    #[inline]
    pub unsafe fn as_bytes<'a>(self) -> &'a [u8] {
        // SAFETY: forwarded from the caller.
        unsafe { bytes(self.buf.cast(), self.len) }
    }
}

/// The slice behind a pointer and a length; empty when the pointer is NULL.
///
/// # Safety
/// Pointer contract of [`crate::ffi`]; see [`mg_str::as_bytes`].
#[inline]
pub unsafe fn bytes<'a>(p: *const u8, len: usize) -> &'a [u8] {
    if p.is_null() {
        return &[];
    }
    // SAFETY: non-NULL with `len` readable bytes, by contract. A length above
    // isize::MAX cannot describe an object; clamp it, so that absurd sizes from C
    // do not become undefined behaviour here.
    unsafe { std::slice::from_raw_parts(p, len.min(isize::MAX as usize)) }
}

/// Memory that C wants read or written and that may overlap other memory it passed; empty when the
/// pointer is NULL.
///
/// # Safety
/// Pointer contract of [`crate::ffi`]; see [`mg_str::as_bytes`].
#[inline]
pub unsafe fn cells<'a>(p: *mut c_char, len: usize) -> &'a [Cell<u8>] {
    if p.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: as in `bytes`; a Cell has the layout of its content.
    unsafe { std::slice::from_raw_parts(p.cast(), len.min(isize::MAX as usize)) }
}

/// The bytes of a NUL-terminated string without its terminator; empty for NULL.
///
/// # Safety
/// Pointer contract of [`crate::ffi`]; see [`mg_str::as_bytes`].
#[inline]
pub unsafe fn cstr<'a>(p: *const c_char) -> &'a [u8] {
    if p.is_null() {
        return &[];
    }
    // SAFETY: non-NULL and terminated, by contract.
    unsafe { CStr::from_ptr(p) }.to_bytes()
}
