//! Parser of message heads: start line, header fields, the empty line.
//!
//! `httparse` reads ordinary requests. Whatever it refuses is read again by the scanner of this
//! file, which decides alone what is valid; where both accept, they agree.
#![forbid(unsafe_code)]

use crate::ffi::layout::MAX_HTTP_HEADERS;
use memchr::{memchr, memchr_iter};
use std::mem::MaybeUninit;

/// The most a Content-Length may announce. Larger values could not be added to the length of
/// a head without care, and no buffer holds that much.
const MAX_CONTENT_LENGTH: usize = isize::MAX as usize;

/// A message head. The slices lie in the parsed buffer.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Head<'a> {
    /// Method; in a response the protocol version.
    pub method: &'a [u8],
    /// Request target before '?'; in a response the status code.
    pub uri: &'a [u8],
    /// Request target behind '?'.
    pub query: Option<&'a [u8]>,
    /// Protocol version; in a response the reason phrase.
    pub proto: &'a [u8],
    /// Length of the head with its empty line.
    pub len: usize,
    /// A status line started it.
    pub is_response: bool,
    /// A request that says "HTTP/1.0".
    pub is_http10: bool,
    pub content_length: Option<usize>,
    pub transfer_encoding: Option<&'a [u8]>,
    /// What the Connection fields list.
    pub connection: Connection,
    /// Expect: 100-continue (RFC 9110, 10.1.1).
    pub expects_continue: bool,
    /// More than one Host field. The parser lets it pass, servers do not.
    pub repeats_host: bool,
    has_host: bool,
    has_authorization: bool,
    has_cookie: bool,
}

/// Connection options (RFC 9110, 7.6.1). Several fields are one list (5.3).
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    pub close: bool,
    pub keep_alive: bool,
}

impl Connection {
    /// Takes a field in.
    pub fn note(&mut self, list: &[u8]) {
        self.close |= lists(list, b"close");
        self.keep_alive |= lists(list, b"keep-alive");
    }
}

/// True when a text begins with the whole first line of a request (RFC 9112, section 3).
pub fn is_request_line(text: &[u8]) -> bool {
    let end = memchr::memchr(b'\n', text).unwrap_or(0);
    let mut words = trim(&text[..end]).split(|&b| b == b' ');
    let (_, target, version) = (words.next(), words.next(), words.next());
    target.is_some_and(|target| !target.is_empty())
        && version.is_some_and(|version| version.starts_with(b"HTTP/1."))
        && words.next().is_none()
}

/// True when `name` is an item of a comma-separated list, in any ASCII case.
pub fn lists(list: &[u8], name: &[u8]) -> bool {
    list.split(|&b| b == b',')
        .any(|item| trim(item).eq_ignore_ascii_case(name))
}

/// What a buffer starts with.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed<'a> {
    Complete(Head<'a>),
    /// No empty line yet.
    Incomplete,
    Invalid,
}

/// Where a head ends.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum HeadEnd {
    /// Length of the head with its empty line.
    At(usize),
    NotYet,
    /// A control character stands before the end.
    Invalid,
}

/// Finds the end of a head. The first `scanned` bytes were looked at before and had no end.
pub fn head_end(buf: &[u8], scanned: usize) -> HeadEnd {
    let scanned = scanned.min(buf.len());
    let mut start = scanned;
    for lf in memchr_iter(b'\n', &buf[scanned..]).map(|i| scanned + i) {
        if has_control(&buf[start..lf]) {
            return HeadEnd::Invalid;
        }
        if ends_head(buf, lf) {
            return HeadEnd::At(lf + 1);
        }
        start = lf + 1;
    }
    if has_control(&buf[start..]) {
        HeadEnd::Invalid
    } else {
        HeadEnd::NotYet
    }
}

/// True when the LF at `lf` closes an empty line. Line ends may be LF or CRLF.
fn ends_head(buf: &[u8], lf: usize) -> bool {
    match lf.checked_sub(1).map(|i| buf[i]) {
        Some(b'\n') => true,
        Some(b'\r') => lf >= 4 && buf[lf - 2] == b'\n',
        _ => false,
    }
}

/// Control characters other than TAB, LF and CR. No short cut on a hit, so that the compiler
/// can look at many bytes at once.
fn has_control(bytes: &[u8]) -> bool {
    let forbidden = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r');
    bytes.iter().fold(false, |found, &b| found | forbidden(b))
}

