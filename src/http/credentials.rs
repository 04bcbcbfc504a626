//! Credentials of a request.
#![forbid(unsafe_code)]

use super::fields::{parameter, variable};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Groups of four base64 digits that are decoded; longer credentials are refused.
const MAX_GROUPS: usize = 85;
/// Room for what they decode to.
pub const SCRATCH: usize = MAX_GROUPS * 3;

/// The alphabet of the Basic scheme. Padding is checked, what its bits say is not.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Where credentials were found.
#[derive(Debug, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// User and password (RFC 7617).
    Basic(&'a [u8], &'a [u8]),
    /// A bearer token (RFC 6750), from a header or a cookie.
    Token(&'a [u8]),
    /// A token in the query string, percent-encoded.
    Query(&'a [u8]),
    None,
}

/// Looks for credentials: in the Authorization field, else in the cookie `access_token`, else, if
/// there are no cookies, in the query variable of that name.
pub fn find<'a>(
    authorization: Option<&'a [u8]>,
    cookie: Option<&'a [u8]>,
    query: &'a [u8],
    scratch: &'a mut [u8; SCRATCH],
) -> Credentials<'a> {
    let scheme = |name: &[u8]| {
        authorization
            .and_then(|a| a.strip_prefix(name))
            .filter(|rest| !rest.is_empty())
    };
    if let Some(code) = scheme(b"Basic ") {
        basic(code, scratch).map_or(Credentials::None, |(user, pass)| {
            Credentials::Basic(user, pass)
        })
    } else if let Some(token) = scheme(b"Bearer ") {
        Credentials::Token(token)
    } else if let Some(cookie) = cookie {
        parameter(cookie, b"access_token").map_or(Credentials::None, Credentials::Token)
    } else {
        variable(query, b"access_token").map_or(Credentials::None, Credentials::Query)
    }
}

fn basic<'a>(code: &[u8], scratch: &'a mut [u8; SCRATCH]) -> Option<(&'a [u8], &'a [u8])> {
    // An incomplete last group is ignored.
    let groups = code.len() / 4;
    if groups > MAX_GROUPS {
        return None;
    }
    let len = BASE64.decode_slice(&code[..groups * 4], scratch).ok()?;
    let plain = &scratch[..len];
    let colon = memchr::memchr(b':', plain)?;
    Some((&plain[..colon], &plain[colon + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(authorization: Option<&str>, cookie: Option<&str>, query: &str, want: &Credentials) {
        let mut scratch = [0; SCRATCH];
        let found = find(
            authorization.map(str::as_bytes),
            cookie.map(str::as_bytes),
            query.as_bytes(),
            &mut scratch,
        );
        assert_eq!(&found, want, "{authorization:?} {cookie:?} {query}");
    }

    #[test]
    fn the_first_source_that_applies_decides() {
        use Credentials::{Basic, None as Nothing, Query, Token};
        let q = "access_token=q%20";
        check(
            Some("Basic Zm9vOmJhcg=="),
            Some("access_token=ck"),
            q,
            &Basic(b"foo", b"bar"),
        );
        check(Some("Basic Zm9vOmJhcg"), None, q, &Basic(b"foo", b"ba"));
        check(Some("Basic Og=="), None, q, &Basic(b"", b""));
        check(Some("Basic Zm9v"), None, q, &Nothing);
        check(Some("Basic !!!!"), None, q, &Nothing);
        check(Some("Basic  Zm9vOmJhcg=="), None, q, &Nothing);
        check(Some("Bearer tok en"), None, q, &Token(b"tok en"));
        check(Some("Digest x"), None, q, &Query(b"q%20"));
        check(Some("Basic "), None, q, &Query(b"q%20"));
        check(Some("bearer t"), None, q, &Query(b"q%20"));
        check(Some("Digest x"), Some("access_token=ck"), q, &Token(b"ck"));
        check(None, Some("a=b; access_token=x"), q, &Token(b"x"));
        check(
            None,
            Some("xaccess_token=evil; access_token=good"),
            q,
            &Token(b"good"),
        );
        check(None, Some("a=b"), q, &Nothing);
        check(None, None, "ACCESS_TOKEN=up", &Query(b"up"));
        check(None, None, "", &Nothing);
    }

    #[test]
    fn long_credentials_are_refused() {
        for (groups, accepted) in [(MAX_GROUPS, true), (MAX_GROUPS + 1, false)] {
            let header = "Basic ".to_owned() + &"OjpB".repeat(groups);
            let mut scratch = [0; SCRATCH];
            let found = find(Some(header.as_bytes()), None, b"", &mut scratch);
            assert_eq!(matches!(found, Credentials::Basic(..)), accepted);
        }
    }
}
