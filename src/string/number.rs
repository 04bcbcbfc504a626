//! Numbers in text.
#![forbid(unsafe_code)]

/// The value of `text`, all of which must be digits of `base` 2, 10 or 16. Base 0 stands for the
/// base that a prefix `0b` or `0x` names, else 10; it needs two characters at least.
pub fn parse_number(text: &[u8], base: u32) -> Option<u64> {
    let (digits, base) = match (base, text) {
        (0, [b'0', b'b', rest @ ..]) => (rest, 2),
        (0, [b'0', b'x', rest @ ..]) => (rest, 16),
        (0, [b'0', rest @ ..]) => (rest, 10),
        (0, [_, _, ..]) => (text, 10),
        (2 | 10 | 16, _) => (text, base),
        _ => return None,
    };
    match base {
        2 => digits_value::<2>(digits),
        10 => digits_value::<10>(digits),
        _ => digits_value::<16>(digits),
    }
}

#[inline(always)]
fn digits_value<const BASE: u32>(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= 16 {
        // No such number is too large.
        return digits.iter().try_fold(0u64, |value, &b| {
            let digit = char::from(b).to_digit(BASE)?;
            Some(value * u64::from(BASE) + u64::from(digit))
        });
    }
    digits.iter().try_fold(0u64, |value, &b| {
        let digit = char::from(b).to_digit(BASE)?;
        value
            .checked_mul(u64::from(BASE))?
            .checked_add(u64::from(digit))
    })
}

/// The value of a decimal number that may stand between blanks and tabs.
pub fn parse_decimal(text: &[u8]) -> Option<usize> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let start = text.iter().position(|b| !blank(b))?;
    let end = text.iter().rposition(|b| !blank(b))? + 1;
    parse_number(&text[start..end], 10)?.try_into().ok()
}

/// Takes an integer off the front, as C's strtol() does: behind white space, with a sign, as
/// large as possible when it is too large.
pub fn take_integer(text: &mut &[u8]) -> Option<i64> {
    let space = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let start = text.iter().position(|b| !space(b))?;
    let (sign, digits) = match &text[start..] {
        [b'-', digits @ ..] => (-1, digits),
        [b'+', digits @ ..] | digits => (1, digits),
    };
    let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    if len == 0 {
        return None;
    }
    *text = &digits[len..];
    Some(digits[..len].iter().fold(0i64, |value, b| {
        value
            .saturating_mul(10)
            .saturating_add(sign * i64::from(b - b'0'))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, base, expected) in [
            ("18446744073709551615", 10, Some(u64::MAX)),
            ("18446744073709551616", 10, None),
            ("ffffffffffffffff", 16, Some(u64::MAX)),
            ("10000000000000000", 16, None),
            ("7F", 16, Some(127)),
            ("0x10", 16, None),
            ("0x10", 0, Some(16)),
            ("0X10", 0, None),
            ("0b11", 0, Some(3)),
            ("0b", 0, None),
            ("0x", 0, None),
            ("5", 0, None),
            ("0", 0, None),
            ("05", 0, Some(5)),
            ("00", 0, Some(0)),
            ("10", 0, Some(10)),
            ("0123", 0, Some(123)),
            ("-1", 10, None),
            ("+1", 10, None),
            (" 1", 10, None),
            ("1 ", 10, None),
            ("", 10, None),
            ("12", 8, None),
            ("102", 2, None),
            ("5", 10, Some(5)),
        ] {
            assert_eq!(
                parse_number(text.as_bytes(), base),
                expected,
                "{text} base {base}"
            );
        }
    }

    #[test]
    fn integers() {
        for (text, expected, rest) in [
            ("12ab", Some(12), "ab"),
            (" \t\r\n\x0b\x0c-7.", Some(-7), "."),
            ("+5", Some(5), ""),
            ("007", Some(7), ""),
            ("9223372036854775808", Some(i64::MAX), ""),
            ("-9223372036854775809", Some(i64::MIN), ""),
            ("-99999999999999999999999", Some(i64::MIN), ""),
            ("", None, ""),
            ("--1", None, "--1"),
            ("- 1", None, "- 1"),
            ("x", None, "x"),
        ] {
            let mut left = text.as_bytes();
            assert_eq!(take_integer(&mut left), expected, "{text}");
            assert_eq!(left, rest.as_bytes(), "{text}");
        }
    }

    #[test]
    fn decimals() {
        for (text, expected) in [
            (" 123 \t", Some(123)),
            ("007", Some(7)),
            ("", None),
            (" ", None),
            ("-1", None),
            ("+1", None),
            ("1 2", None),
            ("\n1", None),
            ("1\n", None),
        ] {
            assert_eq!(parse_decimal(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(
            parse_decimal(usize::MAX.to_string().as_bytes()),
            Some(usize::MAX)
        );
        assert_eq!(parse_decimal(format!("{}0", usize::MAX).as_bytes()), None);
    }
}
