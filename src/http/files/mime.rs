//! Content types.
#![forbid(unsafe_code)]

use crate::string;

const TEXT: &[u8] = b"text/plain; charset=utf-8";

/// The content type of a file. `overrides` is a list "ext=type,..." that comes before the built-in
/// table; the extension "*" stands for all.
pub fn content_type<'a>(path: &[u8], overrides: &'a [u8]) -> &'a [u8] {
    let extension = memchr::memrchr(b'.', path).map_or(path, |dot| &path[dot + 1..]);
    let mut lower = [0; 8];
    let lower = match lower.get_mut(..extension.len()) {
        Some(lower) => {
            lower.copy_from_slice(extension);
            lower.make_ascii_lowercase();
            &*lower
        }
        // Longer than all that the table knows.
        None => extension,
    };
    let mut rest = overrides;
    while let Some((entry, next)) = string::split(rest, b',') {
        rest = next;
        let (key, value) = string::split(entry, b'=').unwrap_or((b"", b""));
        if key == b"*" || key == extension || key == lower {
            return value;
        }
    }
    built_in(lower)
}

fn built_in(extension: &[u8]) -> &'static [u8] {
    match extension {
        b"html" | b"htm" | b"shtml" => b"text/html; charset=utf-8",
        b"css" => b"text/css; charset=utf-8",
        b"js" | b"mjs" => b"text/javascript; charset=utf-8",
        b"gif" => b"image/gif",
        b"png" => b"image/png",
        b"jpg" | b"jpeg" => b"image/jpeg",
        b"woff" => b"font/woff",
        b"ttf" => b"font/ttf",
        b"svg" => b"image/svg+xml",
        b"webp" => b"image/webp",
        b"zip" => b"application/zip",
        b"3gp" => b"video/3gpp",
        b"wav" => b"audio/wav",
        b"avi" => b"video/x-msvideo",
        b"csv" => b"text/csv",
        b"doc" => b"application/msword",
        b"exe" => b"application/octet-stream",
        b"gz" => b"application/gzip",
        b"ico" => b"image/x-icon",
        b"json" => b"application/json",
        b"mov" => b"video/quicktime",
        b"mp3" => b"audio/mpeg",
        b"mp4" => b"video/mp4",
        b"mpeg" => b"video/mpeg",
        b"pdf" => b"application/pdf",
        b"tgz" => b"application/tar-gz",
        _ => TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(path: &str, overrides: &'a str) -> &'a str {
        std::str::from_utf8(content_type(path.as_bytes(), overrides.as_bytes())).unwrap()
    }

    const TEXT: &str = "text/plain; charset=utf-8";

    #[test]
    fn the_extension_decides_in_any_case() {
        assert_eq!(of("www/a.html", ""), "text/html; charset=utf-8");
        assert_eq!(of("a.b.PNG", ""), "image/png");
        assert_eq!(of("png", ""), "image/png");
        assert_eq!(of("d.js/noext", ""), TEXT);
        assert_eq!(of("a.", ""), TEXT);
        assert_eq!(of("", ""), TEXT);
        assert_eq!(of("a.extension", ""), TEXT);
    }

    #[test]
    fn overrides_come_first() {
        assert_eq!(of("a.txt", "foo=a/b,txt=c/d"), "c/d");
        assert_eq!(of("a.png", "*=a/b,png=c/d"), "a/b");
        assert_eq!(of("a.png", "txt=c/d"), "image/png");
        assert_eq!(of("a.txt", "html=a/b;c=d,txt=q"), "q");
        assert_eq!(of("a.html", "html=a/b;c=d,txt=q"), "a/b;c=d");
        assert_eq!(of("a.txt", "txt"), "");
        assert_eq!(of("a.txt", "txt="), "");
        for none in ["TXT=x", ".txt=x", " txt=x"] {
            assert_eq!(of("a.txt", none), TEXT, "{none}");
        }
        assert_eq!(of("a.TXT", "TXT=x"), "x");
        assert_eq!(of("a.TXT", "txt=x"), "x");
        assert_eq!(of("a.extension", "extension=x"), "x");
    }
}
