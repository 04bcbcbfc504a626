//! JSON Web Tokens (RFC 7519) in the compact form of RFC 7515, signed with HS256 or ES256 (RFC 7518).

pub mod ffi;
mod token;

pub use token::{Content, SigningKey, VerifyingKey, sign, verify};
