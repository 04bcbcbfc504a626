//! Answering requests with files.
#![allow(unsafe_code)]

mod directory;
mod transfer;

pub use transfer::Transfer;

use super::range::{self, Range};
use super::{coding, mime, ssi};
use crate::ffi::guard;
use crate::ffi::str::cstr;
use crate::fs::Stat;
use crate::fs::ffi::{FileSystem, OpenFile, mg_fs};
use crate::fs::path::CPath;
use crate::http::conn::{finish_response, head_requested};
use crate::http::ffi::mg_http_message;
use crate::http::reply::reply;
use crate::http::status;
use crate::net::{self, Flag, mg_connection};
use std::ffi::{CStr, c_char};

/// How mg_http_serve_dir() and mg_http_serve_file() serve. Zero the struct, then set what is
/// needed. The strings are not copied and only used during the call.
#[repr(C)]
pub struct mg_http_serve_opts {
    /// The directory to serve, or a list "dir,/prefix=dir2,...". The last part that matches
    /// the start of the URI wins; a part without "=" matches everything.
    pub root_dir: *const c_char,
    /// Files whose path matches this glob (see mg_match()) are expanded as server-side includes.
    /// NULL: none.
    pub ssi_pattern: *const c_char,
    /// NULL, or header lines to add to responses, each ended by "\r\n".
    pub extra_headers: *const c_char,
    /// NULL, or "ext=type,..." that comes before the built-in list of content types; "*" is
    /// any extension.
    pub mime_types: *const c_char,
    /// NULL, or the file to serve, with status 200, when the one asked for does not exist.
    pub page404: *const c_char,
    /// The file system; NULL is mg_fs_posix.
    pub fs: *mut mg_fs,
}

/// The options with their strings.
struct Options<'a> {
    root_dir: &'a [u8],
    ssi_pattern: &'a [u8],
    extra_headers: &'a [u8],
    mime_types: &'a [u8],
    page404: Option<&'a CStr>,
    fs: FileSystem,
    /// A table of files inside the program, or one of the program's own.
    is_table: bool,
}

impl Options<'_> {
    /// # Safety
    /// Pointer contract, for `opts` (which may be NULL) and its members.
    unsafe fn new<'a>(opts: *const mg_http_serve_opts) -> Options<'a> {
        // SAFETY: forwarded from the caller.
        unsafe {
            match opts.as_ref() {
                Some(o) => Options {
                    root_dir: cstr(o.root_dir),
                    ssi_pattern: cstr(o.ssi_pattern),
                    extra_headers: cstr(o.extra_headers),
                    mime_types: cstr(o.mime_types),
                    page404: (!o.page404.is_null()).then(|| CStr::from_ptr(o.page404)),
                    fs: FileSystem::new(o.fs),
                    is_table: !FileSystem::new(o.fs).is_posix(),
                },
                None => Options {
                    root_dir: b"",
                    ssi_pattern: b"",
                    extra_headers: b"",
                    mime_types: b"",
                    page404: None,
                    fs: FileSystem::posix(),
                    is_table: false,
                },
            }
        }
    }
}

/// Answers a request with the file `path`, whatever its URI is; call it in MG_EV_HTTP_MSG.
///
/// `path` is used as it is: do not build it from the request unchecked. NULL, or no regular file of
/// that name, gives the 404 page. `opts` may be NULL; `root_dir` and `ssi_pattern` are not
/// used. Honours HEAD, If-None-Match, Range (one range) with If-Range, and sends `path`.gz to
/// clients that accept gzip. The file is sent piece by piece as the client takes it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_serve_file(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    path: *const c_char,
    opts: *const mg_http_serve_opts,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
            return;
        };
        // SAFETY: pointer contract.
        let (path, opts) = unsafe { (cstr(path), Options::new(opts)) };
        match CPath::from_bytes(path) {
            Some(path) if !path.as_bytes().is_empty() => serve(c, hm, &path, &opts),
            _ => not_found(c, hm, &opts),
        }
    });
}

