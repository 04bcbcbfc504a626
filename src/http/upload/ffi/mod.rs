#![allow(unsafe_code)]

mod sink;
pub(crate) mod stream;

pub use stream::{Report, Upload};

use crate::ffi::alloc::try_box;
use crate::ffi::str::cstr;
use crate::ffi::{inject, mg_str};
use crate::fs::ffi::{FileSystem, mg_fs};
use crate::fs::flag;
use crate::fs::path::{CPath, PATH_MAX};
use crate::http::coding::ffi::accepted;
use crate::http::ffi::mg_http_message;
use crate::http::fields;
use crate::http::framing::{self, Framing};
use crate::http::parser::{self, Head, Parsed};
use crate::http::reply::reply;
use crate::http::state::Request;
use crate::net::{Flag, contain_kept, mg_connection};
use crate::ota::ffi::installer;
use crate::util::is_sane;
use sink::Sink;
use std::ffi::{CStr, c_char, c_long};
use std::fmt::Write;
use stream::{Active, Chunked};

/// Text of an answer, cut when too long.
struct Text {
    buf: [u8; PATH_MAX + 64],
    len: usize,
}

impl Text {
    fn new() -> Text {
        Text {
            buf: [0; PATH_MAX + 64],
            len: 0,
        }
    }

    fn push(&mut self, bytes: &[u8]) -> &mut Text {
        let n = bytes.len().min(self.buf.len() - self.len);
        self.buf[self.len..self.len + n].copy_from_slice(&bytes[..n]);
        self.len += n;
        self
    }

    fn as_bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.push(s.as_bytes());
        Ok(())
    }
}

/// For texts that repeat what the client calls the file: a browser must not take the answer for a page.
const PLAIN: &[u8] = b"Content-Type: text/plain\r\n";

/// Stores a request body in a file below `dir`; call it in MG_EV_HTTP_MSG.
///
/// The query variable `file` names the file. `offset` (default 0) tells where the body belongs:
/// 0 replaces the file, another value must equal its present size, so that big files can be sent in
/// pieces. The file may grow to `max_size` bytes. `fs` NULL is mg_fs_posix.
///
/// Sends the response: 200 with the new size in decimal, or 400 with a text, or 500 when the body could
/// not be written, because the disk is full, say; the file has its former size then. Returns the new
/// size, 0 for an empty body, or a negative number: -1 no name, -2 a name with ".." or a NUL, -3 bad
/// offset, -4 too large, -5 offset is not the file's size, -6 the file cannot be opened, -7 write error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_upload(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    fs: *mut mg_fs,
    dir: *const c_char,
    max_size: usize,
) -> c_long {
    // SAFETY: pointer contract.
    let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
        return -1;
    };
    contain_kept(c, -1, || {
        inject("mg_http_upload");
        // SAFETY: pointer contract.
        let (query, body, dir, fs) = unsafe {
            (
                hm.query.as_bytes(),
                hm.body.as_bytes(),
                cstr(dir),
                FileSystem::new(fs),
            )
        };
        // The functions of a program's table may change the buffer that the body is in.
        let mut copy = Vec::new();
        let body = if fs.is_builtin() {
            body
        } else if copy.try_reserve_exact(body.len()).is_ok() {
            copy.extend_from_slice(body);
            &copy
        } else {
            crate::net::error(c, b"OOM");
            return -6;
        };
        let mut text = Text::new();
        let (code, result) = match store(query, body, fs, dir, max_size, &mut text) {
            Ok(size) => {
                let _ = write!(text, "{size}");
                (200, size as c_long)
            }
            Err(result @ WRITE_ERROR) => (500, result),
            Err(result) => (400, result),
        };
        let headers = match result {
            -6..=-4 | -2 => PLAIN,
            _ => b"",
        };
        reply(c, code, headers, text.as_bytes());
        result
    })
}

const WRITE_ERROR: c_long = -7;

