//! HTTP messages.

use crate::{assert_inside, connection};
use mongoose::ffi::mg_str;
use mongoose::fs::path::CPath;
use mongoose::http::chunked::{self, Chunks, Step};
use mongoose::http::coding::accept::Accepted;
use mongoose::http::coding::{Coding, media};
use mongoose::http::ffi::accessors::{
    mg_http_creds, mg_http_get_header_var, mg_http_get_var, mg_http_next_multipart, mg_http_part,
    mg_http_var,
};
use mongoose::http::ffi::conn::http_handler;
use mongoose::http::ffi::{mg_http_get_request_len, mg_http_message, mg_http_parse};
use mongoose::http::files::range::{ByteRange, Part};
use mongoose::http::files::ssi::{self, Failure, Source};
use mongoose::http::files::{encoding, form, mapping, mime};
use mongoose::http::reply::reply;
use mongoose::net::{Flag, ev, mg_connection};
use std::ffi::{CStr, CString, c_char, c_int, c_void};

/// A message head: what is parsed lies inside the input, and both functions agree where it ends.
pub fn request(data: &[u8]) {
    let mut hm = mg_http_message::EMPTY;
    // SAFETY: `data` is as long as it says; `hm` is a message.
    let (n, len) = unsafe {
        (
            mg_http_parse(data.as_ptr().cast(), data.len(), &raw mut hm),
            mg_http_get_request_len(data.as_ptr(), data.len()),
        )
    };
    if n > 0 {
        assert_eq!(n, len, "a complete head ends where the blank line is");
        for s in [hm.method, hm.uri, hm.query, hm.proto, hm.head] {
            assert_inside(data, s);
        }
        for header in &hm.headers {
            assert_inside(data, header.name);
            assert_inside(data, header.value);
        }
    }
}

/// Chunked bodies: the content is the same however the body is cut, and decoding in place finds it.
pub fn chunks(data: &[u8]) {
    let follow = |cut: usize| {
        let (mut chunks, mut pos, mut content) = (Chunks::default(), 0, Vec::new());
        for end in [cut, data.len()] {
            loop {
                match chunks.step(&data[..end], &mut pos) {
                    Step::Data(range) => content.extend_from_slice(&data[range]),
                    Step::More => break,
                    end => return (end, pos, content),
                }
            }
            assert_eq!(pos, end);
        }
        (Step::More, pos, content)
    };
    let whole = follow(0);
    for cut in [1, data.len() / 2, data.len().saturating_sub(1)] {
        assert_eq!(follow(cut.min(data.len())), whole, "cut at {cut}");
    }
    let mut body = data.to_vec();
    match chunked::decode(&mut body) {
        Some((raw, len)) => {
            assert_eq!((Step::End, raw), (whole.0, whole.1));
            assert_eq!(body[..len], whole.2);
            assert_eq!(body[raw..], data[raw..], "what follows the body is intact");
        }
        None => assert_ne!(whole.0, Step::End),
    }
}

/// Multipart bodies: offsets grow, parts lie inside the body, names inside their part.
pub fn multipart(data: &[u8]) {
    let (mut offset, mut parts) = (0, 0);
    loop {
        let mut part = mg_http_part {
            name: mg_str::NULL,
            filename: mg_str::NULL,
            body: mg_str::NULL,
        };
        // SAFETY: a view of the input, and a part.
        let next =
            unsafe { mg_http_next_multipart(mg_str::from_bytes(data), offset, &raw mut part) };
        for s in [part.name, part.filename, part.body] {
            assert_inside(data, s);
        }
        if next == 0 {
            assert!(part.name.buf.is_null() && part.body.buf.is_null());
            break;
        }
        assert!(next > offset && next <= data.len());
        (offset, parts) = (next, parts + 1);
    }
    assert!(parts <= data.len() / 2);
}

/// Parameters of header fields, variables of queries and forms, credentials. The first line of
/// the input is a name, the rest is where it is looked for.
pub fn fields(data: &[u8]) {
    let (name, text) = split(data, b'\n');
    let view = mg_str::from_bytes;
    // SAFETY: views of the input.
    let (parameter, variable) = unsafe {
        (
            mg_http_get_header_var(view(text), view(name)),
            mg_http_var(view(text), view(name)),
        )
    };
    assert_inside(data, parameter);
    assert_inside(data, variable);
    if let Ok(name) = CString::new(name) {
        decoded_variable(text, &name, variable);
    }
    credentials(text);
}

