//! Numbers.
#![forbid(unsafe_code)]

use crate::string::take_integer;

/// An exponent of this size or more takes no further digits.
const MAX_EXPONENT: i32 = 308;

#[inline(always)]
fn digits(text: &[u8]) -> usize {
    let mut n = 0;
    while text.get(n).is_some_and(u8::is_ascii_digit) {
        n += 1;
    }
    n
}

/// The length of sign, digits, point and digits at the front, all of which may be missing.
#[inline(always)]
fn mantissa_len(text: &[u8]) -> usize {
    let mut len = usize::from(text.first() == Some(&b'-'));
    len += digits(&text[len..]);
    if text.get(len) == Some(&b'.') {
        len += 1;
        len += digits(&text[len..]);
    }
    len
}

/// The length of `e`, sign and digits at the front, and the value of the digits.
#[inline(always)]
fn exponent(text: &[u8]) -> (usize, i32) {
    let (mut len, mut value) = (0, 0);
    if matches!(text, [b'e' | b'E', ..]) {
        len = 1;
        len += usize::from(text.get(len) == Some(&b'-'));
        len += usize::from(text.get(len) == Some(&b'+'));
        while let Some(digit @ b'0'..=b'9') = text.get(len)
            && value < MAX_EXPONENT
        {
            value = value * 10 + i32::from(digit - b'0');
            len += 1;
        }
    }
    (len, value)
}

/// The length of the number at the front.
#[inline(always)]
pub fn token_len(text: &[u8]) -> usize {
    // Most numbers are whole.
    let whole = usize::from(text.first() == Some(&b'-'));
    let whole = whole + digits(&text[whole..]);
    if !matches!(text.get(whole), Some(b'.' | b'e' | b'E')) {
        return whole;
    }
    long_token_len(text)
}

#[inline(never)]
fn long_token_len(text: &[u8]) -> usize {
    let mantissa = mantissa_len(text);
    mantissa + exponent(&text[mantissa..]).0
}

/// A number of up to 15 digits without exponent. Both its digits and the power of ten are exact in a
/// double, so their quotient is the nearest double there is.
fn short_value(text: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut value, mut len, mut point) = (0u64, 0, None);
    while let Some(&byte) = rest.get(len) {
        match byte {
            b'0'..=b'9' if len < POWERS.len() => value = value * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() && len > 0 => point = Some(len),
            b'0'..=b'9' | b'e' | b'E' => return None,
            _ => break,
        }
        len += 1;
    }
    let fraction = point.map_or(0, |point| len - point - 1);
    let digits = len - usize::from(point.is_some());
    if !(1..POWERS.len()).contains(&digits) {
        return None;
    }
    let value = value as f64 / POWERS[fraction];
    Some(if negative { -value } else { value })
}

/// The finite double that is nearest to the number at the front. Missing digits count as 0.
pub fn value(text: &[u8]) -> f64 {
    if let Some(value) = short_value(text) {
        return value;
    }
    let parse = |end| std::str::from_utf8(&text[..end]).ok()?.parse::<f64>().ok();
    let finite = |value: f64| value.clamp(f64::MIN, f64::MAX);
    let mantissa_len = mantissa_len(text);
    let (exponent_len, exponent) = exponent(&text[mantissa_len..]);
    if let Some(value) = parse(mantissa_len + exponent_len) {
        return finite(value);
    }
    let zero = if text.first() == Some(&b'-') {
        -0.0
    } else {
        0.0
    };
    let mantissa = parse(mantissa_len).map_or(zero, finite);
    // Digits are missing, or the exponent begins with "-+".
    mantissa * 10f64.powi(-exponent)
}

/// The number at the front without its fraction; the nearest there is when it does not fit.
pub fn integer(text: &[u8]) -> i64 {
    let sign = usize::from(text.first() == Some(&b'-'));
    // Most are short.
    let short = digits(&text[sign..]);
    if (1..=18).contains(&short) && !matches!(text.get(sign + short), Some(b'.' | b'e' | b'E')) {
        let digits = text[sign..sign + short].iter();
        let value = digits.fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
        return if sign == 1 { -value } else { value };
    }
    if token_len(text) == sign + digits(&text[sign..]) {
        return take_integer(&mut &text[..]).unwrap_or(0);
    }
    value(text) as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values() {
        for (text, len, expected, whole) in [
            ("0", 1, 0.0, 0),
            ("-", 1, -0.0, 0),
            ("-.5", 3, -0.5, 0),
            ("-.", 2, -0.0, 0),
            ("1.", 2, 1.0, 1),
            ("1e", 2, 1.0, 1),
            ("1e+", 3, 1.0, 1),
            ("1e-+2", 5, 0.01, 0),
            ("1e+-2", 3, 1.0, 1),
            ("01", 2, 1.0, 1),
            ("1.2.3", 3, 1.2, 1),
            ("--1", 1, -0.0, 0),
            ("0x10", 1, 0.0, 0),
            ("0.3", 3, 0.3, 0),
            ("1e-3", 4, 0.001, 0),
            ("1e23", 4, 1e23, i64::MAX),
            ("-1e23", 5, -1e23, i64::MIN),
            ("123.456e2", 9, 12345.6, 12345),
            ("-1.5", 4, -1.5, -1),
            ("9007199254740993", 16, 9007199254740992.0, 9007199254740993),
            ("9223372036854775808", 19, 9223372036854775808.0, i64::MAX),
            ("1.7976931348623157e308", 22, f64::MAX, i64::MAX),
            ("5e-324", 6, 5e-324, 0),
            ("1e-400", 6, 0.0, 0),
            ("1e309", 5, f64::MAX, i64::MAX),
            ("-1e309", 6, f64::MIN, i64::MIN),
            ("1e3080", 5, 1e308, i64::MAX),
            ("1e3079", 6, f64::MAX, i64::MAX),
        ] {
            let bytes = text.as_bytes();
            assert_eq!(token_len(bytes), len, "{text}");
            assert_eq!(value(bytes).to_bits(), f64::to_bits(expected), "{text}");
            assert_eq!(integer(bytes), whole, "{text}");
        }
    }

    proptest! {
        #[test]
        fn printed_numbers_come_back(number: f64, whole: i64) {
            prop_assume!(number.is_finite());
            prop_assert_eq!(value(format!("{number:e}").as_bytes()), number);
            prop_assert_eq!(value(format!("{number}").as_bytes()), number);
            prop_assert_eq!(integer(whole.to_string().as_bytes()), whole);
        }
    }
}
