//! JSON text (RFC 8259), read in place: nothing is allocated or copied to find a value.
//!
//! [`find`] follows a path to a value and stops behind it, [`entry`] walks through an object or
//! array, [`number`] and [`text`] tell what a value stands for.

mod entry;
pub mod ffi;
mod find;
pub mod number;
mod scan;
pub mod text;

pub use entry::{Entry, entry};
pub use find::find;
pub use scan::Error;

#[cfg(test)]
mod tests;

/// White space between values (RFC 8259 section 2).
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
