#![allow(unsafe_code)]

use super::{GEOMETRIC_FROM, grown, round_up};
use crate::ffi::alloc::{mg_calloc, mg_free, wipe};
use crate::ffi::guard;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

/// A growable byte buffer. The memory belongs to the buffer and comes from the C
/// heap; `len <= size` always holds.
#[repr(C)]
pub struct mg_iobuf {
    /// First byte, or NULL while `size` is 0.
    pub buf: Cell<*mut u8>,
    /// Capacity in bytes.
    pub size: Cell<usize>,
    /// Bytes in use.
    pub len: Cell<usize>,
    /// `size` is kept a multiple of this; 0 keeps exact sizes.
    pub align: Cell<usize>,
}

thread_local! {
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

/// How often a buffer could not grow on this thread: tells whether formatted text, which goes through functions
/// without a result, is whole.
pub(crate) fn failures() -> u32 {
    FAILURES.get()
}

/// What the library itself does with buffers. Every method survives a buffer
/// whose fields C code left inconsistent only as far as `len <= size` holds.
impl mg_iobuf {
    /// The bytes in use.
    ///
    /// # Safety
    /// The slice must not be held across a call into C code or across any
    /// method that moves or frees the memory.
    #[inline]
    pub unsafe fn as_bytes<'a>(&self) -> &'a [u8] {
        // SAFETY: `len` bytes at `buf` are initialised by the struct's invariant.
        unsafe { crate::ffi::str::bytes(self.buf.get(), self.len.get()) }
    }

    /// Makes room for `extra` bytes behind the data; false when memory is exhausted.
    /// Never shrinks.
    #[inline]
    pub fn reserve(&self, extra: usize) -> bool {
        let Some(needed) = self.len.get().checked_add(extra) else {
            return false;
        };
        needed <= self.size.get() || self.grow(needed)
    }

    #[cold]
    fn grow(&self, needed: usize) -> bool {
        let done = self.try_grow(needed);
        if !done {
            FAILURES.set(FAILURES.get().wrapping_add(1));
        }
        done
    }

    fn try_grow(&self, needed: usize) -> bool {
        let Some(size) = grown(self.size.get(), needed, self.align.get()) else {
            return false;
        };
        // SAFETY: `buf` is NULL or a block of the C heap, by the struct's invariant.
        let p = unsafe { libc::realloc(self.buf.get().cast(), size) }.cast::<u8>();
        if p.is_null() {
            crate::log::error(format_args!("{}->{}", self.size.get(), size));
            return false;
        }
        // SAFETY: the block is `size` bytes; programs may read past `len` up to
        // `size`, so what realloc left undefined is zeroed.
        unsafe { ptr::write_bytes(p.add(self.size.get()), 0, size - self.size.get()) };
        self.buf.set(p);
        self.size.set(size);
        true
    }

    /// Appends `data`; false when memory is exhausted (nothing is added then).
    #[inline]
    pub fn append(&self, data: &[u8]) -> bool {
        if !self.reserve(data.len()) {
            return false;
        }
        if !data.is_empty() {
            // SAFETY: reserve() made room for data.len() bytes at `len`; `data` is a
            // Rust slice, which cannot overlap the unused tail of this buffer.
            unsafe {
                ptr::copy_nonoverlapping(
                    data.as_ptr(),
                    self.buf.get().add(self.len.get()),
                    data.len(),
                );
            }
            self.len.set(self.len.get() + data.len());
        }
        true
    }

    /// Appends `data` and keeps a NUL after it that is not counted, as the printing
    /// functions do.
    #[inline]
    pub fn append_nul(&self, data: &[u8]) -> bool {
        let Some(room) = data.len().checked_add(1) else {
            return false;
        };
        if !self.reserve(room) || !self.append(data) {
            return false;
        }
        self.terminate();
        true
    }

    /// Stores a NUL behind the data if the capacity allows, because programs look at
    /// text in buffers with C string functions.
    #[inline]
    pub fn terminate(&self) {
        if self.len.get() < self.size.get() {
            // SAFETY: len < size, so the byte at `len` is inside the block.
            unsafe { *self.buf.get().add(self.len.get()) = 0 };
        }
    }

    /// Overwrites bytes in use at `ofs`, as far as they are in use.
    #[inline]
    pub fn overwrite(&self, ofs: usize, data: &[u8]) {
        let n = self.len.get().saturating_sub(ofs).min(data.len());
        if n > 0 {
            // SAFETY: `n` bytes at `ofs` are in use; ptr::copy allows overlap.
            unsafe { ptr::copy(data.as_ptr(), self.buf.get().add(ofs), n) };
        }
    }

    /// Zeroes the bytes in use from `ofs` on.
    pub fn clear_from(&self, ofs: usize) {
        let n = self.len.get().saturating_sub(ofs);
        if n > 0 {
            // SAFETY: `n` bytes at `ofs` are in use.
            unsafe { self.buf.get().add(ofs).write_bytes(0, n) };
        }
    }

    /// Removes `n` bytes (at most all) from the front.
    #[inline]
    pub fn consume(&self, n: usize) {
        self.remove(0, n);
    }

    /// Removes `n` bytes at `ofs`, as far as there are any.
    #[inline]
    pub fn remove(&self, ofs: usize, n: usize) {
        let len = self.len.get();
        let ofs = ofs.min(len);
        let n = n.min(len - ofs);
        let rest = len - ofs - n;
        if rest > 0 && n > 0 {
            // SAFETY: both ranges lie inside the `len` bytes in use.
            unsafe {
                let to = self.buf.get().add(ofs);
                ptr::copy(to.add(n), to, rest);
            }
        }
        self.len.set(len - n);
        self.terminate();
    }

    /// Releases the memory; `align` stays.
    pub fn free(&self) {
        let p = self.buf.replace(ptr::null_mut());
        self.size.set(0);
        self.len.set(0);
        // SAFETY: NULL or a block of the C heap, and nothing refers to it any more.
        unsafe { mg_free(p.cast()) };
    }

    /// Replaces the block by a zeroed one of exactly `size` bytes, keeping what fits.
    pub fn resize_exact(&self, size: usize) -> bool {
        let old = self.size.get();
        if size == old {
            return true;
        }
        if size == 0 {
            // SAFETY: the block has `old` bytes, by the struct's invariant.
            unsafe { wipe(self.buf.get(), old) };
            self.free();
            return true;
        }
        let p = mg_calloc(1, size).cast::<u8>();
        if p.is_null() {
            crate::log::error(format_args!("{old}->{size}"));
            return false;
        }
        let keep = self.len.get().min(old).min(size);
        let from = self.buf.get();
        if !from.is_null() {
            // SAFETY: both blocks have `keep` bytes. The old one, of `old` bytes, came from the C
            // heap and is replaced below.
            unsafe {
                ptr::copy_nonoverlapping(from, p, keep);
                wipe(from, old);
                mg_free(from.cast());
            }
        }
        self.buf.set(p);
        self.size.set(size);
        self.len.set(keep);
        true
    }

    /// The capacity that mg_iobuf_add() chooses for `len` bytes. Small buffers take exactly the
    /// rounded size, also downwards, because programs look at it; large ones stay, or grow in
    /// large steps.
    fn capacity_for(&self, len: usize) -> Option<usize> {
        let (size, align) = (self.size.get(), self.align.get());
        if size >= GEOMETRIC_FROM && len <= size {
            return Some(size);
        }
        grown(size, len, align)
    }

    /// Opens a gap of `len` bytes at `ofs` and copies what is at `src` into it, unless that is
    /// NULL. `src` may point into this buffer. False, with nothing changed, when memory is
    /// exhausted.
    ///
    /// # Safety
    /// `src` is NULL or readable over `len` bytes.
    unsafe fn insert(&self, ofs: usize, src: *const u8, len: usize) -> bool {
        let Some(new_len) = self.len.get().max(ofs).checked_add(len) else {
            return false;
        };
        let Some(size) = self.capacity_for(new_len) else {
            return false;
        };
        if size == self.size.get() && ofs == self.len.get() && !src.is_null() && len > 0 {
            // SAFETY: the block has new_len = ofs + len bytes, and ptr::copy allows overlap.
            unsafe { ptr::copy(src, self.buf.get().add(ofs), len) };
            self.len.set(new_len);
            return true;
        }
        let src_ofs = (src as usize).wrapping_sub(self.buf.get() as usize);
        let inside = !src.is_null() && src_ofs < self.size.get();
        if !self.resize_exact(size) {
            return false;
        }
        let (base, old_len) = (self.buf.get(), self.len.get());
        // SAFETY: the block has at least new_len = max(old_len, ofs) + len bytes, so all ranges
        // lie in it, and ptr::copy allows overlap. Without a block there is nothing to do.
        unsafe {
            if new_len == 0 {
                return true;
            }
            if ofs < old_len {
                ptr::copy(base.add(ofs), base.add(ofs + len), old_len - ofs);
            } else {
                ptr::write_bytes(base.add(old_len), 0, ofs - old_len);
            }
            let gap = base.add(ofs);
            if !inside && !src.is_null() {
                ptr::copy(src, gap, len);
            } else if inside && ofs < old_len {
                // What stood behind `ofs` has moved up.
                let end = src_ofs.saturating_add(len).min(old_len);
                let stayed = end.min(ofs).saturating_sub(src_ofs);
                ptr::copy(base.wrapping_add(src_ofs), gap, stayed);
                let moved = src_ofs.max(ofs);
                let n = end.saturating_sub(moved);
                ptr::copy(base.wrapping_add(moved + len), gap.add(stayed), n);
            } else if inside {
                let src_ofs = src_ofs.min(size);
                ptr::copy(base.add(src_ofs), gap, len.min(size - src_ofs));
            }
        }
        self.len.set(new_len);
        true
    }
}

/// Initialises `io`, whose earlier content is ignored, with a capacity of `size`
/// bytes rounded up to `align`. False when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_iobuf_init(io: *mut mg_iobuf, size: usize, align: usize) -> bool {
    guard(false, || {
        if io.is_null() {
            return false;
        }
        // SAFETY: pointer contract; the old content is overwritten without being read.
        unsafe {
            io.write(mg_iobuf {
                buf: Cell::new(ptr::null_mut()),
                size: Cell::new(0),
                len: Cell::new(0),
                align: Cell::new(align),
            });
            mg_iobuf_resize(io, size)
        }
    })
}

