//! Server-side includes.
//!
//! A page is copied, and each `<!--#include file="X" -->` (relative to the file it stands in) or
//! `<!--#include virtual="X" -->` (below the root directory) in it is replaced by a file, which may
//! include further files.
#![forbid(unsafe_code)]

use crate::fs::path::CPath;
use crate::util::is_sane;

/// Levels of includes below the page.
const MAX_DEPTH: usize = 5;
/// Most bytes of an expanded page. Five levels of includes can multiply a small file.
pub const MAX_SIZE: usize = 16 << 20;
/// Most files of an expanded page.
const MAX_INCLUDES: usize = 10_000;

/// Why there is no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    NotFound,
    TooLarge,
    OutOfMemory,
}

/// What expansion needs from outside.
pub trait Source {
    type Content: AsRef<[u8]>;
    /// The content of a file, unless it cannot be read.
    fn read(&mut self, path: &CPath) -> Option<Self::Content>;
    /// Tells the operator what is wrong with a page.
    fn complain(&mut self, text: std::fmt::Arguments<'_>);
}

/// The page at `path` with everything it includes.
pub fn expand(source: &mut impl Source, root: &[u8], path: &CPath) -> Result<Vec<u8>, Failure> {
    let mut expansion = Expansion {
        source,
        root,
        out: Vec::new(),
        includes: 0,
    };
    let content = expansion.source.read(path).ok_or(Failure::NotFound)?;
    expansion.page(content.as_ref(), path, 0)?;
    Ok(expansion.out)
}

struct Expansion<'a, S> {
    source: &'a mut S,
    root: &'a [u8],
    out: Vec<u8>,
    includes: usize,
}

impl<S: Source> Expansion<'_, S> {
    fn page(&mut self, text: &[u8], path: &CPath, depth: usize) -> Result<(), Failure> {
        let mut rest = text;
        while let Some(start) = memchr::memmem::find(rest, b"<!--#") {
            self.put(&rest[..start])?;
            rest = &rest[start..];
            let Some(end) = memchr::memmem::find(rest, b"-->") else {
                break;
            };
            let tag = &rest[..end + 3];
            rest = &rest[end + 3..];
            match Include::parse(tag) {
                Some(include) => self.include(&include, path, depth)?,
                None => {
                    self.source
                        .complain(format_args!("Unknown SSI tag: {}", tag.escape_ascii()));
                    self.put(tag)?;
                }
            }
        }
        self.put(rest)
    }

    fn include(&mut self, include: &Include, page: &CPath, depth: usize) -> Result<(), Failure> {
        let target = include.path(self.root, page.as_bytes());
        let Some(target) = target.filter(|t| is_sane(t.as_bytes())) else {
            self.source.complain(format_args!(
                "SSI include path traversal blocked: {}",
                include.name.escape_ascii()
            ));
            return Ok(());
        };
        self.includes += 1;
        if self.includes > MAX_INCLUDES {
            return Err(Failure::TooLarge);
        }
        let content = if depth < MAX_DEPTH {
            self.source.read(&target)
        } else {
            None
        };
        match content {
            Some(content) => self.page(content.as_ref(), &target, depth + 1),
            None => {
                self.source.complain(format_args!(
                    "{}: {}={} error or too deep",
                    page.as_bytes().escape_ascii(),
                    if include.is_virtual {
                        "virtual"
                    } else {
                        "file"
                    },
                    include.name.escape_ascii()
                ));
                Ok(())
            }
        }
    }

    fn put(&mut self, text: &[u8]) -> Result<(), Failure> {
        if self.out.len() + text.len() > MAX_SIZE {
            return Err(Failure::TooLarge);
        }
        self.out
            .try_reserve(text.len())
            .map_err(|_| Failure::OutOfMemory)?;
        self.out.extend_from_slice(text);
        Ok(())
    }
}

struct Include<'a> {
    is_virtual: bool,
    name: &'a [u8],
}

