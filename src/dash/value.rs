//! Values as JSON, and back.
#![forbid(unsafe_code)]

use crate::fmt::double::{Style, Text};
use crate::fmt::escape::next_json;
use crate::json::text::inner;
use crate::json::{entry, number};

/// JSON that is being written, with a bound.
#[derive(Default)]
pub struct Json {
    text: Vec<u8>,
    failed: bool,
}

/// The most that is written.
const MAX_LEN: usize = 3 * 1024 * 1024;

impl Json {
    /// The text; `None` when it became too long or memory was exhausted.
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.failed).then_some(self.text)
    }

    pub fn has_failed(&self) -> bool {
        self.failed
    }

    pub fn raw(&mut self, text: &[u8]) {
        let fits = text.len() <= MAX_LEN - self.text.len();
        if self.failed || !fits || self.text.try_reserve(text.len()).is_err() {
            self.failed = true;
            return;
        }
        self.text.extend_from_slice(text);
    }

    /// The inside of a string.
    pub fn escaped(&mut self, mut text: &[u8]) {
        while let Some((at, escape)) = next_json(text) {
            self.raw(&text[..at]);
            escape.with(|text| self.raw(text));
            text = &text[at + 1..];
        }
        self.raw(text);
    }

    pub fn string(&mut self, text: &[u8]) {
        self.raw(b"\"");
        self.escaped(text);
        self.raw(b"\"");
    }

    pub fn integer(&mut self, value: impl itoa::Integer) {
        self.raw(itoa::Buffer::new().format(value).as_bytes());
    }

    pub fn boolean(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    /// With two decimals.
    pub fn double(&mut self, value: f64) {
        if value.is_finite() {
            self.raw(Text::new(value, 2, Style::Fixed).as_bytes());
        } else {
            self.null();
        }
    }

    pub fn null(&mut self) {
        self.raw(b"null");
    }
}

/// A member of an object, by its name as it stands in the text.
pub fn member<'a>(object: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    members(object).find_map(|(key, value)| (key == name).then_some(value))
}

/// The members of an object, up to where it is broken: names without quotes, values.
pub fn members(object: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let member = entry(object, at)?;
        at = member.next;
        Some((inner(&object[member.key?])?, &object[member.value]))
    })
}

/// Whether a value is a number.
fn is_number(token: &[u8]) -> bool {
    matches!(token, [b'-' | b'0'..=b'9', ..])
}

/// A number without a fraction.
fn integral(token: &[u8]) -> Option<f64> {
    let value = number::value(token);
    (is_number(token) && value.trunc() == value).then_some(value)
}

pub fn to_i32(token: &[u8]) -> Option<i32> {
    let value = integral(token)?;
    let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
    range.contains(&value).then_some(value as i32)
}

/// Exact, however large.
pub fn to_u64(token: &[u8]) -> Option<u64> {
    if token.iter().all(u8::is_ascii_digit) {
        return std::str::from_utf8(token).ok()?.parse().ok();
    }
    let value = integral(token)?;
    (0.0..u64::MAX as f64)
        .contains(&value)
        .then_some(value as u64)
}

pub fn to_f64(token: &[u8]) -> Option<f64> {
    is_number(token).then(|| number::value(token))
}

