//! Checksums, base64, random bytes, clocks, byte order, access lists.

pub mod ffi;
