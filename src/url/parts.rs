//! The parts of a URL.
#![forbid(unsafe_code)]

use crate::string::take_integer;
use std::ops::Range;

/// Where the parts begin. 0 means that a part is absent, which is why credentials need the `//`.
#[derive(Default)]
struct Marks {
    host: usize,
    port: usize,
    user: usize,
    pass: usize,
    uri: usize,
    end: usize,
}

fn marks(url: &[u8]) -> Marks {
    let mut m = Marks {
        end: url.len(),
        ..Marks::default()
    };
    for (i, &b) in url.iter().enumerate() {
        match b {
            b'/' if m.host == 0 && i > 0 && url[i - 1] == b'/' => {
                m.host = i + 1;
                m.port = 0;
            }
            b'/' if m.host != 0 => {
                m.uri = i;
                // Even here a bracket hides the port.
                if memchr::memchr(b']', &url[i..]).is_some() {
                    m.port = 0;
                }
                break;
            }
            b']' => m.port = 0,
            b':' if m.port == 0 => m.port = i + 1,
            b'@' if m.user == 0 && m.pass == 0 => {
                m.user = m.host;
                m.pass = m.port;
                m.host = i + 1;
                m.port = 0;
            }
            _ => {}
        }
    }
    m
}

/// C programs may look at what an empty part points to, so it is a NUL.
const EMPTY: &[u8] = c"".to_bytes();

fn part(url: &[u8], range: Range<usize>) -> &[u8] {
    url.get(range).unwrap_or(EMPTY)
}

/// The host: a name, an address, or an IPv6 address in its brackets.
pub fn host(url: &[u8]) -> &[u8] {
    let m = marks(url);
    let end = match m {
        Marks { port: 1.., .. } => m.port - 1,
        Marks { uri: 1.., .. } => m.uri,
        _ => m.end,
    };
    part(url, m.host..end)
}

/// The number behind the host, else what the scheme implies, else 0. It is taken modulo 65536.
pub fn port(url: &[u8]) -> u16 {
    let m = marks(url);
    if m.port != 0 {
        return take_integer(&mut &url[m.port..]).unwrap_or(0) as u16;
    }
    default_port(url)
}

/// The port in the URL, unless the scheme implies it.
pub fn unusual_port(url: &[u8]) -> Option<u16> {
    Some(port(url)).filter(|&port| port != default_port(url))
}

/// The port that the scheme implies, or 0.
fn default_port(url: &[u8]) -> u16 {
    const DEFAULTS: [(&[u8], u16); 6] = [
        (b"http:", 80),
        (b"ws:", 80),
        (b"https:", 443),
        (b"wss:", 443),
        (b"mqtt:", 1883),
        (b"mqtts:", 8883),
    ];
    DEFAULTS
        .iter()
        .find(|(scheme, _)| url.starts_with(scheme))
        .map_or(0, |&(_, port)| port)
}

/// Path, query and fragment, `None` when the URL has none of them behind its host.
pub fn path(url: &[u8]) -> Option<&[u8]> {
    match marks(url).uri {
        0 => None,
        uri => Some(&url[uri..]),
    }
}

/// Path, query and fragment; `/` when there are none.
pub fn uri(url: &[u8]) -> &[u8] {
    path(url).unwrap_or(b"/")
}

/// The user name; not percent-decoded.
pub fn user(url: &[u8]) -> &[u8] {
    let m = marks(url);
    let end = match m {
        Marks { user: 0, .. } => return EMPTY,
        Marks { pass: 1.., .. } => m.pass - 1,
        Marks { host: 1.., .. } => m.host - 1,
        _ => return EMPTY,
    };
    part(url, m.user..end)
}

/// The password; not percent-decoded.
pub fn pass(url: &[u8]) -> &[u8] {
    let m = marks(url);
    if m.pass == 0 || m.host == 0 {
        return EMPTY;
    }
    part(url, m.pass..m.host - 1)
}

