//! URL components and percent-encoding.

mod codec;
pub mod ffi;
mod parts;

pub use codec::{decode, encode};
pub use parts::{host, is_ssl, pass, path, port, unusual_port, uri, user};
