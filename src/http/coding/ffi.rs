#![allow(unsafe_code)]

use super::Settings;
use super::accept::Accepted;
use crate::ffi::{guard, versioned};
use crate::http::ffi::{conn, mg_http_message};
use crate::net::{Flag, mg_connection};
use std::ffi::c_int;

/// Content codings of HTTP responses (RFC 9110, 8.4); see mg_http_set_codings().
///
/// Zero the struct, put its size into `size`, and set what is wanted. A member that is 0 leaves
/// things as they are without this interface, or has the value that its comment tells.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mg_http_codings {
    /// sizeof(struct mg_http_codings), so that later versions can add members.
    pub size: usize,
    /// Not 0: mg_http_serve_dir() and mg_http_serve_file() look for compressed files beside the one
    /// asked for, with ".br", ".zst" or ".gz" behind its name, and send the one that the client likes
    /// best. Nobody compares their ages: make them anew when the original changes.
    pub siblings: c_int,
    /// Not 0: gzip for replies, and for files that have no suitable sibling. From 1, the fastest, to 9, the
    /// smallest; 6 is usual.
    pub gzip_level: c_int,
    /// The shortest body that is compressed, in bytes. 0: 1024.
    pub min_size: usize,
}

const DEFAULT_MIN_SIZE: usize = 1024;

/// Reads what a program wants that may be older or newer than this library. `None` when a value is
/// absurd, or a member is set that this version does not have.
///
/// # Safety
/// `from` is readable over the size that it says.
unsafe fn read(from: *const mg_http_codings) -> Option<Settings> {
    // SAFETY: forwarded from the caller; the members are integers.
    let codings = unsafe { versioned::read(from) }?;
    let min_size = match codings.min_size {
        0 => DEFAULT_MIN_SIZE,
        size => size,
    };
    Some(Settings {
        min_size: u32::try_from(min_size).unwrap_or(u32::MAX),
        level: u8::try_from(codings.gzip_level)
            .ok()
            .filter(|level| *level <= 9)?,
        siblings: codings.siblings != 0,
    })
}

/// Lets the responses of an HTTP server be coded as clients accept it (RFC 9110, 12.5.3): those of a
/// connection; or, given a listener, those of the connections that it accepts from now on. Without
/// it nothing is coded but what is in ".gz" files; see mg_http_serve_file(). Call it on a listener, in
/// MG_EV_ACCEPT, or in any other handler. It holds for later requests, and for the one that
/// MG_EV_HTTP_HDRS or MG_EV_HTTP_MSG is about. A request keeps its Accept-Encoding until its response is
/// finished, however late, so pipelined requests are not mixed up.
///
/// Coded are
///
/// - files, see `siblings`, unless `extra_headers` has Content-Encoding. Of codings that the client likes as
///   much, br comes before zstd, and that before gzip. What is compressed on the way there leaves in chunks, so for clients with HTTP/1.1 and requests
///   without Range only; no more than 64 KB of it wait in `c->send`, whatever `fs` the file is from;
/// - bodies of mg_http_reply(), mg_http_reply_buf() and what the library answers in the same way, such
///   as SSI pages, at once: a large body keeps the loop busy, and needs memory for its coded form, too.
///
/// with gzip only if Content-Type names text, JSON, XML, JavaScript, SVG, WebAssembly or the like (replies without
/// Content-Type are taken for text), and not if the program's header lines have Content-Encoding,
/// Transfer-Encoding, Content-Range or "Cache-Control: no-transform", nor with status 1xx, 204, 206 or 304. What the
/// program sends in chunks or with mg_http_reply_stream(), mg_printf() or mg_send() is never touched.
///
/// Coded responses say Content-Encoding. All that could have been coded say "Vary: Accept-Encoding", so that
/// caches keep the forms apart. Each form of a file has an entity tag of its own, weak when it was compressed on
/// the way; If-None-Match, which may be a list, and ranges refer to the form at hand. A range that
/// ends behind the file is cut off there (RFC 9110, 14.1.2); without codings it is refused, as mongoose does. An
/// ETag among the program's header lines becomes weak when the client accepts gzip: compare it without "W/".
///
/// While a response is compressed it takes about 400 KB. When memory is exhausted it is sent as it is.
///
/// Do not compress secrets together with what a client can choose, over TLS: the length of the response
/// tells whether they are alike (the BREACH attack). Reply to such requests with "Cache-Control: no-transform".
///
/// `codings` is copied. NULL: nothing is coded any more. Returns false, with nothing changed, when `size` or
/// `gzip_level` is absurd, when a member is set that this version of the library does not have, and for a
/// UDP or closed connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_http_set_codings(
    c: *mut mg_connection,
    codings: *const mg_http_codings,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(c) = (unsafe { c.as_ref() }) else {
            return false;
        };
        let Some(state) = c.http().filter(|_| !c.is(Flag::Udp) && !c.is_dead()) else {
            return false;
        };
        let settings = if codings.is_null() {
            Some(Settings::default())
        } else {
            // SAFETY: pointer contract.
            unsafe { read(codings) }
        };
        let Some(settings) = settings else {
            return false;
        };
        state.codings.set(settings);
        conn::look_at_codings_again(c, state);
        true
    })
}