fn split(data: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match data.iter().position(|&b| b == separator) {
        Some(i) => (&data[..i], &data[i + 1..]),
        None => (&[], data),
    }
}

/// A copy of a variable is decoded, terminated, and only made if there is one.
fn decoded_variable(text: &[u8], name: &CStr, raw: mg_str) {
    let text = mg_str::from_bytes(text);
    for room in [1, 5, text.len + 1] {
        let mut to = vec![0xaa_u8; room + 1];
        // SAFETY: a view of the input, a string, and a buffer of this size.
        let n = unsafe {
            mg_http_get_var(&raw const text, name.as_ptr(), to.as_mut_ptr().cast(), room)
        };
        assert_eq!(to[room], 0xaa, "written behind the buffer");
        match usize::try_from(n) {
            Ok(n) => assert!(n <= raw.len && n < room && to[n] == 0 && !raw.buf.is_null()),
            Err(_) => assert!(to[..room].contains(&0)),
        }
        assert!(n >= 0 || n == -3 || raw.buf.is_null());
    }
}

fn credentials(value: &[u8]) {
    let message = [
        b"GET /?access_token=a%20b HTTP/1.1\r\nAuthorization: ",
        value,
        b"\r\n\r\n",
    ]
    .concat();
    let mut hm = mg_http_message::EMPTY;
    let (mut user, mut pass) = ([0xaa_u8; 64], [0xaa_u8; 32]);
    // SAFETY: a message whose text is alive, and buffers with room for a byte more.
    unsafe {
        mg_http_parse(message.as_ptr().cast(), message.len(), &raw mut hm);
        let (u, p) = (user.as_mut_ptr().cast(), pass.as_mut_ptr().cast());
        mg_http_creds(&raw mut hm, u, user.len() - 1, p, pass.len() - 1);
    }
    for text in [&user[..], &pass[..]] {
        let (last, text) = text.split_last().unwrap();
        assert_eq!(*last, 0xaa, "written behind the buffer");
        assert!(text.contains(&0), "not terminated");
    }
}

/// What the file server reads of a request: ranges, encodings, types. The first byte is the size
/// of the file.
pub fn file_headers(data: &[u8]) {
    let (size, value) = data
        .split_first()
        .map_or((0, data), |(n, rest)| (usize::from(*n), rest));
    if let Some(range) = ByteRange::parse(value) {
        for size in [size, 0, 1, usize::MAX] {
            for part in [range.of(size), range.within(size)] {
                match part {
                    Part::Range(part) => assert!(part.start < part.end && part.end <= size),
                    Part::Whole => panic!("a range is never the whole"),
                    Part::Unsatisfiable => {}
                }
            }
            if let Part::Range(part) = range.of(size) {
                assert_eq!(range.within(size), Part::Range(part));
            }
        }
    }
    encoding::accepts_gzip(value);
    accepted_codings(value);
    let (path, overrides) = split(value, b'|');
    let kind = mime::content_type(path, overrides);
    assert!(!kind.is_empty() || !overrides.is_empty());
}

/// Lines are fields, and the same as one field; each coding is there once at most, identity always.
fn accepted_codings(value: &[u8]) {
    let (mut lines, mut joined) = (Accepted::NONE, value.to_vec());
    for line in value.split(|&b| b == b'\n') {
        lines.add(line);
    }
    joined
        .iter_mut()
        .filter(|b| **b == b'\n')
        .for_each(|b| *b = b',');
    let mut one = Accepted::NONE;
    one.add(&joined);
    assert_eq!(lines, one);
    let ranked: Vec<_> = lines.ranked().collect();
    for coding in Coding::ALL {
        assert!(ranked.iter().filter(|other| **other == coding).count() <= 1);
    }
    assert!(ranked.contains(&Coding::Identity));
    media::is_compressible(value);
    media::is_compressed(value);
    for tag in [&b"\"a\""[..], b"W/\"a-br\""] {
        assert!(!form::lists(value, tag) || value.contains(&b'*') || value.contains(&b'a'));
    }
}

