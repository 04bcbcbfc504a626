//! The Wi-Fi functions of the API, for which there is no driver on an operating system.

pub mod ffi;
