//! mg_http_serve_file(), mg_http_serve_dir(), mg_http_serve_ssi().
#![allow(unsafe_code)]

mod directory;
mod file;
mod transfer;

pub use transfer::Transfer;

use crate::ffi::inject;
use crate::ffi::str::cstr;
use crate::fs::ffi::{FileSystem, mg_fs};
use crate::fs::path::CPath;
use crate::http::ffi::mg_http_message;
use crate::net::{contain_kept, mg_connection};
use file::Wish;
use std::ffi::{CStr, c_char};

/// How mg_http_serve_dir() and mg_http_serve_file() serve. Zero the struct, then set what is
/// needed. The strings are not copied and only used during the call; `fs` must outlive the
/// response.
#[repr(C)]
pub struct mg_http_serve_opts {
    /// The directory to serve, or a list "dir,/prefix=dir2,...". The last part whose prefix begins
    /// the URI wins, and the prefix is cut off; a part without "=" has the prefix "/". Nothing
    /// is served when no part matches. NULL or "" is the whole of a file system that is not
    /// mg_fs_posix, and nothing of mg_fs_posix.
    pub root_dir: *const c_char,
    /// Files whose path matches this glob (see mg_match()) are expanded as server-side includes;
    /// see mg_http_serve_ssi(). NULL: none.
    pub ssi_pattern: *const c_char,
    /// NULL, or header lines to add to responses, each ended by "\r\n".
    pub extra_headers: *const c_char,
    /// NULL, or "ext=type,..." that comes before the built-in list of content types; "*" is
    /// any extension.
    pub mime_types: *const c_char,
    /// NULL, or the path of the file to serve, with status 200, when the one asked for does not
    /// exist.
    pub page404: *const c_char,
    /// The file system; NULL is mg_fs_posix.
    pub fs: *mut mg_fs,
}

/// The options of a call, as Rust sees them.
#[derive(Clone, Copy)]
struct Options<'a> {
    roots: &'a [u8],
    ssi_pattern: Option<&'a [u8]>,
    extra_headers: &'a [u8],
    mime_types: &'a [u8],
    page404: Option<&'a CStr>,
    fs: FileSystem,
}

impl<'a> Options<'a> {
    /// # Safety
    /// Pointer contract of [`crate::ffi`]; the strings live as long as the result.
    unsafe fn new(opts: *const mg_http_serve_opts) -> Options<'a> {
        // SAFETY: forwarded from the caller.
        unsafe {
            let Some(opts) = opts.as_ref() else {
                return Options {
                    roots: b"",
                    ssi_pattern: None,
                    extra_headers: b"",
                    mime_types: b"",
                    page404: None,
                    fs: FileSystem::posix(),
                };
            };
            Options {
                roots: cstr(opts.root_dir),
                ssi_pattern: (!opts.ssi_pattern.is_null()).then(|| cstr(opts.ssi_pattern)),
                extra_headers: cstr(opts.extra_headers),
                mime_types: cstr(opts.mime_types),
                page404: (!opts.page404.is_null()).then(|| CStr::from_ptr(opts.page404)),
                fs: FileSystem::new(opts.fs),
            }
        }
    }
}

/// Answers a request with the file `path`, whatever its URI is. `path` is used as it is: do not
/// take it from the request unchecked. Call it in MG_EV_HTTP_MSG. `opts` may be NULL; its `root_dir` and
/// `ssi_pattern` do not matter here.
///
/// The response has an entity tag and answers If-None-Match, Range (one range, with If-Range) and HEAD.
/// When the client accepts gzip and there is a file with ".gz" behind its name, that one is sent;
/// mg_http_set_codings() can do more. Only
/// regular files are served; for others, and when there is no such file, the response is `page404` or
/// 404.
///
/// The head is in `c->send` when the function returns. A small file follows it there; a large one is sent as
/// the socket takes it, and `c->is_resp` stays set meanwhile. A protocol handler of the library runs in
/// `c->pfn` until then. Set `c->is_draining` to close the connection after the file. A file that turns
/// out shorter than announced closes it, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_serve_file(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    path: *const c_char,
    opts: *const mg_http_serve_opts,
) {
    // SAFETY: pointer contract.
    let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
        return;
    };
    contain_kept(c, (), || {
        // SAFETY: pointer contract.
        let (path, opts, wish) = unsafe { (cstr(path), Options::new(opts), Wish::new(c, hm)) };
        file::serve(c, &wish, CPath::from_bytes(path).as_mut(), &opts);
    });
}

/// Answers a request with a file below a directory, its index file, or a list of its files. Call it
/// in MG_EV_HTTP_MSG. See mg_http_serve_file() for how files are served.
///
/// The URI is percent-decoded and looked up in `root_dir`. Malformed escapes, and paths with ".." behind
/// a slash, are answered with 400. A directory without a slash at the end is answered with a redirect; one
/// with it by index.html or index.shtml in it, or else by a list of its files as a table. Symbolic
/// links are followed wherever they lead, and files whose names begin with a dot are served. A check of
/// `hm->uri` by the program must expect escapes and superfluous slashes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_serve_dir(
    c: *mut mg_connection,
    hm: *mut mg_http_message,
    opts: *const mg_http_serve_opts,
) {
    // SAFETY: pointer contract.
    let (Some(c), Some(hm)) = (unsafe { c.as_ref() }, unsafe { hm.as_ref() }) else {
        return;
    };
    contain_kept(c, (), || {
        inject("mg_http_serve_dir");
        // SAFETY: pointer contract.
        let (opts, wish) = unsafe { (Options::new(opts), Wish::new(c, hm)) };
        // SAFETY: pointer contract.
        let uri = unsafe { hm.uri.as_bytes() };
        if opts.fs.is_builtin() {
            return directory::serve(c, &wish, uri, &opts);
        }
        // The functions of the table may change the buffer that the URI is in.
        let mut copy = Vec::new();
        if copy.try_reserve_exact(uri.len()).is_err() {
            return crate::net::error(c, b"OOM");
        }
        copy.extend_from_slice(uri);
        directory::serve(c, &wish, &copy, &opts);
    });
}

/// Answers a request with a page of the host's files in which server-side includes are replaced:
/// `<!--#include file="x" -->` by a file beside the including one, `<!--#include virtual="x" -->` by the file
/// `root` followed by "x", with a slash in between.
///
/// Includes nest 5 levels deep. What cannot be included is left out and logged; other tags stay. The
/// response is 404 when there is no such page, and 500 when it grows beyond 16 MB or 10,000 files.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_serve_ssi(
    c: *mut mg_connection,
    root: *const c_char,
    fullpath: *const c_char,
) {
    // SAFETY: pointer contract.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    contain_kept(c, (), || {
        // SAFETY: pointer contract.
        let (root, path) = unsafe { (cstr(root), cstr(fullpath)) };
        let path = CPath::from_bytes(path).unwrap_or_default();
        directory::serve_ssi(c, FileSystem::posix(), root, &path);
    });
}
