//! Looking for an update on a server: one connection fetches the metadata, a second one the
//! firmware.
//!
//! There is one check at a time in a process. A connection of a check says that it is by its address;
//! one that the check has left, or that somebody else uses, is not recognised and changes nothing.
#![allow(unsafe_code)]

use crate::ffi::inject;
use crate::ffi::str::cstr;
use crate::fmt::Sink as _;
use crate::fmt::stack::Stack;
use crate::http::ffi::{mg_http_connect, mg_http_message};
use crate::http::parser;
use crate::http::upload::ffi::start_ota;
use crate::net::{self, Flag, ev, mg_connection, mg_mgr};
use crate::ota::metadata::{Metadata, QUERY, VERSION};
use crate::url;
use crate::util::ffi::mg_millis;
use parking_lot::Mutex;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt::Write;
use std::ptr::null_mut;

/// Told how a check ended.
pub type Report = Option<unsafe extern "C" fn(error_message: *const c_char)>;

/// Time to get the metadata, and to connect for the firmware.
const SHORT_MS: u64 = 5_000;
/// Time to get the firmware.
const LONG_MS: u64 = 300_000;

struct Check {
    report: Report,
    stage: Stage,
    /// Address of the connection at work; 0 before it has told.
    connection: usize,
    /// What is fetched.
    url: Vec<u8>,
    /// mg_millis() at which it ends in failure.
    deadline: u64,
}

#[derive(Clone, Copy)]
enum Stage {
    Metadata,
    /// Firmware of so many bytes.
    Firmware(usize),
}

static CHECK: Mutex<Option<Check>> = Mutex::new(None);

/// Looks at the check that `c` belongs to. `look` must not call out.
fn with<T>(c: &mg_connection, look: impl FnOnce(&mut Check) -> T) -> Option<T> {
    let mut check = CHECK.lock();
    let check = check.as_mut()?;
    (check.connection == c.as_ptr() as usize).then(|| look(check))
}

/// Starts a check; what a NULL report would be told otherwise.
///
/// # Safety
/// Pointer contract.
pub unsafe fn start(mgr: *mut mg_mgr, metadata_url: *const c_char, report: Report) {
    {
        let mut check = CHECK.lock();
        if check.is_some() {
            drop(check);
            return tell(report, c"OTA already in progress".as_ptr());
        }
        *check = Some(Check {
            report,
            stage: Stage::Metadata,
            connection: 0,
            url: Vec::new(),
            deadline: 0,
        });
    }
    // SAFETY: forwarded from the caller.
    unsafe { fetch(mgr, metadata_url) };
}

/// Opens the connection for the present stage.
///
/// # Safety
/// Pointer contract.
unsafe fn fetch(mgr: *mut mg_mgr, url: *const c_char) {
    // SAFETY: pointer contract.
    let text = unsafe { cstr(url) };
    let mut copy = Vec::new();
    let copied = copy.try_reserve_exact(text.len()).is_ok();
    if copied {
        copy.extend_from_slice(text);
    }
    if let Some(check) = CHECK.lock().as_mut() {
        check.connection = 0;
        check.url = copy;
        check.deadline = mg_millis() + SHORT_MS;
    }
    let mut c = null_mut();
    if copied {
        // SAFETY: the caller's pointers; the handler needs no data of its own.
        c = unsafe { mg_http_connect(mgr, url, Some(handler), null_mut()) };
    }
    if c.is_null() {
        // A connection that opened tells how it ends by itself.
        let ended = CHECK.lock().take_if(|check| check.connection == 0);
        if let Some(check) = ended {
            tell(check.report, c"Failed to connect".as_ptr());
        }
    }
}

/// The program's handler of both connections, as it were.
unsafe extern "C" fn handler(c: *mut mg_connection, event: c_int, data: *mut c_void) {
    // SAFETY: handlers are called with a live connection.
    let Some(c) = (unsafe { c.as_ref() }) else {
        return;
    };
    net::contain(c, (), || match event {
        ev::OPEN => {
            if let Some(check) = CHECK.lock().as_mut().filter(|check| check.connection == 0) {
                check.connection = c.as_ptr() as usize;
            }
        }
        ev::POLL => check_time(c),
        ev::CONNECT => request(c),
        ev::HTTP_HDRS | ev::HTTP_MSG => {
            let stage = with(c, |check| check.stage);
            // SAFETY: HTTP events come with a message.
            let hm = unsafe { data.cast::<mg_http_message>().as_ref() };
            match (stage, hm) {
                (Some(Stage::Metadata), Some(hm)) if event == ev::HTTP_MSG => metadata(c, hm),
                (Some(Stage::Firmware(size)), Some(hm)) if event == ev::HTTP_HDRS => {
                    firmware(c, hm, size);
                }
                _ => {}
            }
        }
        ev::ERROR => end(c, data.cast::<c_char>()),
        ev::CLOSE => end(c, c"connection closed".as_ptr()),
        _ => {}
    });
}

