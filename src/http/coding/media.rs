//! What is worth compressing.
#![forbid(unsafe_code)]

/// True for types of content that is text, or as compressible as text.
pub fn is_compressible(content_type: &[u8]) -> bool {
    let mut lower = [0; 64];
    let essence = content_type
        .split(|&b| b == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let Some(lower) = lower.get_mut(..essence.len()) else {
        return false;
    };
    lower.copy_from_slice(essence);
    lower.make_ascii_lowercase();
    match &*lower {
        // Its end would wait for the end of the stream.
        b"text/event-stream" => false,
        b"application/ecmascript"
        | b"application/graphql"
        | b"application/javascript"
        | b"application/json"
        | b"application/json5"
        | b"application/rtf"
        | b"application/sql"
        | b"application/toml"
        | b"application/vnd.ms-fontobject"
        | b"application/wasm"
        | b"application/x-javascript"
        | b"application/x-ndjson"
        | b"application/xml"
        | b"application/yaml"
        | b"font/otf"
        | b"font/ttf"
        | b"image/bmp"
        | b"image/vnd.microsoft.icon"
        | b"image/x-icon" => true,
        other => {
            other.starts_with(b"text/") || other.ends_with(b"+json") || other.ends_with(b"+xml")
        }
    }
}

/// True for names of files that are compressed already. Such files have the content type of text unless
/// the program knows better.
pub fn is_compressed(path: &[u8]) -> bool {
    const EXTENSIONS: &[&[u8]] = &[
        b"7z", b"aac", b"apk", b"avif", b"br", b"bz2", b"docx", b"epub", b"flac", b"gz", b"heic",
        b"jar", b"jxl", b"lz4", b"m4a", b"mkv", b"odt", b"ogg", b"opus", b"pptx", b"rar", b"webm",
        b"woff2", b"xlsx", b"xz", b"zst",
    ];
    memchr::memrchr(b'.', path).is_some_and(|dot| {
        let extension = &path[dot + 1..];
        EXTENSIONS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types() {
        for yes in [
            "text/html; charset=utf-8",
            "Text/Plain",
            "text/css",
            "application/json",
            "application/json;charset=utf-8",
            "application/ld+json",
            "application/xhtml+xml",
            "image/svg+xml",
            "application/wasm",
            "text/javascript ; x=y",
        ] {
            assert!(is_compressible(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "image/png",
            "video/mp4",
            "application/octet-stream",
            "application/gzip",
            "application/zip",
            "text/event-stream",
            "TEXT/EVENT-STREAM; a=b",
            "context/html",
            "application/jsonx",
        ] {
            assert!(!is_compressible(no.as_bytes()), "{no}");
        }
        assert!(!is_compressible(&[b't'; 1000]));
    }

    #[test]
    fn names() {
        for yes in ["a.br", "a.b.WOFF2", "/x.y/.xz"] {
            assert!(is_compressed(yes.as_bytes()), "{yes}");
        }
        for no in ["", "br", "a.", "a.js", "x.gz/readme", "gz.txt"] {
            assert!(!is_compressed(no.as_bytes()), "{no}");
        }
    }
}
