//! The printing functions.
#![allow(unsafe_code)]

mod out;
pub mod printers;

use super::Sink;
use super::directive::{Conversion, Directive, Format, Piece, Precision, Size};
use super::double::{self, Style};
use super::hex::Hex;
use super::pad;
use crate::ffi::va::{VaList, va_list, variadic_export, variadic_twin};
use crate::ffi::{guard, str::cstr};
use crate::iobuf::{self, mg_iobuf};
use crate::net::mg_connection;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::{mem, ptr};

pub(crate) use out::{Out, Source};
use out::{append_fixed, append_growing};

/// An output function: receives formatted text one character at a time. `param` is what was
/// given together with the function.
pub type mg_pfn_t = Option<unsafe extern "C" fn(ch: c_char, param: *mut c_void)>;

/// A printer for `%M` and `%m`: takes its own arguments from `ap`, passes text to `out`, one
/// character at a time together with `arg`, and returns the number of characters.
pub type mg_pm_t =
    Option<unsafe extern "C" fn(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize>;

/// Formats to an output function.
///
/// # Safety
/// `fmt` is NULL or a NUL-terminated format whose directives match the arguments in `ap`.
/// No reference to memory that C code may change or free is held across this call: it calls
/// the output function and printers.
pub(crate) unsafe fn print(out: &mut Out, fmt: *const c_char, ap: VaList) {
    // SAFETY: by contract; a format does not change while it is used.
    let mut format = Format::new(unsafe { cstr(fmt) });
    loop {
        let text = format.take_text();
        if !text.is_empty() {
            out.put(text);
        }
        if let Some(directive) = format.take_simple() {
            // SAFETY: forwarded from the caller.
            unsafe { convert(out, &directive, ap) };
            continue;
        }
        match &format.next() {
            None => return,
            Some(Piece::Text(text)) => out.put(text),
            Some(Piece::Unknown { byte, star }) => {
                if *star {
                    // SAFETY: the format says that there is an int.
                    unsafe { ap.int() };
                }
                out.put(&[b'%', *byte]);
            }
            // SAFETY: forwarded from the caller.
            Some(Piece::Directive(directive)) => unsafe {
                convert_with_options(out, directive, ap);
            },
        }
    }
}

/// # Safety
/// As for [`print`].
#[inline(never)]
unsafe fn convert_with_options(out: &mut Out, directive: &Directive, ap: VaList) {
    // SAFETY: forwarded from the caller.
    unsafe { convert(out, directive, ap) }
}

/// Takes the arguments of one directive and writes its text.
///
/// # Safety
/// As for [`print`].
// `long` has 32 bits on some targets.
#[allow(clippy::unnecessary_cast)]
#[inline(always)]
unsafe fn convert(out: &mut Out, directive: &Directive, ap: VaList) {
    let precision = match directive.precision {
        Precision::Default => None,
        Precision::Digits(n) => Some(n),
        // SAFETY: the format says that the next argument is an int.
        Precision::Star => Some(unsafe { ap.int() } as isize as usize),
    };
    // SAFETY: here and below, the format says which argument comes next.
    unsafe {
        match directive.conversion {
            Conversion::Signed => {
                let value = match directive.size {
                    Size::Int => i64::from(ap.int()),
                    Size::Long => ap.long() as i64,
                    Size::LongLong => ap.llong(),
                };
                let mut buf = itoa::Buffer::new();
                let digits = buf.format(value).as_bytes();
                pad::number(out, directive, directive.alternate, digits);
            }
            Conversion::Unsigned => {
                let mut buf = itoa::Buffer::new();
                let digits = buf.format(unsigned(directive.size, ap)).as_bytes();
                pad::number(out, directive, directive.alternate, digits);
            }
            Conversion::Hex => {
                let digits = Hex::new(unsigned(directive.size, ap));
                pad::number(out, directive, directive.alternate, digits.as_bytes());
            }
            Conversion::Pointer => {
                let digits = Hex::new(unsigned(Size::Long, ap));
                pad::number(out, directive, true, digits.as_bytes());
            }
            Conversion::General => float(out, directive, precision, Style::General, ap.double()),
            Conversion::Fixed => float(out, directive, precision, Style::Fixed, ap.double()),
            Conversion::Str => string(out, directive, precision, ap.ptr()),
            Conversion::Char => out.put(&[ap.int() as u8]),
            Conversion::Percent => out.put(b"%"),
            Conversion::Printer => printer(out, ap),
            Conversion::QuotedPrinter => {
                out.put(b"\"");
                printer(out, ap);
                out.put(b"\"");
            }
        }
    }
}

/// # Safety
/// The next argument is an integer of that size.
#[allow(clippy::unnecessary_cast)]
unsafe fn unsigned(size: Size, ap: VaList) -> u64 {
    // SAFETY: forwarded from the caller.
    unsafe {
        match size {
            Size::Int => u64::from(ap.int() as u32),
            Size::Long => ap.long() as std::ffi::c_ulong as u64,
            Size::LongLong => ap.llong() as u64,
        }
    }
}

fn float(out: &mut Out, directive: &Directive, precision: Option<usize>, style: Style, value: f64) {
    // A negative `*` counts as 0.
    let precision = precision.map_or(6, |p| if p > isize::MAX as usize { 0 } else { p });
    let text = double::Text::new(value, precision, style);
    pad::number(out, directive, directive.alternate, text.as_bytes());
}

/// # Safety
/// `text` is NULL or points to bytes that end in a NUL or after `precision` bytes.
unsafe fn string(out: &mut Out, directive: &Directive, precision: Option<usize>, text: *const u8) {
    let len = match precision {
        _ if text.is_null() => 0,
        // SAFETY: NUL-terminated by contract.
        None => unsafe { libc::strlen(text.cast()) },
        // SAFETY: as many bytes are readable, or a NUL comes first.
        Some(max) => unsafe { libc::strnlen(text.cast(), max) },
    };
    // SAFETY: `len` bytes were read just now.
    let source = unsafe { Source::new(text, len) };
    if directive.width == 0 {
        return out.put_source(source);
    }
    let (before, after, byte) = pad::string(directive, precision, len);
    out.fill(byte, before);
    out.put_source(source);
    out.fill(byte, after);
}

/// Lets a printer write.
///
/// # Safety
/// The next argument is a printer, then come its arguments.
unsafe fn printer(out: &mut Out, ap: VaList) {
    // SAFETY: by contract the pointer is NULL or a mg_pm_t, which has the same size, and its
    // arguments follow.
    unsafe {
        let printer = mem::transmute::<*mut c_void, mg_pm_t>(ap.ptr());
        out.run_printer(printer, ap);
    }
}

/// What was appended to a buffer.
#[derive(Debug, Clone, Copy)]
pub struct Appended {
    /// How many bytes.
    pub len: usize,
    /// How many, if printers are to be believed.
    pub counted: usize,
}

/// Appends formatted text to `io`, with a NUL behind it that is not counted. `None` with nothing added when
/// memory is exhausted.
///
/// # Safety
/// As for [`print`].
pub unsafe fn vprintf_iobuf(io: &mg_iobuf, fmt: *const c_char, ap: VaList) -> Option<Appended> {
    let (start, failures) = (io.len.get(), iobuf::ffi::failures());
    // SAFETY: mg_pfn_iobuf takes a buffer.
    let mut out = unsafe { Out::new(Some(mg_pfn_iobuf), ptr::from_ref(io) as *mut c_void) };
    // SAFETY: forwarded from the caller.
    unsafe { print(&mut out, fmt, ap) };
    // A printer may have emptied the buffer.
    if let Some(len) = io.len.get().checked_sub(start)
        && iobuf::ffi::failures() == failures
    {
        return Some(Appended {
            len,
            counted: out.count,
        });
    }
    io.len.set(start.min(io.len.get()));
    io.terminate();
    None
}

/// Formats to an output function, which is called once per character. If `fn` is one of
/// mg_pfn_iobuf(), mg_pfn_iobuf_noresize() and mg_pfn_stdout(), whole runs of characters are
/// written at once. `ap` is advanced behind the arguments used.
///
/// Formats are like those of printf(), with these differences: conversions are
/// d u x X p g f s c %, and `M` takes a printer function (`mg_pm_t`) and that printer's
/// arguments; `m` is the same in double quotes. `X` prints lower case. The order of the
/// optional parts is fixed: `#`, `-`, `0`, width, precision, h, l or ll, z; only the
/// precision can be `*`. Anything else is copied as it is and takes no argument. A NULL
/// string prints nothing.
///
/// Returns the number of characters; for a printer, the number that it returned counts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_vxprintf(
    r#fn: mg_pfn_t,
    arg: *mut c_void,
    fmt: *const c_char,
    ap: *mut va_list,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract; the program passes a matching format.
        unsafe {
            let mut out = Out::new(r#fn, arg);
            print(&mut out, fmt, VaList::new(ap));
            out.count
        }
    })
}

