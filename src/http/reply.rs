//! Writing responses and chunks to `c->send`.
#![forbid(unsafe_code)]

use super::coding::ffi::gzip_queued;
use super::coding::media;
use super::ffi::conn::{self, Compression, compression, finish_response, request_open, wanted};
use super::parser::{Connection, lists};
use super::{chunked, date, status};
use crate::iobuf::mg_iobuf;
use crate::net::{self, mg_connection};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a response leaves out (RFC 9110, 6.4.1 and 8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct Shape {
    pub has_length: bool,
    pub has_body: bool,
}

/// The shape of a response with this status, to a HEAD request or another one.
pub(in crate::http) fn shape(code: i32, to_head: bool) -> Shape {
    let bodyless = matches!(code, 100..=199 | 204);
    Shape {
        has_length: !bodyless,
        has_body: !bodyless && code != 304 && !to_head,
    }
}

/// True when the body of a response with this status may be compressed, or would be if there were one.
fn is_codable(code: i32) -> bool {
    !matches!(code, 100..=199 | 204 | 206)
}

/// What header lines that a program gives say about the body.
#[derive(Debug, Default, PartialEq, Eq)]
struct Given {
    /// They have Transfer-Encoding.
    is_framed: bool,
    /// Their Content-Type is text/event-stream.
    is_event_stream: bool,
}

impl Given {
    fn new(headers: &[u8]) -> Given {
        let mut given = Given::default();
        for line in lines(headers) {
            match line.first().map(u8::to_ascii_lowercase) {
                Some(b't') => given.is_framed |= value(line, b"Transfer-Encoding").is_some(),
                Some(b'c') => {
                    given.is_event_stream |=
                        value(line, b"Content-Type").is_some_and(is_event_stream)
                }
                _ => {}
            }
        }
        given
    }
}

/// True when a body with these header lines may be compressed; see mg_http_set_codings().
pub(super) fn may_compress(headers: &[u8]) -> bool {
    lines(headers).all(|line| {
        let is_no =
            |name: &[u8], refuses: fn(&[u8]) -> bool| value(line, name).is_some_and(refuses);
        !(is_no(b"Content-Encoding", |_| true)
            || is_no(b"Content-Range", |_| true)
            || is_no(b"Transfer-Encoding", |_| true)
            || is_no(b"Content-Type", |value| !media::is_compressible(value))
            || is_no(b"Cache-Control", |value| lists(value, b"no-transform")))
    })
}

/// True when header lines that a program gives tell caches that the response depends on Accept-Encoding.
pub(super) fn has_vary(headers: &[u8]) -> bool {
    lines(headers)
        .filter_map(|line| value(line, b"Vary"))
        .any(|value| lists(value, b"Accept-Encoding") || lists(value, b"*"))
}

/// Where "W/" is missing in header lines for their entity tag to be a weak one.
fn strong_tag(headers: &[u8]) -> Option<usize> {
    lines(headers)
        .filter_map(|line| value(line, b"ETag"))
        .find(|tag| tag.starts_with(b"\""))
        .map(|tag| tag.as_ptr() as usize - headers.as_ptr() as usize)
}

fn lines(headers: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = headers;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, next) = match memchr::memchr(b'\n', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &[][..]),
        };
        rest = next;
        Some(line)
    })
}

/// The value of a field in header lines that a program gives.
pub(crate) fn field<'a>(headers: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    lines(headers).find_map(|line| value(line, name))
}

/// The value of a header line that has this name.
fn value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let named =
        line.get(name.len()) == Some(&b':') && line[..name.len()].eq_ignore_ascii_case(name);
    named.then(|| line[name.len() + 1..].trim_ascii())
}

fn is_event_stream(content_type: &[u8]) -> bool {
    let kind = content_type
        .split(|&b| b == b';')
        .next()
        .unwrap_or_default();
    kind.trim_ascii_end()
        .eq_ignore_ascii_case(b"text/event-stream")
}

