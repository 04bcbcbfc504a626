//! An HTTP server and what a client sends it.

use crate::live::{Cuts, Loop};
use flate2::read::GzDecoder;
use mongoose::ffi::mg_str;
use mongoose::http::coding::ffi::{mg_http_codings, mg_http_set_codings};
use mongoose::http::ffi::accessors::*;
use mongoose::http::ffi::conn::http_handler;
use mongoose::http::ffi::*;
use mongoose::http::files::ffi::*;
use mongoose::http::stream::ffi::*;
use mongoose::http::upload::ffi::*;
use mongoose::net::{Flag, ev, mg_connection};
use std::ffi::{CString, c_char, c_int, c_long, c_void};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::ptr::{from_mut, from_ref, null, null_mut};
use std::sync::OnceLock;

// As in mongoose.h.
const DATE: u32 = 1;
const CONNECTION: u32 = 2;

unsafe extern "C" {
    fn mg_printf(c: *mut mg_connection, fmt: *const c_char, ...) -> usize;
    fn mg_http_reply(
        c: *mut mg_connection,
        code: c_int,
        headers: *const c_char,
        fmt: *const c_char,
        ...
    );
    fn mg_http_printf_chunk(c: *mut mg_connection, fmt: *const c_char, ...);
    fn mg_error(c: *mut mg_connection, fmt: *const c_char, ...);
}

/// Where files are served from and stored, and what C programs say for it.
struct Site {
    uploads: PathBuf,
    root_dir: CString,
    upload_dir: CString,
    page404: CString,
}

fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        // The build script made the files.
        let base = Path::new(env!("OUT_DIR"));
        let www = base.join("www");
        let uploads = base.join(format!("uploads-{}", std::process::id()));
        let c = |path: &Path| CString::new(path.to_str().unwrap()).unwrap();
        Site {
            root_dir: c(&www),
            page404: c(&www.join("404.html")),
            upload_dir: c(&uploads),
            uploads,
        }
    })
}

/// The folder for uploads lives as long as the conversation.
fn expect_uploads(p: &mut Program) {
    fs::create_dir_all(&site().uploads).unwrap();
    p.uploaded = true;
}

/// What the handler of a connection knows.
#[derive(Default)]
struct Program {
    /// Bits that the input sets: see [`server`].
    mode: u8,
    /// Whether each request was HEAD, in the order of their answers.
    requests: Vec<bool>,
    /// How often MG_EV_HTTP_HDRS and MG_EV_HTTP_MSG came.
    heads: usize,
    messages: usize,
    /// What comes behind is not answered, and with `is_closing` what was queued may be lost.
    broke_off: bool,
    /// Turns until the program goes on with what it put off.
    paused: u8,
    later: u8,
    resume: u8,
    chunks: u8,
    /// mg_http_start_upload() runs; its request is HEAD.
    starting: bool,
    streams_head: bool,
    uploaded: bool,
    /// What of a body was streamed to the program, which sends it back.
    body: Vec<u8>,
    sent: usize,
    /// How many functions of streamed bodies are still to be told of the end.
    streams: usize,
    /// Pieces of bodies in either direction; now and then the program pauses.
    pieces: usize,
}

const PAGE_404: u8 = 1;
const EMPTIES_BUFFER: u8 = 2;
const SLOW: u8 = 4;
const HALF_CLOSES: u8 = 8;
const TELLS: u8 = 16;
const COMPRESSES: u8 = 32;

/// # Safety
/// The connection's fn_data is a `Program`, and no reference to it is alive.
unsafe fn program<'a>(c: *mut mg_connection) -> &'a mut Program {
    // SAFETY: forwarded.
    unsafe { &mut *(*c).fn_data.get().cast::<Program>() }
}

unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: events bring a live connection and what they document; fn_data is set by `converse`.
    unsafe {
        match event {
            ev::POLL => go_on(c),
            ev::HTTP_HDRS => {
                let hm = data.cast::<mg_http_message>();
                program(c).heads += 1;
                if program(c).mode & COMPRESSES != 0 {
                    let codings = mg_http_codings {
                        size: size_of::<mg_http_codings>(),
                        siblings: 0,
                        gzip_level: 1,
                        min_size: 1,
                    };
                    assert!(mg_http_set_codings(c, &raw const codings));
                }
                // Its client says what follows at once or not at all: the connection closes when it is idle.
                program(c).broke_off |= (*hm).proto.as_bytes() != b"HTTP/1.1";
                if (*hm).uri.as_bytes().starts_with(b"/stream") {
                    stream(c, hm);
                } else if (*hm).uri.as_bytes().starts_with(b"/body") {
                    let p = (*c).fn_data.get();
                    program(c).body.clear();
                    let begun = mg_http_read_body(c, hm, Some(piece), Some(ended), p);
                    program(c).streams += usize::from(begun);
                }
            }
            ev::HTTP_MSG => {
                let hm = data.cast::<mg_http_message>();
                let is_head = (*hm).method.as_bytes() == b"HEAD";
                program(c).messages += 1;
                program(c).requests.push(is_head);
                // The head of a message whose body was streamed has left the buffer.
                let text = if (*hm).uri.as_bytes().starts_with(b"/body") {
                    (*hm).head.as_bytes()
                } else {
                    (*c).recv.as_bytes()
                };
                for s in [(*hm).message, (*hm).body, (*hm).head] {
                    crate::assert_inside(text, s);
                }
                answer(c, hm);
                if program(c).mode & EMPTIES_BUFFER != 0 {
                    (*c).recv.len.set(0);
                }
            }
            _ => {}
        }
    }
}

/// What was put off.
unsafe fn go_on(c: *mut mg_connection) {
    // SAFETY: as for the handler.
    unsafe {
        let p = program(c);
        match p.paused {
            0 => {}
            1 => (*c).set(Flag::Full, false),
            _ => {}
        }
        p.paused = p.paused.saturating_sub(1);
        match p.later {
            0 => {}
            1 => mg_http_reply(c, 200, null(), c"late".as_ptr()),
            _ => {}
        }
        p.later = p.later.saturating_sub(1);
        match p.chunks {
            0 => {}
            1 => mg_http_printf_chunk(c, c"".as_ptr()),
            n => mg_http_printf_chunk(c, c"chunk %d".as_ptr(), c_int::from(n)),
        }
        p.chunks = p.chunks.saturating_sub(1);
        p.resume = p.resume.saturating_sub(1);
        if p.resume == 1 {
            mg_http_resume_body(c);
            mg_http_resume_send(c);
        }
    }
}

unsafe extern "C" fn piece(c: *mut mg_connection, data: mg_str, arg: *mut c_void) {
    // SAFETY: as for the handler; `arg` is its program.
    unsafe {
        assert!(arg == (*c).fn_data.get() && data.len > 0);
        let p = program(c);
        p.body.extend_from_slice(data.as_bytes());
        p.pieces += 1;
        if p.pieces.is_multiple_of(3) {
            mg_http_pause_body(c);
            program(c).resume = 2;
        }
    }
}

unsafe extern "C" fn source(
    c: *mut mg_connection,
    buf: *mut c_char,
    len: usize,
    arg: *mut c_void,
) -> c_long {
    // SAFETY: as for the handler; `arg` is its program.
    unsafe {
        assert!(arg == (*c).fn_data.get() && len > 0);
        let p = program(c);
        p.pieces += 1;
        if p.pieces.is_multiple_of(3) {
            p.resume = 2;
            return 0;
        }
        let left = &p.body[p.sent..];
        let n = left.len().min(len).min(7);
        if n == 0 {
            return -1;
        }
        buf.copy_from(left.as_ptr().cast(), n);
        p.sent += n;
        n as c_long
    }
}

unsafe extern "C" fn ended(c: *mut mg_connection, error: *const c_char, arg: *mut c_void) {
    // SAFETY: as for the handler; `arg` is its program, also when the connection has none any more.
    unsafe {
        let p = &mut *arg.cast::<Program>();
        p.streams -= 1;
        assert!(error.is_null() || *error != 0);
        let _ = c;
    }
}

unsafe extern "C" fn streamed(c: *mut mg_connection, error: *const c_char) {
    // SAFETY: as for the handler, which is the connection's again.
    unsafe {
        if !program(c).starting {
            let is_head = program(c).streams_head;
            program(c).requests.push(is_head);
            let code = if error.is_null() { 200 } else { 500 };
            mg_http_reply(c, code, null(), c"streamed".as_ptr());
        }
    }
}

