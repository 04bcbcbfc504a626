//! Firmware updates: what a program installs arrives in a request ([`crate::http::upload`]) or is
//! fetched from a server (`ffi::check`).

pub mod ffi;
mod metadata;
