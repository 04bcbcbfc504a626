//! Requests that a page of another web site makes a browser send, with the user's cookie.
#![forbid(unsafe_code)]

/// Whether a request says that it comes from another site: in Sec-Fetch-Site, or when the browser
/// does not send that, in Origin (RFC 6454).
pub fn is_cross_site(
    fetch_site: Option<&[u8]>,
    origin: Option<&[u8]>,
    host: Option<&[u8]>,
) -> bool {
    match (fetch_site, origin) {
        (Some(site), _) => site.eq_ignore_ascii_case(b"cross-site"),
        (None, Some(origin)) => {
            let at = memchr::memmem::find(origin, b"://");
            let authority = at.map(|at| &origin[at + 3..]);
            !matches!((authority, host), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites() {
        for (site, origin, host, expected) in [
            ("", "", "x", false),
            ("cross-site", "", "x", true),
            ("same-origin", "http://y", "x", false),
            ("same-site", "", "x", false),
            ("none", "", "x", false),
            ("", "http://x", "x", false),
            ("", "http://X:81", "x:81", false),
            ("", "http://x:81", "x", true),
            ("", "https://y", "x", true),
            ("", "null", "x", true),
            ("", "http://x", "", true),
        ] {
            let some = |text: &'static str| Some(text.as_bytes()).filter(|t| !t.is_empty());
            let found = is_cross_site(some(site), some(origin), some(host));
            assert_eq!(found, expected, "{site} {origin} {host}");
        }
    }
}
