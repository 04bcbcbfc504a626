//! Where text goes: the program's output functions, and the library's own, which take runs.
#![allow(unsafe_code)]

use super::{mg_pfn_iobuf, mg_pfn_iobuf_noresize, mg_pfn_stdout, mg_pfn_t, mg_pm_t};
use crate::ffi::str::bytes;
use crate::ffi::va::VaList;
use crate::fmt::Sink;
use crate::iobuf::mg_iobuf;
use std::ffi::{c_char, c_void};
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

    /// True if `p` lies in memory that writing to this output moves or changes.
    fn owns(&self, p: *const u8) -> bool {
        self.iobuf().is_some_and(|io| {
            let start = io.buf.get() as usize;
            (start..start.wrapping_add(io.size.get())).contains(&(p as usize))
        })
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

    /// Appends `n` bytes of `source` from offset `at` on.
    #[inline]
    pub(crate) fn put_source(&mut self, source: &Source, at: usize, n: usize) {
        if self.kind != Kind::Foreign {
            return source.look(at, |rest| self.put(&rest[..n.min(rest.len())]));
        }
        let n = n.min(source.len.saturating_sub(at));
        self.count = self.count.wrapping_add(n);
        // SAFETY: the bytes are readable by the contract of `Source`.
        unsafe { self.call_each(source.start.wrapping_add(at), n) };
    }

    /// Calls the program's function for every byte. It may change the bytes meanwhile, so
    /// they are not borrowed.
    ///
    /// # Safety
    /// `n` bytes at `start` are readable until the last call.
    unsafe fn call_each(&self, start: *const u8, n: usize) {
        if let Some(f) = self.function {
            for i in 0..n {
                // SAFETY: i < n; `new` requires that this call is allowed.
                unsafe { f(*start.add(i) as c_char, self.param) };
            }
        }
    }

    /// Appends without counting.
    fn write(&mut self, bytes: &[u8]) {
        match self.kind {
            Kind::Growing => {
                if let Some(io) = self.iobuf() {
                    append_growing(io, bytes);
                }
            }
            Kind::Fixed => {
                if let Some(io) = self.iobuf() {
                    append_fixed(io, bytes);
                }
            }
            Kind::Stdout => write_stdout(bytes),
            // SAFETY: these are bytes of the library's own.
            Kind::Foreign => unsafe { self.call_each(bytes.as_ptr(), bytes.len()) },
        }
    }
}

impl Sink for Out {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.count = self.count.wrapping_add(bytes.len());
        let fits = self.iobuf().is_some_and(|io| append_with_room(io, bytes));
        if !fits {
            self.write(bytes);
        }
    }

    #[inline]
    fn fill(&mut self, byte: u8, count: usize) {
        if count > 0 {
            self.write_repeated(byte, count);
        }
    }
}

impl Out {
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
            self.write(&run[..n]);
            left -= n;
        }
    }
}

/// Bytes of the program that are to be printed.
pub(crate) struct Source {
    start: *const u8,
    len: usize,
    /// A copy of bytes that lie in the very buffer that is written to, because they would
    /// move or change.
    copy: Vec<u8>,
}

impl Source {
    /// # Safety
    /// `start` is NULL or points to `len` bytes that stay readable as long as this value
    /// lives.
    #[inline]
    pub(crate) unsafe fn new(out: &mut Out, start: *const u8, len: usize) -> Source {
        let mut source = Source {
            start,
            len: if start.is_null() { 0 } else { len },
            copy: Vec::new(),
        };
        if out.owns(start) {
            source.detach(out);
        }
        source
    }

    #[cold]
    fn detach(&mut self, out: &mut Out) {
        let mut copy = Vec::new();
        if copy.try_reserve_exact(self.len).is_ok() {
            self.look(0, |bytes| copy.extend_from_slice(bytes));
        } else {
            // Counted, but not written: callers take that for lack of memory.
            out.count = out.count.wrapping_add(self.len);
            self.len = 0;
        }
        self.copy = copy;
        self.start = self.copy.as_ptr();
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Looks at the bytes from offset `at` on. `f` must not call the program.
    #[inline]
    pub(crate) fn look<R>(&self, at: usize, f: impl FnOnce(&[u8]) -> R) -> R {
        let at = at.min(self.len);
        // SAFETY: the bytes are readable by the contract of `new`, or are the copy.
        f(unsafe { bytes(self.start.wrapping_add(at), self.len - at) })
    }
}

/// Appends text and a NUL behind it if there is room for both.
#[inline]
fn append_with_room(io: &mg_iobuf, bytes: &[u8]) -> bool {
    let (len, n) = (io.len.get(), bytes.len());
    if io.size.get().saturating_sub(len) <= n {
        return false;
    }
    // SAFETY: len + n < size, so text and NUL stay inside the block of `size` bytes; `Source`
    // keeps text of this very buffer away.
    unsafe {
        let end = io.buf.get().add(len);
        ptr::copy_nonoverlapping(bytes.as_ptr(), end, n);
        *end.add(n) = 0;
    }
    io.len.set(len + n);
    true
}

/// Appends and keeps a NUL behind the text. Without memory, what fits is stored.
pub(super) fn append_growing(io: &mg_iobuf, bytes: &[u8]) {
    if !append_with_room(io, bytes) {
        io.reserve(bytes.len().saturating_add(1));
        let room = io.size.get().saturating_sub(io.len.get() + 1);
        append_with_room(io, &bytes[..bytes.len().min(room)]);
    }
}

/// Appends without growing. The buffer ends in a NUL, which in a full buffer replaces the
/// last character and is counted in `len`.
pub(super) fn append_fixed(io: &mg_iobuf, bytes: &[u8]) {
    let room = io.size.get().saturating_sub(io.len.get());
    if append_with_room(io, bytes) || room == 0 {
        return;
    }
    append_with_room(io, &bytes[..room - 1]);
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
