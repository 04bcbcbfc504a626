//! Variadic arguments on stable Rust.
//!
//! `variadic.c` turns `...` into a `va_list *`; Rust takes arguments from it one
//! by one through the `mg_va_*` accessors of the same file.
#![allow(unsafe_code)]

use std::ffi::{c_double, c_int, c_long, c_longlong, c_void};

/// The platform's `va_list`, only ever handled by pointer. In the header this is
/// the type of `<stdarg.h>`.
#[repr(C)]
pub struct va_list {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn shim_va_int(ap: *mut va_list) -> c_int;
    fn shim_va_long(ap: *mut va_list) -> c_long;
    fn shim_va_llong(ap: *mut va_list) -> c_longlong;
    fn shim_va_double(ap: *mut va_list) -> c_double;
    fn shim_va_ptr(ap: *mut va_list) -> *mut c_void;
    fn shim_va_size(ap: *mut va_list) -> usize;
}

/// A cursor over the caller's variadic arguments.
#[derive(Clone, Copy)]
pub struct VaList(*mut va_list);

/// Each method takes the next argument.
///
/// # Safety
/// There must be a next argument and it must have the promoted C type that the method names.
/// The `va_list` behind the pointer must be live.
impl VaList {
    /// # Safety
    /// `ap` points to a live, started `va_list`.
    pub unsafe fn new(ap: *mut va_list) -> VaList {
        VaList(ap)
    }
    pub fn as_ptr(self) -> *mut va_list {
        self.0
    }
    pub unsafe fn int(self) -> c_int {
        // SAFETY: forwarded from the caller.
        unsafe { shim_va_int(self.0) }
    }
    pub unsafe fn long(self) -> c_long {
        // SAFETY: forwarded from the caller.
        unsafe { shim_va_long(self.0) }
    }
    pub unsafe fn llong(self) -> c_longlong {
        // SAFETY: forwarded from the caller.
        unsafe { shim_va_llong(self.0) }
    }
    pub unsafe fn double(self) -> c_double {
        // SAFETY: forwarded from the caller.
        unsafe { shim_va_double(self.0) }
    }
    pub unsafe fn ptr<T>(self) -> *mut T {
        // SAFETY: forwarded from the caller.
        unsafe { shim_va_ptr(self.0) }.cast()
    }
    pub unsafe fn size(self) -> usize {
        // SAFETY: forwarded from the caller.
        unsafe { shim_va_size(self.0) }
    }
}
