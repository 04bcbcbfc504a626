//! Content codings that a client takes (RFC 9110, 12.5.3).
#![forbid(unsafe_code)]

/// True when the value of Accept-Encoding names gzip with a weight above zero.
pub fn accepts_gzip(value: &[u8]) -> bool {
    value.split(|&b| b == b',').any(|item| {
        let mut parts = item.split(|&b| b == b';').map(<[u8]>::trim_ascii);
        let coding = parts.next().unwrap_or_default();
        let named = coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip");
        named && !parts.any(is_zero_weight)
    })
}

/// True for `q=0`, `q=0.0` and so on.
fn is_zero_weight(parameter: &[u8]) -> bool {
    match parameter {
        [b'q' | b'Q', b'=', digits @ ..] => {
            !digits.is_empty() && digits.iter().all(|b| matches!(b, b'0' | b'.'))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::accepts_gzip;

    #[test]
    fn weights_count() {
        for yes in [
            "gzip",
            "GZIP",
            "x-gzip",
            "deflate, gzip;q=1.0",
            "br , gzip ; q=0.001",
            "gzip;x=0",
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
            "xgzip",
            "a/b gzip",
            "gzipped",
        ] {
            assert!(!accepts_gzip(no.as_bytes()), "{no}");
        }
    }
}