/// Answers a request with a file below a directory, its index, or a list of its files; call it in
/// MG_EV_HTTP_MSG.
///
/// The percent-decoded URI names the file below `opts->root_dir`. A path with "..", a bad escape or a
/// NUL gives 400. A directory without the trailing slash is redirected to (301); with it,
/// index.html, index.shtml or index.html.gz is served, else a list of its files. Everything else as
/// mg_http_serve_file(). Without a matching root nothing is served (404), except that a file
/// system other than mg_fs_posix is then served as a whole. Symbolic links are followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_serve_dir(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    opts: *const mg_http_serve_opts,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
            return;
        };
        // SAFETY: pointer contract.
        directory::serve(c, hm, &unsafe { Options::new(opts) });
    });
}

/// Answers a request with the page `fullpath`, in which `<!--#include file="name" -->` (relative to
/// the including file) and `<!--#include virtual="name" -->` (`root` followed by the name) are
/// replaced by files, up to five levels deep. Names with ".." are not followed; what cannot be
/// included leaves nothing and a log line. Pages larger than 16 MiB give 500.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_serve_ssi(
    c: *mut mg_connection,
    root: *const c_char,
    fullpath: *const c_char,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(c), root, path) = (unsafe { c.as_ref() }, unsafe { cstr(root) }, unsafe {
            cstr(fullpath)
        }) else {
            return;
        };
        match CPath::from_bytes(path) {
            Some(path) => serve_ssi(c, root, &path, FileSystem::posix()),
            None => reply(c, 404, b"", b"Not found\n"),
        }
    });
}

struct SsiFiles(FileSystem);

impl ssi::Files for SsiFiles {
    fn read(&mut self, path: &CPath, page: &mut Vec<u8>) -> bool {
        let Some((mut file, stat)) = self.0.open_regular(path.as_cstr()) else {
            return false;
        };
        if page.try_reserve_exact(stat.size).is_err() {
            return false;
        }
        let start = page.len();
        page.resize(start + stat.size, 0);
        let n = file.read(&mut page[start..]);
        page.truncate(start + n);
        true
    }
}

fn serve_ssi(c: &mg_connection, root: &[u8], path: &CPath, fs: FileSystem) {
    match ssi::expand(&mut SsiFiles(fs), root, path) {
        Some(page) => reply(c, 200, b"Content-Type: text/html; charset=utf-8\r\n", &page),
        None if fs.stat(path.as_cstr()).is_none() => reply(c, 404, b"", b"Not found\n"),
        None => reply(c, 500, b"", b"Page too large\n"),
    }
}

/// A header field of the request.
///
/// # Safety
/// Pointer contract for the members of `hm`; see [`crate::ffi::mg_str::as_bytes`].
unsafe fn field<'a>(hm: &mg_http_message, name: &[u8]) -> Option<&'a [u8]> {
    hm.headers
        .iter()
        .take_while(|h| h.name.len > 0)
        // SAFETY: forwarded from the caller.
        .find(|h| unsafe { h.name.as_bytes() }.eq_ignore_ascii_case(name))
        // SAFETY: forwarded from the caller.
        .map(|h| unsafe { h.value.as_bytes() })
}

/// A file that was chosen for a request.
struct Chosen<'a> {
    file: OpenFile,
    stat: Stat,
    gzipped: bool,
    /// The name that tells the content type.
    name: &'a [u8],
}

/// Serves `path`, compressed if there is such a variant and the client takes it.
fn serve(c: &mg_connection, hm: &mg_http_message, path: &CPath, opts: &Options<'_>) {
    // SAFETY: pointer contract of the caller; the value is not used after foreign code ran.
    let gzip = unsafe { field(hm, b"Accept-Encoding") }.is_some_and(coding::accepts_gzip);
    let compressed = gzip.then(|| path.clone()).and_then(|mut name| {
        name.push(b".gz")
            .then(|| opts.fs.open_regular(name.as_cstr()))
            .flatten()
    });
    let (opened, gzipped) = match compressed {
        Some(opened) => (Some(opened), true),
        None => (opts.fs.open_regular(path.as_cstr()), false),
    };
    match opened {
        Some((file, stat)) => {
            send(
                c,
                hm,
                opts,
                Chosen {
                    file,
                    stat,
                    gzipped,
                    name: path.as_bytes(),
                },
            );
        }
        None => not_found(c, hm, opts),
    }
}

