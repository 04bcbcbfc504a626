//! Heads of HTTP requests.
#![forbid(unsafe_code)]

use crate::fmt::stack::Stack;
use crate::http::reply::field;
use crate::url;
use std::fmt::Write;

/// What a request's first line, and the fields that it must have, are made of.
pub struct Head<'a> {
    method: &'a [u8],
    /// Path and query.
    target: &'a [u8],
    host: &'a [u8],
    port: Stack<8>,
    headers: &'a [u8],
    body: Body,
}

/// What the head says about the body, besides what the program's lines do.
#[derive(Clone, Copy)]
enum Body {
    Nothing,
    Length(u64),
    Chunked,
}

impl<'a> Head<'a> {
    /// `None` when the method is no token, or the URL has no host, or characters that would break
    /// the first line (RFC 9112, section 3).
    pub fn new(
        method: &'a [u8],
        url: &'a [u8],
        headers: &'a [u8],
        body_len: usize,
    ) -> Option<Head<'a>> {
        let is_method = !method.is_empty() && method.iter().all(|&b| is_token(b));
        let is_url = url.iter().all(|&b| b > b' ' && b != 0x7f);
        let host = url::host(url);
        if !is_method || !is_url || host.is_empty() || host.contains(&b'/') {
            return None;
        }
        let uri = url::uri(url);
        let fragment = memchr::memchr(b'#', uri).unwrap_or(uri.len());
        let mut port = Stack::new();
        if let Some(number) = url::unusual_port(url) {
            let _ = write!(port, ":{number}");
        }
        let is_framed = [&b"Content-Length"[..], b"Transfer-Encoding"]
            .iter()
            .any(|name| field(headers, name).is_some());
        let expects_body = matches!(method, b"POST" | b"PUT" | b"PATCH");
        Some(Head {
            method,
            target: &uri[..fragment],
            host,
            port,
            headers,
            body: if !is_framed && (body_len > 0 || expects_body) {
                Body::Length(body_len as u64)
            } else {
                Body::Nothing
            },
        })
    }

    /// The head of a request whose body is sent in pieces: in chunks when the length is not known. `None`, too,
    /// when `headers` frames the body.
    pub fn streamed(
        method: &'a [u8],
        url: &'a [u8],
        headers: &'a [u8],
        length: Option<u64>,
    ) -> Option<Head<'a>> {
        let body = length.map_or(Body::Chunked, Body::Length);
        let head = Head::new(method, url, headers, 1)?;
        // It would have a length otherwise.
        matches!(head.body, Body::Length(_)).then_some(Head { body, ..head })
    }

    /// Hands out the head piece by piece, until `put` says no. False if it did.
    pub fn write(&self, mut put: impl FnMut(&[u8]) -> bool) -> bool {
        let mut all = |parts: &[&[u8]]| parts.iter().all(|part| put(part));
        all(&[self.method, b" ", self.target, b" HTTP/1.1\r\n"])
            && (field(self.headers, b"Host").is_some()
                || all(&[b"Host: ", self.host, self.port.as_bytes(), b"\r\n"]))
            && all(&[self.headers, self.end_of_last_line()])
            && match self.body {
                Body::Nothing => true,
                Body::Chunked => all(&[b"Transfer-Encoding: chunked\r\n"]),
                Body::Length(length) => {
                    let mut digits = itoa::Buffer::new();
                    let digits = digits.format(length).as_bytes();
                    all(&[b"Content-Length: ", digits, b"\r\n"])
                }
            }
            && all(&[b"\r\n"])
    }

    fn end_of_last_line(&self) -> &'static [u8] {
        match self.headers.last() {
            None | Some(b'\n') => b"",
            Some(_) => b"\r\n",
        }
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head(method: &str, url: &str, headers: &str, body_len: usize) -> Option<String> {
        let head = Head::new(
            method.as_bytes(),
            url.as_bytes(),
            headers.as_bytes(),
            body_len,
        )?;
        let mut text = Vec::new();
        assert!(head.write(|part| {
            text.extend_from_slice(part);
            true
        }));
        Some(String::from_utf8(text).unwrap())
    }

    #[test]
    fn heads() {
        assert_eq!(
            head("GET", "http://a.b/c?d=e#f", "", 0).unwrap(),
            "GET /c?d=e HTTP/1.1\r\nHost: a.b\r\n\r\n"
        );
        assert_eq!(
            head("POST", "http://[::1]:81", "A: b\r\n", 0).unwrap(),
            "POST / HTTP/1.1\r\nHost: [::1]:81\r\nA: b\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(
            head("DELETE", "https://u:p@h:443/", "host: x", 12).unwrap(),
            "DELETE / HTTP/1.1\r\nhost: x\r\nContent-Length: 12\r\n\r\n"
        );
    }

    #[test]
    fn heads_of_streamed_bodies() {
        let streamed = |headers: &str, length| {
            let head = Head::streamed(b"PUT", b"http://h/x", headers.as_bytes(), length)?;
            let mut text = Vec::new();
            head.write(|part| {
                text.extend_from_slice(part);
                true
            });
            Some(String::from_utf8(text).unwrap())
        };
        let start = "PUT /x HTTP/1.1\r\nHost: h\r\n";
        assert_eq!(
            streamed("", None).unwrap(),
            format!("{start}Transfer-Encoding: chunked\r\n\r\n")
        );
        assert_eq!(
            streamed("", Some(0)).unwrap(),
            format!("{start}Content-Length: 0\r\n\r\n")
        );
        assert_eq!(streamed("content-length: 5", Some(5)), None);
        assert_eq!(streamed("Transfer-Encoding: chunked\r\n", None), None);
    }

    #[test]
    fn the_program_may_frame_the_body_itself() {
        for headers in ["transfer-encoding: chunked\r\n", "Content-Length: 9\r\n"] {
            let expected = format!("PUT /x HTTP/1.1\r\nHost: h\r\n{headers}\r\n");
            assert_eq!(head("PUT", "http://h/x", headers, 0).unwrap(), expected);
        }
    }

    #[test]
    fn a_request_cannot_be_smuggled_through_method_or_url() {
        for (method, url) in [
            ("", "http://h/"),
            ("GET /", "http://h/"),
            ("GET\r\n", "http://h/"),
            ("GET", "http://h/ HTTP/1.1"),
            ("GET", "http://h/\r\nA: b"),
            ("GET", "http://h\n/"),
            ("GET", "http://h/\x7f"),
            ("GET", "http:///x"),
            ("GET", ""),
        ] {
            assert_eq!(head(method, url, "", 0), None, "{method:?} {url:?}");
        }
    }

    proptest! {
        /// Whatever method and URL are, the head is refused or has three lines of our making.
        #[test]
        fn a_head_has_its_own_lines_only(
            method in prop_oneof![Just("GET".to_owned()), any::<String>()],
            url in prop_oneof!["http://[a-z]{1,5}/[ -~\r\n]{0,9}", "[ -~\r\n\t]{0,20}", any::<String>()],
            body_len in 1usize..1000,
        ) {
            if let Some(text) = head(&method, &url, "", body_len) {
                let lines: Vec<&str> = text.split_terminator("\r\n").collect();
                prop_assert_eq!(lines.len(), 4, "{:?}", text);
                prop_assert_eq!(lines[0].split(' ').count(), 3);
                prop_assert!(lines[0].starts_with(&format!("{method} /")), "{:?}", text);
                prop_assert!(lines[0].ends_with(" HTTP/1.1") && lines[1].starts_with("Host: "));
                prop_assert_eq!(lines[2], format!("Content-Length: {body_len}"));
                prop_assert_eq!(text.matches('\n').count(), 4);
                prop_assert_eq!(lines[3], "");
            }
        }
    }

    #[test]
    fn writing_ends_when_there_is_no_room() {
        let head = Head::new(b"POST", b"http://h/", b"A: b", 1).unwrap();
        let mut pieces = 0;
        assert!(head.write(|_| {
            pieces += 1;
            true
        }));
        for room in 0..pieces {
            let mut left = room;
            assert!(!head.write(|_| {
                left -= 1;
                left >= 0
            }));
        }
    }
}