/// Stores a piece; the new size, or the result for the program with `text` for the client.
fn store(
    query: &[u8],
    body: &[u8],
    fs: FileSystem,
    dir: &[u8],
    max_size: usize,
    text: &mut Text,
) -> Result<usize, c_long> {
    if body.is_empty() {
        return Ok(0);
    }
    let mut name = [0; PATH_MAX];
    let len = fields::variable(query, b"file")
        .and_then(|text| crate::url::decode(text, &mut name, true))
        .unwrap_or(0);
    let name = &name[..len];
    if name.is_empty() {
        text.push(b"file required");
        return Err(-1);
    }
    let Some(path) = join(dir, name).filter(|_| is_sane(name)) else {
        text.push(name).push(b": invalid file");
        return Err(-2);
    };
    let Ok(offset) = usize::try_from(offset(query)) else {
        text.push(b"offset required");
        return Err(-3);
    };
    if offset
        .checked_add(body.len())
        .is_none_or(|end| end > max_size)
    {
        text.push(path.as_bytes());
        let _ = write!(text, ": over max size of {max_size}");
        return Err(-4);
    }
    if fs.is_builtin() && fs.is_dir(path.as_cstr()) == Some(true) {
        text.push(b"open(").push(path.as_bytes()).push(b")");
        return Err(-6);
    }
    if offset == 0 {
        fs.remove(path.as_cstr());
    }
    let size = fs.size(path.as_cstr());
    if offset > 0 && offset != size {
        text.push(path.as_bytes()).push(b": offset mismatch");
        return Err(-5);
    }
    let Some(mut file) = fs.open(path.as_cstr(), flag::WRITE) else {
        text.push(b"open(").push(path.as_bytes()).push(b")");
        return Err(-6);
    };
    if file.write(body) < body.len() || !file.flush() {
        // A full disk. The client can send this piece again when there is room.
        file.truncate(offset);
        text.push(b"write error");
        return Err(WRITE_ERROR);
    }
    Ok(offset + body.len())
}

/// The variable `offset` as strtol() with base 0 reads it; 0 when it is missing.
fn offset(query: &[u8]) -> c_long {
    let mut text = [0; 32];
    let room = text.len() - 1;
    if let Some(value) = fields::variable(query, b"offset") {
        // What does not fit is no number that a file can have; the rest is cut.
        let _ = crate::url::decode(value, &mut text[..room], true);
    }
    // SAFETY: `text` ends with a NUL, because its last byte is never written.
    unsafe { libc::strtol(text.as_ptr().cast(), std::ptr::null_mut(), 0) }
}

/// Streams a request body to the file `dir`/`name`; call it in MG_EV_HTTP_HDRS.
///
/// An existing file is replaced. `name` is used as it is, not percent-decoded. `fs` NULL is
/// mg_fs_posix. Until the end the connection's own handler gets no events; then `fn` is called
/// once: with NULL when the body is stored, or with a text. Before this function returns: "bad name", "open failed" and, when
/// the body goes somewhere else already, "upload in progress"; MG_EV_HTTP_MSG then follows all the same and is not to be
/// answered again: clear `is_resp` there, or set `is_draining`. Later: "write error", "invalid chunk" and "body limit", with the file left empty; "connection closed" or
/// the text of an MG_EV_ERROR, with a partial file left behind.
/// A body in chunks, whose length nobody knows before (`hm->body.len` is 0), may have as many bytes as `body_size` of
/// struct mg_limits says, or, when that is 0, `recv_size`. `fn` sends the response. `fn` NULL answers 200 "ok", or 500 with the text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_start_upload(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    name: mg_str,
    dir: mg_str,
    fs: *mut mg_fs,
    r#fn: Option<unsafe extern "C" fn(c: *mut mg_connection, error: *const c_char)>,
) {
    // SAFETY: pointer contract.
    let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
        return;
    };
    contain_kept(c, (), || {
        // SAFETY: pointer contract.
        let (name, dir, fs) = unsafe { (name.as_bytes(), dir.as_bytes(), FileSystem::new(fs)) };
        // SAFETY: pointer contract.
        unsafe {
            start(c, hm, r#fn, None, true, || {
                let path = is_sane(name).then(|| join(dir, name)).flatten();
                let path = path.ok_or(c"bad name")?;
                if fs.is_dir(path.as_cstr()) == Some(false) {
                    fs.remove(path.as_cstr());
                }
                let file = fs.open(path.as_cstr(), flag::WRITE);
                file.map(Sink::File).ok_or(c"open failed")
            });
        }
    });
}

