//! The C interface.

mod ciphers;
mod ecc;
mod rsa;

pub use ciphers::*;
pub use ecc::*;
pub use rsa::*;
