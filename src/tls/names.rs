//! Names in certificates against the name that the program asked for (RFC 9525).

/// True when the text of a certificate, which may have a wildcard for its whole first label, stands
/// for a host name. Upper and lower case are the same.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let pattern = pattern.strip_suffix(b".").unwrap_or(pattern);
    let Some(parent) = pattern.strip_prefix(b"*.") else {
        return !pattern.is_empty() && pattern.eq_ignore_ascii_case(name);
    };
    // A wildcard directly below a top-level domain would stand for everybody's names.
    let Some(dot) = name.iter().position(|&b| b == b'.') else {
        return false;
    };
    parent.contains(&b'.') && dot > 0 && parent.eq_ignore_ascii_case(&name[dot + 1..])
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn exact_names_in_any_case() {
        assert!(matches(b"localhost", b"localhost"));
        assert!(matches(b"Example.COM", b"example.com"));
        assert!(matches(b"example.com", b"example.com."));
        assert!(!matches(b"example.com", b"example.org"));
        assert!(!matches(b"", b""));
    }

    #[test]
    fn a_wildcard_is_one_whole_label() {
        assert!(matches(b"*.example.com", b"a.example.com"));
        assert!(!matches(b"*.example.com", b"a.b.example.com"));
        assert!(!matches(b"*.example.com", b"example.com"));
        assert!(!matches(b"*.example.com", b".example.com"));
        assert!(!matches(b"a*.example.com", b"ab.example.com"));
        assert!(!matches(b"*.com", b"example.com"));
        assert!(!matches(b"*", b"localhost"));
    }
}
