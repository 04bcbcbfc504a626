//! Range requests (RFC 9110, section 14).
#![forbid(unsafe_code)]

use std::ops::Range;

/// A request for one range of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From the first to the last position, or to the end.
    From(usize, Option<usize>),
    /// So many bytes at the end.
    Suffix(usize),
}

/// What to send of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Whole,
    Range(Range<usize>),
    Unsatisfiable,
}

impl ByteRange {
    /// Reads the value of a Range header. `None` for what is to be ignored: another unit, several
    /// ranges, or no range at all.
    pub fn parse(value: &[u8]) -> Option<ByteRange> {
        let range = value.strip_prefix(b"bytes=")?;
        let dash = memchr::memchr(b'-', range)?;
        let (first, last) = (range[..dash].trim_ascii(), range[dash + 1..].trim_ascii());
        match (first.is_empty(), last.is_empty()) {
            (false, false) => Some(ByteRange::From(number(first)?, Some(number(last)?))),
            (false, true) => Some(ByteRange::From(number(first)?, None)),
            (true, false) => Some(ByteRange::Suffix(number(last)?)),
            (true, true) => None,
        }
    }

    /// [`Self::of`], but a range that ends behind the file is cut off there (RFC 9110, 14.1.2).
    pub fn within(self, size: usize) -> Part {
        match self {
            ByteRange::From(first, Some(last)) if first <= last => {
                ByteRange::From(first, Some(last.min(size.saturating_sub(1)))).of(size)
            }
            other => other.of(size),
        }
    }

    /// The part of a file of `size` bytes. A range that ends behind the file is not satisfiable.
    pub fn of(self, size: usize) -> Part {
        let (first, last) = match self {
            ByteRange::Suffix(0) => return Part::Unsatisfiable,
            ByteRange::Suffix(n) => (size.saturating_sub(n), size.checked_sub(1)),
            ByteRange::From(first, Some(last)) => (first, Some(last)),
            ByteRange::From(first, None) => (first, size.checked_sub(1)),
        };
        match last {
            Some(last) if first <= last && last < size => Part::Range(first..last + 1),
            _ => Part::Unsatisfiable,
        }
    }
}

fn number(digits: &[u8]) -> Option<usize> {
    digits.iter().try_fold(0usize, |n, b| {
        let digit = char::from(*b).to_digit(10)?;
        n.checked_mul(10)?.checked_add(digit as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(value: &str, size: usize) -> Part {
        ByteRange::parse(value.as_bytes()).map_or(Part::Whole, |range| range.of(size))
    }

    #[test]
    fn ranges_of_ten_bytes() {
        for (value, range) in [
            ("0-3", 0..4),
            ("0-0", 0..1),
            ("9-9", 9..10),
            ("0-9", 0..10),
            ("5-", 5..10),
            (" 1 - 2 ", 1..3),
            ("-3", 7..10),
            ("-10", 0..10),
            ("-999", 0..10),
        ] {
            assert_eq!(
                part(&format!("bytes={value}"), 10),
                Part::Range(range),
                "{value}"
            );
        }
        for value in [
            "9-10",
            "0-100",
            "10-",
            "3-2",
            "-0",
            "18446744073709551615-",
            "0-18446744073709551615",
        ] {
            assert_eq!(
                part(&format!("bytes={value}"), 10),
                Part::Unsatisfiable,
                "{value}"
            );
        }
        for value in [
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=2,3",
            "bytes 0-3",
            "items=0-1",
            "BYTES=0-1",
            "bytes=5",
            "bytes=0-1,4-5",
            "bytes=1-2-3",
            "bytes=1-x",
            "bytes=x-1",
            "xbytes=1-2",
            "",
            "bytes=0-18446744073709551616",
            "bytes=--1",
            "bytes=+1-2",
        ] {
            assert_eq!(part(value, 10), Part::Whole, "{value}");
        }
    }

    #[test]
    fn a_range_is_cut_off_at_the_end_of_the_file() {
        for (value, part) in [
            ("0-9", Part::Range(0..10)),
            ("0-10", Part::Range(0..10)),
            ("9-18446744073709551615", Part::Range(9..10)),
            ("3-5", Part::Range(3..6)),
            ("-3", Part::Range(7..10)),
            ("10-10", Part::Unsatisfiable),
            ("10-", Part::Unsatisfiable),
            ("5-3", Part::Unsatisfiable),
            ("12-11", Part::Unsatisfiable),
            ("-0", Part::Unsatisfiable),
        ] {
            let range = ByteRange::parse(format!("bytes={value}").as_bytes()).unwrap();
            assert_eq!(range.within(10), part, "{value}");
        }
        assert_eq!(ByteRange::From(0, Some(5)).within(0), Part::Unsatisfiable);
    }

    #[test]
    fn nothing_can_be_taken_from_an_empty_file() {
        for value in ["bytes=0-", "bytes=-1", "bytes=0-0"] {
            assert_eq!(part(value, 0), Part::Unsatisfiable, "{value}");
        }
    }

    proptest! {
        #[test]
        fn a_range_is_never_empty_and_inside_the_file(value in "bytes=[0-9]{0,3} ?-[0-9]{0,3}", size in 0..2000usize) {
            if let Part::Range(range) = part(&value, size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }

        #[test]
        fn any_header_value_is_survived(value: Vec<u8>) {
            let _ = ByteRange::parse(&value).map(|range| range.of(10));
        }
    }
}
