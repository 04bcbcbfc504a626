//! Files that are part of the program: lookups in a flat table of full paths.
#![forbid(unsafe_code)]

/// An entry of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry<'a> {
    pub path: &'a [u8],
    pub data: &'a [u8],
    pub mtime: libc::time_t,
}

/// What stands behind `dir` in a path that lies under it; the separating slash may be the last
/// byte of `dir` or follow it.
fn below<'a>(path: &'a [u8], dir: &[u8]) -> Option<&'a [u8]> {
    let rest = path.strip_prefix(dir)?;
    match rest.strip_prefix(b"/") {
        Some(name) => Some(name),
        None if dir.is_empty() || dir.ends_with(b"/") => Some(rest),
        None => None,
    }
}

pub fn is_dir<'a>(mut table: impl Iterator<Item = Entry<'a>>, path: &[u8]) -> bool {
    table.any(|entry| {
        entry
            .path
            .strip_prefix(path)
            .is_some_and(|rest| path.is_empty() || path.ends_with(b"/") || rest.starts_with(b"/"))
    })
}

/// The names in a directory, in table order. Neighbours with the same name are one directory.
pub fn list<'a>(
    table: impl Iterator<Item = Entry<'a>>,
    dir: &[u8],
    mut found: impl FnMut(&'a [u8]),
) {
    let mut last: Option<&[u8]> = None;
    for entry in table {
        let Some(name) = below(entry.path, dir) else {
            continue;
        };
        let end = memchr::memchr(b'/', name).unwrap_or(name.len());
        let name = &name[..end];
        if !name.is_empty() && last != Some(name) {
            last = Some(name);
            found(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [&str; 6] = [
        "/a.txt",
        "/dir/b.txt",
        "/dir/c.txt",
        "/dir/sub/d.txt",
        "/dirx",
        "/zdir/e",
    ];

    fn table() -> impl Iterator<Item = Entry<'static>> {
        TABLE.iter().map(|p| Entry {
            path: p.as_bytes(),
            data: b"x",
            mtime: 1,
        })
    }

    fn names(dir: &str) -> String {
        let mut all = Vec::new();
        list(table(), dir.as_bytes(), |n| {
            all.push(String::from_utf8_lossy(n).into_owned())
        });
        all.join(" ")
    }

    #[test]
    fn directories_are_prefixes_that_end_at_a_slash() {
        for dir in ["/", "", "/dir", "/dir/", "/dir/sub", "/zdir"] {
            assert!(is_dir(table(), dir.as_bytes()), "{dir}");
        }
        for other in ["/di", "/dirx", "a.txt", "/dir//b.txt", "/a.txt/", "/nope"] {
            assert!(!is_dir(table(), other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn listing_gives_whole_names_with_and_without_a_trailing_slash() {
        assert_eq!(names(""), "a.txt dir dirx zdir");
        assert_eq!(names("/"), "a.txt dir dirx zdir");
        assert_eq!(names("/dir"), "b.txt c.txt sub");
        assert_eq!(names("/dir/"), "b.txt c.txt sub");
        assert_eq!(names("/nope"), "");
        assert_eq!(names("/a.txt"), "");
    }
}
