//! Steps through an object or array.
#![forbid(unsafe_code)]

use super::is_space;
use super::scan::first_value;
use std::ops::Range;

/// A member of an object, or an element of an array.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the name is; in an array there is none.
    pub key: Option<Range<usize>>,
    pub value: Range<usize>,
    /// Where the next entry begins.
    pub next: usize,
}

/// The entry at offset `at`, 0 for the first; `None` at the end, or where the text is broken.
///
/// The text must begin with the bracket. A name may be any value, and what stands between it and
/// the colon is skipped. Commas may be missing.
pub fn entry(json: &[u8], at: usize) -> Option<Entry> {
    let value_at = |at: usize| {
        let found = first_value(json.get(at..)?)?;
        Some(at + found.start..at + found.end)
    };
    if json.len() < 2 {
        return None;
    }
    let at = at.max(1);
    let (key, value) = match json[0] {
        b'{' => {
            let key = value_at(at)?;
            let colon = match json.get(key.end) {
                Some(b':') => key.end,
                _ => key.end + memchr::memchr(b':', json.get(key.end..)?)?,
            };
            (Some(key), value_at(colon + 1)?)
        }
        b'[' => (None, value_at(at)?),
        _ => return None,
    };
    let mut next = value.end;
    while json.get(next).is_some_and(|&byte| is_space(byte)) {
        next += 1;
    }
    next += usize::from(json.get(next) == Some(&b','));
    Some(Entry { key, value, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// End and text of each entry.
    fn walk(json: &str) -> Vec<(usize, &str, &str)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(entry) = entry(json.as_bytes(), at) {
            at = entry.next;
            found.push((
                at,
                entry.key.map_or("", |key| &json[key]),
                &json[entry.value],
            ));
        }
        found
    }

    #[test]
    fn walks() {
        for (json, expected) in [
            (
                "{\"a\":1,\"b\":[2,3]}",
                &[(7, "\"a\"", "1"), (16, "\"b\"", "[2,3]")][..],
            ),
            (
                "[1,\"x\",{\"a\":2}]",
                &[(3, "", "1"), (7, "", "\"x\""), (14, "", "{\"a\":2}")],
            ),
            (
                "{ \"a\" : 1 , \"b\" : 2 }",
                &[(11, "\"a\"", "1"), (20, "\"b\"", "2")],
            ),
            ("{\"a\":1", &[(6, "\"a\"", "1")]),
            ("[1 2 3]", &[(3, "", "1"), (5, "", "2"), (6, "", "3")]),
            ("{1:2}", &[(4, "1", "2")]),
            ("{\"a\"xx:3}", &[(8, "\"a\"", "3")]),
            ("[1,,2]", &[(3, "", "1")]),
            ("{}", &[]),
            ("[]", &[]),
            ("5", &[]),
            ("\"ab\"", &[]),
            (" {\"a\":1}", &[]),
            ("[", &[]),
            ("{\"a\":}", &[]),
            ("{\"a\"}", &[]),
        ] {
            assert_eq!(walk(json), expected, "{json}");
        }
        assert_eq!(entry(b"[1]", usize::MAX), None);
    }
}
