//! Checksums, base64, random bytes, clocks, byte order, access lists.

mod acl;
pub mod base64;
mod calendar;
mod checksum;
pub mod ffi;
mod path;
pub mod random;
pub mod stock;

pub use calendar::unix_seconds;
pub use checksum::{crc16, crc32};
pub use path::is_sane;
