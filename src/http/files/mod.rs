//! Static files: from a request to a file, its response head, and the body as the socket takes it.

pub mod encoding;
pub mod ffi;
pub mod form;
pub mod listing;
pub mod mapping;
pub mod mime;
pub mod range;
pub mod ssi;

pub use ffi::Transfer;
