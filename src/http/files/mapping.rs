//! From a request target to a path below a root directory.
#![forbid(unsafe_code)]

use crate::fs::path::{CPath, PATH_MAX, is_sane};

/// Why a target has no path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MapError {
    /// No part of the root list covers it.
    NoRoot,
    TooLong,
    /// Bad escape, NUL, or a way out of the root.
    Invalid,
}

/// The part of the root list `prefix=dir,dir,...` that covers `uri`: length of the prefix, and
/// directory. The last part that matches wins; a part without a prefix always does.
fn root<'a>(list: &'a [u8], uri: &[u8]) -> Option<(usize, &'a [u8])> {
    if list.is_empty() {
        return None;
    }
    // A comma at the end begins no part.
    let list = list.strip_suffix(b",").unwrap_or(list);
    list.rsplit(|&b| b == b',').find_map(|part| {
        let (prefix, dir) = match part.iter().position(|&b| b == b'=') {
            Some(at) if at + 1 < part.len() => (&part[..at], &part[at + 1..]),
            Some(at) => return Some((1, &part[..at])),
            None => return Some((1, part)),
        };
        uri.starts_with(prefix).then_some((prefix.len(), dir))
    })
}

/// The path that `uri`, as received, means. With `whole_table`, no root at all stands for everything,
/// as tables of files inside a program are served.
pub fn path(list: &[u8], uri: &[u8], whole_table: bool) -> Result<CPath, MapError> {
    let (prefix, dir) = match root(list, uri) {
        Some(root) => root,
        None if whole_table => (0, &b""[..]),
        None => return Err(MapError::NoRoot),
    };
    if dir.len() + 2 >= PATH_MAX {
        return Err(MapError::TooLong);
    }
    let mut path = CPath::from_bytes(dir).ok_or(MapError::TooLong)?;
    if !dir.is_empty() && !dir.ends_with(b"/") && !path.push(b"/") {
        return Err(MapError::TooLong);
    }
    let rest = uri.get(prefix..).unwrap_or_default();
    decode(rest, &mut path)?;
    if path.as_bytes().contains(&0) || !is_sane(path.as_bytes()) {
        return Err(MapError::Invalid);
    }
    let mut len = path.as_bytes().len();
    while len > 1 && path.as_bytes()[len - 1] == b'/' {
        len -= 1;
    }
    path.truncate(len);
    Ok(path)
}

/// Appends percent-decoded text.
fn decode(text: &[u8], path: &mut CPath) -> Result<(), MapError> {
    let mut buf = [0; PATH_MAX];
    if text.len() >= PATH_MAX && text.iter().filter(|&&b| b != b'%').count() >= PATH_MAX {
        return Err(MapError::TooLong);
    }
    match crate::url::decode(text, &mut buf, false) {
        Some(n) if path.push(&buf[..n]) => Ok(()),
        Some(_) => Err(MapError::TooLong),
        None if text.len() >= PATH_MAX => Err(MapError::TooLong),
        None => Err(MapError::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(list: &str, uri: &str) -> Result<String, MapError> {
        path(list.as_bytes(), uri.as_bytes(), false)
            .map(|p| String::from_utf8(p.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn targets_below_one_root() {
        assert_eq!(map("www", "/a.txt").as_deref(), Ok("www/a.txt"));
        assert_eq!(map("www", "/%61.txt").as_deref(), Ok("www/a.txt"));
        assert_eq!(map("www/", "/").as_deref(), Ok("www"));
        assert_eq!(map("/", "/").as_deref(), Ok("/"));
        assert_eq!(map("www", "/a.txt/").as_deref(), Ok("www/a.txt"));
        assert_eq!(map("www", "a.txt").as_deref(), Ok("www/.txt"));
        assert_eq!(map("www", "*").as_deref(), Ok("www"));
        assert_eq!(map("www", "/a+b").as_deref(), Ok("www/a+b"));
    }

    #[test]
    fn the_last_match_wins() {
        assert_eq!(
            map("www,/o=other", "/o/o.txt").as_deref(),
            Ok("other//o.txt")
        );
        assert_eq!(map("www,/o=other", "/x").as_deref(), Ok("www/x"));
        assert_eq!(
            map("/o=other,www", "/o/o.txt").as_deref(),
            Ok("www/o/o.txt")
        );
        assert_eq!(map("=www", "/x").as_deref(), Ok("www//x"));
        assert_eq!(
            map("/a.txt=www/p.html", "/a.txt").as_deref(),
            Ok("www/p.html")
        );
    }

    #[test]
    fn nothing_is_served_without_a_root() {
        assert_eq!(map("", "/etc/hostname"), Err(MapError::NoRoot));
        assert_eq!(map("/o=other", "/etc/hostname"), Err(MapError::NoRoot));
        assert_eq!(
            path(b"", b"/a", true).map(|p| p.as_bytes().to_vec()),
            Ok(b"/a".to_vec())
        );
    }

    #[test]
    fn ways_out_and_bad_escapes_are_refused() {
        for uri in [
            "/..",
            "/../a",
            "/%2e%2e/a",
            "/..%2fa",
            "/sub\\..\\a",
            "/%zz",
            "/a%00.html",
            "/%",
        ] {
            assert_eq!(map("www", uri), Err(MapError::Invalid), "{uri}");
        }
        assert_eq!(map("../www", "/a"), Err(MapError::Invalid));
        assert_eq!(map("www", &"x".repeat(5000)), Err(MapError::TooLong));
    }
}
