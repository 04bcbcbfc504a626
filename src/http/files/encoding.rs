//! Content codings that a client accepts (RFC 9110, section 12.5.3).
#![forbid(unsafe_code)]

/// True when an Accept-Encoding value allows gzip: by its name or its old name x-gzip, in any case,
/// and not with a weight of zero.
pub fn accepts_gzip(value: &[u8]) -> bool {
    value.split(|&b| b == b',').any(|element| {
        let mut parts = element.split(|&b| b == b';').map(<[u8]>::trim_ascii);
        let coding = parts.next().unwrap_or_default();
        (coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip"))
            && !parts.any(is_zero_weight)
    })
}

/// True for "q=0", "q=0.", "q=0.000" and the like.
fn is_zero_weight(parameter: &[u8]) -> bool {
    let [b'q' | b'Q', rest @ ..] = parameter else {
        return false;
    };
    let Some(value) = rest.trim_ascii_start().strip_prefix(b"=") else {
        return false;
    };
    let value = value.trim_ascii_start();
    value.starts_with(b"0") && value.iter().all(|b| matches!(b, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_a_whole_token_with_a_weight() {
        for yes in [
            "gzip",
            "GZIP",
            "x-gzip",
            "deflate, gzip;q=1.0",
            "gzip;q=0.1",
            "br, gzip ; q=0.001",
            "deflate,gzip,br",
            "gzip;foo=0",
        ] {
            assert!(accepts_gzip(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "br",
            "*",
            "identity",
            "gzip;q=0",
            "gzip; q=0.000",
            "gzip;Q=0",
            "gzip ;q = 0.",
            "gzipped",
            "x/gzip",
            "a/b gzip",
            "br;q=1, gzip;q=0",
        ] {
            assert!(!accepts_gzip(no.as_bytes()), "{no}");
        }
    }
}
