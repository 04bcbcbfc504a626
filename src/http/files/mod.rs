//! Static files: which file a request means, which part of it, and the answer.

mod coding;
pub mod ffi;
mod listing;
mod mapping;
mod mime;
mod range;
mod ssi;

pub use ffi::Transfer;
