//! Parts of multipart bodies (RFC 2046, 5.1; RFC 7578).
#![forbid(unsafe_code)]

use super::fields::parameter;
use super::parser::trim;
use crate::string::equal_ignore_case;
use memchr::memmem;

/// A part of a multipart body.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part<'a> {
    pub name: Option<&'a [u8]>,
    pub filename: Option<&'a [u8]>,
    pub body: &'a [u8],
    /// Offset of the delimiter line behind the part.
    pub next: usize,
}

/// The part behind the delimiter line at `at`; `None` at the end, and when the part has no
/// end.
pub fn part(text: &[u8], at: usize) -> Option<Part<'_>> {
    let first = preamble_len(text);
    let at = if at == 0 { first } else { at };
    let (line, mut rest) = split_line(text.get(at..)?)?;
    let delimiter = trim(line);
    if delimiter.is_empty() || is_last(text.get(first..at)?, delimiter) {
        return None;
    }
    let mut part = Part::default();
    loop {
        let (line, tail) = split_line(rest)?;
        rest = tail;
        if line.is_empty() {
            break;
        }
        if let Some(value) = disposition(line) {
            part.name = parameter(value, b"name");
            part.filename = parameter(value, b"filename");
        }
    }
    let next = next_delimiter(rest, delimiter)?;
    // The line end before a delimiter belongs to it; the empty line above may be that line end.
    part.body = &rest[..next.saturating_sub(2)];
    part.next = text.len() - rest.len() + next;
    Some(part)
}

/// How much may stand before the first delimiter line. It is searched again for every part.
const MAX_PREAMBLE: usize = 4096;

/// Length of what stands before the first delimiter line, to be ignored.
fn preamble_len(text: &[u8]) -> usize {
    if text.starts_with(b"--") {
        return 0;
    }
    let text = &text[..text.len().min(MAX_PREAMBLE)];
    memmem::find(text, b"\r\n--").map_or(0, |end| end + 2)
}

fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line_end(text)?;
    Some((&text[..end], &text[end + 2..]))
}

/// Offset of the next line end.
fn line_end(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\r', text).find(|&at| text.get(at + 1) == Some(&b'\n'))
}

/// True when a delimiter line is the one that ends all parts: that of the first of them and two dashes.
fn is_last(parts: &[u8], delimiter: &[u8]) -> bool {
    let first = split_line(parts).map(|(line, _)| trim(line));
    first.is_some_and(|first| delimiter.strip_suffix(b"--") == Some(first))
}

/// The value of a Content-Disposition field.
fn disposition(line: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"Content-Disposition:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    equal_ignore_case(name, NAME).then_some(value)
}

/// Offset of the next delimiter line in what follows the headers of a part.
fn next_delimiter(text: &[u8], delimiter: &[u8]) -> Option<usize> {
    // Text that merely begins like the delimiter is content.
    let is_delimiter = |at: usize| {
        let behind = text[at..].strip_prefix(delimiter);
        (at == 0 || text[..at].ends_with(b"\r\n")) && behind.is_some_and(ends_line)
    };
    // In a short part it is found before the table for the search of a long one would be made.
    let mut at = 0;
    while at < SHORT {
        if is_delimiter(at) {
            return Some(at);
        }
        at += line_end(&text[at..])? + 2;
    }
    let mut found = memmem::find_iter(&text[at..], delimiter).map(|n| at + n);
    found.find(|&at| is_delimiter(at))
}

/// How much of a part is looked at line by line.
const SHORT: usize = 256;

