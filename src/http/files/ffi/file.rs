//! The response with one file.
#![allow(unsafe_code)]

use super::Options;
use super::transfer::{self, Body, Encoder};
use crate::fs::Stat;
use crate::fs::ffi::OpenFile;
use crate::fs::path::CPath;
use crate::http::coding::Coding;
use crate::http::coding::ffi::accepted;
use crate::http::ffi::accessors::etag;
use crate::http::ffi::conn::finish_response;
use crate::http::ffi::mg_http_message;
use crate::http::files::form::{self, Form, Negotiation, TAG_MAX, Tag};
use crate::http::files::range::{ByteRange, Part};
use crate::http::files::{encoding, mime};
use crate::http::{reply, status};
use crate::net::{self, Flag, mg_connection};

/// Most bytes of a list of entity tags that is looked at.
const TAGS_MAX: usize = 256;

/// What a request says about the representation it wants. Holds nothing of the receive buffer, which
/// the functions of a file system may change.
pub struct Wish {
    pub is_head: bool,
    accepts_gzip: bool,
    if_none_match: Option<Tag<TAGS_MAX>>,
    if_range: Option<Tag<TAG_MAX>>,
    range: Option<ByteRange>,
    /// If the program asked for content codings.
    negotiation: Option<Negotiation>,
}

impl Wish {
    /// # Safety
    /// The strings of the message are readable.
    pub unsafe fn new(c: &mg_connection, hm: &mg_http_message) -> Wish {
        // SAFETY: forwarded from the caller.
        unsafe {
            let value = |name: &[u8]| hm.header(name).map(|value| value.as_bytes());
            let range = value(b"Range").and_then(ByteRange::parse);
            let settings = c.http().map(|state| state.codings.get());
            Wish {
                is_head: hm.method.as_bytes() == b"HEAD",
                accepts_gzip: value(b"Accept-Encoding").is_some_and(encoding::accepts_gzip),
                if_none_match: value(b"If-None-Match").map(Tag::new),
                if_range: range.and_then(|_| value(b"If-Range")).map(Tag::new),
                range,
                negotiation: settings
                    .filter(|settings| !settings.is_none())
                    .map(|settings| Negotiation {
                        settings,
                        accepted: accepted(hm),
                        is_http11: hm.proto.as_bytes() == b"HTTP/1.1",
                        wants_part: range.is_some(),
                    }),
            }
        }
    }

    /// True when coded forms of files are looked for.
    pub fn wants_siblings(&self) -> bool {
        self.negotiation.is_some_and(|n| n.settings.siblings)
    }

    /// True when the client has the form of a file with this entity tag.
    fn has(&self, tag: &[u8]) -> bool {
        self.if_none_match.as_ref().is_some_and(|given| {
            let given = given.as_bytes();
            given == tag || self.negotiation.is_some() && form::lists(given, tag)
        })
    }

    /// What the client wants of a form of a file.
    fn part(&self, tag: &[u8], size: usize) -> Part {
        let is_other = |given: &Tag<TAG_MAX>| given.as_bytes() != tag;
        match self.range {
            Some(_) if self.if_range.as_ref().is_some_and(is_other) => Part::Whole,
            Some(range) if self.negotiation.is_some() => range.within(size),
            Some(range) => range.of(size),
            None => Part::Whole,
        }
    }
}

/// A file that was found.
struct Found {
    file: OpenFile,
    stat: Stat,
    coding: Coding,
}

/// Opens the file at `path` in one of its forms.
fn open(path: &mut CPath, coding: Coding, opts: &Options) -> Option<Found> {
    let len = path.as_bytes().len();
    if !path.push(coding.suffix()) {
        return None;
    }
    let found = opts.fs.open_regular(path.as_cstr());
    path.truncate(len);
    let (file, stat) = found?;
    Some(Found { file, stat, coding })
}

fn find(wish: &Wish, path: &mut CPath, opts: &Options) -> Option<Found> {
    let is_coded = || reply::field(opts.extra_headers, b"Content-Encoding").is_some();
    if let Some(n) = wish
        .negotiation
        .filter(|n| n.settings.siblings && !is_coded())
    {
        let mut ranked = n.accepted.ranked();
        return ranked.find_map(|coding| open(path, coding, opts));
    }
    let coded = wish
        .accepts_gzip
        .then(|| open(path, Coding::Gzip, opts))
        .flatten();
    coded.or_else(|| open(path, Coding::Identity, opts))
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
        let coding = Coding::Identity;
        Some((page, Found { file, stat, coding }))
    });
    match page {
        Some((page, found)) => respond(c, wish, found, page.to_bytes(), opts),
        // There may be a form of it that others accept.
        None => {
            let varies = wish.wants_siblings();
            reply::reply_varying(c, 404, opts.extra_headers, b"Not found\n", varies);
        }
    }
}

