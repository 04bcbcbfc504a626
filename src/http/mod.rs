//! HTTP/1.x (RFC 9110, RFC 9112).

pub mod chunked;
pub mod coding;
pub mod credentials;
pub mod date;
pub mod ffi;
pub mod fields;
pub mod files;
pub mod framing;
pub mod multipart;
pub mod parser;
pub mod reply;
pub mod state;
pub mod status;
pub mod stream;
pub mod upload;
