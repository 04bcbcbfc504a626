//! Log levels, prefixes and sinks.

pub mod ffi;

use std::fmt::Arguments;

/// Logs at level ERROR.
#[cold]
pub fn error(text: Arguments<'_>) {
    ffi::write(1, text);
}

/// Logs at level INFO.
#[cold]
pub fn info(text: Arguments<'_>) {
    ffi::write(2, text);
}

/// Logs at level DEBUG.
#[cold]
pub fn debug(text: Arguments<'_>) {
    ffi::write(3, text);
}