pub fn to_bool(token: &[u8]) -> Option<bool> {
    match token {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// Stores a string without quotes and escapes, as UTF-8. What does not fit is cut between characters.
/// Returns the length; `None` for other values, broken escapes and NUL.
pub fn to_text(token: &[u8], to: &mut [u8]) -> Option<usize> {
    let mut rest = inner(token)?;
    let mut len = 0;
    let mut full = false;
    while let Some((&byte, tail)) = rest.split_first() {
        let mut utf8 = [0; 4];
        let character: &[u8];
        if byte != b'\\' {
            // As many bytes as belong to one character.
            let more = tail
                .iter()
                .take_while(|&&b| b & 0xc0 == 0x80)
                .take(3)
                .count();
            let n = if byte >= 0xc0 { 1 + more } else { 1 };
            (character, rest) = rest.split_at(n);
        } else {
            let (decoded, n) = escape(tail)?;
            character = decoded.encode_utf8(&mut utf8).as_bytes();
            rest = &tail[n..];
        }
        if character == b"\0" {
            return None;
        }
        full |= character.len() > to.len() - len;
        if !full {
            to[len..len + character.len()].copy_from_slice(character);
            len += character.len();
        }
    }
    Some(len)
}

/// What stands behind a backslash (RFC 8259, 7), and its length. Lone surrogates become U+FFFD.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let unit = |text: &[u8]| {
        let digits = std::str::from_utf8(text.get(1..5)?).ok()?;
        let all = text[0] == b'u' && digits.bytes().all(|b| b.is_ascii_hexdigit());
        all.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    Some(match text.first()? {
        byte @ (b'"' | b'\\' | b'/') => (char::from(*byte), 1),
        b'b' => ('\x08', 1),
        b'f' => ('\x0c', 1),
        b'n' => ('\n', 1),
        b'r' => ('\r', 1),
        b't' => ('\t', 1),
        _ => {
            let high = unit(text)?;
            let low = text.get(5).filter(|&&b| b == b'\\');
            let low = low.and_then(|_| unit(&text[6..]));
            match (high, low) {
                (0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    (char::from_u32(code)?, 11)
                }
                _ => (char::from_u32(high).unwrap_or('\u{fffd}'), 5),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(token: &str, room: usize) -> Option<String> {
        let mut to = vec![0; room];
        let len = to_text(token.as_bytes(), &mut to)?;
        Some(String::from_utf8(to[..len].to_vec()).unwrap())
    }

    #[test]
    fn integers() {
        for (token, int, big) in [
            ("0", Some(0), Some(0)),
            ("-0", Some(0), Some(0)),
            ("5", Some(5), Some(5)),
            ("5.0", Some(5), Some(5)),
            ("5e2", Some(500), Some(500)),
            ("5.5", None, None),
            ("-5", Some(-5), None),
            ("2147483648", None, Some(2147483648)),
            ("-2147483649", None, None),
            ("9007199254740993", None, Some(9007199254740993)),
            ("18446744073709551615", None, Some(u64::MAX)),
            ("18446744073709551616", None, None),
            ("1e30", None, None),
            ("\"5\"", None, None),
            ("true", None, None),
            ("", None, None),
        ] {
            assert_eq!(to_i32(token.as_bytes()), int, "{token}");
            assert_eq!(to_u64(token.as_bytes()), big, "{token}");
        }
    }

    #[test]
    fn texts() {
        for (token, room, expected) in [
            (r#""abc""#, 9, Some("abc")),
            (r#""abc""#, 2, Some("ab")),
            (r#""abc""#, 0, Some("")),
            (r#""a\"\\\/\n""#, 9, Some("a\"\\/\n")),
            (r#""\u0041\u00e9""#, 9, Some("A\u{e9}")),
            (r#""\ud83d\ude00""#, 9, Some("\u{1f600}")),
            (r#""\ud83dx""#, 9, Some("\u{fffd}x")),
            (r#""\ud83d\u0041""#, 9, Some("\u{fffd}A")),
            ("\"a\u{e9}b\"", 2, Some("a")),
            ("\"a\u{e9}b\"", 3, Some("a\u{e9}")),
            (r#""\u0000""#, 9, None),
            (r#""\u+041""#, 9, None),
            (r#""\u00""#, 9, None),
            (r#""\x""#, 9, None),
            ("5", 9, None),
        ] {
            assert_eq!(text(token, room).as_deref(), expected, "{token} {room}");
        }
    }

    #[test]
    fn members_by_name() {
        let json = br#"{"a":1,"b c":[2],"a":3}"#;
        assert_eq!(member(json, b"a"), Some(&b"1"[..]));
        assert_eq!(member(json, b"b c"), Some(&b"[2]"[..]));
        assert_eq!(member(json, b"c"), None);
        assert_eq!(member(b"5", b"a"), None);
        assert_eq!(member(b"[1]", b"a"), None);
    }

    proptest! {
        #[test]
        fn strings_come_back(original in "[^\0]*") {
            let mut json = Json::default();
            json.string(original.as_bytes());
            let token = json.finish().unwrap();
            let mut to = vec![0; original.len()];
            let len = to_text(&token, &mut to).unwrap();
            prop_assert_eq!(&to[..len], original.as_bytes());
        }

        #[test]
        fn any_bytes_are_read_without_harm(mut bytes: Vec<u8>, room in 0usize..20) {
            bytes.insert(0, b'"');
            bytes.push(b'"');
            let mut to = vec![0; room];
            if let Some(len) = to_text(&bytes, &mut to) {
                prop_assert!(len <= room);
            }
            let _ = (to_i32(&bytes), to_u64(&bytes), to_f64(&bytes), to_bool(&bytes));
            let _ = members(&bytes).count();
        }
    }
}
