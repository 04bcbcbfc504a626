//! `%g` and `%f`.
//!
//! The digits are produced by plain IEEE double arithmetic: add half a unit of the last
//! place, scale by powers of ten, subtract digit by digit. This is not correctly rounded,
//! but it is what programs of this API have always printed (`%g` of 1e-5 is `0.00001`, of
//! 0.00745445 it is `0.007454`), so every operation below is part of the result: reordering
//! one changes digits. The powers of ten come from tables that hold what the repeated
//! multiplications and divisions would give.
#![forbid(unsafe_code)]

use super::Sink;
use super::stack::Stack;

/// The longest text; what is longer is cut.
const MAX_LEN: usize = 39;

/// 1 multiplied by 10 again and again.
const UP: [f64; 309] = {
    let mut table = [1.0; 309];
    let mut i = 1;
    while i < table.len() {
        table[i] = table[i - 1] * 10.0;
        i += 1;
    }
    table
};

/// 1 divided by 10 again and again, until 0.
const DOWN: [f64; 326] = tenths(1.0);

/// 5 divided by 10 again and again, until 0.
const FIVE_DOWN: [f64; 326] = tenths(5.0);

/// Exponents for which five times the power of ten has no rounding error, so that dividing it
/// by 10 leads to `UP` and `FIVE_DOWN`.
const EXACT_FIVES: std::ops::RangeInclusive<i32> = -1..=21;

/// Up to this exponent, dividing by a power of ten gives the digits of the integer part
/// without error, as long as the fraction stays below `SAFE_FRACTION`.
const SAFE_EXPONENT: i32 = 12;
const SAFE_FRACTION: f64 = 0.99;

const fn tenths(first: f64) -> [f64; 326] {
    let mut table = [first; 326];
    let mut i = 1;
    while i < table.len() {
        table[i] = table[i - 1] / 10.0;
        i += 1;
    }
    table
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// `%g`
    General,
    /// `%f`
    Fixed,
}

/// A formatted number.
pub struct Text(Stack<MAX_LEN>);