/// From targets to paths: a path stays below its directory. The first line lists the directories.
pub fn target(data: &[u8]) {
    let (roots, uri) = split(data, b'\n');
    let Some((dir, name)) = mapping::find_root(roots, uri) else {
        return;
    };
    assert!(uri.ends_with(name));
    if let Ok(path) = mapping::path(dir, name) {
        let path = path.as_bytes();
        assert!(mongoose::util::is_sane(path) && !path.contains(&0));
        let below = path.starts_with(dir) || dir.strip_suffix(b"/").is_some_and(|d| path == d);
        let shorter = dir.iter().rev().take_while(|b| **b == b'/').count() > 1;
        assert!(below || shorter, "outside the directory");
        assert!(
            !path
                .split(|b| matches!(b, b'/' | b'\\'))
                .any(|part| part.starts_with(b".."))
        );
    }
}

/// Pages that include each other: files behind NUL bytes, the first being the page. Expansion ends,
/// and only looks for sane paths.
pub fn includes(data: &[u8]) {
    struct Files<'a>(Vec<&'a [u8]>);
    impl<'a> Source for Files<'a> {
        type Content = &'a [u8];
        fn read(&mut self, path: &CPath) -> Option<&'a [u8]> {
            assert!(mongoose::util::is_sane(path.as_bytes()));
            let name = *path.as_bytes().last()?;
            self.0.get(usize::from(name.wrapping_sub(b'0'))).copied()
        }
        fn complain(&mut self, text: std::fmt::Arguments<'_>) {
            assert!(!text.to_string().contains('\n'));
        }
    }
    // Larger pages may multiply beyond patience.
    let data = &data[..data.len().min(400)];
    let mut files = Files(data.split(|&b| b == 0).collect());
    let page = CPath::from_bytes(b"root/0").unwrap();
    match ssi::expand(&mut files, b"root/", &page) {
        Ok(out) => assert!(out.len() <= ssi::MAX_SIZE),
        Err(e) => assert_ne!(e, Failure::OutOfMemory),
    }
}

/// The messages that a connection delivers are the same however its input is cut. The first byte says how
/// to cut, and whether the connection is a client's.
pub fn conversation(data: &[u8]) {
    let Some((&mode, data)) = data.split_first() else {
        return;
    };
    let data = &data[..data.len().min(4096)];
    let client = mode & 1 != 0;
    let whole = messages(data, client, data.len().max(1));
    for size in [1, usize::from(mode / 2) + 2] {
        assert_eq!(messages(data, client, size), whole, "in pieces of {size}");
    }
}

/// What a connection's handler got, as text.
fn messages(data: &[u8], client: bool, size: usize) -> String {
    let mut log = Vec::new();
    connection::with(Some(http_handler), Some(note), &mut log, |c| {
        c.set(if client { Flag::Client } else { Flag::Accepted }, true);
        for piece in data.chunks(size) {
            connection::feed(c, piece);
            connection::poll(c);
            assert!(c.recv.len.get() <= data.len());
        }
    });
    String::from_utf8(log).unwrap()
}

unsafe extern "C" fn note(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: `fn_data` is the log of `messages`; events bring what they document.
    unsafe {
        let log = &mut *(*c).fn_data.get().cast::<Vec<u8>>();
        let mut add = |what: &str, text: &[u8]| {
            log.extend_from_slice(format!("{what} {}\n", text.escape_ascii()).as_bytes());
        };
        match event {
            ev::HTTP_HDRS | ev::HTTP_MSG => {
                let hm = &*data.cast::<mg_http_message>();
                let message = event == ev::HTTP_MSG;
                add(if message { "message" } else { "head" }, hm.head.as_bytes());
                if message {
                    add("body", hm.body.as_bytes());
                    if !(*c).is(Flag::Client) {
                        reply(&*c, 200, b"", b"ok");
                    }
                }
            }
            ev::ERROR => add("error", CStr::from_ptr(data.cast::<c_char>()).to_bytes()),
            _ => {}
        }
    }
}
