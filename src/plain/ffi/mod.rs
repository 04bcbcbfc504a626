//! `extern "C"` functions that every foreign function interface can call.

mod abi;
mod conn;
mod message;
mod send;

pub use abi::*;
pub use conn::*;
pub use message::*;
pub use send::*;
