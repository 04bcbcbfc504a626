#![allow(unsafe_code)]

use std::ffi::c_int;
use std::fmt::Arguments;

/// Messages above this level (MG_LL_*) are not logged. Programs may change it at any time.
#[unsafe(no_mangle)]
pub static mut mg_log_level: c_int = 3;

/// Writes a line of the library's own if `level` is enabled.
pub(super) fn write(level: c_int, text: Arguments<'_>) {
    // SAFETY: a plain int that programs write, as in C.
    if level <= unsafe { mg_log_level } {
        eprintln!("{text}");
    }
}
pub unsafe fn mg_hexdump(_: *const std::ffi::c_void, _: usize) {}