/// The program's page for what does not exist, or a plain 404.
fn not_found(c: &mg_connection, hm: &mg_http_message, opts: &Options<'_>) {
    if let Some(path) = opts.page404
        && let Some((file, stat)) = opts.fs.open_regular(path)
    {
        let chosen = Chosen {
            file,
            stat,
            gzipped: false,
            name: path.to_bytes(),
        };
        return send(c, hm, opts, chosen);
    }
    reply(c, 404, opts.extra_headers, b"Not found\n");
}

/// Writes the response head and starts sending the body.
fn send(c: &mg_connection, hm: &mg_http_message, opts: &Options<'_>, chosen: Chosen<'_>) {
    let Chosen {
        file,
        stat,
        gzipped,
        name,
    } = chosen;
    let size = stat.size as u64;
    let mut etag = [0; 48];
    let n = crate::http::accessors::etag(&mut etag, stat.size, stat.mtime as libc::time_t);
    let etag = &etag[..n];
    // SAFETY: pointer contract of the caller.
    let (matches, range, if_range) = unsafe {
        (
            field(hm, b"If-None-Match"),
            field(hm, b"Range"),
            field(hm, b"If-Range"),
        )
    };
    if matches.is_some_and(|value| value == etag) {
        return reply(c, 304, opts.extra_headers, b"");
    }
    let range = match range {
        Some(value) if if_range.is_none_or(|tag| tag == etag) => range::parse(value, size),
        _ => Range::Whole,
    };
    let (code, first, length) = match range {
        Range::Whole => (200, 0, size),
        Range::Part(first, last) => (206, first, last - first + 1),
        Range::Unsatisfiable => (416, 0, 0),
    };
    let head = Head {
        code,
        kind: mime::lookup(name, opts.mime_types),
        etag,
        length,
        gzipped,
        range,
        size,
        extra: opts.extra_headers,
    };
    if !head.write(c) {
        return net::error(c, b"OOM");
    }
    // SAFETY: pointer contract of the caller.
    let is_head =
        head_requested(c) || unsafe { hm.method.as_bytes() }.eq_ignore_ascii_case(b"HEAD");
    if is_head || length == 0 || c.is(Flag::Closing) {
        return finish_response(c);
    }
    transfer::start(c, file, first, length);
}

/// Head of a response that carries a file.
struct Head<'a> {
    code: i32,
    kind: &'a [u8],
    etag: &'a [u8],
    length: u64,
    gzipped: bool,
    range: Range,
    /// Of the whole file.
    size: u64,
    extra: &'a [u8],
}

impl Head<'_> {
    /// Appends the head to `c->send`; false, with nothing appended, when memory is exhausted.
    fn write(&self, c: &mg_connection) -> bool {
        let io = &c.send;
        let start = io.len.get();
        let (mut a, mut b) = (itoa::Buffer::new(), itoa::Buffer::new());
        let mut written = io.append(b"HTTP/1.1 ")
            && io.append(a.format(self.code).as_bytes())
            && io.append(b" ")
            && io.append(status::text(self.code).as_bytes())
            && io.append(b"\r\nContent-Type: ")
            && io.append(self.kind)
            && io.append(b"\r\nEtag: ")
            && io.append(self.etag)
            && io.append(b"\r\nContent-Length: ")
            && io.append(a.format(self.length).as_bytes())
            && io.append(b"\r\n");
        if self.gzipped {
            written = written && io.append(b"Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
        }
        written = written
            && match self.range {
                Range::Whole => true,
                Range::Part(first, last) => {
                    io.append(b"Content-Range: bytes ")
                        && io.append(a.format(first).as_bytes())
                        && io.append(b"-")
                        && io.append(b.format(last).as_bytes())
                        && io.append(b"/")
                        && io.append(a.format(self.size).as_bytes())
                        && io.append(b"\r\n")
                }
                Range::Unsatisfiable => {
                    io.append(b"Content-Range: bytes */")
                        && io.append(a.format(self.size).as_bytes())
                        && io.append(b"\r\n")
                }
            };
        written = written && io.append(self.extra) && io.append_nul(b"\r\n");
        if !written {
            io.len.set(io.len.get().min(start));
        }
        written
    }
}