/// Appends header lines that a program gives. The end of the last one may be missing. False when
/// memory is exhausted.
pub(crate) fn append_headers(io: &mg_iobuf, headers: &[u8]) -> bool {
    io.append(headers) && io.append(missing_end(headers))
}

/// The end of the last line, if it is missing.
fn missing_end(headers: &[u8]) -> &'static [u8] {
    let last = memchr::memrchr(b'\n', headers).map_or(headers, |end| &headers[end + 1..]);
    // What has no colon is no field, and clients refuse it as a line of its own.
    if last.contains(&b':') { b"\r\n" } else { b"" }
}

/// Appends header lines of a response that depends on Accept-Encoding, for which there is room, and
/// what caches have to know.
fn append_negotiated(io: &mg_iobuf, headers: &[u8], weaken: bool) {
    let at = strong_tag(headers).filter(|_| weaken);
    let (before, tag) = headers.split_at(at.unwrap_or(0));
    io.append(before);
    if at.is_some() {
        io.append(b"W/");
    }
    io.append(tag);
    io.append(missing_end(headers));
    if !has_vary(headers) {
        io.append(VARY);
    }
}

/// What responses say that depend on Accept-Encoding.
const VARY: &[u8] = b"Vary: Accept-Encoding\r\n";
const CODED: &[u8] = b"Content-Encoding: gzip\r\n";

/// Appends the fields that the library adds when the program asked for them with
/// mg_http_set_fields(), and does not give them itself in `headers`. `ends` tells that the response
/// says where it ends. Call it once per response, for its head. False when memory is exhausted.
#[inline]
pub(in crate::http) fn append_wanted(
    c: &mg_connection,
    code: i32,
    headers: &[u8],
    ends: bool,
) -> bool {
    !conn::wants(c, wanted::DATE | wanted::CONNECTION)
        || code < 200
        || append_date(c, headers) && append_connection(c, headers, ends)
}

fn append_date(c: &mg_connection, headers: &[u8]) -> bool {
    if !conn::wants(c, wanted::DATE) || field(headers, b"Date").is_some() {
        return true;
    }
    let Some(now) = net::date(c) else { return true };
    let mut line = *b"Date: .............................\r\n";
    line[6..6 + date::LEN].copy_from_slice(&now);
    c.send.append(&line)
}

fn append_connection(c: &mg_connection, headers: &[u8], ends: bool) -> bool {
    if !conn::wants(c, wanted::CONNECTION) {
        return true;
    }
    let given = lines(headers)
        .filter_map(|line| value(line, b"Connection"))
        .fold(None, |given: Option<Connection>, list| {
            let mut given = given.unwrap_or_default();
            given.note(list);
            Some(given)
        });
    conn::connection_option(c, given, ends).is_none_or(|line| c.send.append(line))
}

/// Ends a head whose body length becomes known later.
const LENGTH: &[u8; 31] = b"Content-Length:            \r\n\r\n";
const LENGTH_NAME: &[u8] = b"Content-Length: ";
/// Columns of the value.
const LENGTH_WIDTH: usize = LENGTH.len() - LENGTH_NAME.len() - 4;
/// Takes the place of Content-Length, as wide as that.
const CHUNKED: &[u8; LENGTH_NAME.len() + LENGTH_WIDTH] = b"Transfer-Encoding:  chunked";
/// Digits that fit; one column stays blank.
const LENGTH_DIGITS: usize = 10;

/// Appends a status line and makes room for a head with `headers` bytes more. False, with nothing
/// appended, when memory is exhausted.
#[inline(always)]
pub(in crate::http) fn append_status_line(io: &mg_iobuf, code: i32, headers: usize) -> bool {
    const MOST: usize = b"HTTP/1.1 -2147483648 \r\n".len();
    let text = status::text(code).as_bytes();
    let room = headers.checked_add(MOST + text.len() + LENGTH.len() + 2);
    if !room.is_some_and(|room| io.reserve(room)) {
        return false;
    }
    if code == 200 {
        return io.append(b"HTTP/1.1 200 OK\r\n");
    }
    io.append(b"HTTP/1.1 ");
    io.append(itoa::Buffer::new().format(code).as_bytes());
    io.append(b" ");
    io.append(text);
    io.append(b"\r\n")
}

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
    /// The body may be compressed, if it turns out long enough.
    compression: Option<Compression>,
}

