//! File names that come from peers.
#![forbid(unsafe_code)]

/// Whether a path cannot lead out of the directory it is relative to, nor into a home directory.
/// NUL bytes inside are refused, because the file system would take them for the end. A path that
/// begins with one is empty for it.
pub fn is_sane(path: &[u8]) -> bool {
    // One look at all bytes settles most paths.
    let special = |pair: &[u8]| pair == b".." || pair[1] == 0;
    if !matches!(path, [] | [0 | b'~', ..]) && !path.windows(2).any(special) {
        return true;
    }
    let empty = matches!(path, [] | [0, ..]);
    let outside = path.starts_with(b"~") || path.starts_with(b"..");
    let climbs = |w: &[u8]| matches!(w, [b'/' | b'\\', b'.', b'.']);
    empty || !outside && !path.contains(&0) && !path.windows(3).any(climbs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sane() {
        for path in [
            "", "a", "/", ".", "./a", "/~", "a~", "a..", "a..b", ".a", ".a.", "/.", "./", "a/.b",
            "/a/./b", "%2e%2e", "C:\\x", "\0..",
        ] {
            assert!(is_sane(path.as_bytes()), "{path:?}");
        }
    }

    #[test]
    fn insane() {
        for path in [
            "..", "../a", "/..", "a/..", "a/..b", "a/...", "/...", "...", "..a", "a//..",
            "a\\..\\b", "C:\\..", "~", "~x", "a\0b", "a\0",
        ] {
            assert!(!is_sane(path.as_bytes()), "{path:?}");
        }
    }

    proptest! {
        /// Whatever is sane has no component `..` for either separator.
        #[test]
        fn sane_paths_do_not_climb(path in "[./a~\\\\]{0,12}") {
            if is_sane(path.as_bytes()) {
                prop_assert!(path.split(['/', '\\']).all(|component| component != ".."));
            }
        }
    }
}
