//! Writing responses and chunks to `c->send`.
#![forbid(unsafe_code)]

use super::ffi::conn::{finish_response, head_requested, request_open};
use super::status;
use crate::iobuf::mg_iobuf;
use crate::net::{self, mg_connection};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a response leaves out (RFC 9110, 6.4.1 and 8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    has_length: bool,
    has_body: bool,
}

/// The shape of a response with this status, to a HEAD request or another one.
fn shape(code: i32, to_head: bool) -> Shape {
    let bodyless = matches!(code, 100..=199 | 204);
    Shape {
        has_length: !bodyless,
        has_body: !bodyless && code != 304 && !to_head,
    }
}

/// The value of a field in header lines that a program gives.
pub(crate) fn field<'a>(headers: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = headers;
    while rest.len() > name.len() {
        let (line, next) = match memchr::memchr(b'\n', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &[][..]),
        };
        if line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name) {
            return Some(line[name.len() + 1..].trim_ascii());
        }
        rest = next;
    }
    None
}

fn is_event_stream(headers: &[u8]) -> bool {
    field(headers, b"Content-Type").is_some_and(|value| {
        let kind = value.split(|&b| b == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
    })
}

/// Appends header lines that a program gives. The end of the last one may be missing. False when
/// memory is exhausted.
pub(crate) fn append_headers(io: &mg_iobuf, headers: &[u8]) -> bool {
    let end: &[u8] = match headers.last() {
        None | Some(b'\n') => b"",
        Some(_) => b"\r\n",
    };
    io.append(headers) && io.append(end)
}

/// Columns of the Content-Length value, filled when the body is known.
const LENGTH_WIDTH: usize = 11;
const LENGTH_NAME: &[u8] = b"Content-Length: ";
/// Takes the place of Content-Length, as wide as that.
const CHUNKED: &[u8; LENGTH_NAME.len() + LENGTH_WIDTH] = b"Transfer-Encoding:  chunked";
/// Digits that fit; one column stays blank.
const LENGTH_DIGITS: usize = 10;

/// A response whose head is in `c->send` and whose body is being appended.
#[derive(Debug)]
pub(super) struct Draft {
    /// Length of `c->send` before the response.
    start: usize,
    /// Offset of the Content-Length value.
    length_at: usize,
    body_at: usize,
    shape: Shape,
    /// The program says how the body is framed, and may send it later.
    is_framed: bool,
    /// Events without end are to follow, unless there is a body already.
    is_event_stream: bool,
}

impl Draft {
    /// Appends the head; `None`, with nothing appended, when memory is exhausted.
    pub fn begin(c: &mg_connection, code: i32, headers: &[u8]) -> Option<Draft> {
        // Outside of a request the program knows best.
        let mut shape = if request_open(c) {
            shape(code, head_requested(c))
        } else {
            Shape {
                has_length: true,
                has_body: true,
            }
        };
        // Not together with Content-Length (RFC 9112, 6.2).
        let is_framed = field(headers, b"Transfer-Encoding").is_some();
        shape.has_length &= !is_framed;
        let io = &c.send;
        let start = io.len.get();
        let text = status::text(code).as_bytes();
        if !io.reserve(headers.len().checked_add(text.len() + 64)?) {
            return None;
        }
        io.append(b"HTTP/1.1 ");
        io.append(itoa::Buffer::new().format(code).as_bytes());
        io.append(b" ");
        io.append(text);
        io.append(b"\r\n");
        append_headers(io, headers);
        if shape.has_length {
            io.append(LENGTH_NAME);
            io.append(&[b' '; LENGTH_WIDTH]);
            io.append(b"\r\n");
        }
        io.append(b"\r\n");
        let body_at = io.len.get();
        Some(Draft {
            start,
            length_at: body_at - 4 - LENGTH_WIDTH,
            body_at,
            shape,
            is_framed,
            is_event_stream: code == 200 && is_event_stream(headers),
        })
    }

    /// The body is behind the head: fills in its length and finishes the response. A response whose
    /// body is to follow in chunks ends with the last of them.
    pub fn finish(self, c: &mg_connection) {
        let io = &c.send;
        let len = io.len.get().saturating_sub(self.body_at);
        let is_head_only = len == 0 && self.shape.has_body;
        if is_head_only && self.shape.has_length && self.is_event_stream {
            io.overwrite(self.length_at - LENGTH_NAME.len(), CHUNKED);
            return io.terminate();
        }
        if is_head_only && self.is_framed {
            return io.terminate();
        }
        if self.shape.has_length {
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(len).as_bytes();
            io.overwrite(self.length_at, &digits[..digits.len().min(LENGTH_DIGITS)]);
        }
        if !self.shape.has_body {
            io.len.set(io.len.get().min(self.body_at));
        }
        io.terminate();
        finish_response(c);
    }

    /// Takes everything back and fails the connection.
    pub fn out_of_memory(self, c: &mg_connection) {
        c.send.len.set(c.send.len.get().min(self.start));
        net::error(c, b"OOM");
    }
}

/// Appends a complete response to `c->send`, as mg_http_reply() does, and finishes it.
pub fn reply(c: &mg_connection, code: i32, headers: &[u8], body: &[u8]) {
    match Draft::begin(c, code, headers) {
        Some(draft) if c.send.append_nul(body) => draft.finish(c),
        Some(draft) => draft.out_of_memory(c),
        None => net::error(c, b"OOM"),
    }
}

/// Hexadecimal digits of a chunk size that is not known yet.
const SIZE_DIGITS: usize = 8;

/// Fills in the size of a chunk at `at`, whose digits, line end and data were appended, and ends
/// it. False when memory is exhausted.
pub(super) fn finish_chunk(c: &mg_connection, at: usize) -> bool {
    let io: &mg_iobuf = &c.send;
    let len = io.len.get().saturating_sub(at + SIZE_DIGITS + 2);
    let mut digits = [b'0'; SIZE_DIGITS];
    let mut left = len;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[left & 15];
        left >>= 4;
    }
    io.overwrite(at, &digits);
    if !io.append_nul(b"\r\n") {
        return false;
    }
    if len == 0 {
        finish_response(c);
    }
    true
}

