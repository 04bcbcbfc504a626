//! Messages of an SNTP client (RFC 4330).

pub mod ffi;
mod message;

pub use ffi::Query;