/// When a check on this connection has taken too long.
pub(crate) fn due(c: &mg_connection) -> Option<u64> {
    if c.r#fn.get().map(|f| f as usize) != Some(handler as *const () as usize) {
        return None;
    }
    with(c, |check| check.deadline + 1)
}

fn check_time(c: &mg_connection) {
    inject("ota");
    let now = mg_millis();
    let late = with(c, |check| (now > check.deadline).then_some(check.stage)).flatten();
    match late {
        Some(Stage::Metadata) => fail(c, b"Metadata timeout"),
        Some(Stage::Firmware(_)) => fail(c, b"OTA timeout"),
        None => {}
    }
}

/// Sends the request.
fn request(c: &mg_connection) {
    if c.is(Flag::Tls) {
        return fail(c, b"MG_OTA_TLS_CA is not configured");
    }
    let sent = with(c, |check| {
        let io = &c.send;
        let uri = url::uri(&check.url);
        let mut sent = io.append(b"GET ") && io.append(uri);
        if matches!(check.stage, Stage::Metadata) {
            let separator = if uri.contains(&b'?') { b"&" } else { b"?" };
            sent = sent && io.append(separator) && io.append(QUERY);
        } else {
            check.deadline = mg_millis() + LONG_MS;
        }
        sent && io.append(b" HTTP/1.1\r\nHost: ")
            && io.append(url::host(&check.url))
            && io.append(b"\r\nConnection: close\r\n\r\n")
    });
    if sent == Some(false) {
        fail(c, b"OOM");
    }
}

/// The metadata has arrived.
fn metadata(c: &mg_connection, hm: &mg_http_message) {
    // SAFETY: the message is in the receive buffer, which nobody changes while these slices live.
    let (status, body) = unsafe { (parser::status(hm.uri.as_bytes()), hm.body.as_bytes()) };
    let Some(mut found) = Metadata::parse(body).filter(|_| status == 200) else {
        let mut text = Stack::<99>::new();
        text.put(b"Bad metadata: ");
        text.put(body);
        return fail(c, text.as_bytes());
    };
    if found.version == VERSION {
        return fail(c, b"Same version");
    }
    let moved = with(c, |check| {
        check.stage = Stage::Firmware(found.size);
        check.connection = 0;
    });
    c.set(Flag::Closing, true);
    if moved.is_some() {
        found.url.push(0);
        // SAFETY: the manager of a live connection; the text is terminated.
        unsafe { fetch(c.mgr.get(), found.url.as_ptr().cast()) };
    }
}

/// The head of the firmware has arrived.
fn firmware(c: &mg_connection, hm: &mg_http_message, size: usize) {
    unsafe extern "C" fn stored(c: *mut mg_connection, error: *const c_char) {
        // SAFETY: reports come with a live connection.
        if let Some(c) = unsafe { c.as_ref() } {
            c.set(Flag::Closing, true);
            net::contain(c, (), || end(c, error));
        }
    }
    // SAFETY: as in `metadata`.
    let status = parser::status(unsafe { hm.uri.as_bytes() });
    if status != 200 || hm.body.len != size {
        let mut text = Stack::<99>::new();
        let _ = write!(
            text,
            "Bad HTTP response: status {status}, size {} vs {size}",
            hm.body.len
        );
        return fail(c, text.as_bytes());
    }
    let deadline = with(c, |check| check.deadline);
    // SAFETY: the message of the event.
    unsafe { start_ota(c, hm, Some(stored), deadline) };
}

/// Ends the check of `c`, and the connection.
fn fail(c: &mg_connection, text: &[u8]) {
    let mut buf = [0u8; 100];
    let n = text.len().min(buf.len() - 1);
    buf[..n].copy_from_slice(&text[..n]);
    crate::log::error(format_args!("{} {}", c.id.get(), buf[..n].escape_ascii()));
    c.set(Flag::Closing, true);
    end(c, buf.as_ptr().cast());
}

/// Ends the check of `c`.
fn end(c: &mg_connection, error: *const c_char) {
    let own = |check: &mut Check| check.connection == c.as_ptr() as usize;
    // The program may start the next check in its report.
    let ended = CHECK.lock().take_if(own);
    if let Some(check) = ended {
        tell(check.report, error);
    }
}

fn tell(report: Report, error: *const c_char) {
    match report {
        // SAFETY: the program's function with NULL or a terminated text.
        Some(report) => unsafe { report(error) },
        None if error.is_null() => crate::log::info(format_args!("OTA success")),
        None => {
            // SAFETY: a terminated text.
            let text = unsafe { CStr::from_ptr(error) };
            crate::log::error(format_args!(
                "OTA failed: {}",
                text.to_bytes().escape_ascii()
            ));
        }
    }
}