/// Parses the head at the start of `buf`. `header` receives index, name and value of up to
/// `MAX_HTTP_HEADERS` header fields, in order, also when parsing fails later.
pub fn parse<'a>(buf: &'a [u8], header: &mut impl FnMut(usize, &'a [u8], &'a [u8])) -> Parsed<'a> {
    parse_ordinary(buf, header).unwrap_or_else(|| parse_any(buf, header))
}

/// An ordinary request; `None` for everything else.
fn parse_ordinary<'a>(
    buf: &'a [u8],
    header: &mut impl FnMut(usize, &'a [u8], &'a [u8]),
) -> Option<Parsed<'a>> {
    // httparse skips empty lines before a request.
    if !buf.first()?.is_ascii_alphabetic() {
        return None;
    }
    let mut storage = [const { MaybeUninit::uninit() }; MAX_HTTP_HEADERS];
    let mut request = httparse::Request::new(&mut []);
    let Ok(httparse::Status::Complete(len)) = request.parse_with_uninit_headers(buf, &mut storage)
    else {
        return None;
    };
    let method = request.method?.as_bytes();
    let target = request.path?.as_bytes();
    let mut head = Head {
        method,
        len,
        ..Head::default()
    };
    if !head.set_target(target) || !target.is_ascii() {
        return None;
    }
    let proto = method.len() + target.len() + 2;
    head.proto = &buf[proto..proto + PROTO_LEN];
    head.is_http10 = request.version == Some(0);
    for (i, field) in request.headers.iter().enumerate() {
        let name = field.name.as_bytes();
        header(i, name, field.value);
        if !head.note(name, field.value) {
            return Some(Parsed::Invalid);
        }
    }
    Some(Parsed::Complete(head))
}

/// Any head.
fn parse_any<'a>(buf: &'a [u8], header: &mut impl FnMut(usize, &'a [u8], &'a [u8])) -> Parsed<'a> {
    match head_end(buf, 0) {
        HeadEnd::At(len) => scan(&buf[..len], header).map_or(Parsed::Invalid, Parsed::Complete),
        HeadEnd::NotYet => Parsed::Incomplete,
        HeadEnd::Invalid => Parsed::Invalid,
    }
}

/// Length of "HTTP/1.1".
const PROTO_LEN: usize = 8;

/// Parses a head that is known to end where `text` ends; `None` when it is invalid.
fn scan<'a>(
    text: &'a [u8],
    header: &mut impl FnMut(usize, &'a [u8], &'a [u8]),
) -> Option<Head<'a>> {
    let mut head = Head {
        len: text.len(),
        ..Head::default()
    };
    let mut rest = text;
    head.start_line(take_line(&mut rest)?)?;
    for i in 0.. {
        let line = take_line(&mut rest)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = field(line)?;
        if i < MAX_HTTP_HEADERS {
            header(i, name, value);
            if !head.note(name, value) {
                return None;
            }
        } else if matters(name) {
            // Not stored, so programs could not see what a proxy in front did see
            // (request smuggling, CWE-444).
            return None;
        }
    }
    Some(head)
}

/// Takes a line off the front. A CR stands only before a LF: whoever takes a bare one for a
/// line end reads different fields than we do (RFC 9112, 2.2).
fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let lf = memchr(b'\n', rest)?;
    let line = &rest[..lf];
    *rest = &rest[lf + 1..];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    memchr(b'\r', line).is_none().then_some(line)
}

/// Splits a header line. The colon follows the name directly (RFC 9112, 5.1).
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = word_len(line, b':');
    if end == 0 || line.get(end) != Some(&b':') {
        return None;
    }
    Some((&line[..end], trim(&line[end + 1..])))
}

/// Without blanks and tabs around.
pub fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Length of the run of word characters at the start: visible ASCII other than `stop`, and
/// UTF-8 sequences, of which only the structure is checked.
fn word_len(text: &[u8], stop: u8) -> usize {
    let mut n = 0;
    while let Some(&b) = text.get(n) {
        let len = match b {
            _ if b == stop => break,
            0x21..=0x7e => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            _ => break,
        };
        match text.get(n + 1..n + len) {
            Some(tail) if tail.iter().all(|&t| t & 0xc0 == 0x80) => n += len,
            _ => break,
        }
    }
    n
}

