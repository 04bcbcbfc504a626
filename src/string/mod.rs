//! `struct mg_str`: slices, comparison, numbers, glob matching.

mod compare;
pub mod ffi;
mod glob;
mod number;
pub mod words;

pub use compare::{compare, compare_ignore_case, difference_ignore_case, equal_ignore_case};
pub use glob::{glob_match, is_wildcard};
pub use number::{parse_decimal, parse_number, take_integer};

/// Splits `s` at the first `separator`. Without one, the second part is the empty end of `s`.
/// `None` when `s` is empty.
pub fn split(s: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    if s.is_empty() {
        return None;
    }
    Some(match memchr::memchr(separator, s) {
        Some(i) => (&s[..i], &s[i + 1..]),
        None => s.split_at(s.len()),
    })
}
