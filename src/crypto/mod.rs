//! Ciphers, elliptic curves and RSA on byte strings. The arithmetic is that of the RustCrypto and
//! dalek crates; what is here puts it together in the way the C interface wants.

mod deterministic;
pub mod ecc;
pub mod ffi;
mod gcm;
pub mod pem;
mod private_key;
mod rsa;

pub use deterministic::{HmacSha256, sign_deterministic};
pub use private_key::p256_private_key;
