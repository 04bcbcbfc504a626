//! Serving a directory tree.
#![allow(unsafe_code)]

use super::{Options, not_found};
use crate::fs::path::{CPath, PATH_MAX};
use crate::http::conn::{finish_response, head_requested};
use crate::http::ffi::mg_http_message;
use crate::http::files::listing::{self, Page};
use crate::http::files::mapping::{self, MapError};
use crate::http::reply::reply;
use crate::iobuf::mg_iobuf;
use crate::net::{self, mg_connection};

pub(super) fn serve(c: &mg_connection, hm: &mg_http_message, opts: &Options<'_>) {
    // SAFETY: pointer contract of the caller.
    let uri = unsafe { hm.uri.as_bytes() };
    let path = match mapping::path(opts.root_dir, uri, opts.is_table) {
        Ok(path) => path,
        Err(MapError::NoRoot) => return not_found(c, hm, opts),
        Err(MapError::TooLong) => return reply(c, 400, b"", b"Exceeded path size"),
        Err(MapError::Invalid) => return reply(c, 400, b"", b"Invalid path"),
    };
    let is_dir = if uri == b"/" {
        Some(true)
    } else {
        opts.fs.is_dir(path.as_cstr())
    };
    match is_dir {
        Some(true) if !uri.ends_with(b"/") => redirect(c, uri),
        Some(true) => serve_index(c, hm, opts, path, uri),
        Some(false) => serve_page(c, hm, opts, &path),
        None => super::serve(c, hm, &path, opts),
    }
}

/// To the same URI with a slash behind it. Leading slashes are reduced to one: two would name
/// another host.
fn redirect(c: &mg_connection, uri: &[u8]) {
    let extra = uri
        .iter()
        .take_while(|&&b| b == b'/')
        .count()
        .saturating_sub(1);
    let io = &c.send;
    let start = io.len.get();
    let written = io.append(b"HTTP/1.1 301 Moved\r\nLocation: ")
        && io.append(&uri[extra..])
        && io.append_nul(b"/\r\nContent-Length: 0\r\n\r\n");
    if written {
        finish_response(c);
    } else {
        io.len.set(io.len.get().min(start));
        net::error(c, b"OOM");
    }
}

fn serve_index(
    c: &mg_connection,
    hm: &mg_http_message,
    opts: &Options<'_>,
    dir: CPath,
    uri: &[u8],
) {
    for name in [&b"index.html"[..], b"index.shtml", b"index.html.gz"] {
        let mut path = dir.clone();
        if !path.join(name) {
            break;
        }
        match opts.fs.is_dir(path.as_cstr()) {
            Some(true) => return list(c, opts, &path, uri),
            Some(false) => {
                // The compressed one goes by its plain name, to clients that take it.
                path.truncate(path.as_bytes().len() - if name.ends_with(b".gz") { 3 } else { 0 });
                return serve_page(c, hm, opts, &path);
            }
            None => {}
        }
    }
    list(c, opts, &dir, uri);
}

fn serve_page(c: &mg_connection, hm: &mg_http_message, opts: &Options<'_>, path: &CPath) {
    let expand = !opts.ssi_pattern.is_empty()
        && crate::string::glob_match(path.as_bytes(), opts.ssi_pattern, |_, _| {});
    if expand {
        super::serve_ssi(c, opts.root_dir, path, opts.fs);
    } else {
        super::serve(c, hm, path, opts);
    }
}

impl Page for &mg_iobuf {
    fn push(&mut self, text: &[u8]) -> bool {
        self.append(text)
    }
}

/// Columns of the Content-Length value.
const LENGTH_WIDTH: usize = 8;

/// Answers with the list of files of a directory.
fn list(c: &mg_connection, opts: &Options<'_>, dir: &CPath, uri: &[u8]) {
    let io = &c.send;
    let start = io.len.get();
    let begun = io.append(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n")
        && io.append(opts.extra_headers)
        && io.append(b"Content-Length:         \r\n\r\n");
    let body_at = io.len.get();
    if !begun || !list_body(io, opts, dir, uri) {
        io.len.set(io.len.get().min(start));
        return net::error(c, b"OOM");
    }
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(io.len.get() - body_at).as_bytes();
    io.overwrite(
        body_at - 4 - LENGTH_WIDTH,
        &digits[..digits.len().min(LENGTH_WIDTH)],
    );
    if head_requested(c) {
        io.len.set(body_at);
    }
    io.terminate();
    finish_response(c);
}

fn list_body(mut io: &mg_iobuf, opts: &Options<'_>, dir: &CPath, uri: &[u8]) -> bool {
    let mut title = [0; PATH_MAX];
    let n = crate::url::decode(uri, &mut title, false).unwrap_or(0);
    let mut complete = listing::begin(&mut io, &title[..n]);
    opts.fs.list(dir.as_cstr(), &mut |name| {
        let mut path = dir.clone();
        if !complete || !path.join(name.to_bytes()) {
            return;
        }
        match opts.fs.stat(path.as_cstr()) {
            Some(stat) => complete = listing::row(&mut io, name.to_bytes(), &stat),
            None => crate::log::error(format_args!(
                "cannot stat {}",
                path.as_bytes().escape_ascii()
            )),
        }
    });
    complete && listing::end(&mut io)
}
