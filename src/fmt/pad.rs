//! Field widths.
#![forbid(unsafe_code)]

use super::Sink;
use super::directive::Directive;

/// Writes the digits of a number (with its sign), behind `0x` if `prefix`.
///
/// Zero padding goes between the `0x` and the sign, even with `-`.
#[inline]
pub fn number(out: &mut impl Sink, directive: &Directive, prefix: bool, digits: &[u8]) {
    if directive.width == 0 && !prefix {
        return out.put(digits);
    }
    let size = digits.len() + if prefix { 2 } else { 0 };
    let pad = directive.width.saturating_sub(size);
    if !directive.zero && !directive.left {
        out.fill(b' ', pad);
    }
    if prefix {
        out.put(b"0x");
    }
    if directive.zero {
        out.fill(b'0', pad);
    }
    out.put(digits);
    if !directive.zero && directive.left {
        out.fill(b' ', pad);
    }
}

/// How many pad bytes go before and after a string of `len` bytes, and which byte.
///
/// A precision counts instead of the length, also when the string is shorter.
#[inline]
pub fn string(directive: &Directive, precision: Option<usize>, len: usize) -> (usize, usize, u8) {
    let pad = directive.width.saturating_sub(precision.unwrap_or(len));
    let byte = if directive.zero { b'0' } else { b' ' };
    if directive.left {
        (0, pad, byte)
    } else {
        (pad, 0, byte)
    }
}

#[cfg(test)]
mod tests {
    use super::super::directive::{Format, Piece};
    use super::*;

    fn directive(format: &str) -> Directive {
        match Format::new(format.as_bytes()).next() {
            Some(Piece::Directive(directive)) => directive,
            other => panic!("{format} is {other:?}"),
        }
    }

    #[test]
    fn numbers() {
        for (format, prefix, digits, expected) in [
            ("%d", false, "42", "42"),
            ("%5d", false, "42", "   42"),
            ("%-5d", false, "42", "42   "),
            ("%05d", false, "-42", "00-42"),
            ("%-05d", false, "42", "00042"),
            ("%2d", false, "4242", "4242"),
            ("%#6x", true, "f", "   0xf"),
            ("%#-6x", true, "f", "0xf   "),
            ("%#06x", true, "f", "0x000f"),
            ("%#-06x", true, "f", "0x000f"),
            ("%#1x", true, "f", "0xf"),
        ] {
            let mut out = Vec::new();
            number(&mut out, &directive(format), prefix, digits.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{format}");
        }
    }

    #[test]
    fn strings() {
        assert_eq!(string(&directive("%5s"), None, 2), (3, 0, b' '));
        assert_eq!(string(&directive("%-5s"), None, 2), (0, 3, b' '));
        assert_eq!(string(&directive("%-05s"), None, 2), (0, 3, b'0'));
        assert_eq!(string(&directive("%10s"), Some(5), 2), (5, 0, b' '));
        assert_eq!(string(&directive("%5s"), Some(usize::MAX), 2), (0, 0, b' '));
    }
}