unsafe fn stream(c: *mut mg_connection, hm: *mut mg_http_message) {
    // SAFETY: as for the handler.
    unsafe {
        program(c).starting = true;
        program(c).streams_head = (*hm).method.as_bytes() == b"HEAD";
        expect_uploads(program(c));
        let name = mg_http_var((*hm).query, mg_str::from_bytes(b"file"));
        let dir = mg_str::from_bytes(site().upload_dir.as_bytes());
        // The handler of uploads takes the place of this one, which would not go on.
        program(c).paused = 0;
        (*c).set(Flag::Full, false);
        mg_http_start_upload(c, hm, name, dir, null_mut(), Some(streamed));
        program(c).starting = false;
    }
}

unsafe fn answer(c: *mut mg_connection, hm: *mut mg_http_message) {
    let site = site();
    // SAFETY: as for the handler; formats fit their arguments.
    unsafe {
        let uri = (*hm).uri.as_bytes();
        let name = uri.get(1..).unwrap_or_default();
        let name = name.split(|b| *b == b'/').next().unwrap();
        let body = &raw const (*hm).body;
        let opts = mg_http_serve_opts {
            root_dir: site.root_dir.as_ptr(),
            ssi_pattern: c"#.shtml".as_ptr(),
            extra_headers: c"X-Extra: 1\r\n".as_ptr(),
            mime_types: c"bin=text/y".as_ptr(),
            page404: if program(c).mode & PAGE_404 != 0 {
                site.page404.as_ptr()
            } else {
                null()
            },
            fs: null_mut(),
        };
        match name {
            b"text" => {
                let n = (*body).len as c_int;
                mg_http_reply(
                    c,
                    200,
                    c"X: y\r\n".as_ptr(),
                    c"%.*s".as_ptr(),
                    n,
                    (*body).buf,
                );
            }
            b"raw" => {
                mg_printf(
                    c,
                    c"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n".as_ptr(),
                    2 as c_int,
                );
                if program(c).requests.last() != Some(&true) {
                    mg_printf(c, c"ok".as_ptr());
                }
            }
            b"chunks" => {
                mg_printf(
                    c,
                    c"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".as_ptr(),
                );
                // The body of an answer to HEAD is the program's to leave out.
                if program(c).requests.last() == Some(&true) {
                    (*c).set(Flag::Resp, false);
                } else {
                    program(c).chunks = 4;
                }
            }
            b"body" => {
                let p = program(c);
                p.sent = 0;
                p.streams += 1;
                let is_chunked = (*hm).query.len > 0 && (*hm).proto.as_bytes() == b"HTTP/1.1";
                let length = if is_chunked { -1 } else { p.body.len() as i64 };
                let arg = (*c).fn_data.get();
                assert!(mg_http_reply_stream(
                    c,
                    200,
                    c"X: y".as_ptr(),
                    length,
                    Some(source),
                    Some(ended),
                    arg
                ));
            }
            b"later" => program(c).later = 3,
            b"pause" => {
                program(c).paused = 3;
                (*c).set(Flag::Full, true);
                mg_http_reply(c, 204, null(), c"".as_ptr());
            }
            b"drain" => {
                program(c).broke_off = true;
                mg_http_reply(c, 200, null(), c"bye".as_ptr());
                (*c).set(Flag::Draining, true);
            }
            b"close" => {
                program(c).broke_off = true;
                (*c).set(Flag::Closing, true);
            }
            b"error" => {
                program(c).broke_off = true;
                mg_error(c, c"%s".as_ptr(), c"no more".as_ptr());
            }
            b"form" => form(c, hm),
            b"login" => {
                let (mut user, mut pass) = ([0_u8; 20], [0_u8; 9]);
                let (u, p) = (
                    user.as_mut_ptr().cast::<c_char>(),
                    pass.as_mut_ptr().cast::<c_char>(),
                );
                mg_http_creds(hm, u, user.len(), p, pass.len());
                mg_http_reply(c, 200, null(), c"%s:%s".as_ptr(), u, p);
            }
            b"upload" => {
                expect_uploads(program(c));
                mg_http_upload(c, hm, null_mut(), site.upload_dir.as_ptr(), 3000);
            }
            b"page" => {
                let root = site.root_dir.as_ptr();
                let page =
                    CString::new([site.root_dir.as_bytes(), b"/page.shtml"].concat()).unwrap();
                mg_http_serve_ssi(c, root, page.as_ptr());
            }
            b"file" => mg_http_serve_file(c, hm, site.page404.as_ptr(), &raw const opts),
            _ => mg_http_serve_dir(c, hm, &raw const opts),
        }
    }
}

