//! The response with one file.
#![allow(unsafe_code)]

use super::Options;
use super::transfer::{self, Body};
use crate::fs::Stat;
use crate::fs::ffi::OpenFile;
use crate::fs::path::CPath;
use crate::http::ffi::accessors::etag;
use crate::http::ffi::conn::finish_response;
use crate::http::ffi::mg_http_message;
use crate::http::files::range::{ByteRange, Part};
use crate::http::files::{encoding, mime};
use crate::http::{reply, status};
use crate::net::{self, Flag, mg_connection};

/// Most bytes of an entity tag.
const TAG_MAX: usize = 48;

/// A header value that is compared with an entity tag. What is too long equals none and is empty.
struct Tag {
    len: usize,
    text: [u8; TAG_MAX],
}

impl Tag {
    fn new(value: &[u8]) -> Tag {
        let mut tag = Tag {
            len: 0,
            text: [0; TAG_MAX],
        };
        if let Some(text) = tag.text.get_mut(..value.len()) {
            text.copy_from_slice(value);
            tag.len = value.len();
        }
        tag
    }

    fn as_bytes(&self) -> &[u8] {
        &self.text[..self.len]
    }
}

/// What a request says about the representation it wants. Holds nothing of the receive buffer, which
/// the functions of a file system may change.
pub struct Wish {
    pub is_head: bool,
    accepts_gzip: bool,
    if_none_match: Option<Tag>,
    if_range: Option<Tag>,
    range: Option<ByteRange>,
}

impl Wish {
    /// # Safety
    /// The strings of the message are readable.
    pub unsafe fn new(hm: &mg_http_message) -> Wish {
        // SAFETY: forwarded from the caller.
        unsafe {
            let value = |name: &[u8]| hm.header(name).map(|value| value.as_bytes());
            let range = value(b"Range").and_then(ByteRange::parse);
            Wish {
                is_head: hm.method.as_bytes() == b"HEAD",
                accepts_gzip: value(b"Accept-Encoding").is_some_and(encoding::accepts_gzip),
                if_none_match: value(b"If-None-Match").map(Tag::new),
                if_range: range.and_then(|_| value(b"If-Range")).map(Tag::new),
                range,
            }
        }
    }
}

/// A file that was found.
struct Found {
    file: OpenFile,
    stat: Stat,
    is_gzip: bool,
}

fn find(wish: &Wish, path: &mut CPath, opts: &Options) -> Option<Found> {
    let len = path.as_bytes().len();
    if wish.accepts_gzip && path.push(b".gz") {
        let found = opts.fs.open_regular(path.as_cstr());
        path.truncate(len);
        if let Some((file, stat)) = found {
            return Some(Found {
                file,
                stat,
                is_gzip: true,
            });
        }
    }
    let (file, stat) = opts.fs.open_regular(path.as_cstr())?;
    Some(Found {
        file,
        stat,
        is_gzip: false,
    })
}

/// Answers with the file at `path`, or with what stands for a missing file.
pub fn serve(c: &mg_connection, wish: &Wish, path: Option<&mut CPath>, opts: &Options) {
    if let Some(path) = path
        && let Some(found) = find(wish, path, opts)
    {
        return respond(c, wish, found, path.as_bytes(), opts);
    }
    let page = opts.page404.and_then(|page| {
        let (file, stat) = opts.fs.open_regular(page)?;
        Some((page, file, stat))
    });
    match page {
        Some((page, file, stat)) => {
            let found = Found {
                file,
                stat,
                is_gzip: false,
            };
            respond(c, wish, found, page.to_bytes(), opts);
        }
        None => reply::reply(c, 404, opts.extra_headers, b"Not found\n"),
    }
}

fn respond(c: &mg_connection, wish: &Wish, found: Found, name: &[u8], opts: &Options) {
    let Found {
        mut file,
        stat,
        is_gzip,
    } = found;
    let mut tag = [0; TAG_MAX];
    let len = etag(&mut tag, stat.size, stat.mtime);
    let tag = &tag[..len];
    let equals = |given: &Option<Tag>| given.as_ref().map(|given| given.as_bytes() == tag);
    if equals(&wish.if_none_match) == Some(true) {
        drop(file);
        return reply::reply(c, 304, opts.extra_headers, b"");
    }
    let part = match wish.range {
        Some(range) if equals(&wish.if_range) != Some(false) => range.of(stat.size),
        _ => Part::Whole,
    };
    let (code, start, len) = match &part {
        Part::Whole => (200, 0, stat.size),
        Part::Range(range) => (206, range.start, range.len()),
        Part::Unsatisfiable => (416, 0, 0),
    };

    let content_type = mime::content_type(name, opts.mime_types);
    if !c
        .send
        .reserve(opts.extra_headers.len() + content_type.len() + 512)
    {
        return net::error(c, b"OOM");
    }
    let put = |text: &[u8]| c.send.append(text);
    let put_number = |n: usize| put(itoa::Buffer::new().format(n).as_bytes());
    put(b"HTTP/1.1 ");
    put_number(code);
    put(b" ");
    put(status::text(code as i32).as_bytes());
    put(b"\r\nContent-Type: ");
    put(content_type);
    put(b"\r\nEtag: ");
    put(tag);
    put(b"\r\nContent-Length: ");
    put_number(len);
    if is_gzip {
        put(b"\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding");
    }
    if part != Part::Whole {
        put(b"\r\nContent-Range: bytes ");
        match &part {
            Part::Range(range) => {
                put_number(range.start);
                put(b"-");
                put_number(range.end - 1);
            }
            _ => {
                put(b"*");
            }
        }
        put(b"/");
        put_number(stat.size);
    }
    put(b"\r\n");
    reply::append_wanted(c, code as i32, opts.extra_headers, true);
    reply::append_headers(&c.send, opts.extra_headers);
    put(b"\r\n");
    c.send.terminate();

    if wish.is_head || c.is(Flag::Closing) {
        drop(file);
        return finish_response(c);
    }
    if matches!(part, Part::Range(_)) && file.seek(start) != start {
        return transfer::cut_short(c);
    }
    transfer::start(c, Body::new(file, start, len));
}