fn respond(c: &mg_connection, wish: &Wish, found: Found, name: &[u8], opts: &Options) {
    let Found {
        mut file,
        stat,
        coding,
    } = found;
    let content_type = mime::content_type(name, opts.mime_types);
    let mut form = match &wish.negotiation {
        None => Form::found(coding),
        Some(n) => Form::negotiated(n, coding, stat.size, name, content_type, opts.extra_headers),
    };
    let mut plain_tag = [0; 48];
    let len = etag(&mut plain_tag, stat.size, stat.mtime);
    let plain_tag = &plain_tag[..len];
    let mut tag = form.tag(plain_tag);
    if wish.has(tag.as_bytes()) {
        drop(file);
        return not_modified(c, &form, tag.as_bytes(), opts);
    }
    let has_body = !wish.is_head && !c.is(Flag::Closing);
    let mut encoder = None;
    if let Some(level) = form.level.filter(|_| has_body) {
        encoder = Encoder::new(level, stat.size);
        if encoder.is_none() {
            form.give_up_compression();
            tag = form.tag(plain_tag);
        }
    }
    let head = Head {
        content_type,
        tag: tag.as_bytes(),
        form: &form,
        part: wish.part(tag.as_bytes(), stat.size),
        size: stat.size,
    };
    if !append_head(c, &head, opts) {
        return net::error(c, b"OOM");
    }
    if !has_body {
        drop(file);
        return finish_response(c);
    }
    let (start, len) = match head.part {
        Part::Whole => (0, stat.size),
        Part::Range(range) if file.seek(range.start) != range.start => {
            return transfer::cut_short(c);
        }
        Part::Range(range) => (range.start, range.len()),
        Part::Unsatisfiable => (0, 0),
    };
    transfer::start(c, Body::new(file, start, len, encoder));
}

/// The client has this form of the file already.
fn not_modified(c: &mg_connection, form: &Form, tag: &[u8], opts: &Options) {
    if !form.is_negotiated {
        return reply::reply(c, 304, opts.extra_headers, b"");
    }
    if !c.send.reserve(opts.extra_headers.len() + 256) {
        return net::error(c, b"OOM");
    }
    c.send.append(b"HTTP/1.1 304 Not Modified\r\nEtag: ");
    c.send.append(tag);
    append_vary(c, form, opts);
    end_head(c, 304, opts);
    finish_response(c);
}

/// What the head of a response with a file says.
struct Head<'a> {
    content_type: &'a [u8],
    tag: &'a [u8],
    form: &'a Form,
    part: Part,
    /// Of the whole file.
    size: usize,
}

/// False when memory is exhausted.
fn append_head(c: &mg_connection, head: &Head, opts: &Options) -> bool {
    if !c
        .send
        .reserve(opts.extra_headers.len() + head.content_type.len() + 512)
    {
        return false;
    }
    let (code, len) = match &head.part {
        Part::Whole => (200, head.size),
        Part::Range(range) => (206, range.len()),
        Part::Unsatisfiable => (416, 0),
    };
    let put = |text: &[u8]| c.send.append(text);
    let put_number = |n: usize| put(itoa::Buffer::new().format(n).as_bytes());
    put(b"HTTP/1.1 ");
    put_number(code);
    put(b" ");
    put(status::text(code as i32).as_bytes());
    put(b"\r\nContent-Type: ");
    put(head.content_type);
    put(b"\r\nEtag: ");
    put(head.tag);
    if head.form.level.is_some() {
        put(b"\r\nTransfer-Encoding: chunked");
    } else {
        put(b"\r\nContent-Length: ");
        put_number(len);
    }
    if head.form.coding != Coding::Identity {
        put(b"\r\nContent-Encoding: ");
        put(head.form.coding.name());
    }
    append_vary(c, head.form, opts);
    match &head.part {
        Part::Whole => {}
        Part::Range(range) => {
            put(b"\r\nContent-Range: bytes ");
            put_number(range.start);
            put(b"-");
            put_number(range.end - 1);
            put(b"/");
            put_number(head.size);
        }
        Part::Unsatisfiable => {
            put(b"\r\nContent-Range: bytes */");
            put_number(head.size);
        }
    }
    end_head(c, code as i32, opts);
    true
}

fn append_vary(c: &mg_connection, form: &Form, opts: &Options) {
    if form.varies && !(form.is_negotiated && reply::has_vary(opts.extra_headers)) {
        c.send.append(b"\r\nVary: Accept-Encoding");
    }
}

/// Ends the last line of a head, and it with the program's lines.
fn end_head(c: &mg_connection, code: i32, opts: &Options) {
    c.send.append(b"\r\n");
    reply::append_wanted(c, code, opts.extra_headers, true);
    reply::append_headers(&c.send, opts.extra_headers);
    c.send.append(b"\r\n");
    c.send.terminate();
}