variadic_export!(mg_xprintf => shim_mg_xprintf);

/// Formats into `buf` of `len` bytes, for the format see mg_vxprintf(). The text is cut to
/// `len - 1` bytes and NUL-terminated, unless `len` is 0; then `buf` may be NULL. Returns
/// the length of the whole text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_vsnprintf(
    buf: *mut c_char,
    len: usize,
    fmt: *const c_char,
    ap: *mut va_list,
) -> usize {
    guard(0, || {
        let size = if buf.is_null() { 0 } else { len };
        let io = mg_iobuf {
            buf: Cell::new(buf.cast()),
            size: Cell::new(size),
            len: Cell::new(0),
            align: Cell::new(0),
        };
        // SAFETY: pointer contract; the buffer is on this frame and outlives `out`. The NUL goes
        // inside the buffer.
        unsafe {
            let mut out = Out::new(
                Some(mg_pfn_iobuf_noresize),
                ptr::from_ref(&io) as *mut c_void,
            );
            print(&mut out, fmt, VaList::new(ap));
            if size > 0 {
                *buf.add(out.count.min(size - 1)) = 0;
            }
            out.count
        }
    })
}

variadic_export!(mg_snprintf => shim_mg_snprintf);

/// Formats into memory of its own, for the format see mg_vxprintf(). Returns a
/// NUL-terminated string to be released with mg_free(), or NULL when the text is empty or
/// memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_vmprintf(fmt: *const c_char, ap: *mut va_list) -> *mut c_char {
    guard(ptr::null_mut(), || {
        let io = mg_iobuf {
            buf: Cell::new(ptr::null_mut()),
            size: Cell::new(0),
            len: Cell::new(0),
            align: Cell::new(256),
        };
        // SAFETY: pointer contract; the buffer outlives the call.
        if unsafe { vprintf_iobuf(&io, fmt, VaList::new(ap)) }.is_none_or(|text| text.len == 0) {
            io.free();
        }
        io.buf.get().cast()
    })
}

