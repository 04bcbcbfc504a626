#![allow(unsafe_code)]

pub(crate) mod check;

use crate::ffi::guard;
use crate::ffi::str::cells;
use crate::net::mg_mgr;
use std::ffi::{c_char, c_void};
use std::hint::black_box;

/// Calls functions that a program may define itself, to install its updates.
///
/// The compiler must not see whose function is called: then the address comes from the dynamic
/// linker, which prefers the program's, or in the static library from the linker.
pub mod installer {
    use super::{black_box, c_void, mg_ota_begin, mg_ota_end, mg_ota_write};

    pub fn begin(size: usize) -> bool {
        let begin: extern "C" fn(usize) -> bool = mg_ota_begin;
        black_box(begin)(size)
    }

    pub fn write(data: &[u8]) -> bool {
        let write: unsafe extern "C" fn(*const c_void, usize) -> bool = mg_ota_write;
        // SAFETY: a slice is as long as it says.
        unsafe { black_box(write)(data.as_ptr().cast(), data.len()) }
    }

    pub fn end() -> bool {
        let end: extern "C" fn() -> bool = mg_ota_end;
        black_box(end)()
    }
}

/// Starts a firmware update of `new_firmware_size` bytes. Returns false when that is not possible.
///
/// This library knows no flash memory: its own mg_ota_begin(), mg_ota_write() and mg_ota_end() do
/// nothing and return true. A program that installs updates defines all three itself;
/// mg_http_start_ota() and mg_ota_url_check() then call those.
#[unsafe(no_mangle)]
pub extern "C" fn mg_ota_begin(new_firmware_size: usize) -> bool {
    let _ = new_firmware_size;
    true
}

/// Takes the next `len` bytes of the firmware: a multiple of 512, except for the last piece.
/// Returns false to give up. See mg_ota_begin().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ota_write(buf: *const c_void, len: usize) -> bool {
    let _ = (buf, len);
    true
}

/// Ends a firmware update, complete or not: a function of a program has to compare what it got with
/// what mg_ota_begin() announced. Returns false when the firmware cannot be used. See mg_ota_begin().
#[unsafe(no_mangle)]
pub extern "C" fn mg_ota_end() -> bool {
    true
}

/// What mg_ota_device_id() stores.
pub(super) const DEVICE_ID: &[u8] = b"0";

/// Stores an identifier of the device, cut to `len` - 1 bytes, and a NUL in `buf`: "0", there being
/// no device. With `len` 0 nothing is written. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ota_device_id(buf: *mut c_char, len: usize) {
    guard((), || {
        let text = DEVICE_ID.iter().chain([&0]);
        // SAFETY: pointer contract.
        let room = unsafe { cells(buf, len.min(DEVICE_ID.len() + 1)) };
        if let Some((last, rest)) = room.split_last() {
            for (cell, &byte) in rest.iter().zip(text) {
                cell.set(byte);
            }
            last.set(0);
        }
    });
}

/// Checks for updates now and then, for libraries with a built-in MG_OTA_URL. This one has none:
/// does nothing. Programs call mg_ota_url_check().
#[unsafe(no_mangle)]
pub extern "C" fn mg_ota_poll(mgr: *mut mg_mgr) {
    let _ = mgr;
}

/// Looks for a firmware update and installs it. Calls `fn` once, with NULL when it is installed, or
/// with a text. `fn` may be NULL, then the outcome is logged.
///
/// Fetches JSON from `metadata_url`, which gets the query
/// "arch=1&version=1.0.0&id=0&interval=60&boot=0": `version` and `url` of the newest firmware, and
/// its `size` in bytes. Unless the version is the one asked with, fetches the firmware and feeds
/// it to mg_ota_begin(), mg_ota_write() and mg_ota_end(), which the program defines. Only plain HTTP
/// is spoken, so the program has to verify what it installs.
///
/// Waits 5 seconds for the metadata and 300 for the firmware. There is one check at a time in a
/// process; `fn` may start the next one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_ota_url_check(
    mgr: *mut mg_mgr,
    metadata_url: *const c_char,
    r#fn: Option<unsafe extern "C" fn(error_message: *const c_char)>,
) {
    // SAFETY: pointer contract.
    guard((), || unsafe { check::start(mgr, metadata_url, r#fn) });
}
