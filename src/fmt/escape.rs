//! Text inside JSON strings and HTML.
#![forbid(unsafe_code)]

use super::hex;

/// What stands for a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    Text(&'static [u8]),
    /// `\u00XX`
    Unicode(u8),
}

impl Escape {
    /// Calls `f` with the text.
    #[inline]
    pub fn with<R>(self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self {
            Escape::Text(text) => f(text),
            Escape::Unicode(byte) => {
                let [high, low] = hex::pair(byte);
                f(&[b'\\', b'u', b'0', b'0', high, low])
            }
        }
    }
}

/// The first byte that cannot stand in a JSON string (RFC 8259 section 7), and what to write
/// instead. High bytes pass, so UTF-8 stays UTF-8.
pub fn next_json(text: &[u8]) -> Option<(usize, Escape)> {
    let at = text
        .iter()
        .position(|&byte| byte < b' ' || byte == b'"' || byte == b'\\')?;
    let escape = match text[at] {
        b'\x08' => Escape::Text(b"\\b"),
        b'\x0c' => Escape::Text(b"\\f"),
        b'\n' => Escape::Text(b"\\n"),
        b'\r' => Escape::Text(b"\\r"),
        b'\t' => Escape::Text(b"\\t"),
        b'"' => Escape::Text(b"\\\""),
        b'\\' => Escape::Text(b"\\\\"),
        byte => Escape::Unicode(byte),
    };
    Some((at, escape))
}

/// The first byte with a meaning in HTML text or a double-quoted attribute, and what to
/// write instead.
pub fn next_html(text: &[u8]) -> Option<(usize, Escape)> {
    let at = text
        .iter()
        .position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"'))?;
    let escape: &[u8] = match text[at] {
        b'&' => b"&amp;",
        b'<' => b"&lt;",
        b'>' => b"&gt;",
        _ => b"&quot;",
    };
    Some((at, Escape::Text(escape)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn escaped(mut text: &[u8], next: fn(&[u8]) -> Option<(usize, Escape)>) -> Vec<u8> {
        let mut out = Vec::new();
        while let Some((at, escape)) = next(text) {
            out.extend_from_slice(&text[..at]);
            escape.with(|bytes| out.extend_from_slice(bytes));
            text = &text[at + 1..];
        }
        out.extend_from_slice(text);
        out
    }

    #[test]
    fn json() {
        assert_eq!(
            escaped(b"a\"b\\c/d'\x08\x0c\n\r\t\x01\x1f\x7f\x80", next_json),
            b"a\\\"b\\\\c/d'\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\x80"
        );
    }

    #[test]
    fn html() {
        assert_eq!(
            escaped(b"<a href=\"x\">'&\0", next_html),
            b"&lt;a href=&quot;x&quot;&gt;'&amp;\0"
        );
    }

    proptest! {
        #[test]
        fn nothing_special_is_left(text in proptest::collection::vec(any::<u8>(), 0..60)) {
            let json = escaped(&text, next_json);
            prop_assert!(json.iter().all(|&byte| byte >= b' '));
            let html = escaped(&text, next_html);
            prop_assert!(!html.iter().any(|byte| b"<>\"".contains(byte)));
        }
    }
}
