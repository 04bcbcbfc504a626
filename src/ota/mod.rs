//! Firmware updates.

pub mod ffi;