/// Reads variables and parts, and tells how many bytes there were.
unsafe fn form(c: *mut mg_connection, hm: *mut mg_http_message) {
    // SAFETY: as for the handler.
    unsafe {
        let (mut offset, mut parts, mut bytes) = (0, 0, 0);
        loop {
            let mut part = mg_http_part {
                name: mg_str::NULL,
                filename: mg_str::NULL,
                body: mg_str::NULL,
            };
            offset = mg_http_next_multipart((*hm).body, offset, &raw mut part);
            if offset == 0 {
                break;
            }
            (parts, bytes) = (parts + 1, bytes + part.body.len);
        }
        let mut value = [0_u8; 32];
        let room = value.len();
        let n = mg_http_get_var(
            &raw const (*hm).body,
            c"a".as_ptr(),
            value.as_mut_ptr().cast(),
            room,
        );
        mg_http_reply(
            c,
            200,
            null(),
            c"%d %d %d".as_ptr(),
            parts as c_int,
            bytes as c_int,
            n,
        );
    }
}

#[derive(Debug, PartialEq, Clone)]
struct Response {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Takes the output of a server apart. The rest, if the last response is cut off, is whether there is any.
fn responses(mut text: &[u8], requests: &[bool]) -> (Vec<Response>, bool) {
    let mut found = Vec::new();
    while !text.is_empty() {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let Ok(parsed) = head.parse(text) else {
            panic!("not a response: {}", text.escape_ascii());
        };
        let httparse::Status::Complete(n) = parsed else {
            return (found, true);
        };
        let status = head.code.unwrap();
        let is_date = |name: &str| name.eq_ignore_ascii_case("date");
        let dates = head.headers.iter().filter(|h| is_date(h.name));
        assert!(dates.clone().count() <= 1 && dates.clone().all(|h| h.value.len() == 29));
        // They differ from run to run.
        let headers: Vec<_> = head
            .headers
            .iter()
            .filter(|h| !is_date(h.name))
            .map(|h| (h.name.to_ascii_lowercase(), h.value.to_vec()))
            .collect();
        text = &text[n..];
        if status == 100 {
            assert!(headers.is_empty());
            continue;
        }
        let is_head = requests.get(found.len()) == Some(&true);
        let Some((body, n)) = body(text, status, &headers, is_head) else {
            return (found, true);
        };
        text = &text[n..];
        found.push(Response {
            status,
            headers,
            body,
        });
    }
    (found, false)
}

/// A body and its raw length; None when it is cut off.
fn body(
    text: &[u8],
    status: u16,
    headers: &[(String, Vec<u8>)],
    is_head: bool,
) -> Option<(Vec<u8>, usize)> {
    let values = |name: &str| -> Vec<&[u8]> {
        headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| &v[..])
            .collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    assert!(lengths.len() + codings.len() <= 1, "framed twice");
    if is_head || status == 204 || status == 304 {
        return Some((Vec::new(), 0));
    }
    if let [coding] = codings[..] {
        assert_eq!(coding, b"chunked");
        return chunked(text);
    }
    assert_eq!(lengths.len(), 1, "the end of a response cannot be told");
    let n: usize = std::str::from_utf8(lengths[0])
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    Some((text.get(..n)?.to_vec(), n))
}

fn chunked(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut at, mut content) = (0, Vec::new());
    loop {
        let end = at + text[at..].windows(2).position(|w| w == b"\r\n")?;
        let n = std::str::from_utf8(&text[at..end]).expect("a length");
        let n = usize::from_str_radix(n, 16).expect("a length");
        let data = text.get(end + 2..end + 2 + n)?;
        content.extend_from_slice(data);
        assert_eq!(text.get(end + 2 + n..end + 4 + n)?, b"\r\n");
        at = end + 4 + n;
        if n == 0 {
            return Some((content, at));
        }
    }
}

#[derive(Debug)]
struct Outcome {
    responses: Vec<Response>,
    messages: usize,
    gone: bool,
    broke_off: bool,
}

