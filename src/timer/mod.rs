//! Timers.

pub mod ffi;
mod schedule;
