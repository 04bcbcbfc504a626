//! Whether a program and the library agree on the layout of structs.
#![allow(unsafe_code)]

use crate::ffi::layout::{DASH_MAX_USER_NAME, DATA_SIZE, MAX_HTTP_HEADERS};
use crate::ffi::{guard, str::cstr};
use crate::fmt::stack::Stack;
use crate::http::ffi::mg_http_message;
use crate::net::{mg_connection, mg_mgr};
use std::ffi::{CStr, c_char};
use std::fmt::Write;
use std::sync::OnceLock;

/// The version of the interface, `MG_VERSION` of the header.
const VERSION: &CStr = c"7.23";

/// Returns the version of the interface that the library implements, "7.23": MG_VERSION of its header.
/// Static, like the text of mg_abi(). Thread-safe, like all mg_abi*() functions.
#[unsafe(no_mangle)]
pub extern "C" fn mg_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Returns the version and the layout of the library as text, for programs without a header: those
/// that load the library at run time and know sizes and offsets of structs by themselves.
///
/// It is "7.23 data=32 headers=30 user=32 mgr=144 connection=288 http_message=1072" with the default
/// options on 64-bit systems: MG_VERSION, MG_DATA_SIZE, MG_MAX_HTTP_HEADERS, MG_DASH_MAX_USER_NAME, and the
/// sizes of the structs of these names. Compare all of it with the text that your declarations were
/// written for.
#[unsafe(no_mangle)]
pub extern "C" fn mg_abi() -> *const c_char {
    static TEXT: OnceLock<Stack<160>> = OnceLock::new();
    guard(c"".as_ptr(), || {
        let text = TEXT.get_or_init(|| {
            let mut text = Stack::new();
            let _ = write!(
                text,
                "{} data={DATA_SIZE} headers={MAX_HTTP_HEADERS} user={DASH_MAX_USER_NAME} \
                 mgr={} connection={} http_message={}\0",
                VERSION.to_string_lossy(),
                size_of::<mg_mgr>(),
                size_of::<mg_connection>(),
                size_of::<mg_http_message>(),
            );
            text
        });
        text.as_bytes().as_ptr().cast()
    })
}

/// Behind MG_ABI_CHECK(): true when version, options and sizes of a program's header are the
/// library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_abi_check(
    version: *const c_char,
    data_size: usize,
    max_http_headers: usize,
    dash_max_user_name: usize,
    mgr_size: usize,
    connection_size: usize,
    http_message_size: usize,
) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let version = unsafe { cstr(version) };
        version == VERSION.to_bytes()
            && data_size == DATA_SIZE
            && max_http_headers == MAX_HTTP_HEADERS
            && dash_max_user_name == DASH_MAX_USER_NAME
            && mgr_size == size_of::<mg_mgr>()
            && connection_size == size_of::<mg_connection>()
            && http_message_size == size_of::<mg_http_message>()
    })
}
