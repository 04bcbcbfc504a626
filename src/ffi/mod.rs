//! What the boundary with C shares.
//!
//! # The pointer contract
//!
//! Unless a function's documentation says that NULL is allowed, every pointer
//! argument must point to a live object of its type. Strings are
//! NUL-terminated; a `struct mg_str` points to `len` readable bytes, or is
//! `{NULL, 0}`. Buffers given with a length are readable (or writable, when
//! they are outputs) over that length. Nothing is kept after a call returns
//! unless the documentation says so. `// SAFETY: pointer contract` refers to
//! this paragraph.

pub mod alloc;
pub mod env;
pub mod guard;
pub mod heap;
pub mod inject;
pub mod layout;
pub mod leave;
pub mod str;
#[cfg(all(debug_assertions, target_os = "linux"))]
mod threads;
pub mod va;
pub mod versioned;

pub use guard::guard;
pub use inject::inject;
pub use str::mg_str;
