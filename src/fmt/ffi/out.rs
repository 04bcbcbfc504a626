//! Where text goes: the program's output functions, and the library's own, which take runs.
#![allow(unsafe_code)]

use super::{mg_pfn_iobuf, mg_pfn_iobuf_noresize, mg_pfn_stdout, mg_pfn_t, mg_pm_t};
use crate::ffi::str::bytes;
use crate::ffi::va::VaList;
use crate::fmt::Sink;
use crate::iobuf::mg_iobuf;
use std::ffi::{c_char, c_void};
use std::marker::PhantomData;
use std::ptr;

/// An output function and its parameter. Those that this library offers are recognised, and
/// then text is appended in runs.
pub(crate) struct Out {
    function: mg_pfn_t,
    param: *mut c_void,
    kind: Kind,
    /// `param` of the functions for buffers, otherwise NULL.
    io: *const mg_iobuf,
    /// Characters so far, including what printers claim.
    pub(crate) count: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Growing,
    Fixed,
    Stdout,
    Foreign,
}

impl Out {
    /// # Safety
    /// `function` may be called with `param` for as long as this value lives.
    pub(crate) unsafe fn new(function: mg_pfn_t, param: *mut c_void) -> Out {
        let is = |known: unsafe extern "C" fn(c_char, *mut c_void)| {
            function.is_some_and(|f| ptr::fn_addr_eq(f, known))
        };
        let kind = if is(mg_pfn_iobuf) {
            Kind::Growing
        } else if is(mg_pfn_iobuf_noresize) {
            Kind::Fixed
        } else if is(mg_pfn_stdout) {
            Kind::Stdout
        } else {
            Kind::Foreign
        };
        Out {
            function,
            param,
            kind,
            io: match kind {
                Kind::Growing | Kind::Fixed => param.cast(),
                Kind::Stdout | Kind::Foreign => ptr::null(),
            },
            count: 0,
        }
    }

    /// The buffer behind the known functions for buffers.
    #[inline]
    fn iobuf(&self) -> Option<&mg_iobuf> {
        // SAFETY: these functions take a `struct mg_iobuf *`, and `new` requires that it may be
        // used. Its fields are cells, so printers may change it meanwhile.
        unsafe { self.io.as_ref() }
    }

    /// Lets a printer write here and believes its count.
    ///
    /// # Safety
    /// The printer's arguments are next in `ap`. It may do anything.
    pub(super) unsafe fn run_printer(&mut self, printer: mg_pm_t, ap: VaList) {
        if let Some(printer) = printer {
            // SAFETY: forwarded from the caller; `new` requires that the function may be
            // called.
            let claimed = unsafe { printer(self.function, self.param, ap.as_ptr()) };
            self.count = self.count.wrapping_add(claimed);
        }
    }

    /// Appends text that may change while the program's function is called.
    #[inline]
    pub(crate) fn put_source(&mut self, text: Source<'_>) {
        if text.len == 0 {
            return;
        }
        self.count = self.count.wrapping_add(text.len);
        let fits = self.iobuf().is_some_and(|io| append_with_room(io, text));
        if !fits {
            self.write(text);
        }
    }

    /// Appends without counting.
    fn write(&self, text: Source<'_>) {
        match self.kind {
            Kind::Growing => {
                if let Some(io) = self.iobuf() {
                    append_growing(io, text);
                }
            }
            Kind::Fixed => {
                if let Some(io) = self.iobuf() {
                    append_fixed(io, text);
                }
            }
            Kind::Stdout => text.look(0, write_stdout),
            Kind::Foreign => {
                let Some(f) = self.function else { return };
                let (mut next, end) = (text.start, text.start.wrapping_add(text.len));
                while next != end {
                    // SAFETY: the byte is readable by the contract of `Source`, and `new`
                    // requires that this call is allowed.
                    unsafe { f(*next as c_char, self.param) };
                    next = next.wrapping_add(1);
                }
            }
        }
    }