impl Text {
    /// Formats `value`. Precision 0 counts as 1 with `%g`.
    pub fn new(value: f64, precision: usize, style: Style) -> Text {
        let mut text = Text(Stack::new());
        text.number(value, precision, style);
        text
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn number(&mut self, value: f64, precision: usize, style: Style) {
        if value == 0.0 {
            return self.0.push(b'0');
        }
        if value.is_nan() {
            return self.0.put(b"nan");
        }
        if value < 0.0 {
            self.0.push(b'-');
        }
        let magnitude = value.abs();
        if magnitude.is_infinite() {
            return self.0.put(b"inf");
        }
        match style {
            Style::General => self.general(magnitude, precision.max(1)),
            Style::Fixed => {
                let (rounded, exponent) = round(magnitude, precision, style);
                self.digits(rounded, exponent, precision, style);
            }
        }
    }

    fn general(&mut self, magnitude: f64, precision: usize) {
        // Outside this range the rounding amount is infinite or 0.
        let (magnitude, bias) = if magnitude >= 1e308 {
            (magnitude / 10.0, 1)
        } else if magnitude < f64::MIN_POSITIVE {
            (magnitude * 1e30, -30)
        } else {
            (magnitude, 0)
        };
        let (rounded, exponent) = round(magnitude, precision, Style::General);
        let p = i32::try_from(precision).unwrap_or(i32::MAX);
        let scientific = if precision == 1 {
            magnitude >= 10.0 || exponent + bias < -1
        } else {
            exponent + bias >= p || exponent + bias <= -p
        };
        if !scientific {
            return self.digits(rounded, exponent, precision, Style::General);
        }
        let mantissa = magnitude / scale(exponent);
        let suffix = suffix(exponent + bias);
        let (rounded, exponent) = round(mantissa, precision, Style::General);
        self.digits(rounded, exponent, precision, Style::General);
        self.0.truncate(MAX_LEN - suffix.as_bytes().len());
        self.0.put(suffix.as_bytes());
    }

    /// Writes `value`, which is at least 10 to the power of `exponent`.
    fn digits(&mut self, mut value: f64, exponent: i32, precision: usize, style: Style) {
        let mut counted = 0;
        let whole = value as u64;
        let fraction = value - whole as f64;
        if whole > 0 && exponent <= SAFE_EXPONENT && fraction < SAFE_FRACTION {
            let mut buf = itoa::Buffer::new();
            let digits = buf.format(whole).as_bytes();
            self.0.put(digits);
            counted = digits.len();
            value = fraction;
        } else {
            let mut unit = scale(exponent);
            while unit >= 1.0 {
                let digit = take_digit(&mut value, unit);
                if digit != 0 || counted > 0 {
                    self.0.push(b'0' + digit);
                    counted += 1;
                }
                unit /= 10.0;
            }
        }
        if counted == 0 {
            // Not counted: "%g" has as many decimals as digits then.
            self.0.push(b'0');
        }
        if style == Style::Fixed {
            counted = 0;
        }
        if counted >= precision || self.0.is_full() {
            return;
        }
        self.0.push(b'.');
        for unit in &DOWN[1..] {
            if counted == precision || self.0.is_full() {
                break;
            }
            let digit = take_digit(&mut value, *unit);
            self.0.push(b'0' + digit);
            counted += 1;
        }
        if style == Style::General {
            // There is a `.`, so this ends before the integer digits.
            let text = self.0.as_bytes();
            let zeros = text.iter().rev().take_while(|&&byte| byte == b'0').count();
            let end = text.len() - zeros;
            self.0.truncate(end - usize::from(text[end - 1] == b'.'));
        }
    }
}

/// `e+05`
fn suffix(exponent: i32) -> Stack<5> {
    let mut text = Stack::new();
    text.push(b'e');
    text.push(if exponent < 0 { b'-' } else { b'+' });
    let size = exponent.unsigned_abs();
    if size >= 100 {
        text.push(b'0' + (size / 100) as u8);
    }
    text.push(b'0' + (size / 10 % 10) as u8);
    text.push(b'0' + (size % 10) as u8);
    text
}

/// Subtracts the highest multiple of `unit` and returns the factor.
#[inline]
fn take_digit(value: &mut f64, unit: f64) -> u8 {
    if *value < unit {
        return 0;
    }
    // Rounding errors of large units can add up to a quotient of 10.
    let digit = ((*value / unit) as u8).min(9);
    *value -= f64::from(digit) * unit;
    digit
}

/// Ten to the power of `exponent`, as the tables have it.
#[inline]
fn scale(exponent: i32) -> f64 {
    if exponent >= 0 {
        UP[exponent as usize]
    } else {
        DOWN[exponent.unsigned_abs() as usize]
    }
}

/// `magnitude` plus half a unit of the last digit, and the decimal exponent of the sum.
#[inline]
fn round(magnitude: f64, precision: usize, style: Style) -> (f64, i32) {
    let exponent = match style {
        Style::General if magnitude >= 10.0 => up(magnitude) as i32,
        Style::General => -(down(magnitude, 0, |quotient| quotient <= 1.0) as i32),
        Style::Fixed => -(down(magnitude, 1, |quotient| quotient <= 1.0) as i32),
    };
    let rounded = magnitude + half_unit(exponent, precision);
    let exponent = if rounded >= 10.0 {
        up(rounded) as i32
    } else {
        -(down(rounded, 0, |quotient| quotient < 1.0) as i32)
    };
    (rounded, exponent)
}

/// Five times ten to the power of `exponent`, divided by 10 `precision` times.
#[inline]
fn half_unit(exponent: i32, precision: usize) -> f64 {
    if EXACT_FIVES.contains(&exponent) && precision < FIVE_DOWN.len() - 1 {
        let tenths = precision as i32 - exponent;
        return if tenths >= 0 {
            FIVE_DOWN[tenths as usize]
        } else {
            5.0 * UP[tenths.unsigned_abs() as usize]
        };
    }
    let mut unit = 5.0 * scale(exponent);
    for _ in 0..precision {
        unit /= 10.0;
        if unit == 0.0 {
            break;
        }
    }
    unit
}

/// The smallest n with value / UP[n] < 10, for values from 10 on.
#[inline]
fn up(value: f64) -> usize {
    let mut n = 0;
    if value >= 1e16 {
        n = UP.partition_point(|unit| value / unit >= 10.0);
    } else {
        while value / UP[n] >= 10.0 {
            n += 1;
        }
    }
    n
}

/// The smallest n from `first` on with value / DOWN[n] not `too_small`.
#[inline]
fn down(value: f64, first: usize, too_small: impl Fn(f64) -> bool) -> usize {
    if !too_small(value) {
        return first;
    }
    let mut n = first;
    while too_small(value / DOWN[n]) {
        n += 1;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn format(value: f64, precision: usize, style: Style) -> String {
        String::from_utf8(Text::new(value, precision, style).as_bytes().to_vec()).unwrap()
    }

    fn g(value: f64) -> String {
        format(value, 6, Style::General)
    }

    /// The same procedure, one multiplication or division at a time, for numbers that need no
    /// care at the ends of the range.
    fn model(value: f64, precision: usize, style: Style) -> String {
        let general = style == Style::General;
        if value == 0.0 {
            return "0".into();
        }
        let sign = if value < 0.0 { "-" } else { "" };
        let original = value.abs();
        let mut a = original;
        let mut s = if general { 1.0 } else { 0.1 };
        while general && a >= 10.0 && a / s >= 10.0 {
            s *= 10.0;
        }
        while a <= 1.0 && a / s <= 1.0 {
            s /= 10.0;
        }
        let mut t = 5.0 * s;
        for _ in 0..precision {
            t /= 10.0;
        }
        a += t;
        let (mut m, mut e) = (1.0, 0i32);
        while a >= 10.0 && a / m >= 10.0 {
            m *= 10.0;
            e += 1;
        }
        while a < 1.0 && a / m < 1.0 {
            m /= 10.0;
            e -= 1;
        }
        let p = precision as i32;
        if general && precision > 1 && (e >= p || e <= -p) {
            let mantissa = model(original / m, precision, style);
            let exponent_sign = if e < 0 { '-' } else { '+' };
            let suffix = format!("e{exponent_sign}{:02}", e.abs());
            let room = MAX_LEN - suffix.len() - sign.len();
            return format!("{sign}{}{suffix}", &mantissa[..mantissa.len().min(room)]);
        }
        let mut digits = String::new();
        let mut t = m;
        let mut take = |t: f64| {
            let digit = (a / t) as u8;
            a -= f64::from(digit) * t;
            char::from(b'0' + digit)
        };
        while t >= 1.0 {
            let digit = take(t);
            if digit != '0' || !digits.is_empty() {
                digits.push(digit);
            }
            t /= 10.0;
        }
        let mut counted = if general { digits.len() } else { 0 };
        if digits.is_empty() {
            digits.push('0');
        }
        digits.push('.');
        t = 0.1;
        while counted < precision {
            digits.push(take(t));
            counted += 1;
            t /= 10.0;
        }
        let text = if general {
            digits.trim_end_matches('0').trim_end_matches('.')
        } else {
            &digits
        };
        let text = format!("{sign}{text}");
        text[..text.len().min(MAX_LEN)].into()
    }

    #[test]
    fn ordinary_numbers() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e-5, "0.00001"),
            (1e-6, "1e-06"),
            (0.00745445, "0.007454"),
            (123456.0, "123456"),
            (1234567.0, "1.23457e+06"),
            (9.9999999, "10"),
            (999999.5, "1e+06"),
            (2.34567e-57, "2.34567e-57"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(g(value), expected);
        }
        assert_eq!(format(0.056, 2, Style::Fixed), "0.05");
        assert_eq!(format(0.0, 2, Style::Fixed), "0");
        assert_eq!(format(-123.456, 1, Style::Fixed), "-123.5");
        assert_eq!(format(99.99995, 2, Style::General), "1e+02");
        assert_eq!(format(1.0 / 3.0, 17, Style::General), "0.33333333333333327");
    }

