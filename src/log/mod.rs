//! Log levels, prefixes and sinks.

pub mod ffi;
pub mod hexdump;
pub mod prefix;

use std::fmt::Arguments;

/// Logs a message of the library's own at level ERROR.
#[cold]
#[track_caller]
pub fn error(text: Arguments<'_>) {
    ffi::write(1, text);
}

/// Logs a message of the library's own at level INFO.
#[cold]
#[track_caller]
pub fn info(text: Arguments<'_>) {
    ffi::write(2, text);
}

/// Logs a message of the library's own at level DEBUG.
#[cold]
#[track_caller]
pub fn debug(text: Arguments<'_>) {
    ffi::write(3, text);
}