/// Sets the capacity to `new_size` bytes, rounded up to `io->align`. Data that no
/// longer fits is cut off; 0 releases the memory. New space is zeroed. False, with
/// `io` unchanged, when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_iobuf_resize(io: *mut mg_iobuf, new_size: usize) -> bool {
    guard(false, || {
        // SAFETY: pointer contract.
        let Some(io) = (unsafe { io.as_ref() }) else {
            return false;
        };
        match round_up(new_size, io.align.get()) {
            Some(size) => io.resize_exact(size),
            None => {
                crate::log::error(format_args!("{}->{new_size}", io.size.get()));
                false
            }
        }
    })
}

/// Inserts `len` bytes at offset `ofs`, moving what stands there. `buf` NULL leaves the new bytes
/// unspecified. An `ofs` behind the data makes the gap part of the data, filled with zeros.
///
/// The capacity becomes the new length, rounded up to `io->align`, which may be less than before;
/// from 64 KB on it grows in larger steps and does not shrink. `buf` may point into `io` itself.
/// Returns the number of bytes added: `len`, or 0 when memory is exhausted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_iobuf_add(
    io: *mut mg_iobuf,
    ofs: usize,
    buf: *const c_void,
    len: usize,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let added =
            unsafe { io.as_ref() }.is_some_and(|io| unsafe { io.insert(ofs, buf.cast(), len) });
        if added { len } else { 0 }
    })
}

/// Removes up to `len` bytes at offset `ofs`; the rest moves down and the vacated
/// bytes are zeroed. The capacity stays. Returns the number of bytes removed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_iobuf_del(io: *mut mg_iobuf, ofs: usize, len: usize) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(io) = (unsafe { io.as_ref() }) else {
            return 0;
        };
        let old_len = io.len.get();
        let ofs = ofs.min(old_len);
        let len = len.min(old_len - ofs);
        if len == 0 {
            return 0;
        }
        // SAFETY: ofs + len <= old_len, all inside the block.
        unsafe {
            let base = io.buf.get();
            ptr::copy(base.add(ofs + len), base.add(ofs), old_len - ofs - len);
            ptr::write_bytes(base.add(old_len - len), 0, len);
        }
        io.len.set(old_len - len);
        len
    })
}

/// Releases the memory of `io`; `align` stays, so the buffer can be used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_iobuf_free(io: *mut mg_iobuf) {
    guard((), || {
        // SAFETY: pointer contract.
        unsafe { mg_iobuf_resize(io, 0) };
    })
}
