//! Registers of Ethernet PHYs.

pub mod chip;
pub mod ffi;
