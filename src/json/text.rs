//! Strings.
#![forbid(unsafe_code)]

use crate::string::words;

/// The length of the string at the front with its quotes; `None` when it does not end, or holds a
/// NUL.
#[inline(always)]
pub fn string_len(text: &[u8]) -> Option<usize> {
    // Most strings are short and plain.
    if let Some((_, rest)) = text.split_first()
        && let Some(bytes) = rest.first_chunk()
        && let Some(len) = special_in_word(*bytes)
        && rest.get(len) == Some(&b'"')
    {
        return Some(len + 2);
    }
    long_string_len(text)
}

#[inline(never)]
fn long_string_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += special(text.get(at..)?)?;
        match text[at] {
            b'"' => return Some(at + 1),
            b'\\' => at += 1 + usize::from(text.get(at + 1).is_some_and(|&byte| hides(byte))),
            _ => return None,
        }
    }
}

/// Where the first quote, backslash or NUL is. For a few bytes memchr would be slower.
fn special(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    while text.len() - rest.len() < 32
        && let Some((bytes, behind)) = rest.split_first_chunk()
    {
        if let Some(at) = special_in_word(*bytes) {
            return Some(text.len() - rest.len() + at);
        }
        rest = behind;
    }
    Some(text.len() - rest.len() + memchr::memchr3(b'"', b'\\', 0, rest)?)
}

#[inline(always)]
fn special_in_word(bytes: [u8; 8]) -> Option<usize> {
    let word = u64::from_le_bytes(bytes);
    let found = words::equal(word, b'"') | words::equal(word, b'\\') | words::equal(word, 0);
    (found != 0).then(|| words::first(found))
}

/// Whether a backslash takes the byte behind it along, so that this byte means nothing.
fn hides(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'\x08'..=b'\n' | b'\x0c' | b'\r')
}

/// The text between the quotes of a string; `None` for other values.
pub fn inner(value: &[u8]) -> Option<&[u8]> {
    match value {
        [b'"', inner @ .., b'"'] => Some(inner),
        _ => None,
    }
}

/// What comes next in the text of a string.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes that stand for themselves.
    Plain(usize),
    /// An escape of `len` bytes that stands for `byte`.
    Escape { byte: u8, len: usize },
    /// A `\u` that is not one byte, where decoding ends.
    Wide,
    /// A backslash with something else behind.
    Broken,
}

/// Takes the text between the quotes apart; `None` at its end.
///
/// `\u0000` to `\u00ff` stand for one byte each, not for a character in UTF-8.
pub fn piece(text: &[u8]) -> Option<Piece> {
    let [b'\\', rest @ ..] = text else {
        let len = memchr::memchr(b'\\', text).unwrap_or(text.len());
        return (len > 0).then_some(Piece::Plain(len));
    };
    let escape = |byte| Piece::Escape { byte, len: 2 };
    Some(match rest {
        [byte @ (b'"' | b'\\' | b'/'), ..] => escape(*byte),
        [b'b', ..] => escape(b'\x08'),
        [b'f', ..] => escape(b'\x0c'),
        [b'n', ..] => escape(b'\n'),
        [b'r', ..] => escape(b'\r'),
        [b't', ..] => escape(b'\t'),
        [b'u', a, b, c, d, ..] => match [a, b, c, d].map(|&digit| char::from(digit).to_digit(16)) {
            [Some(0), Some(0), Some(high), Some(low)] => Piece::Escape {
                byte: (high << 4 | low) as u8,
                len: 6,
            },
            _ => Piece::Wide,
        },
        _ => Piece::Broken,
    })
}

/// The byte that two hex digits stand for.
pub fn hex_byte(pair: &[u8]) -> Option<u8> {
    let digit = |&byte| char::from(byte).to_digit(16);
    Some((digit(pair.first()?)? << 4 | digit(pair.get(1)?)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain_string_len(text: &[u8]) -> Option<usize> {
        let mut at = 1;
        loop {
            match text.get(at)? {
                b'"' => return Some(at + 1),
                0 => return None,
                b'\\' if text.get(at + 1).is_some_and(|&byte| hides(byte)) => at += 2,
                _ => at += 1,
            }
        }
    }

    proptest! {
        #[test]
        fn words_are_like_bytes(
            // Also bytes that differ in one bit from the special ones.
            bytes in proptest::collection::vec(proptest::sample::select(b"\"\\\0\n!#]\x01\x80ab".to_vec()), 0..20),
            front in "[a-z#]{0,70}",
        ) {
            let text = [b"\"", front.as_bytes(), &bytes].concat();
            prop_assert_eq!(string_len(&text), plain_string_len(&text));
            prop_assert_eq!(long_string_len(&text), plain_string_len(&text));
        }
    }

    #[test]
    fn ends_of_strings() {
        for (text, expected) in [
            (r#""""#, Some(2)),
            (r#""a"b"#, Some(3)),
            (r#""a"#, None),
            (r#"""#, None),
            (r#""a\"#, None),
            (r#""a\""#, None),
            (r#""a\\""#, Some(5)),
            (r#""\x""#, Some(4)),
            ("\"a\nb\"", Some(5)),
            ("\"\\\n\"", Some(4)),
            ("\"a\0b\"", None),
            ("\"\\\0\"", None),
        ] {
            assert_eq!(string_len(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn pieces() {
        for (text, expected) in [
            ("", None),
            ("ab", Some(Piece::Plain(2))),
            (r"ab\n", Some(Piece::Plain(2))),
            (
                r"\nab",
                Some(Piece::Escape {
                    byte: b'\n',
                    len: 2,
                }),
            ),
            (r"\/", Some(Piece::Escape { byte: b'/', len: 2 })),
            (r"\u00e9x", Some(Piece::Escape { byte: 0xe9, len: 6 })),
            (r"\u00E9", Some(Piece::Escape { byte: 0xe9, len: 6 })),
            (r"\u0100", Some(Piece::Wide)),
            (r"\u00zz", Some(Piece::Wide)),
            (r"\u004", Some(Piece::Broken)),
            (r"\x", Some(Piece::Broken)),
            (r"\", Some(Piece::Broken)),
        ] {
            assert_eq!(piece(text.as_bytes()), expected, "{text}");
        }
    }
}
