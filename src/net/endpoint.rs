//! URLs of endpoints that are not at an IP address: Unix domain sockets, descriptors the program was
//! started with.
//!
//! ```text
//! [scheme "+"] "unix:" ["//"] path ["?mode=" octal] [":" uri]     path "@name": abstract, Linux
//! [scheme "+"] "fd:" ["//"] number
//! [scheme "+"] "systemd:" ["//"] [name]
//! ```
#![forbid(unsafe_code)]

use crate::url;
use std::ops::Range;

/// What such a URL names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    Unix(UnixAddress<'a>),
    /// A descriptor by its number.
    Descriptor(i32),
    /// One of the descriptors that a service manager passes (`LISTEN_FDS`): the first, or that with a name.
    Systemd(&'a [u8]),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnixAddress<'a> {
    /// A path, or a name in the abstract namespace behind `@`.
    pub path: &'a [u8],
    /// Permissions of the file.
    pub mode: Option<u32>,
}

impl<'a> UnixAddress<'a> {
    pub fn abstract_name(&self) -> Option<&'a [u8]> {
        self.path.strip_prefix(b"@")
    }
}

/// The scheme before the `+`, and where what follows the transport's name and `//` lies.
fn split(url: &[u8]) -> Option<(&[u8], &[u8], Range<usize>)> {
    let colon = url.iter().position(|&b| b == b':')?;
    let (scheme, transport) = match url[..colon].iter().position(|&b| b == b'+') {
        Some(plus) => (&url[..plus], &url[plus + 1..colon]),
        None => (&url[..0], &url[..colon]),
    };
    matches!(transport, b"unix" | b"fd" | b"systemd").then_some(())?;
    let rest = &url[colon + 1..];
    let start = colon + 1 + if rest.starts_with(b"//") { 2 } else { 0 };
    Some((scheme, transport, start..url.len()))
}

/// The path of a Unix socket with its parameters, and the URI behind it.
fn split_uri(rest: &[u8]) -> (&[u8], &[u8]) {
    match rest.windows(2).position(|pair| pair == b":/") {
        Some(colon) => (&rest[..colon], &rest[colon + 1..]),
        None => (rest, b"/"),
    }
}

/// True when the URL is of this kind, well-formed or not.
pub(crate) fn is_local(url: &[u8]) -> bool {
    split(url).is_some()
}

/// True when a scheme before the `+` asks for TLS, as that of `https+unix:///run/app.sock` does.
pub(crate) fn has_tls_scheme(url: &[u8]) -> bool {
    split(url).is_some_and(|(scheme, ..)| url::is_ssl(&[scheme, b":"].concat()))
}

/// What a client asks the server behind a Unix socket for.
pub(crate) fn uri(url: &[u8]) -> &[u8] {
    split(url).map_or(b"/", |(.., rest)| split_uri(&url[rest]).1)
}

/// `None` when the URL is of another kind or malformed.
pub(crate) fn parse(url: &[u8]) -> Option<Endpoint<'_>> {
    let (_, transport, rest) = split(url)?;
    let rest = &url[rest];
    match transport {
        b"fd" => number(rest, 10)
            .and_then(|n| i32::try_from(n).ok())
            .map(Endpoint::Descriptor),
        b"systemd" => Some(Endpoint::Systemd(rest)),
        _ => unix_address(split_uri(rest).0).map(Endpoint::Unix),
    }
}

fn unix_address(text: &[u8]) -> Option<UnixAddress<'_>> {
    let (path, mode) = match text.iter().position(|&b| b == b'?') {
        Some(question) => {
            let mode = text[question + 1..].strip_prefix(b"mode=")?;
            let mode = number(mode, 8).filter(|&mode| mode <= 0o777)?;
            (&text[..question], Some(mode))
        }
        None => (text, None),
    };
    let address = UnixAddress { path, mode };
    let named = address.abstract_name().is_none_or(|name| !name.is_empty());
    let permissions_apply = mode.is_none() || address.abstract_name().is_none();
    (named && permissions_apply && !path.is_empty()).then_some(address)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let all_digits = digits.iter().all(|&b| char::from(b).is_digit(radix));
    let text = std::str::from_utf8(digits).ok().filter(|_| all_digits)?;
    u32::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unix(path: &[u8], mode: Option<u32>) -> Option<Endpoint<'_>> {
        Some(Endpoint::Unix(UnixAddress { path, mode }))
    }

    #[test]
    fn unix_sockets() {
        assert_eq!(parse(b"unix:///run/app.sock"), unix(b"/run/app.sock", None));
        assert_eq!(parse(b"unix:/run/app.sock"), unix(b"/run/app.sock", None));
        assert_eq!(parse(b"unix:app.sock"), unix(b"app.sock", None));
        assert_eq!(parse(b"unix://@app"), unix(b"@app", None));
        assert_eq!(parse(b"ws+unix:///a?mode=0660"), unix(b"/a", Some(0o660)));
        assert_eq!(parse(b"unix:///a?mode=7"), unix(b"/a", Some(7)));
        assert_eq!(parse(b"unix:///a:/b?mode=0660"), unix(b"/a", None));
        assert_eq!(parse(b"unix:///a?mode=660:/b"), unix(b"/a", Some(0o660)));
    }

    #[test]
    fn malformed_unix_sockets() {
        for url in [
            &b"unix:"[..],
            b"unix://",
            b"unix://@",
            b"unix://@app?mode=0660",
            b"unix:///a?mode=",
            b"unix:///a?mode=+7",
            b"unix:///a?mode=0668",
            b"unix:///a?mode=1777",
            b"unix:///a?mode=77777777777777777777",
            b"unix:///a?b",
        ] {
            assert!(is_local(url));
            assert_eq!(parse(url), None, "{}", String::from_utf8_lossy(url));
        }
    }

    #[test]
    fn descriptors() {
        assert_eq!(parse(b"fd://3"), Some(Endpoint::Descriptor(3)));
        assert_eq!(parse(b"http+fd:17"), Some(Endpoint::Descriptor(17)));
        assert_eq!(parse(b"systemd://"), Some(Endpoint::Systemd(b"")));
        assert_eq!(parse(b"systemd://web"), Some(Endpoint::Systemd(b"web")));
        for url in [
            &b"fd://"[..],
            b"fd://x",
            b"fd://-1",
            b"fd://2147483648",
            b"fd://3/",
        ] {
            assert_eq!(parse(url), None);
        }
    }

    #[test]
    fn protocol() {
        assert!(has_tls_scheme(b"https+unix:///a"));
        assert!(has_tls_scheme(b"wss+fd://3"));
        assert!(!has_tls_scheme(b"http+unix:///a"));
        assert!(!has_tls_scheme(b"unix:///https+b:c"));
        assert_eq!(uri(b"unix:///a"), b"/");
        assert_eq!(uri(b"ws+unix:///a:/chat?x=1:/2"), b"/chat?x=1:/2");
        for url in [
            &b"http://unix:/a"[..],
            b"",
            b":",
            b"tcp://[::1]:80",
            b"unix",
            b"a+b+unix://a",
        ] {
            assert!(!is_local(url));
            assert_eq!(parse(url), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes(url: Vec<u8>, prefix in prop::sample::select(vec![&b"unix:"[..], b"fd:", b"x+unix://", b""])) {
            let url = [prefix, &url].concat();
            prop_assert!(parse(&url).is_none() || is_local(&url));
            prop_assert!(uri(&url).starts_with(b"/"));
            if let Some(Endpoint::Unix(address)) = parse(&url) {
                prop_assert!(!address.path.is_empty());
            }
        }
    }
}
