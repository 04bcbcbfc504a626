//! Bodies in pieces: those of a peer while they arrive, those of a program while the peer takes them.

pub mod ffi;
pub(in crate::http) mod incoming;
mod outgoing;

pub use ffi::Streams;
