//! Timers.
pub mod ffi;