/// What a request says about content codings.
///
/// # Safety
/// The strings of the message are readable.
pub unsafe fn accepted(hm: &mg_http_message) -> Accepted {
    let mut accepted = Accepted::NONE;
    for header in &hm.headers {
        // SAFETY: forwarded from the caller.
        let (name, value) = unsafe { (header.name.as_bytes(), header.value.as_bytes()) };
        if name.is_empty() {
            break;
        }
        if name.eq_ignore_ascii_case(b"Accept-Encoding") {
            accepted.add(value);
        }
    }
    accepted
}

/// Bodies in `c->send` from `at` on, compressed; see [`super::gzip::whole`].
pub fn gzip_queued(c: &mg_connection, at: usize, level: u8, gain: usize) -> Option<Vec<u8>> {
    // SAFETY: nothing is called while the slice lives that changes the buffer.
    let body = unsafe { c.send.as_bytes() }.get(at..)?;
    super::gzip::whole(level, body, gain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A struct of another version of the library.
    #[repr(C)]
    struct Other {
        known: mg_http_codings,
        members: [usize; 4],
    }

    const NONE: mg_http_codings = mg_http_codings {
        size: size_of::<mg_http_codings>(),
        siblings: 0,
        gzip_level: 0,
        min_size: 0,
    };

    fn read_other(known: mg_http_codings, more: usize) -> Option<Settings> {
        let other = Other {
            known,
            members: [0, 0, more, 0],
        };
        // SAFETY: the sizes tested are those of the struct, or refused without a look.
        unsafe { read((&raw const other).cast()) }
    }

    #[test]
    fn structs_of_other_versions() {
        let full = mg_http_codings {
            siblings: 7,
            gzip_level: 5,
            min_size: 300,
            ..NONE
        };
        let settings = Settings {
            min_size: 300,
            level: 5,
            siblings: true,
        };
        assert_eq!(read_other(full, 9), Some(settings));
        let older = mg_http_codings { size: 16, ..full };
        let min_size = DEFAULT_MIN_SIZE as u32;
        assert_eq!(
            read_other(older, 0),
            Some(Settings {
                min_size,
                ..settings
            })
        );
        let newer = mg_http_codings {
            size: size_of::<Other>(),
            ..full
        };
        assert_eq!(read_other(newer, 0), Some(settings));
        assert_eq!(read_other(newer, 1), None);
    }

    #[test]
    fn absurd_values() {
        for size in [0, 7, versioned::MAX_SIZE + 1, usize::MAX] {
            assert_eq!(read_other(mg_http_codings { size, ..NONE }, 0), None);
        }
        for gzip_level in [-1, 10, 256, c_int::MIN, c_int::MAX] {
            assert_eq!(read_other(mg_http_codings { gzip_level, ..NONE }, 0), None);
        }
        let huge = mg_http_codings {
            min_size: usize::MAX,
            ..NONE
        };
        assert_eq!(read_other(huge, 0).unwrap().min_size, u32::MAX);
    }
}