variadic_export!(mg_mprintf => shim_mg_mprintf);

/// Formats into the send buffer of `c`, behind what is already there; for the format see
/// mg_vxprintf(). A NUL that is not counted follows the text. Returns the number of bytes
/// added. When memory is exhausted, or when a printer returns another number than it wrote,
/// the connection fails with MG_EV_ERROR "OOM", nothing is added and the result is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_vprintf(
    c: *mut mg_connection,
    fmt: *const c_char,
    ap: *mut va_list,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        unsafe {
            let Some(c) = c.as_ref() else {
                return 0;
            };
            let _kept = crate::net::keep(c);
            crate::net::prepare_send(c);
            let start = c.send.len.get();
            let printed = vprintf_iobuf(&c.send, fmt, VaList::new(ap));
            let result = match printed {
                Some(text) if text.len != text.counted => {
                    c.send.len.set(start);
                    None
                }
                Some(text) if crate::net::limits::may_stay(c, start) => Some(text.len),
                Some(_) => Some(0),
                None => None,
            };
            crate::net::settle_send(c);
            match result {
                Some(n) => n,
                None => {
                    crate::net::error(c, b"OOM");
                    0
                }
            }
        }
    })
}

variadic_export!(mg_printf => shim_mg_printf);

/// mg_error() behind its shim.
unsafe extern "C" fn verror(c: *mut mg_connection, fmt: *const c_char, ap: *mut va_list) {
    guard((), || {
        let mut text = [0u8; 64];
        // SAFETY: pointer contract; the buffer has the size given.
        unsafe {
            let n = mg_vsnprintf(text.as_mut_ptr().cast(), text.len(), fmt, ap);
            if let Some(c) = c.as_ref() {
                crate::net::error(c, &text[..n.min(text.len() - 1)]);
            }
        }
    })
}

variadic_twin!("mongoose_verror" => verror);
variadic_export!(mg_error => shim_mg_error);

/// Output function for `struct mg_iobuf *`: appends `ch` and keeps a NUL behind it that is
/// not counted. The buffer grows as needed. When memory is exhausted, `ch` is dropped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_pfn_iobuf(ch: c_char, param: *mut c_void) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(io) = unsafe { param.cast::<mg_iobuf>().as_ref() } {
            append_growing(io, (&[ch as u8][..]).into());
        }
    })
}

/// Output function for `struct mg_iobuf *`, which never grows: appends `ch` and a NUL. In a
/// full buffer the NUL replaces the last character.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_pfn_iobuf_noresize(ch: c_char, param: *mut c_void) {
    guard((), || {
        // SAFETY: pointer contract.
        if let Some(io) = unsafe { param.cast::<mg_iobuf>().as_ref() } {
            append_fixed(io, (&[ch as u8][..]).into());
        }
    })
}

/// Output function that writes to libc's stdout. `param` is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_pfn_stdout(ch: c_char, _param: *mut c_void) {
    // SAFETY: putchar accepts any value.
    unsafe { libc::putchar(c_int::from(ch as u8)) };
}