impl<'a> Include<'a> {
    /// Reads a tag from its `<!--#` to its `-->`.
    fn parse(tag: &'a [u8]) -> Option<Include<'a>> {
        let rest = tag.strip_prefix(b"<!--#include")?.trim_ascii_start();
        let (is_virtual, rest) = match rest.strip_prefix(b"file=\"") {
            Some(rest) => (false, rest),
            None => (true, rest.strip_prefix(b"virtual=\"")?),
        };
        let end = memchr::memchr(b'"', rest)?;
        let name = &rest[..end];
        Some(Include { is_virtual, name })
    }

    fn path(&self, root: &[u8], page: &[u8]) -> Option<CPath> {
        let dir = if self.is_virtual {
            root
        } else {
            &page[..memchr::memrchr(b'/', page).map_or(0, |slash| slash + 1)]
        };
        let mut path = CPath::from_bytes(dir)?;
        // Names that are meant to be below a root do not go on with its own.
        let joins = self.name.starts_with(b"/") || dir.is_empty() || dir.ends_with(b"/");
        ((joins || path.push(b"/")) && path.push(self.name)).then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Files(Vec<(&'static str, String)>, Vec<String>);

    impl Source for Files {
        type Content = String;
        fn read(&mut self, path: &CPath) -> Option<String> {
            let found = self.0.iter().find(|f| f.0.as_bytes() == path.as_bytes());
            found.map(|f| f.1.clone())
        }
        fn complain(&mut self, text: std::fmt::Arguments<'_>) {
            self.1.push(text.to_string());
        }
    }

    /// The expanded page and the complaints.
    fn expanded(page: &str) -> (Result<String, Failure>, Vec<String>) {
        let mut files = Files(
            vec![
                ("www/d/page", page.to_string()),
                ("www/d/inc.txt", "INC".into()),
                ("www/top.txt", "TOP".into()),
                ("www/d/nested", r#"[<!--#include file="inc.txt"-->]"#.into()),
                ("www/d/self", r#"x<!--#include file="self" -->y"#.into()),
                (
                    "www/d/bomb",
                    r#"<!--#include file="bomb"-->"#.repeat(64) + &"b".repeat(65536),
                ),
                ("www/d/fan", r#"<!--#include file="fan"-->"#.repeat(64)),
                ("www/d/empty", String::new()),
            ],
            Vec::new(),
        );
        let path = CPath::from_bytes(b"www/d/page").unwrap();
        let page = expand(&mut files, b"www", &path);
        (page.map(|p| String::from_utf8(p).unwrap()), files.1)
    }

    #[test]
    fn includes_are_replaced() {
        for (page, want) in [
            (r#"A <!--#include file="inc.txt" --> B"#, "A INC B"),
            (r#"A <!--#include virtual="/top.txt" --> B"#, "A TOP B"),
            ("<!--#include\n\t file=\"inc.txt\" anything-->", "INC"),
            (r#"<!--#includefile="inc.txt"-->"#, "INC"),
            (
                r#"<!--#include file="nested"--><!--#include file="inc.txt"-->"#,
                "[INC]INC",
            ),
            (r#"<!--#include file="empty"-->"#, ""),
            ("", ""),
            ("a\0b", "a\0b"),
            ("<!-- a comment --><!--#", "<!-- a comment --><!--#"),
        ] {
            assert_eq!(expanded(page), (Ok(want.to_string()), vec![]), "{page}");
        }
        let long = format!("<!--#include file=\"inc.txt\" {} -->", "z".repeat(3000));
        assert_eq!(expanded(&long).0.unwrap(), "INC");
    }

    #[test]
    fn what_cannot_be_included_is_reported() {
        for (page, want, complaint) in [
            (
                r#"A <!--#include file="nope" --> B"#,
                "A  B",
                "www/d/page: file=nope error or too deep",
            ),
            (
                r#"<!--#include virtual="nope"-->"#,
                "",
                "www/d/page: virtual=nope error or too deep",
            ),
            (
                r#"<!--#include file="../top.txt"-->"#,
                "",
                "SSI include path traversal blocked: ../top.txt",
            ),
            (
                r#"<!--#echo var="X" -->"#,
                r#"<!--#echo var="X" -->"#,
                r#"Unknown SSI tag: <!--#echo var=\"X\" -->"#,
            ),
            (
                r#"<!--#include file=inc.txt -->"#,
                r#"<!--#include file=inc.txt -->"#,
                "Unknown SSI tag: <!--#include file=inc.txt -->",
            ),
        ] {
            assert_eq!(
                expanded(page),
                (Ok(want.to_string()), vec![complaint.to_string()]),
                "{page}"
            );
        }
    }

    #[test]
    fn nesting_and_size_are_bounded() {
        let (page, complaints) = expanded(r#"<!--#include file="self"-->"#);
        assert_eq!(page.unwrap(), "xxxxxyyyyy");
        assert_eq!(complaints.len(), 1);
        for bomb in ["bomb", "fan"] {
            let page = format!(r#"<!--#include file="{bomb}"-->"#);
            assert_eq!(expanded(&page).0, Err(Failure::TooLarge), "{bomb}");
        }
    }
}
