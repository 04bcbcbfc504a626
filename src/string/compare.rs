//! Comparison of byte strings. Bytes are ordered as signed numbers, so bytes from 0x80 on come
//! first.
#![forbid(unsafe_code)]

use super::words::{first, small_letters};
use std::cmp::Ordering;

/// Byte-wise order; a prefix comes before what it begins.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let common = common_len(a, b, |word| word);
    let at = |s: &[u8]| s.get(common).map(|&b| b as i8);
    at(a).cmp(&at(b))
}

/// Like [`compare`], with ASCII capitals taken as small letters.
pub fn compare_ignore_case(a: &[u8], b: &[u8]) -> Ordering {
    let common = common_len(a, b, small_letters);
    let at = |s: &[u8]| s.get(common).map(folded);
    at(a).cmp(&at(b))
}

/// The difference of the first two bytes that are not the same letter; the end of a string counts
/// as 0.
pub fn difference_ignore_case(a: &[u8], b: &[u8]) -> i32 {
    let common = common_len(a, b, small_letters);
    let at = |s: &[u8]| s.get(common).map_or(0, |b| i32::from(folded(b)));
    at(a) - at(b)
}

/// Whether two strings are the same but for the case of ASCII letters. Faster than the method of
/// std for what is as short as a header name.
// Most callers compare the lengths before.
#[inline(never)]
pub fn equal_ignore_case(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && common_len(a, b, small_letters) == a.len()
}

fn folded(b: &u8) -> i8 {
    b.to_ascii_lowercase() as i8
}

/// How many bytes at the front are equal once `fold` was applied to both sides, which it is to eight
/// bytes at once.
#[inline(always)]
fn common_len(a: &[u8], b: &[u8], fold: impl Fn(u64) -> u64) -> usize {
    let len = a.len().min(b.len());
    let (a, b) = (&a[..len], &b[..len]);
    let mut at = 0;
    while let (Some(x), Some(y)) = (a[at..].first_chunk(), b[at..].first_chunk()) {
        let bits = fold(u64::from_le_bytes(*x)) ^ fold(u64::from_le_bytes(*y));
        if bits != 0 {
            return at + first(bits);
        }
        at += 8;
        // The last word may begin in the one before.
        if at < len && at + 8 > len {
            at = len - 8;
        }
    }
    if let (Some(x), Some(y)) = (a[at..].first_chunk(), b[at..].first_chunk()) {
        let word = |bytes: &[u8; 4]| fold(u64::from(u32::from_le_bytes(*bytes)));
        let bits = word(x) ^ word(y);
        if bits != 0 {
            return at + first(bits);
        }
        at += 4;
    }
    while at < len && fold(u64::from(a[at])) == fold(u64::from(b[at])) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    #[test]
    fn order() {
        assert_eq!(compare(b"", b""), Ordering::Equal);
        assert_eq!(compare(b"a", b"ab"), Ordering::Less);
        assert_eq!(compare(b"b", b"ab"), Ordering::Greater);
        assert_eq!(compare(b"\xff", b"a"), Ordering::Less);
        assert_eq!(compare(b"a\0b", b"a\0a"), Ordering::Greater);
        assert_eq!(compare(b"a", b"A"), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn words_are_like_bytes(
            front in "[a-cA-C]{0,20}",
            a in vec(select(b"aAzZ@[`{bB\0\x80\xc1\xe1".to_vec()), 0..12),
            b in vec(select(b"aAzZ@[`{bB\0\x80\xc1\xe1".to_vec()), 0..12),
        ) {
            let a = [front.as_bytes(), &a].concat();
            let b = [front.to_ascii_uppercase().as_bytes(), &b].concat();
            let signed = |s: &[u8]| s.iter().map(|&b| b as i8).collect::<Vec<_>>();
            prop_assert_eq!(compare(&a, &b), signed(&a).cmp(&signed(&b)));
            let (small_a, small_b) = (a.to_ascii_lowercase(), b.to_ascii_lowercase());
            prop_assert_eq!(compare_ignore_case(&a, &b), signed(&small_a).cmp(&signed(&small_b)));
            prop_assert_eq!(equal_ignore_case(&a, &b), a.eq_ignore_ascii_case(&b));
            prop_assert!(equal_ignore_case(&a, &small_a));
        }
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