    fn write_repeated(&mut self, byte: u8, count: usize) {
        self.count = self.count.wrapping_add(count);
        let mut left = match self.iobuf() {
            Some(io) => {
                if self.kind == Kind::Growing {
                    io.reserve(count.saturating_add(1));
                }
                count.min(io.size.get().saturating_sub(io.len.get()))
            }
            None => count,
        };
        let run = [byte; 32];
        while left > 0 {
            let n = left.min(run.len());
            self.write(Source::from(&run[..n]));
            left -= n;
        }
    }
}

impl Sink for Out {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.put_source(Source::from(bytes));
    }

    #[inline]
    fn fill(&mut self, byte: u8, count: usize) {
        if count > 0 {
            self.write_repeated(byte, count);
        }
    }
}

/// Bytes to print. Nothing is borrowed, because C code that is called meanwhile may change
/// them, and because programs print a buffer to itself.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    start: *const u8,
    len: usize,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> From<&'a [u8]> for Source<'a> {
    #[inline]
    fn from(bytes: &'a [u8]) -> Source<'a> {
        Source {
            start: bytes.as_ptr(),
            len: bytes.len(),
            memory: PhantomData,
        }
    }
}

impl Source<'_> {
    /// # Safety
    /// `start` is NULL or points to `len` bytes that stay readable as long as this value is
    /// used.
    #[inline]
    pub(crate) unsafe fn new(start: *const u8, len: usize) -> Self {
        Source {
            start,
            len: if start.is_null() { 0 } else { len },
            memory: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// At most `n` bytes from offset `at` on.
    #[inline]
    pub(crate) fn part(self, at: usize, n: usize) -> Self {
        let at = at.min(self.len);
        Source {
            start: self.start.wrapping_add(at),
            len: n.min(self.len - at),
            memory: PhantomData,
        }
    }

    /// Looks at the bytes from offset `at` on. `f` must not call the program.
    #[inline]
    pub(crate) fn look<R>(self, at: usize, f: impl FnOnce(&[u8]) -> R) -> R {
        let rest = self.part(at, self.len);
        // SAFETY: the bytes are readable by the contract of `new`.
        f(unsafe { bytes(rest.start, rest.len) })
    }
}

/// Appends text and a NUL behind it if there is room for both.
#[inline]
fn append_with_room(io: &mg_iobuf, text: Source<'_>) -> bool {
    let len = io.len.get();
    if io.size.get().saturating_sub(len) <= text.len {
        return false;
    }
    // SAFETY: len + text.len < size, so text and NUL stay inside the block of `size` bytes. The
    // text may be part of the same block.
    unsafe {
        let end = io.buf.get().add(len);
        ptr::copy(text.start, end, text.len);
        *end.add(text.len) = 0;
    }
    io.len.set(len + text.len);
    true
}

/// Appends and keeps a NUL behind the text. Without memory, what fits is stored.
pub(super) fn append_growing(io: &mg_iobuf, text: Source<'_>) {
    if !append_with_room(io, text) {
        // It may lie in the buffer that is about to move.
        let at = (text.start as usize).wrapping_sub(io.buf.get() as usize);
        let is_inside = !io.buf.get().is_null() && at < io.size.get();
        io.reserve(text.len.saturating_add(1));
        let text = Source {
            start: if is_inside {
                io.buf.get().wrapping_add(at)
            } else {
                text.start
            },
            ..text
        };
        let room = io.size.get().saturating_sub(io.len.get() + 1);
        append_with_room(io, text.part(0, room));
    }
}

/// Appends without growing. The buffer ends in a NUL, which in a full buffer replaces the
/// last character and is counted in `len`.
pub(super) fn append_fixed(io: &mg_iobuf, text: Source<'_>) {
    let room = io.size.get().saturating_sub(io.len.get());
    if append_with_room(io, text) || room == 0 {
        return;
    }
    append_with_room(io, text.part(0, room - 1));
    io.len.set(io.size.get());
}

/// Through libc's stdio, so that it mixes with the program's own printf().
fn write_stdout(bytes: &[u8]) {
    unsafe extern "C" {
        #[cfg_attr(target_vendor = "apple", link_name = "__stdoutp")]
        static mut stdout: *mut libc::FILE;
    }
    // SAFETY: libc's stdout is a valid stream or one that the program put there.
    unsafe { libc::fwrite(bytes.as_ptr().cast(), 1, bytes.len(), stdout) };
}