/// Takes a word and the blanks behind it.
fn take_word<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (word, tail) = rest.split_at(word_len(rest, b' '));
    let blanks = tail.iter().take_while(|&&b| b == b' ').count();
    *rest = &tail[blanks..];
    word
}

/// Header fields that change what a message means; beyond the storage they cannot be ignored.
fn matters(name: &[u8]) -> bool {
    const NAMES: [&[u8]; 6] = [
        b"Content-Length",
        b"Transfer-Encoding",
        b"Connection",
        b"Authorization",
        b"Cookie",
        b"Host",
    ];
    NAMES.iter().any(|n| n.eq_ignore_ascii_case(name))
}

/// A decimal number without sign, alone in `text`.
fn content_length(text: &[u8]) -> Option<usize> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = text.iter().try_fold(0usize, |n, b| {
        n.checked_mul(10)?.checked_add(usize::from(b - b'0'))
    })?;
    (value <= MAX_CONTENT_LENGTH).then_some(value)
}

impl<'a> Head<'a> {
    /// Splits target or status at the first '?'. False when nothing stands before it.
    fn set_target(&mut self, target: &'a [u8]) -> bool {
        match memchr(b'?', target) {
            Some(i) => {
                self.uri = &target[..i];
                self.query = Some(&target[i + 1..]);
            }
            None => self.uri = target,
        }
        !self.uri.is_empty()
    }

    fn start_line(&mut self, line: &'a [u8]) -> Option<()> {
        let mut rest = line;
        self.method = take_word(&mut rest);
        let target = take_word(&mut rest);
        self.proto = rest;
        if self.method.is_empty() || !self.set_target(target) {
            return None;
        }
        let prefix = self.method.get(..5);
        self.is_response =
            self.method.len() > 5 && prefix.is_some_and(|p| p.eq_ignore_ascii_case(b"HTTP/"));
        self.is_http10 = !self.is_response && is_before_11(rest);
        (self.is_response || is_version(rest)).then_some(())
    }

    /// Notes a header field that matters for framing. False when it makes the head invalid.
    fn note(&mut self, name: &[u8], value: &'a [u8]) -> bool {
        fn once<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
            value.is_some_and(|v| slot.replace(v).is_none())
        }
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is(b"Host") => {
                self.repeats_host |= std::mem::replace(&mut self.has_host, true);
                true
            }
            6 if is(b"Cookie") => !std::mem::replace(&mut self.has_cookie, true),
            6 if is(b"Expect") => {
                self.expects_continue |= lists(value, b"100-continue");
                true
            }
            10 if is(b"Connection") => {
                self.connection.note(value);
                true
            }
            13 if is(b"Authorization") => !std::mem::replace(&mut self.has_authorization, true),
            14 if is(b"Content-Length") => {
                once(&mut self.content_length, content_length(value))
                    && self.transfer_encoding.is_none()
            }
            17 if is(b"Transfer-Encoding") => {
                once(&mut self.transfer_encoding, Some(value)) && self.content_length.is_none()
            }
            _ => true,
        }
    }

    /// The status code of a response as `atoi` reads it.
    pub fn status(&self) -> i32 {
        status(self.uri)
    }

    /// Length of the body as far as the head tells; `None`: up to the end of the stream.
    pub fn announced_body(&self) -> Option<usize> {
        match self.uri {
            b"304" if self.is_response => Some(0),
            b"204" if self.is_response => Some(self.content_length.unwrap_or(0)),
            _ if self.is_response => self.content_length,
            _ => Some(self.content_length.unwrap_or(0)),
        }
    }
}

/// HTTP-version of RFC 9112, 2.3, in any case.
fn is_version(text: &[u8]) -> bool {
    matches!(text, [name @ .., major, b'.', minor]
        if name.eq_ignore_ascii_case(b"HTTP/") && major.is_ascii_digit() && minor.is_ascii_digit())
}

/// True for HTTP/1.0 and what was before.
fn is_before_11(version: &[u8]) -> bool {
    matches!(version, [.., b'0', b'.', _] | [.., b'1', b'.', b'0'])
}

/// A status code as `atoi` reads it, clamped.
pub fn status(text: &[u8]) -> i32 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let value = digits
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0i32, |n, b| {
            n.saturating_mul(10).saturating_add(i32::from(b - b'0'))
        });
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests;