/// Whether the scheme asks for TLS.
pub fn is_ssl(url: &[u8]) -> bool {
    const SCHEMES: [&[u8]; 6] = [b"wss:", b"https:", b"mqtts:", b"ssl:", b"tls:", b"tcps:"];
    SCHEMES.iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_the_table() {
        for (url, host_, port_, uri_, user_, pass_) in [
            ("foo", "foo", 0, "/", "", ""),
            ("foo:1234", "foo", 1234, "/", "", ""),
            ("//foo:1234", "foo", 1234, "/", "", ""),
            (":1234", "", 1234, "/", "", ""),
            ("udp://:53", "", 53, "/", "", ""),
            ("p://foo/x/", "foo", 0, "/x/", "", ""),
            ("p://foo//x", "foo", 0, "//x", "", ""),
            ("p://u@bar:1234/a", "bar", 1234, "/a", "u", ""),
            ("p://u:p@bar:1234/a", "bar", 1234, "/a", "u", "p"),
            ("p://u:p@[::1]:1234/a", "[::1]", 1234, "/a", "u", "p"),
            ("[::1]:80", "[::1]", 80, "/", "", ""),
            ("[::1]", "[::1]", 0, "/", "", ""),
            ("::1", "", 0, "/", "", ""),
            ("http://foo/x:y/z", "foo", 80, "/x:y/z", "", ""),
            ("http:", "http", 0, "/", "", ""),
            ("", "", 0, "/", "", ""),
            ("//", "", 0, "/", "", ""),
            ("///", "", 0, "/", "", ""),
            ("/", "/", 0, "/", "", ""),
            ("http:///x", "", 80, "/x", "", ""),
            ("http://h:99999/", "h", 34463, "/", "", ""),
            ("http://h:-1", "h", 65535, "/", "", ""),
            ("http://h: 80", "h", 80, "/", "", ""),
            ("http://h:80x/y", "h", 80, "/y", "", ""),
            ("http://:p@h", "h", 80, "/", "", "p"),
            ("http://u@", "", 80, "/", "u", ""),
            ("http://u:p:q@h:1", "h", 1, "/", "u", "p:q"),
            ("http://u@v@h:1/", "v@h", 1, "/", "u", ""),
            ("http://h/q?mail=a@b.c", "h", 80, "/q?mail=a@b.c", "", ""),
            ("http://h?x=/a", "h?x=", 80, "/a", "", ""),
            ("http://u:p@h:1/a:b@c", "h", 1, "/a:b@c", "u", "p"),
            ("tcp:127.0.0.1:80", "tcp", 127, "/", "", ""),
            ("u:p@h", "h", 0, "/", "", "p"),
            ("a:b:c", "a", 0, "/", "", ""),
            ("http:/h:80/x", "http", 0, "/", "", ""),
        ] {
            let u = url.as_bytes();
            assert_eq!(host(u), host_.as_bytes(), "host of {url}");
            assert_eq!(port(u), port_, "port of {url}");
            assert_eq!(uri(u), uri_.as_bytes(), "uri of {url}");
            assert_eq!(user(u), user_.as_bytes(), "user of {url}");
            assert_eq!(pass(u), pass_.as_bytes(), "pass of {url}");
        }
    }

    #[test]
    fn usual_ports() {
        assert_eq!(unusual_port(b"ws://h"), None);
        assert_eq!(unusual_port(b"ws://h:80/"), None);
        assert_eq!(unusual_port(b"wss://h:80/"), Some(80));
        assert_eq!(unusual_port(b"wss://h:443"), None);
        assert_eq!(unusual_port(b"x://h"), None);
    }

    #[test]
    fn schemes_are_lower_case() {
        for (url, port_, ssl) in [
            ("https://h", 443, true),
            ("wss://h", 443, true),
            ("ws://h", 80, false),
            ("mqtt://h", 1883, false),
            ("mqtts://h", 8883, true),
            ("ssl://h", 0, true),
            ("tls://h", 0, true),
            ("tcps://h", 0, true),
            ("tcp://h", 0, false),
            ("HTTPS://h", 0, false),
        ] {
            assert_eq!(
                (port(url.as_bytes()), is_ssl(url.as_bytes())),
                (port_, ssl),
                "{url}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_parts(url in "[a:/@\\]\\[.0-9]{0,24}") {
            let u = url.as_bytes();
            let _ = (host(u), port(u), uri(u), user(u), pass(u));
        }
    }
}
