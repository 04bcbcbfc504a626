//! Matching of `?`, `*` and `#` patterns.
#![forbid(unsafe_code)]

use std::ops::Range;

/// The wildcard that a match goes back to when it fails further on.
struct Retry {
    /// Its position in the pattern.
    pattern: usize,
    /// Where in the text it goes on next.
    resume: usize,
    /// Where in the text the run of wildcards that it belongs to began.
    start: usize,
    /// Number of the run's capture.
    slot: usize,
}

/// Whether a pattern byte stands for something else than itself.
pub fn is_wildcard(b: u8) -> bool {
    matches!(b, b'?' | b'*' | b'#')
}

/// Whether `pattern` matches all of `text`. `?` stands for one byte, `*` and `#` for any number
/// of bytes; a `*` gives up at a `/`. All other bytes stand for themselves.
///
/// `capture` is told, possibly more than once, what each `?` and each run of adjacent `*` and `#`
/// stands for: its number in the pattern, and a range of the text. What it was told last holds if
/// all matches.
///
/// Only the last `*` or `#` is ever lengthened, and the `/` is looked for where the rest of the
/// pattern failed to match, not in what the `*` stands for. So `#*` does not match "a/b", and
/// `/*/c` matches "/a/b/c". Programs rely on it.
pub fn glob_match(
    text: &[u8],
    pattern: &[u8],
    mut capture: impl FnMut(usize, Range<usize>),
) -> bool {
    let (mut p, mut t, mut slot) = (0, 0, 0);
    let mut retry: Option<Retry> = None;
    loop {
        // Most of a pattern stands for itself.
        while let (Some(&a), Some(&b)) = (pattern.get(p), text.get(t))
            && a == b
            && !is_wildcard(a)
        {
            (p, t) = (p + 1, t + 1);
        }
        match (pattern.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(b'?'), Some(_)) => {
                capture(slot, t..t + 1);
                slot += 1;
                t += 1;
            }
            (Some(b'*' | b'#'), _) => {
                let (start, own) = match &retry {
                    Some(last) if last.pattern + 1 == p => (last.start, last.slot),
                    _ => (t, slot),
                };
                capture(own, start..t);
                slot = own + 1;
                retry = Some(Retry {
                    pattern: p,
                    resume: t + 1,
                    start,
                    slot: own,
                });
            }
            (_, next) => match &mut retry {
                Some(last)
                    if last.resume <= text.len()
                        && (pattern[last.pattern] == b'#' || next.is_some_and(|&b| b != b'/')) =>
                {
                    p = last.pattern;
                    t = last.resume;
                    // What does not begin like the rest of the pattern would only lead back here.
                    while let (Some(&a), Some(&b)) = (pattern.get(p + 1), text.get(t))
                        && a != b
                        && !is_wildcard(a)
                        && (pattern[p] == b'#' || b != b'/')
                    {
                        t += 1;
                    }
                    last.resume = t + 1;
                    capture(last.slot, last.start..t);
                    slot = last.slot + 1;
                }
                _ => return false,
            },
        }
        p += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn captures(text: &str, pattern: &str) -> Option<Vec<String>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        glob_match(text.as_bytes(), pattern.as_bytes(), |slot, range| {
            found.truncate(slot);
            assert_eq!(found.len(), slot, "captures come in order");
            found.push(range);
        })
        .then(|| {
            found
                .into_iter()
                .map(|range| text[range].to_string())
                .collect()
        })
    }

    #[test]
    fn matches_and_captures() {
        for (text, pattern, expected) in [
            ("", "", &[][..]),
            ("", "*", &[""]),
            ("", "#", &[""]),
            ("ab", "*", &["ab"]),
            ("a/b", "#", &["a/b"]),
            ("/", "/*", &[""]),
            ("/x/2", "/x/*", &["2"]),
            ("/foo/bar", "/*/*", &["foo", "bar"]),
            ("/foo/", "/*/*", &["foo", ""]),
            ("abc", "?#", &["a", "bc"]),
            ("a*c", "?*", &["a", "*c"]),
            ("a#c", "?#", &["a", "#c"]),
            ("abc", "a*c", &["b"]),
            ("abc", "*c", &["ab"]),
            ("abcabc", "*abc", &["abc"]),
            ("a", "#a", &[""]),
            ("a__b_c", "a*b*c", &["__", "_"]),
            ("a_b_c__c", "a*b*c", &["_", "_c__"]),
            (".aa..b...b", "#a#b", &[".", "a..b..."]),
            ("caabba", "#aa#bb#", &["c", "", "a"]),
            ("/api/v1/users/42", "/api/#/users/*", &["v1", "42"]),
            ("foo.bar", "*.?ar", &["foo", "b"]),
            ("ab", "**", &["ab"]),
            ("a/b", "*#", &["a/b"]),
            ("/a/b/c", "/*/c", &["a/b"]),
            ("/api/a/b/c/get", "/api/*/get", &["a/b/c"]),
            ("aaab", "*?b", &["aa", "a"]),
            ("abc", "*?", &["ab", "c"]),
            ("bbbcc", "#b??", &["bb", "c", "c"]),
        ] {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(
                captures(text, pattern),
                Some(expected),
                "{text:?} {pattern:?}"
            );
        }
    }

    #[test]
    fn mismatches() {
        for (text, pattern) in [
            ("", "?"),
            ("a/b", "*"),
            ("/x/2/foo", "/x/*"),
            ("a_b_c_", "a*b*c"),
            ("ABC", "abc"),
            ("abc", "ab"),
            ("ab", "abc"),
            ("g", "*gzip*"),
            ("a/b", "#*"),
            ("/a/b/x", "/a/*x"),
            ("x/ab", "*ab"),
        ] {
            assert_eq!(captures(text, pattern), None, "{text:?} {pattern:?}");
        }
    }

    /// The rules as the specification words them, one step at a time.
    fn model(text: &[u8], pattern: &[u8]) -> bool {
        let (mut p, mut q) = (0, 0);
        let mut restart: Option<(usize, usize)> = None;
        while p < pattern.len() || q < text.len() {
            let both = p < pattern.len() && q < text.len();
            if both && (pattern[p] == b'?' || !is_wildcard(pattern[p]) && pattern[p] == text[q]) {
                p += 1;
                q += 1;
            } else if p < pattern.len() && matches!(pattern[p], b'*' | b'#') {
                restart = Some((p, q + 1));
                p += 1;
            } else if let Some((w, r)) = restart
                && r <= text.len()
                && (pattern[w] == b'#' || q < text.len() && text[q] != b'/')
            {
                p = w;
                q = r;
            } else {
                return false;
            }
        }
        true
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn accepts_what_the_model_accepts(text in "[ab/*?#]{0,10}", pattern in "[ab/*?#]{0,7}") {
            prop_assert_eq!(
                captures(&text, &pattern).is_some(),
                model(text.as_bytes(), pattern.as_bytes())
            );
        }

        /// Pattern and captures together spell the text, with one capture per `?` and per run.
        #[test]
        fn captures_spell_the_text(text in "[ab/]{0,10}", pattern in "[ab/*?#]{0,7}") {
            if let Some(captures) = captures(&text, &pattern) {
                let mut spelled = String::new();
                let mut captures = captures.iter();
                let mut last = ' ';
                for c in pattern.chars() {
                    match c {
                        '?' => {
                            let capture = captures.next().unwrap();
                            prop_assert_eq!(capture.len(), 1);
                            spelled += capture;
                        }
                        '*' | '#' if matches!(last, '*' | '#') => {}
                        '*' | '#' => spelled += captures.next().unwrap(),
                        c => spelled.push(c),
                    }
                    last = c;
                }
                prop_assert_eq!(captures.next(), None);
                prop_assert_eq!(spelled, text);
            }
        }
    }
}