/// True when a delimiter ends before `text`: with the mark of the last one, or with its line.
fn ends_line(text: &[u8]) -> bool {
    let blanks = text
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'))
        .count();
    text.starts_with(b"--") || text[blanks..].starts_with(b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<(Option<&str>, Option<&str>, &str)> {
        let str = |b| std::str::from_utf8(b).unwrap();
        let mut found = vec![];
        let mut at = 0;
        while let Some(part) = part(text.as_bytes(), at) {
            assert!(part.next > at);
            at = part.next;
            found.push((part.name.map(str), part.filename.map(str), str(part.body)));
        }
        found
    }

    const TWO: &str = "--xyz\r\nContent-Disposition: form-data; name=\"val\"\r\n\r\nabc\r\ndef\r\n\
        --xyz\r\ncontent-disposition: form-data; name=\"foo\"; filename=\"a b.txt\"\r\n\
        Content-Type: text/plain\r\n\r\nhello world\r\n\r\n--xyz--\r\n";

    #[test]
    fn well_formed_bodies() {
        let want = [
            (Some("val"), None, "abc\r\ndef"),
            (Some("foo"), Some("a b.txt"), "hello world\r\n"),
        ];
        assert_eq!(parts(TWO), want);
        assert_eq!(parts(TWO.trim_end()), want);
        assert_eq!(parts(&TWO.replace("--xyz--", "--xyz")), want);
        assert_eq!(
            parts("--x\r\n\r\nbody\r\n--x--\r\n"),
            [(None, None, "body")]
        );
        assert_eq!(parts("--x\r\n\r\n\r\n--x--\r\n"), [(None, None, "")]);
        assert_eq!(parts("--x\r\n\r\n--x--\r\n"), [(None, None, "")]);
        assert_eq!(
            parts("ignored\r\n--x\r\n\r\nbody\r\n--x--\r\n"),
            [(None, None, "body")]
        );
        assert_eq!(parts("--x \r\n\r\nb\r\n--x\t\r\n\r\nc\r\n--x--").len(), 2);
    }

    #[test]
    fn preambles_are_short() {
        for (len, want) in [(MAX_PREAMBLE - 4, 1), (MAX_PREAMBLE - 3, 0)] {
            let text = [
                "-".repeat(len).replacen('-', "+", 1),
                "\r\n--x\r\n\r\nb\r\n--x--".to_string(),
            ]
            .concat();
            assert_eq!(parts(&text).len(), want, "{len}");
        }
    }

    #[test]
    fn parameters_in_any_order() {
        let text =
            "--x\r\nContent-Disposition: form-data; filename=\"fn.txt\"; name=n\r\n\r\n\r\n--x--";
        assert_eq!(parts(text), [(Some("n"), Some("fn.txt"), "")]);
    }

    #[test]
    fn text_that_begins_like_the_delimiter_is_content() {
        let text = "--x\r\n\r\na\r\n--xyz is text\r\n--x--\r\n";
        assert_eq!(parts(text), [(None, None, "a\r\n--xyz is text")]);
    }

    #[test]
    fn nothing_follows_the_last_delimiter() {
        let epilogue = "--xyz\r\nContent-Disposition: form-data; name=evil\r\n\r\nb\r\n--xyz--\r\n";
        let last = "\r\n--xyz--\r\n";
        assert_eq!(parts(&[TWO, epilogue].concat()), parts(TWO));
        assert_eq!(
            parts(&["--xyz\r\n\r\na", last, "\r\nx", last].concat()).len(),
            1
        );
        // A boundary may end with dashes.
        assert_eq!(
            parts("--x--\r\n\r\na\r\n--x--\r\n\r\nb\r\n--x----").len(),
            2
        );
    }

    #[test]
    fn what_is_not_a_part() {
        for text in [
            "",
            "--x\n\nbody\n--x--\n",
            "--x",
            "--x\r\n",
            "--x--\r\n",
            "--x\r\n\r\nbody cut sh",
            "--x\r\n\r\nbody\r\n--x",
            "--x\r\nA: b\r\nbody\r\n--x--",
        ] {
            assert_eq!(parts(text), [], "{text:?}");
        }
        assert_eq!(part(TWO.as_bytes(), 10_000), None);
    }

    proptest! {
        #[test]
        fn offsets_grow(text in "(--x|\r\n|--|a|Content-Disposition: name=b;|\u{e9}){0,20}") {
            let mut at = 0;
            while let Some(part) = part(text.as_bytes(), at) {
                prop_assert!(part.next > at);
                at = part.next;
            }
        }
    }
}
