//! URL components and percent-encoding.

pub mod ffi;
mod parts;

pub use parts::{host, is_ssl, pass, path, port, uri, user};