/// Appends a header field with credentials; `None`, with nothing appended, when memory is
/// exhausted.
pub(super) fn basic_auth(io: &mg_iobuf, user: &[u8], pass: &[u8]) -> Option<()> {
    let mut plain = Vec::new();
    plain.try_reserve_exact(user.len() + pass.len() + 1).ok()?;
    if !user.is_empty() || !pass.is_empty() {
        plain.extend_from_slice(user);
        plain.push(b':');
        plain.extend_from_slice(pass);
    }
    let mut coded = Vec::new();
    let len = plain.len().div_ceil(3).checked_mul(4)?;
    coded.try_reserve_exact(len).ok()?;
    coded.resize(len, 0);
    let len = STANDARD.encode_slice(&plain, &mut coded).ok()?;
    let start = io.len.get();
    let name = b"Authorization: Basic ";
    if io.append(name) && io.append(&coded[..len]) && io.append_nul(b"\r\n") {
        return Some(());
    }
    io.len.set(start);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_in_header_lines() {
        let headers = b"A: b\r\ntransfer-encoding:chunked \r\nContent-Type: Text/Event-Stream; x=y";
        assert_eq!(field(headers, b"Transfer-Encoding"), Some(&b"chunked"[..]));
        assert_eq!(field(headers, b"B"), None);
        assert_eq!(field(b"", b"A"), None);
        assert!(is_event_stream(headers));
        assert!(!is_event_stream(b"Content-Type: text/plain\r\n"));
        assert!(!is_event_stream(b"X: text/event-stream\r\n"));
    }

    #[test]
    fn responses_that_have_no_body() {
        let all = Shape {
            has_length: true,
            has_body: true,
        };
        let head_only = Shape {
            has_length: true,
            has_body: false,
        };
        let nothing = Shape {
            has_length: false,
            has_body: false,
        };
        for (code, to_head, want) in [
            (200, false, all),
            (404, false, all),
            (200, true, head_only),
            (304, false, head_only),
            (204, false, nothing),
            (101, true, nothing),
        ] {
            assert_eq!(shape(code, to_head), want, "{code} {to_head}");
        }
    }
}