    #[test]
    fn exponents_are_complete() {
        assert_eq!(g(1e100), "1e+100");
        assert_eq!(g(1e-105), "1e-105");
        assert_eq!(g(1.5e300), "1.5e+300");
    }

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!(g(1e308), "1e+308");
        assert_eq!(g(f64::MAX), "1.79769e+308");
        assert_eq!(g(f64::MIN_POSITIVE), "2.22507e-308");
        assert_eq!(g(-1e-310), "-1e-310");
        assert_eq!(g(5e-324), "4.94066e-324");
        assert_eq!(format(f64::MAX, 1, Style::General), "2e+308");
    }

    #[test]
    fn few_digits() {
        assert_eq!(format(123456.0, 1, Style::General), "1e+05");
        assert_eq!(format(9.6, 1, Style::General), "10");
        assert_eq!(format(0.05, 1, Style::General), "5e-02");
        assert_eq!(format(0.5, 1, Style::General), "0.5");
        assert_eq!(format(1.5, 0, Style::General), "2");
        assert_eq!(format(1.5, 0, Style::Fixed), "2");
        assert_eq!(format(0.4, 0, Style::Fixed), "0");
    }

    #[test]
    fn long_texts_are_cut_but_keep_their_exponent() {
        let text = format(-1e145 / 3.0, 50, Style::General);
        assert_eq!(text, "-3.3333333333333312175231988142389e+144");
        assert_eq!(format(1e300, 6, Style::Fixed).len(), MAX_LEN);
        assert_eq!(format(0.5, 1_000_000_000, Style::General), "0.5");
    }

    fn any_double() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            any::<i32>().prop_map(|n| f64::from(n) / 100.0),
            (any::<i64>(), -30..30).prop_map(|(n, e)| n as f64 * 10f64.powi(e)),
            (0..2_000_000u32).prop_map(f64::from),
            // Next to integers and powers of ten.
            (any::<u32>(), 0..4i64).prop_map(|(n, ulps)| {
                let bits = f64::from(n).to_bits() as i64;
                f64::from_bits((bits - ulps).max(0) as u64)
            }),
            (-20..20, -3..4i64).prop_map(|(e, ulps)| {
                f64::from_bits((10f64.powi(e).to_bits() as i64 + ulps) as u64)
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn agrees_with_the_procedure(value in any_double(), p in 2usize..18, general: bool) {
            prop_assume!(value == 0.0 || (1e-290..1e290).contains(&value.abs()));
            let style = if general { Style::General } else { Style::Fixed };
            let expected = model(value, p, style);
            prop_assume!(!expected.contains(':'));
            prop_assert_eq!(format(value, p, style), expected);
        }

        #[test]
        fn never_far_off(value in any::<f64>(), p in 2usize..18) {
            // In between, "%g" shows decimals instead of significant digits; 1.8e308 is no double.
            prop_assume!(value.abs() < 1.7e308 && !(1e-20..1.0).contains(&value.abs()));
            let text = format(value, p, Style::General);
            let back: f64 = text.parse().unwrap();
            let tolerance = 6.0 * 10f64.powi(-(p.min(14) as i32));
            prop_assert!((back / 2.0 - value / 2.0).abs() <= value.abs() * tolerance, "{}", text);
        }
    }
}
