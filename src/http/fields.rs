//! Looking things up in header fields and query strings.
#![forbid(unsafe_code)]

use crate::string::equal_ignore_case;
use memchr::memchr;

/// The parameter `name` of a header value such as `form-data; name="a"; filename=b`, or the cookie
/// of that name. Case-sensitive.
///
/// Parameters begin at the start or behind `;`, `,`, a blank or a tab, not in the middle of a word
/// or of another parameter's quoted value, so that nobody can plant one there.
pub fn parameter<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let first = name.first()?;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest[0] == *first
            && let Some(value) = rest.strip_prefix(name)
            && let Some(value) = value.strip_prefix(b"=")
        {
            return Some(quoted(value).unwrap_or_else(|| &value[..token_len(value)]));
        }
        at += skip_len(rest);
    }
    None
}

/// The content of a quoted string at the start of `text`. A backslash has no meaning.
fn quoted(text: &[u8]) -> Option<&[u8]> {
    let content = text.strip_prefix(b"\"")?;
    // Without its end, the rest is taken as it stands.
    Some(memchr(b'"', content).map_or(text, |end| &content[..end]))
}

fn token_len(text: &[u8]) -> usize {
    text.iter()
        .position(|b| matches!(b, b';' | b' ' | b','))
        .unwrap_or(text.len())
}

/// The characters that [`skip_len`] looks at.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut characters: &[u8] = b";, \t=";
    while let [first, rest @ ..] = characters {
        special[*first as usize] = true;
        characters = rest;
    }
    special
};

/// How far it is to the next place where a parameter can begin.
fn skip_len(text: &[u8]) -> usize {
    let mut i = 0;
    while let Some(&b) = text.get(i) {
        i += 1;
        if !SPECIAL[usize::from(b)] {
            continue;
        }
        if b != b'=' {
            break;
        }
        if let Some(value) = text[i..].strip_prefix(b"\"")
            && let Some(end) = memchr(b'"', value)
        {
            i += end + 2;
        }
    }
    i
}

/// The variable `name` of a query string or form, raw. Names are compared raw, in any ASCII case.
pub fn variable<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if text.is_empty() {
        return None;
    }
    text.split(|&b| b == b'&').find_map(|pair| {
        let end = memchr(b'=', pair).unwrap_or(pair.len());
        let value = pair.get(end + 1..).unwrap_or(&pair[end..]);
        (!pair.is_empty() && equal_ignore_case(&pair[..end], name)).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parameters() {
        for (text, name, want) in [
            ("multipart/form-data; boundary=abc", "boundary", Some("abc")),
            ("a=b", "a", Some("b")),
            ("x=1; a=b", "a", Some("b")),
            ("a=", "a", Some("")),
            ("a=b;", "a", Some("b")),
            ("x=1; a=b ", "a", Some("b")),
            ("a=bc", "a", Some("bc")),
            ("a=\"b c; d\", e=fg", "a", Some("b c; d")),
            ("a=\"b c; d\", e=fg", "e", Some("fg")),
            ("a=\"unclosed x", "a", Some("\"unclosed x")),
            ("a=\"\"; b=cc", "a", Some("")),
            ("a=; b=cc", "a", Some("")),
            ("a=\"b\\\"c\"", "a", Some("b\\")),
            ("a=\"xyz\"trail;", "a", Some("xyz")),
            ("a=b\tc", "a", Some("b\tc")),
            ("xa=one; a=two", "a", Some("two")),
            (
                "form-data; filename=\"x.txt\"; name=\"y\"",
                "name",
                Some("y"),
            ),
            (
                "name=\"x; filename=evil\"; filename=good",
                "filename",
                Some("good"),
            ),
            ("x=\"; a=b", "a", Some("b")),
            ("A=bcd", "a", None),
            ("a = bcd", "a", None),
            ("a=b", "", None),
            ("", "a", None),
        ] {
            let found = parameter(text.as_bytes(), name.as_bytes());
            assert_eq!(found, want.map(str::as_bytes), "{text} {name}");
        }
    }

    #[test]
    fn variables() {
        for (text, name, want) in [
            ("a=b&c=d", "C", Some("d")),
            ("a&b=1", "a", Some("")),
            ("a=", "a", Some("")),
            ("&&&a=1", "a", Some("1")),
            ("a=1=2&b", "a", Some("1=2")),
            ("a=1&a=2", "a", Some("1")),
            ("%61=1", "a", None),
            ("a=1;b=2", "b", None),
            ("=5", "", Some("5")),
            ("", "", None),
            ("&", "", None),
            ("", "a", None),
        ] {
            let found = variable(text.as_bytes(), name.as_bytes());
            assert_eq!(found, want.map(str::as_bytes), "{text} {name}");
        }
    }

    proptest! {
        #[test]
        fn any_input_ends(text in "[a=;, \"\t]{0,20}", name in "[a=]{0,2}") {
            let _ = parameter(text.as_bytes(), name.as_bytes());
        }

        #[test]
        fn a_written_parameter_is_found(before in "[b-z]{1,5}=[a-z]{0,5}; ", value in "[a-z]{0,9}") {
            let text = format!("{before}a={value}; z=1");
            prop_assert_eq!(parameter(text.as_bytes(), b"a"), Some(value.as_bytes()));
        }
    }
}
