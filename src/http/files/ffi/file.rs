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
                is_head: hm.method.as_bytes().eq_ignore_ascii_case(b"HEAD"),
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
    if let Some(n) = wish.negotiation.filter(|n| n.settings.siblings) {
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
    let is_known = wish.has(tag.as_bytes());
    if is_known && wish.negotiation.is_none() {
        drop(file);
        return reply::reply(c, 304, opts.extra_headers, b"");
    }
    let has_body = !wish.is_head && !is_known && !c.is(Flag::Closing);
    let mut encoder = None;
    if let Some(level) = form.level.filter(|_| has_body) {
        encoder = Encoder::new(level, stat.size);
        if encoder.is_none() {
            form.give_up_compression();
            tag = form.tag(plain_tag);
        }
    }
    let part = wish.part(tag.as_bytes(), stat.size);
    let (code, start, len) = match &part {
        _ if is_known => (304, 0, 0),
        Part::Whole => (200, 0, stat.size),
        Part::Range(range) => (206, range.start, range.len()),
        Part::Unsatisfiable => (416, 0, 0),
    };

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
    if !is_known {
        put(b"\r\nContent-Type: ");
        put(content_type);
    }
    put(b"\r\nEtag: ");
    put(tag.as_bytes());
    if form.level.is_some() && !is_known {
        put(b"\r\nTransfer-Encoding: chunked");
    } else if !is_known {
        put(b"\r\nContent-Length: ");
        put_number(len);
    }
    if form.coding != Coding::Identity && !is_known {
        put(b"\r\nContent-Encoding: ");
        put(form.coding.name());
    }
    if form.varies && !(wish.negotiation.is_some() && reply::has_vary(opts.extra_headers)) {
        put(b"\r\nVary: Accept-Encoding");
    }
    if part != Part::Whole && !is_known {
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
    reply::append_headers(&c.send, opts.extra_headers);
    put(b"\r\n");
    c.send.terminate();

    if !has_body {
        drop(file);
        return finish_response(c);
    }
    if matches!(part, Part::Range(_)) && file.seek(start) != start {
        return transfer::cut_short(c);
    }
    transfer::start(c, Body::new(file, start, len, encoder));
}