impl Draft {
    /// Appends the head; `None`, with nothing appended, when memory is exhausted.
    pub fn begin(c: &mg_connection, code: i32, headers: &[u8]) -> Option<Draft> {
        Draft::begin_varying(c, code, headers, false)
    }

    /// [`Self::begin`]. The head tells caches that the response depends on Accept-Encoding, if it
    /// does so for another reason than compression, too.
    fn begin_varying(c: &mg_connection, code: i32, headers: &[u8], varies: bool) -> Option<Draft> {
        // On other connections the program knows best.
        let mut shape = if request_open(c) || conn::serves_http(c) {
            shape(code, conn::is_bodyless(c))
        } else {
            Shape {
                has_length: true,
                has_body: true,
            }
        };
        // Not together with Content-Length (RFC 9112, 6.2).
        let given = Given::new(headers);
        shape.has_length &= !given.is_framed;
        net::prepare_send(c);
        let io = &c.send;
        let start = io.len.get();
        let compression = compression(c).filter(|_| is_codable(code) && may_compress(headers));
        let varies = varies || compression.is_some();
        let more = if varies { VARY.len() + 2 } else { 0 };
        if !append_status_line(io, code, headers.len().checked_add(more)?) {
            return None;
        }
        let ends = !(given.is_framed || given.is_event_stream);
        let room = headers.len() + more + LENGTH.len() + 2;
        if !append_wanted(c, code, headers, ends) || !io.reserve(room) {
            io.len.set(start);
            return None;
        }
        if varies {
            append_negotiated(io, headers, compression.is_some_and(|how| how.is_accepted));
        } else {
            append_headers(io, headers);
        }
        if shape.has_length {
            io.append(LENGTH);
        } else {
            io.append(b"\r\n");
        }
        let body_at = io.len.get();
        Some(Draft {
            start,
            length_at: body_at - 4 - LENGTH_WIDTH,
            body_at,
            shape,
            is_framed: given.is_framed,
            is_event_stream: given.is_event_stream && code == 200,
            compression: compression.filter(|how| how.is_accepted && code != 304),
        })
    }

    /// The body is behind the head: fills in its length and finishes the response. A response whose
    /// body is to follow in chunks ends with the last of them.
    pub fn finish(mut self, c: &mg_connection) {
        if !net::limits::may_stay(c, self.start) {
            return;
        }
        if !self.shape.has_body {
            conn::note_unsent(c, c.send.len.get().saturating_sub(self.body_at));
        }
        self.compress(c);
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
            net::cut_output(c, self.body_at);
        }
        io.terminate();
        finish_response(c);
    }

    /// Puts the compressed body in the place of the body, if that is smaller.
    fn compress(&mut self, c: &mg_connection) {
        let io = &c.send;
        let len = io.len.get().saturating_sub(self.body_at);
        let Some(how) = self.compression.filter(|how| len >= how.min_size) else {
            return;
        };
        if let Some(coded) = gzip_queued(c, self.body_at, how.level, CODED.len()) {
            net::cut_output(c, self.length_at - LENGTH_NAME.len());
            // All of it fits where the body was.
            io.append(CODED);
            io.append(LENGTH);
            self.body_at = io.len.get();
            self.length_at = self.body_at - 4 - LENGTH_WIDTH;
            io.append(&coded);
        }
    }

    /// Takes everything back and fails the connection.
    pub fn out_of_memory(self, c: &mg_connection) {
        net::cut_output(c, self.start);
        net::error(c, b"OOM");
    }
}

