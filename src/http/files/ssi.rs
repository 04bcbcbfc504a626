//! Server-side includes.
#![forbid(unsafe_code)]

use crate::fs::path::{CPath, is_sane};

/// Levels of includes below the page.
const MAX_DEPTH: usize = 5;
/// Bytes an expanded page may have. Includes multiply: a page can ask for any amount.
const MAX_SIZE: usize = 16 * 1024 * 1024;

/// Files that one page may include, directly and indirectly.
const MAX_INCLUDES: usize = 1000;

/// Where the text of files comes from.
pub trait Files {
    /// Appends a file to `page`; false when there is none or memory is exhausted.
    fn read(&mut self, path: &CPath, page: &mut Vec<u8>) -> bool;
}

/// Expands the page at `path`. `root` stands before the names of `virtual` includes. `None` when the
/// page cannot be read or becomes too large.
pub fn expand(files: &mut dyn Files, root: &[u8], path: &CPath) -> Option<Vec<u8>> {
    let mut expansion = Expansion {
        files,
        root,
        out: Vec::new(),
        includes: 0,
    };
    expansion.append(path, 0).then_some(expansion.out)
}

struct Expansion<'a> {
    files: &'a mut dyn Files,
    root: &'a [u8],
    out: Vec<u8>,
    includes: usize,
}

impl Expansion<'_> {
    fn push(&mut self, text: &[u8]) -> bool {
        if self.out.len() + text.len() > MAX_SIZE || self.out.try_reserve(text.len()).is_err() {
            return false;
        }
        self.out.extend_from_slice(text);
        true
    }

    /// Appends a page with its includes expanded.
    fn append(&mut self, path: &CPath, depth: usize) -> bool {
        let mut page = Vec::new();
        if depth > MAX_DEPTH || !self.files.read(path, &mut page) {
            return false;
        }
        let mut rest = &page[..];
        while let Some(at) = find(rest, b"<!--#") {
            let Some(len) = find(&rest[at..], b"-->") else {
                break;
            };
            let (text, tag) = (&rest[..at], &rest[at..at + len + 3]);
            rest = &rest[at + len + 3..];
            let pushed = self.push(text)
                && match Include::parse(tag) {
                    Some(include) => self.include(&include, path, depth),
                    None => {
                        crate::log::error(format_args!("Unknown SSI tag: {}", tag.escape_ascii()));
                        self.push(tag)
                    }
                };
            if !pushed {
                return false;
            }
        }
        self.push(rest)
    }

    /// Inserts a file; nothing, with a log line, when that is not possible. False when the page has
    /// become too large.
    fn include(&mut self, include: &Include<'_>, page: &CPath, depth: usize) -> bool {
        self.includes += 1;
        if self.includes > MAX_INCLUDES {
            return false;
        }
        let name = include.name.escape_ascii();
        let Some(path) = include
            .path(self.root, page)
            .filter(|path| is_sane(path.as_bytes()))
        else {
            crate::log::error(format_args!("SSI include path traversal blocked: {name}"));
            return true;
        };
        let start = self.out.len();
        if !self.append(&path, depth + 1) {
            if self.includes > MAX_INCLUDES {
                return false;
            }
            self.out.truncate(start);
            let kind = if include.is_virtual {
                "virtual"
            } else {
                "file"
            };
            let page = page.as_bytes().escape_ascii();
            crate::log::error(format_args!("{page}: {kind}={name} error or too deep"));
        }
        true
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, what)
}

#[derive(PartialEq, Eq, Debug)]
struct Include<'a> {
    /// Relative to the root, not to the including file.
    is_virtual: bool,
    name: &'a [u8],
}

impl Include<'_> {
    /// The include that `tag`, from `<!--#` to `-->`, asks for.
    fn parse(tag: &[u8]) -> Option<Include<'_>> {
        let text = tag.strip_prefix(b"<!--#include")?.trim_ascii_start();
        let (is_virtual, text) = match text.strip_prefix(b"file=\"") {
            Some(text) => (false, text),
            None => (true, text.strip_prefix(b"virtual=\"")?),
        };
        let end = memchr::memchr(b'"', text)?;
        Some(Include {
            is_virtual,
            name: &text[..end],
        })
    }

    fn path(&self, root: &[u8], page: &CPath) -> Option<CPath> {
        let mut path = if self.is_virtual {
            CPath::from_bytes(root)?
        } else {
            let dir = page
                .as_bytes()
                .iter()
                .rposition(|&b| b == b'/')
                .map_or(0, |at| at + 1);
            CPath::from_bytes(&page.as_bytes()[..dir])?
        };
        path.push(self.name).then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    struct Map(HashMap<&'static str, &'static str>);

    impl Files for Map {
        fn read(&mut self, path: &CPath, page: &mut Vec<u8>) -> bool {
            let text = std::str::from_utf8(path.as_bytes())
                .ok()
                .and_then(|p| self.0.get(p));
            text.map(|text| page.extend_from_slice(text.as_bytes()))
                .is_some()
        }
    }

    fn run(page: &'static str) -> String {
        let files = [
            ("www/page", page),
            ("www/inc.txt", "INC"),
            ("www/self", "x<!--#include file=\"self\" -->y"),
            ("inc.txt", "OUTSIDE"),
        ];
        let out = expand(
            &mut Map(files.into()),
            b"www",
            &CPath::from_bytes(b"www/page").unwrap(),
        );
        String::from_utf8(out.unwrap()).unwrap()
    }

    #[test]
    fn includes_relative_to_the_file_and_to_the_root() {
        assert_eq!(run("A <!--#include file=\"inc.txt\" --> B"), "A INC B");
        assert_eq!(run("A <!--#include\n file=\"inc.txt\" x -->"), "A INC");
        assert_eq!(run("A <!--#include virtual=\"/inc.txt\" --> B"), "A INC B");
    }

    #[test]
    fn what_cannot_be_included_leaves_nothing() {
        assert_eq!(run("A <!--#include file=\"nope.txt\" --> B"), "A  B");
        assert_eq!(run("A <!--#include file=\"../inc.txt\" --> B"), "A  B");
    }

    #[test]
    fn other_tags_and_comments_stay() {
        for text in [
            "<!--#echo var=\"X\" -->",
            "<!--#include file=x -->",
            "<!-- c -->",
            "<!--#open",
        ] {
            assert_eq!(run(text.to_owned().leak()), text);
        }
    }

    #[test]
    fn a_page_that_includes_itself_ends() {
        assert_eq!(run("<!--#include file=\"self\" -->"), "xxxxxyyyyy");
    }

    #[test]
    fn an_empty_page_is_empty() {
        assert_eq!(run(""), "");
    }

    struct Bomb;

    impl Files for Bomb {
        fn read(&mut self, _: &CPath, page: &mut Vec<u8>) -> bool {
            page.extend_from_slice("<!--#include file=\"a\" -->".repeat(50).as_bytes());
            true
        }
    }

    #[test]
    fn expansion_is_bounded() {
        assert!(expand(&mut Bomb, b"", &CPath::from_bytes(b"a").unwrap()).is_none());
    }
}
