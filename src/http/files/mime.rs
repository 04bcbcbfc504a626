//! Content types by file name extension.
#![forbid(unsafe_code)]

const DEFAULT: &[u8] = b"text/plain; charset=utf-8";

const TYPES: &[(&str, &str)] = &[
    ("html", "text/html; charset=utf-8"),
    ("htm", "text/html; charset=utf-8"),
    ("shtml", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("csv", "text/csv"),
    ("wasm", "application/wasm"),
    ("avif", "image/avif"),
    ("webm", "video/webm"),
    ("3gp", "video/3gpp"),
    ("avi", "video/x-msvideo"),
    ("doc", "application/msword"),
    ("exe", "application/octet-stream"),
    ("gz", "application/gzip"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("pdf", "application/pdf"),
    ("tgz", "application/tar-gz"),
    ("wav", "audio/wav"),
    ("zip", "application/zip"),
];

/// The content type of a file. `overrides` is a list `ext=type,...` that comes first; `*` there is
/// any extension.
pub fn lookup<'a>(path: &[u8], overrides: &'a [u8]) -> &'a [u8] {
    let extension = path.rsplit(|&b| b == b'.').next().unwrap_or_default();
    if !overrides.is_empty() {
        for entry in overrides.split(|&b| b == b',') {
            let equals = entry.iter().position(|&b| b == b'=').unwrap_or(entry.len());
            let name = &entry[..equals];
            if !name.is_empty() && (name == b"*" || name == extension) {
                return entry.get(equals + 1..).unwrap_or_default();
            }
        }
    }
    TYPES
        .iter()
        .find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(extension))
        .map_or(DEFAULT, |(_, kind)| kind.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::lookup;

    #[test]
    fn table_and_default() {
        assert_eq!(lookup(b"a/b.html", b""), b"text/html; charset=utf-8");
        assert_eq!(lookup(b"a/b.HTML", b""), b"text/html; charset=utf-8");
        assert_eq!(lookup(b"noext", b""), super::DEFAULT);
        assert_eq!(lookup(b"d.js/noext", b""), super::DEFAULT);
        assert_eq!(lookup(b"", b""), super::DEFAULT);
    }

    #[test]
    fn overrides_come_first() {
        assert_eq!(lookup(b"a.txt", b"foo=a/b,txt=c/d"), b"c/d");
        assert_eq!(lookup(b"a.txt", b"*=a/b,txt=c/d"), b"a/b");
        assert_eq!(lookup(b"a.txt", b"TXT=c/d"), super::DEFAULT);
        assert_eq!(lookup(b"a.txt", b".txt=c/d"), super::DEFAULT);
        assert_eq!(lookup(b"a.txt", b" txt=c/d"), super::DEFAULT);
        assert_eq!(lookup(b"a.txt", b"html=a/b;c=d,txt=q"), b"q");
        assert_eq!(lookup(b"a.txt", b"txt"), b"");
    }
}
