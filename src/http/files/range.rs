//! Byte ranges (RFC 9110, 14).
#![forbid(unsafe_code)]

use crate::string::parse_decimal;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Range {
    /// No range, or one that is not understood: the whole file.
    Whole,
    /// First and last byte.
    Part(u64, u64),
    Unsatisfiable,
}

/// What the value of a Range field asks of a file of `size` bytes. Several ranges count as not
/// understood. A last byte behind the end is refused rather than moved.
pub fn parse(value: &[u8], size: u64) -> Range {
    let Some(text) = value.trim_ascii().strip_prefix(b"bytes=") else {
        return Range::Whole;
    };
    let Some(dash) = text.iter().position(|&b| b == b'-') else {
        return Range::Whole;
    };
    let (first, last) = (text[..dash].trim_ascii(), text[dash + 1..].trim_ascii());
    let number = |text: &[u8]| parse_decimal(text).map(|n| n as u64);
    let (first, last) = match (first, last) {
        (b"", b"") => return Range::Whole,
        (b"", suffix) => match number(suffix) {
            Some(0) => return Range::Unsatisfiable,
            Some(_) if size == 0 => return Range::Unsatisfiable,
            Some(n) => (size.saturating_sub(n), size - 1),
            None => return Range::Whole,
        },
        (first, b"") => match number(first) {
            Some(first) if first < size => (first, size - 1),
            Some(_) => return Range::Unsatisfiable,
            None => return Range::Whole,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) => (first, last),
            _ => return Range::Whole,
        },
    };
    if first > last || last >= size {
        Range::Unsatisfiable
    } else {
        Range::Part(first, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn table() {
        let cases: &[(&str, Range)] = &[
            ("bytes=0-3", Range::Part(0, 3)),
            ("bytes=0-0", Range::Part(0, 0)),
            ("bytes=9-9", Range::Part(9, 9)),
            ("bytes= 1 - 2 ", Range::Part(1, 2)),
            ("bytes=5-", Range::Part(5, 9)),
            ("bytes=-3", Range::Part(7, 9)),
            ("bytes=-30", Range::Part(0, 9)),
            ("bytes=-0", Range::Unsatisfiable),
            ("bytes=9-10", Range::Unsatisfiable),
            ("bytes=10-", Range::Unsatisfiable),
            ("bytes=3-2", Range::Unsatisfiable),
            ("bytes=18446744073709551615-", Range::Unsatisfiable),
            ("bytes=0-18446744073709551615", Range::Unsatisfiable),
            ("bytes=0-18446744073709551616", Range::Whole),
            ("bytes=0-1,4-5", Range::Whole),
            ("bytes=x-1", Range::Whole),
            ("bytes=1-x", Range::Whole),
            ("bytes=1-2-3", Range::Whole),
            ("bytes=5", Range::Whole),
            ("bytes=", Range::Whole),
            ("bytes=-", Range::Whole),
            ("xxbytes=1-2", Range::Whole),
            ("bytes 0-3", Range::Whole),
            ("BYTES=0-1", Range::Whole),
            ("", Range::Whole),
        ];
        for &(text, expected) in cases {
            assert_eq!(parse(text.as_bytes(), 10), expected, "{text}");
        }
        assert_eq!(parse(b"bytes=0-", 0), Range::Unsatisfiable);
        assert_eq!(parse(b"bytes=-1", 0), Range::Unsatisfiable);
    }

    proptest! {
        #[test]
        fn a_part_lies_inside_the_file(text in "bytes=[0-9 -]{0,12}", size in 0u64..50) {
            if let Range::Part(first, last) = parse(text.as_bytes(), size) {
                prop_assert!(first <= last && last < size);
            }
        }
    }
}
