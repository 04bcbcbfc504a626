//! The response with what a URI names in a directory.
#![allow(unsafe_code)]

use super::Options;
use super::file::{self, Wish};
use crate::fs::ffi::FileSystem;
use crate::fs::path::CPath;
use crate::http::coding::Coding;
use crate::http::ffi::conn::{finish_response, note_unsent};
use crate::http::files::listing::Listing;
use crate::http::files::mapping::{self, BadTarget};
use crate::http::files::ssi::{self, Failure};
use crate::http::reply::{append_headers, append_wanted, reply};
use crate::net::{self, mg_connection};
use crate::{string, url};

/// What the path of a request is.
enum Kind {
    Missing,
    File,
    Directory,
}

pub fn serve(c: &mg_connection, wish: &Wish, uri: &[u8], opts: &Options) {
    let (dir, name) = match mapping::find_root(opts.roots, uri) {
        Some(root) => root,
        None if opts.roots.is_empty() && !opts.fs.is_posix() => (&b""[..], uri),
        None => return file::serve(c, wish, None, opts),
    };
    let mut path = match mapping::path(dir, name) {
        Ok(path) => path,
        Err(BadTarget::Invalid) => return reply(c, 400, b"", b"Invalid path"),
        Err(BadTarget::TooLong) => return reply(c, 400, b"", b"Exceeded path size"),
    };
    let is_dir = if uri == b"/" {
        Some(true)
    } else {
        opts.fs.is_dir(path.as_cstr())
    };
    let kind = match is_dir {
        None => Kind::Missing,
        Some(false) => Kind::File,
        Some(true) if !uri.ends_with(b"/") => return redirect(c, uri),
        Some(true) => find_index(&mut path, wish, opts),
    };
    match kind {
        Kind::Directory => list(c, wish, &mut path, uri, opts),
        Kind::File if matches_ssi(path.as_bytes(), opts) => {
            serve_ssi(c, opts.fs, dir, &path);
        }
        Kind::File | Kind::Missing => file::serve(c, wish, Some(&mut path), opts),
    }
}

fn matches_ssi(path: &[u8], opts: &Options) -> bool {
    opts.ssi_pattern
        .is_some_and(|pattern| string::glob_match(path, pattern, |_, _| {}))
}

/// Looks for the index file of a directory and appends its name to the path.
fn find_index(path: &mut CPath, wish: &Wish, opts: &Options) -> Kind {
    let len = path.as_bytes().len();
    let names: [(&[u8], Coding); 5] = [
        (b"index.html", Coding::Identity),
        (b"index.shtml", Coding::Identity),
        (b"index.html", Coding::Gzip),
        (b"index.html", Coding::Zstd),
        (b"index.html", Coding::Brotli),
    ];
    let n = if wish.wants_siblings() { 5 } else { 3 };
    for (name, coding) in &names[..n] {
        if !path.join(name) || !path.push(coding.suffix()) {
            break;
        }
        if let Some(is_dir) = opts.fs.is_dir(path.as_cstr()) {
            path.truncate(path.as_bytes().len() - coding.suffix().len());
            return match coding {
                _ if is_dir => Kind::Directory,
                Coding::Identity => Kind::File,
                // Sent to clients that accept the coding.
                _ => Kind::Missing,
            };
        }
        path.truncate(len);
    }
    Kind::Directory
}

/// Sends the client to the same URI with a slash behind it. Slashes at its start become one: a
/// client takes what follows two of them for a host.
fn redirect(c: &mg_connection, uri: &[u8]) {
    let slashes = uri.iter().take_while(|b| matches!(b, b'/' | b'\\')).count();
    let uri = &uri[slashes.saturating_sub(1)..];
    let text: [&[u8]; 4] = [
        b"HTTP/1.1 301 Moved\r\nLocation: ",
        if slashes > 0 { b"/" } else { b"" },
        &uri[slashes.min(1)..],
        b"/\r\n",
    ];
    if !c.send.reserve(uri.len() + 128) {
        return net::error(c, b"OOM");
    }
    for piece in text {
        c.send.append(piece);
    }
    append_wanted(c, 301, b"", true);
    c.send.append(b"Content-Length: 0\r\n\r\n");
    c.send.terminate();
    finish_response(c);
}

fn list(c: &mg_connection, wish: &Wish, path: &mut CPath, uri: &[u8], opts: &Options) {
    let mut title = CPath::new();
    if !title.push_with(|room| url::decode(uri, room, false)) && !title.push(uri) {
        title.truncate(0);
    }
    let mut page = Listing::new(title.as_bytes());
    let dir = path.clone();
    let mut complete = true;
    opts.fs.list(dir.as_cstr(), &mut |name| {
        let len = path.as_bytes().len();
        let joined = path.join(name.to_bytes());
        match opts.fs.stat(path.as_cstr()).filter(|_| joined) {
            Some(stat) => complete &= page.add(name.to_bytes(), &stat),
            None => crate::log::error(format_args!(
                "{}: cannot stat",
                path.as_bytes().escape_ascii()
            )),
        }
        path.truncate(len);
    });
    if !complete {
        crate::log::error(format_args!(
            "{}: too many files to list",
            dir.as_bytes().escape_ascii()
        ));
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n";
    let Some(page) = page.finish() else {
        return net::error(c, b"OOM");
    };
    let io = &c.send;
    if !io.reserve(head.len() + opts.extra_headers.len() + page.len() + 128) {
        return net::error(c, b"OOM");
    }
    io.append(head);
    append_wanted(c, 200, opts.extra_headers, true);
    append_headers(io, opts.extra_headers);
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(page.len()).as_bytes();
    io.append(b"Content-Length: ");
    io.append(digits);
    io.append(&b"        "[digits.len().min(8)..]);
    io.append(b"\r\n\r\n");
    if wish.is_head {
        note_unsent(c, page.len());
    } else {
        io.append(&page);
    }
    io.terminate();
    finish_response(c);
}

/// Files for pages with server-side includes.
struct Pages(FileSystem);

/// The content of a page.
struct Content(*mut u8, usize);

impl AsRef<[u8]> for Content {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: made by FileSystem::read_file, which says how long it is.
        unsafe { crate::ffi::str::bytes(self.0, self.1) }
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        // SAFETY: made by FileSystem::read_file and released once.
        unsafe { crate::ffi::alloc::mg_free(self.0.cast()) };
    }
}

impl ssi::Source for Pages {
    type Content = Content;

    fn read(&mut self, path: &CPath) -> Option<Content> {
        let path = path.as_cstr();
        self.0
            .stat(path)
            .filter(|s| !s.is_dir && s.size <= ssi::MAX_SIZE)?;
        let (buf, len) = self.0.read_file(path)?;
        Some(Content(buf, len))
    }

    fn complain(&mut self, text: std::fmt::Arguments<'_>) {
        crate::log::error(text);
    }
}

pub fn serve_ssi(c: &mg_connection, fs: FileSystem, root: &[u8], path: &CPath) {
    let headers = b"Content-Type: text/html; charset=utf-8\r\n";
    match ssi::expand(&mut Pages(fs), root, path) {
        Ok(page) => reply(c, 200, headers, &page),
        Err(Failure::NotFound) => reply(c, 404, b"", b"Not found\n"),
        Err(Failure::TooLarge) => {
            let path = path.as_bytes().escape_ascii();
            crate::log::error(format_args!("{path}: SSI page is too large"));
            reply(c, 500, b"", b"SSI page is too large\n");
        }
        Err(Failure::OutOfMemory) => net::error(c, b"OOM"),
    }
}
