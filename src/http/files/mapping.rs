//! From the target of a request to a path.
#![forbid(unsafe_code)]

use crate::fs::path::{CPath, PATH_MAX};
use crate::util::is_sane;
use crate::{string, url};

/// Why a target has no path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadTarget {
    /// An escape without two hexadecimal digits, a NUL, or a path that leaves the root.
    Invalid,
    TooLong,
}

/// The directory that serves `uri`, and the part of `uri` that is looked up in it.
///
/// `roots` is a list "dir,/prefix=dir,..."; the last part that matches wins. A part without a
/// value stands for the prefix "/". `None` when no part matches.
pub fn find_root<'a>(roots: &'a [u8], uri: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let mut found = None;
    let mut rest = roots;
    while let Some((part, next)) = string::split(rest, b',') {
        rest = next;
        let (prefix, dir) = match string::split(part, b'=') {
            Some((prefix, dir)) if !dir.is_empty() => (prefix, dir),
            Some((dir, _)) => (&b"/"[..], dir),
            None => (&b"/"[..], part),
        };
        if let Some(name) = uri.strip_prefix(prefix) {
            found = Some((dir, name));
        }
    }
    found
}

/// The path of `name`, still percent-encoded, in the directory `dir`. Without trailing slashes.
pub fn path(dir: &[u8], name: &[u8]) -> Result<CPath, BadTarget> {
    let mut path = CPath::new();
    if dir.len() + 2 >= PATH_MAX || !path.push(dir) {
        return Err(BadTarget::TooLong);
    }
    if !dir.is_empty() && !dir.ends_with(b"/") && !path.push(b"/") {
        return Err(BadTarget::TooLong);
    }
    if !path.push_with(|room| url::decode(name, room, false)) {
        return Err(if has_bad_escape(name) {
            BadTarget::Invalid
        } else {
            BadTarget::TooLong
        });
    }
    if !is_sane(path.as_bytes()) || path.as_bytes().contains(&0) {
        return Err(BadTarget::Invalid);
    }
    let mut len = path.as_bytes().len();
    while len > 1 && path.as_bytes()[len - 1] == b'/' {
        len -= 1;
    }
    path.truncate(len);
    Ok(path)
}

fn has_bad_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(b'%', text).any(
        |i| !matches!(text[i + 1..], [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn root(roots: &str, uri: &str) -> Option<(String, String)> {
        let text = |b: &[u8]| String::from_utf8(b.to_vec()).unwrap();
        find_root(roots.as_bytes(), uri.as_bytes()).map(|(dir, name)| (text(dir), text(name)))
    }

    fn resolved(dir: &str, name: &str) -> Result<String, BadTarget> {
        path(dir.as_bytes(), name.as_bytes())
            .map(|p| String::from_utf8_lossy(p.as_bytes()).into_owned())
    }

    #[test]
    fn the_last_matching_part_wins() {
        for (roots, uri, dir, name) in [
            ("www", "/a.txt", "www", "a.txt"),
            ("www,", "/a", "www", "a"),
            (",", "/a", "", "a"),
            ("=www", "/a", "www", "/a"),
            ("/=", "/a", "/", "a"),
            ("www,/o=other", "/o/x", "other", "/x"),
            ("www,/o=other", "/a", "www", "a"),
            ("/o=other,www", "/o/x", "www", "o/x"),
            ("/o=other", "/oo.txt", "other", "o.txt"),
            ("/o=a=b", "/o/x", "a=b", "/x"),
            ("www,/o=", "/a", "/o", "a"),
            ("=www", "a", "www", "a"),
        ] {
            let want = Some((dir.to_string(), name.to_string()));
            assert_eq!(root(roots, uri), want, "{roots} {uri}");
        }
        assert_eq!(root("", "/a"), None);
        assert_eq!(root("/o=other", "/a"), None);
        assert_eq!(root("www", "*"), None);
    }

    #[test]
    fn paths_are_decoded_and_checked() {
        for (dir, name, want) in [
            ("www", "a.txt", Ok("www/a.txt")),
            ("www/", "%61%2ftxt", Ok("www/a/txt")),
            ("www", "", Ok("www")),
            ("", "", Ok("")),
            ("/", "", Ok("/")),
            ("/", "a//", Ok("/a")),
            ("www", "/sub//", Ok("www//sub")),
            ("www", "a+b", Ok("www/a+b")),
            ("www", "..", Err(BadTarget::Invalid)),
            ("www", "%2e./a", Err(BadTarget::Invalid)),
            ("../www", "a", Err(BadTarget::Invalid)),
            ("www", "a%00", Err(BadTarget::Invalid)),
            ("", "%00", Err(BadTarget::Invalid)),
            ("www", "%zz", Err(BadTarget::Invalid)),
            ("www", "a%2", Err(BadTarget::Invalid)),
        ] {
            assert_eq!(
                resolved(dir, name).as_deref(),
                want.as_ref().copied(),
                "{dir} {name}"
            );
        }
    }

    #[test]
    fn long_paths_are_refused() {
        assert_eq!(resolved(&"d".repeat(4094), ""), Err(BadTarget::TooLong));
        assert!(resolved(&"d".repeat(4093), "").is_ok());
        assert_eq!(resolved("www", &"x".repeat(5000)), Err(BadTarget::TooLong));
        assert_eq!(
            resolved("www", &("x".repeat(5000) + "%")),
            Err(BadTarget::Invalid)
        );
        assert!(resolved("www", &"x".repeat(4091)).is_ok());
        assert_eq!(resolved("www", &"x".repeat(4092)), Err(BadTarget::TooLong));
    }

    proptest! {
        #[test]
        fn no_path_leaves_its_root(name in "([./%\\\\a~]|%2e|%2f|%5c|\\.\\./){0,12}") {
            if let Ok(path) = path(b"www", name.as_bytes()) {
                let text = path.as_bytes().to_vec();
                prop_assert!(text.starts_with(b"www"));
                prop_assert!(!text.split(|&b| b == b'/' || b == b'\\').any(|s| s == b".."));
                prop_assert!(!text.contains(&0));
            }
        }
    }
}