/// Appends a complete response to `c->send`, as mg_http_reply() does, and finishes it.
pub fn reply(c: &mg_connection, code: i32, headers: &[u8], body: &[u8]) {
    reply_varying(c, code, headers, body, false);
}

/// [`reply`]; the response depends on Accept-Encoding if it `varies`.
pub(super) fn reply_varying(
    c: &mg_connection,
    code: i32,
    headers: &[u8],
    body: &[u8],
    varies: bool,
) {
    match Draft::begin_varying(c, code, headers, varies) {
        Some(draft) if c.send.append_nul(body) => draft.finish(c),
        Some(draft) => draft.out_of_memory(c),
        None => net::error(c, b"OOM"),
    }
}

/// A chunk of `len` bytes is not to be sent, because a response to HEAD has no body. The last one, which
/// has 0 bytes, ends the response even so.
pub(super) fn skip_chunk(c: &mg_connection, len: usize) -> bool {
    let skips = conn::is_bodyless(c);
    if skips && len == 0 {
        finish_response(c);
    }
    skips
}

/// Hexadecimal digits of a chunk size that is not known yet.
const SIZE_DIGITS: usize = 8;

/// Fills in the size of a chunk at `at`, whose digits, line end and data were appended, and ends
/// it. False when memory is exhausted.
pub(super) fn finish_chunk(c: &mg_connection, at: usize) -> bool {
    let io: &mg_iobuf = &c.send;
    let len = io.len.get().saturating_sub(at + SIZE_DIGITS + 2);
    if conn::is_bodyless(c) {
        net::cut_output(c, at);
        io.terminate();
        return skip_chunk(c, len);
    }
    io.overwrite(at, &chunked::size_digits::<SIZE_DIGITS>(len));
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
    fn what_header_lines_say_about_the_body() {
        let given = |headers: &[u8]| {
            let given = Given::new(headers);
            (given.is_framed, given.is_event_stream)
        };
        let both = b"A: b\r\ntransfer-encoding:chunked \r\nContent-Type: Text/Event-Stream ; x=y";
        assert_eq!(given(both), (true, true));
        assert_eq!(given(b""), (false, false));
        assert_eq!(given(b"\n\r\n"), (false, false));
        assert_eq!(given(b"Content-Type: text/plain\r\n"), (false, false));
        assert_eq!(given(b"X: text/event-stream\r\n"), (false, false));
        assert_eq!(given(b"Transfer-Encoding"), (false, false));
    }

    #[test]
    fn what_may_be_compressed() {
        for yes in [
            "",
            "A: b\r\n",
            "Content-Type: application/json\r\nCache-Control: max-age=3, private\r\n",
            "Vary: Origin\r\nETag: \"1\"\r\n",
        ] {
            assert!(may_compress(yes.as_bytes()), "{yes}");
        }
        for no in [
            "content-encoding: br\r\n",
            "A: b\r\nContent-Type: image/png\r\n",
            "Content-Type: text/event-stream\r\n",
            "Cache-Control: max-age=3 ,No-Transform\r\n",
            "Content-Range: bytes 1-2/3\r\n",
            "Transfer-Encoding: chunked\r\n",
        ] {
            assert!(!may_compress(no.as_bytes()), "{no}");
        }
        assert!(has_vary(
            b"Vary: Origin\r\nvary: Cookie, accept-encoding\r\n"
        ));
        assert!(has_vary(b"Vary: *\r\n"));
        assert!(!has_vary(b"Vary: Accept, Origin\r\nX: Accept-Encoding\r\n"));
    }

    #[test]
    fn strong_tags() {
        assert_eq!(strong_tag(b"A: b\r\netag:  \"x\"\r\n"), Some(13));
        assert_eq!(strong_tag(b"ETag: W/\"x\"\r\n"), None);
        assert_eq!(strong_tag(b"ETag: x\r\n"), None);
        assert_eq!(strong_tag(b"ETags: \"x\"\r\n"), None);
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
