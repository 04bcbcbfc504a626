//! Comparison of byte strings. Bytes are ordered as signed numbers, so bytes from 0x80 on come
//! first.
#![forbid(unsafe_code)]

use std::cmp::Ordering;

/// Byte-wise order; a prefix comes before what it begins.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    a.iter().map(|&b| b as i8).cmp(b.iter().map(|&b| b as i8))
}

/// Like [`compare`], with ASCII capitals taken as small letters.
pub fn compare_ignore_case(a: &[u8], b: &[u8]) -> Ordering {
    if a.eq_ignore_ascii_case(b) {
        return Ordering::Equal;
    }
    a.iter().map(folded).cmp(b.iter().map(folded))
}

/// The difference of the first two bytes that are not the same letter; the end of a string counts
/// as 0.
pub fn difference_ignore_case(a: &[u8], b: &[u8]) -> i32 {
    if a.eq_ignore_ascii_case(b) {
        return 0;
    }
    let common = a
        .iter()
        .zip(b)
        .take_while(|(x, y)| x.eq_ignore_ascii_case(y))
        .count();
    let at = |s: &[u8]| s.get(common).map_or(0, |b| i32::from(folded(b)));
    at(a) - at(b)
}

fn folded(b: &u8) -> i8 {
    b.to_ascii_lowercase() as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        assert_eq!(compare(b"", b""), Ordering::Equal);
        assert_eq!(compare(b"a", b"ab"), Ordering::Less);
        assert_eq!(compare(b"b", b"ab"), Ordering::Greater);
        assert_eq!(compare(b"\xff", b"a"), Ordering::Less);
        assert_eq!(compare(b"a\0b", b"a\0a"), Ordering::Greater);
        assert_eq!(compare(b"a", b"A"), Ordering::Greater);
    }

    #[test]
    fn order_without_case() {
        assert_eq!(compare_ignore_case(b"HeLLo", b"hEllO"), Ordering::Equal);
        assert_eq!(compare_ignore_case(b"a", b"_"), Ordering::Greater);
        assert_eq!(compare_ignore_case(b"\xff", b"a"), Ordering::Less);
    }

    #[test]
    fn difference() {
        for (a, b, expected) in [
            (&b"a"[..], &b"A"[..], 0),
            (b"a", b"b", -1),
            (b"", b"1", -49),
            (b"abc", b"ab", 99),
            (b"Z", b"[", 31),
            (b"\xff", b"a", -98),
            (b"\x80", b"\x7f", -255),
        ] {
            assert_eq!(difference_ignore_case(a, b), expected, "{a:?} {b:?}");
        }
    }
}
