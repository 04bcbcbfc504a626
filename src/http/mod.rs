//! HTTP/1.x (RFC 9110, RFC 9112).

pub mod conn;
pub mod ffi;
pub mod files;
pub mod parser;
pub mod state;
pub mod upload;
