//! Logging.
#![allow(unsafe_code)]

use super::hexdump;
use super::prefix::{base_name, prefix};
use crate::ffi::va::{VaList, va_list, variadic_export, variadic_twin};
use crate::ffi::{
    guard, guard_uncancelled,
    str::{bytes, cstr},
};
use crate::fmt::Sink;
use crate::fmt::ffi::{Out, mg_pfn_stdout, mg_pfn_t, print};
use crate::fmt::stack::Stack;
use parking_lot::Mutex;
use std::ffi::{c_char, c_int, c_void};
use std::fmt::{Arguments, Write};
use std::panic::Location;
use std::sync::atomic::{AtomicI32, Ordering};

/// Messages above this level (MG_LL_*) are not logged. Programs may change it at any time.
#[unsafe(no_mangle)]
pub static mut mg_log_level: c_int = 3;

/// Where log text goes. The lock is held to copy the pair, never while it is called.
static SINK: Mutex<LogSink> = Mutex::new(LogSink {
    function: Some(mg_pfn_stdout),
    param: std::ptr::null_mut(),
});

#[derive(Clone, Copy)]
struct LogSink {
    function: mg_pfn_t,
    param: *mut c_void,
}

// SAFETY: the parameter is only passed on to the function that came with it; mg_log_set_fn()
// demands that the pair can be called from every thread that logs.
unsafe impl Send for LogSink {}

fn out() -> Out {
    let sink = *SINK.lock();
    // SAFETY: mg_log_set_fn() demands a pair that may be called until it is replaced.
    unsafe { Out::new(sink.function, sink.param) }
}

/// Sets the function that receives log text, character by character, and its parameter. The
/// initial one writes to libc's stdout. Both must stay valid until they are replaced, and on
/// every thread that uses the library. Thread-safe; a message that another thread is
/// writing at this moment may still go to the previous function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_log_set_fn(r#fn: mg_pfn_t, param: *mut c_void) {
    guard((), || {
        *SINK.lock() = LogSink {
            function: r#fn,
            param,
        }
    })
}

/// Logs the 40 characters that precede a message: time (mg_millis(), hexadecimal), level, file
/// name without directories, line and function, cut or filled with blanks. Does not check
/// the level. Normally called by MG_ERROR() and its kin.
///
/// A program that defines this function and mg_log() itself also receives the library's own
/// messages through them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_log_prefix(
    level: c_int,
    file: *const c_char,
    line: c_int,
    fname: *const c_char,
) {
    guard_uncancelled((), || {
        let millis = crate::util::ffi::mg_millis();
        // SAFETY: pointer contract; the slices are not used any more when the sink is called.
        let text = unsafe { prefix(millis, level, cstr(file), line, cstr(fname)) };
        out().put(&text);
    })
}

/// mg_log() behind its shim.
unsafe extern "C" fn vlog(fmt: *const c_char, ap: *mut va_list) {
    guard_uncancelled((), || {
        let mut out = out();
        // SAFETY: pointer contract; the program passes a matching format.
        unsafe { print(&mut out, fmt, VaList::new(ap)) };
        out.put(b"\r\n");
    })
}

variadic_twin!("mongoose_vlog" => vlog);
variadic_export!(mg_log => shim_mg_log);

/// Logs a hex dump of `len` bytes at `buf`, 16 to the line. Does not check the level.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_hexdump(buf: *const c_void, len: usize) {
    guard_uncancelled((), || {
        let buf = buf.cast::<u8>();
        let mut out = out();
        if buf.is_null() || len == 0 {
            // One line, in which not even the offset is shown.
            out.put(&hexdump::line(0, &[])[4 + 3..]);
            return;
        }
        for offset in (0..len).step_by(hexdump::PER_LINE) {
            let n = hexdump::PER_LINE.min(len - offset);
            // SAFETY: pointer contract; the slice ends before the sink is called.
            let line = hexdump::line(offset, unsafe { bytes(buf.add(offset), n) });
            out.put(&line);
        }
    })
}

/// `mg_log_level`.
pub(crate) fn level() -> &'static AtomicI32 {
    // SAFETY: programs write this int at any time, from any thread; relaxed atomic loads
    // make the best of it.
    unsafe { &*(&raw const mg_log_level).cast::<AtomicI32>() }
}

fn is_enabled(level: c_int) -> bool {
    level <= self::level().load(Ordering::Relaxed)
}

/// Logs a message of the program if `level` is enabled.
///
/// # Safety
/// `file` is a NUL-terminated string.
pub(crate) unsafe fn write_text(level: c_int, file: *const c_char, line: c_int, text: &[u8]) {
    if is_enabled(level) {
        let len = c_int::try_from(text.len()).unwrap_or(c_int::MAX);
        // SAFETY: forwarded from the caller; the message has at least the length given.
        unsafe { shim_log(level, file, line, text.as_ptr().cast(), len) };
    }
}

/// Logs a message of the library's own if `level` is enabled.
#[track_caller]
pub(super) fn write(level: c_int, text: Arguments<'_>) {
    if !is_enabled(level) {
        return;
    }
    let location = Location::caller();
    // What is longer than 1 KiB is cut: a message must not need memory.
    let mut message = Stack::<1024>::new();
    let _ = message.write_fmt(text);
    let message = message.as_bytes();
    let mut file = Stack::<64>::new();
    file.put(base_name(location.file().as_bytes()));
    file.truncate(63);
    file.push(0);
    // SAFETY: the file name is NUL-terminated, the message has the length given, and both
    // outlive the call.
    unsafe {
        shim_log(
            level,
            file.as_bytes().as_ptr().cast(),
            location.line() as c_int,
            message.as_ptr().cast(),
            message.len() as c_int,
        );
    }
}

unsafe extern "C" {
    /// Calls mg_log_prefix() and mg_log() through the dynamic linker, so that a program's
    /// own definitions take effect.
    fn shim_log(level: c_int, file: *const c_char, line: c_int, text: *const c_char, len: c_int);
}