/// Installs a request body as firmware; call it in MG_EV_HTTP_HDRS.
///
/// Feeds the body to mg_ota_begin(), mg_ota_write() and mg_ota_end() while it arrives; the program
/// defines them. Until the end the connection's own handler gets no events; then `fn` is called once:
/// with NULL when the firmware is installed, or with a text. Before this function returns: "ota begin failed" and "chunked
/// not supported"; MG_EV_HTTP_MSG then follows all the same and is not to be answered again: clear `is_resp` there, or set
/// `is_draining`. Later: "write error", "OTA finalize failed", "connection closed" or the text of an MG_EV_ERROR. `fn` sends the response. `fn` NULL answers 200
/// "ok", or 500 with the text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_start_ota(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    r#fn: Option<unsafe extern "C" fn(c: *mut mg_connection, error: *const c_char)>,
) {
    // SAFETY: pointer contract.
    if let (Some(c), Some(hm)) = unsafe { (c.as_ref(), hm.as_ref()) } {
        // SAFETY: pointer contract.
        contain_kept(c, (), || unsafe { start_ota(c, hm, r#fn, None) });
    }
}

/// mg_http_start_ota() for requests and responses. With a deadline (mg_millis()), it ends there with
/// "OTA timeout".
///
/// # Safety
/// Pointer contract for the members of `hm`.
pub unsafe fn start_ota(
    c: &mg_connection,
    hm: &mg_http_message,
    report: Report,
    deadline: Option<u64>,
) {
    let begin = || match installer::begin(hm.body.len) {
        true => Ok(Sink::Firmware),
        false => Err(c"ota begin failed"),
    };
    // SAFETY: forwarded from the caller.
    unsafe { start(c, hm, report, deadline, false, begin) };
}

/// The path of a file in a directory, unless it is too long.
fn join(dir: &[u8], name: &[u8]) -> Option<CPath> {
    let mut path = CPath::from_bytes(dir)?;
    (path.push(b"/") && path.push(name)).then_some(path)
}

/// Streams the body of a message to the sink that `open` makes.
///
/// # Safety
/// Pointer contract for the members of `hm`.
unsafe fn start(
    c: &mg_connection,
    hm: &mg_http_message,
    report: Report,
    deadline: Option<u64>,
    takes_chunks: bool,
    open: impl FnOnce() -> Result<Sink, &'static CStr>,
) {
    let Some(state) = c.http() else {
        return stream::report(c, report, c"not supported".as_ptr());
    };
    let head_len = hm.head.len;
    // SAFETY: forwarded from the caller.
    match unsafe { prepare(c, hm, report, deadline, takes_chunks, open) } {
        Ok(active) if !c.is_dead() => stream::start(c, state, head_len, active),
        Ok(_) => stream::report(c, report, c"connection closed".as_ptr()),
        Err(text) => stream::report(c, report, text.as_ptr()),
    }
}

/// Opens the sink and notes what the message says about its body and its response.
///
/// # Safety
/// Pointer contract for the members of `hm`.
unsafe fn prepare(
    c: &mg_connection,
    hm: &mg_http_message,
    report: Report,
    deadline: Option<u64>,
    takes_chunks: bool,
    open: impl FnOnce() -> Result<Sink, &'static CStr>,
) -> Result<Box<Active>, &'static CStr> {
    if c.http()
        .is_some_and(|state| state.upload.is_active() || state.streams.is_receiving())
    {
        return Err(c"upload in progress");
    }
    let mut is_chunked = false;
    // SAFETY: forwarded from the caller.
    let parsed = parser::parse(unsafe { hm.head.as_bytes() }, &mut |_, name, _| {
        is_chunked |= name.eq_ignore_ascii_case(b"Transfer-Encoding");
    });
    if is_chunked && !takes_chunks {
        return Err(c"chunked not supported");
    }
    let mut coded = None;
    // SAFETY: forwarded from the caller.
    let accepts_gzip = unsafe { accepted(hm) }.prefers_gzip();
    let (request, expects_continue) = match parsed {
        Parsed::Complete(head) if is_chunked => {
            let chunked = framing::framing(&head, false) == Ok(Framing::Chunked);
            coded = Some(
                chunked
                    .then(|| Chunked::new(c))
                    .ok_or(c"chunked not supported")?,
            );
            facts(c, &head, accepts_gzip)
        }
        Parsed::Complete(head) => facts(c, &head, accepts_gzip),
        _ => Default::default(),
    };
    let remaining = if coded.is_some() {
        usize::MAX
    } else {
        hm.body.len
    };
    let user = c.r#fn.get();
    let active = Active {
        sink: open()?,
        remaining,
        chunked: coded,
        failure: None,
        deadline,
        report,
        request,
        expects_continue,
        user,
    };
    try_box(active).ok_or(c"OOM")
}

/// What the response has to know of the request, and whether the client waits for a sign.
fn facts(c: &mg_connection, head: &Head, accepts_gzip: bool) -> (Request, bool) {
    (
        Request::new(head, Some(accepts_gzip)),
        head.expects_continue && !head.is_http10 && c.is(Flag::Accepted),
    )
}
