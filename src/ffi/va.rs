//! Variadic arguments on stable Rust.
//!
//! A variadic function of the C API takes three steps:
//!
//! 1. the exported name is a naked function of one jump, because a cdylib exports only
//!    symbols that Rust defines ([`variadic_export!`]);
//! 2. it jumps to `shim_mg_...` in `variadic.c`, which turns `...` into a `va_list *`;
//! 3. the shim calls the `va_list *` twin: the public `mg_v...` function where the API
//!    has one, else a private Rust function under a hidden link name
//!    ([`variadic_twin!`]).
//!
//! Rust takes the arguments from the list one by one through the `shim_va_*` accessors of
//! the same file.
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

/// The unconditional jump of the target, to another symbol of this library.
#[cfg(target_arch = "x86_64")]
macro_rules! jump_to {
    ($operand:literal) => {
        concat!("jmp ", $operand)
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! jump_to {
    ($operand:literal) => {
        concat!("b ", $operand)
    };
}
pub(crate) use jump_to;

/// Exports the variadic function `$name`; `$shim` in `variadic.c` is its body.
///
/// The prototype for the C header goes to `include/variadic.rs`.
macro_rules! variadic_export {
    ($name:ident => $shim:ident) => {
        const _: () = {
            unsafe extern "C" {
                fn $shim();
            }

            // The jump leaves registers and stack as the caller set them, so the shim
            // sees the caller's arguments.
            #[unsafe(naked)]
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name() {
        core::arch::naked_asm!($crate::ffi::va::jump_to!("{shim}"), shim = sym $shim)
            }
        };
    };
}
pub(crate) use variadic_export;

/// Lets `variadic.c` call the Rust function `$twin` under the name `$label`, which the
/// library does not export (`#[no_mangle]` would export it).
#[cfg(not(target_vendor = "apple"))]
macro_rules! variadic_twin {
    ($label:literal => $twin:path) => {
        core::arch::global_asm!(
            concat!(".globl ", $label),
            concat!(".hidden ", $label),
            concat!(".type ", $label, ", %function"),
            concat!($label, ":"),
            $crate::ffi::va::jump_to!("{twin}"),
            twin = sym $twin,
        );
    };
}
#[cfg(target_vendor = "apple")]
macro_rules! variadic_twin {
    ($label:literal => $twin:path) => {
        core::arch::global_asm!(
            concat!(".globl _", $label),
            concat!(".private_extern _", $label),
            concat!("_", $label, ":"),
            $crate::ffi::va::jump_to!("{twin}"),
            twin = sym $twin,
        );
    };
}
pub(crate) use variadic_twin;