fn converse(input: &[u8], mode: u8, cuts: Cuts) -> Outcome {
    let mut state = Program {
        mode,
        ..Program::default()
    };
    let fn_data = from_mut(&mut state).cast();
    let around = Loop::new();
    let mut peer = around.accept(Some(http_handler), Some(handler), fn_data);
    peer.reads = mode & SLOW == 0;
    if mode & TELLS != 0
        && let Some(c) = peer.connection()
    {
        // SAFETY: a live connection.
        assert!(unsafe { mg_http_set_fields(from_ref(c).cast_mut(), DATE | CONNECTION) });
    }
    peer.send(input, cuts);
    peer.settle();
    if let Some(c) = peer.connection() {
        assert!(c.recv.len.get() <= input.len());
    }
    let (received, gone) = (std::mem::take(&mut peer.received), peer.gone);
    peer.close(mode & HALF_CLOSES != 0);
    still_serves(&around);
    drop(around);
    assert_eq!(state.streams, 0);
    // Nothing of the loop refers to the state any more.
    if state.uploaded {
        fs::remove_dir_all(&site().uploads).unwrap();
    }
    let (found, cut) = responses(&received, &state.requests);
    assert!(!cut || gone, "a response does not end");
    let says_close = |r: &Response| {
        r.headers
            .iter()
            .any(|(name, value)| name == "connection" && value == b"close")
    };
    let last = found.iter().position(says_close);
    assert!(
        last.is_none_or(|i| i + 1 == found.len()),
        "a response behind the last"
    );
    // A message whose length cannot be told is answered by the library itself.
    assert!(found.len() <= state.requests.len() + 1);
    assert!(state.messages <= state.heads);
    Outcome {
        responses: found,
        messages: state.messages,
        gone,
        broke_off: state.broke_off,
    }
}

/// Another client gets its answer.
fn still_serves(around: &Loop) {
    let mut state = Program::default();
    let mut peer = around.accept(
        Some(http_handler),
        Some(handler),
        from_mut(&mut state).cast(),
    );
    peer.send(
        b"POST /text HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi",
        Cuts::WHOLE,
    );
    peer.settle();
    assert!(
        peer.received.starts_with(b"HTTP/1.1 200 OK\r\n") && peer.received.ends_with(b"\r\n\r\nhi")
    );
    peer.close(false);
}

/// Requests to a server: its answers are well-formed and do not depend on how the requests are cut. The first
/// byte says how to cut, the second what program and client are like.
pub fn server(data: &[u8]) {
    let [seed, mode, input @ ..] = data else {
        return;
    };
    let input = &input[..input.len().min(8192)];
    let one = converse(input, *mode & !SLOW, Cuts::WHOLE);
    let other = converse(input, *mode, Cuts::new(*seed | 1));
    if mode & EMPTIES_BUFFER != 0 {
        // What the handler throws away depends on what has come so far.
        return;
    }
    let n = if one.broke_off || other.broke_off {
        one.responses.len().min(other.responses.len())
    } else {
        assert_eq!(
            (one.responses.len(), one.gone),
            (other.responses.len(), other.gone)
        );
        assert_eq!(one.messages, other.messages);
        one.responses.len()
    };
    assert_eq!(one.responses[..n], other.responses[..n]);
    if mode & COMPRESSES != 0 {
        compare_with_plain(input, *mode, one);
    }
}

/// What was compressed is what there is without. Conditions and ranges refer to the form at hand, so that answers
/// to them may differ.
fn compare_with_plain(input: &[u8], mode: u8, compressed: Outcome) {
    let input_has = |name: &[u8]| {
        let mut windows = input.windows(name.len());
        windows.any(|window| window.eq_ignore_ascii_case(name))
    };
    if input_has(b"range") || input_has(b"none-match") {
        return;
    }
    let plain = converse(input, mode & !SLOW & !COMPRESSES, Cuts::WHOLE);
    let n = if plain.broke_off || compressed.broke_off {
        plain.responses.len().min(compressed.responses.len())
    } else {
        assert_eq!(plain.responses.len(), compressed.responses.len());
        plain.responses.len()
    };
    for (plain, compressed) in plain.responses[..n].iter().zip(compressed.responses) {
        assert_eq!(plain.status, compressed.status);
        let is_coded = |r: &Response| r.headers.iter().any(|(name, _)| name == "content-encoding");
        if is_coded(plain) || !is_coded(&compressed) || compressed.body.is_empty() {
            assert_eq!(plain.body, compressed.body);
        } else {
            let mut body = Vec::new();
            let mut decoder = GzDecoder::new(&compressed.body[..]);
            decoder.read_to_end(&mut body).expect("gzip");
            assert_eq!(plain.body, body);
        }
    }
}
