#![allow(unsafe_code)]

use super::ring;
use crate::ffi::guard;
use crate::ffi::va::{va_list, variadic_export, variadic_twin};
use crate::fmt::ffi::mg_vsnprintf;
use std::cell::Cell;
use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A queue of messages between two threads, or between an interrupt and the main program, without
/// locks.
///
/// One side, the producer, only calls mg_queue_book(), mg_queue_add() and mg_queue_printf(); the
/// other, the consumer, only mg_queue_next() and mg_queue_del(). The messages are in the
/// program's memory: each is a 32-bit length in native byte order, unaligned, followed by its
/// bytes.
#[repr(C)]
pub struct mg_queue {
    /// The program's memory.
    pub buf: Cell<*mut c_char>,
    /// Its size in bytes.
    pub size: Cell<usize>,
    /// Offset of the oldest message. Written by the consumer only, and atomically.
    pub tail: AtomicUsize,
    /// Offset behind the newest message. Written by the producer only, and atomically.
    pub head: AtomicUsize,
}

impl mg_queue {
    /// Where a message at `offset` has its bytes.
    fn bytes_at(&self, offset: usize) -> *mut c_char {
        self.buf
            .get()
            .wrapping_add(offset)
            .wrapping_add(ring::PREFIX)
    }

    /// # Safety
    /// A length at `offset` is inside the buffer, and belongs to this side of the queue.
    unsafe fn write_len(&self, offset: usize, len: u32) {
        // SAFETY: forwarded from the caller.
        unsafe {
            self.buf
                .get()
                .add(offset)
                .cast::<u32>()
                .write_unaligned(len)
        }
    }

    /// # Safety
    /// As for `write_len`.
    unsafe fn read_len(&self, offset: usize) -> u32 {
        // SAFETY: forwarded from the caller.
        unsafe { self.buf.get().add(offset).cast::<u32>().read_unaligned() }
    }

    /// The length of the message at `offset`; 0 for a mark, or when it cannot be inside the
    /// buffer.
    fn message_len(&self, offset: usize) -> usize {
        let size = self.size.get();
        if !ring::holds_prefix(offset, size) {
            return 0;
        }
        // SAFETY: just checked; the producer published it before it moved the head.
        let len = unsafe { self.read_len(offset) } as usize;
        if ring::behind(offset, size, len).is_some() {
            len
        } else {
            0
        }
    }
}

/// # Safety
/// `q` is NULL or points to an initialised queue.
unsafe fn queue<'a>(q: *mut mg_queue) -> Option<&'a mg_queue> {
    // SAFETY: forwarded from the caller.
    unsafe { q.as_ref() }.filter(|q| !q.buf.get().is_null())
}

/// Initialises `q` as an empty queue in the `size` bytes at `buf`, which stay the program's and
/// have to outlive it. A message takes 8 bytes more than its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_queue_init(q: *mut mg_queue, buf: *mut c_char, size: usize) {
    guard((), || {
        if q.is_null() {
            return;
        }
        let empty = mg_queue {
            buf: Cell::new(buf),
            size: Cell::new(size),
            tail: AtomicUsize::new(0),
            head: AtomicUsize::new(0),
        };
        // SAFETY: pointer contract; the old content is overwritten without being read.
        unsafe { q.write(empty) };
    });
}

/// Producer: reserves room for a message of `len` bytes.
///
/// Returns how many bytes may be written to `*buf` (at least `len`), or 0 when the queue is too
/// full. `*buf` is set in any case, unless `buf` is NULL. The consumer does not see the message
/// before mg_queue_add().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_queue_book(
    q: *mut mg_queue,
    buf: *mut *mut c_char,
    len: usize,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(q) = (unsafe { queue(q) }) else {
            return 0;
        };
        let head = q.head.load(Ordering::Relaxed);
        let booking = ring::book(head, q.tail.load(Ordering::Acquire), q.size.get(), len);
        if booking.wrap {
            // SAFETY: book() only wraps where a length fits. The consumer does not read there
            // before the head moves.
            unsafe { q.write_len(head, 0) };
            q.head.store(booking.head, Ordering::Release);
        }
        if !buf.is_null() {
            // SAFETY: pointer contract.
            unsafe { buf.write(q.bytes_at(booking.head)) };
        }
        booking.space
    })
}

/// Producer: publishes the first `len` bytes of what mg_queue_book() reserved, at least 1 and at
/// most as many as it returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_queue_add(q: *mut mg_queue, len: usize) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(q) = (unsafe { queue(q) }) else {
            return;
        };
        let head = q.head.load(Ordering::Relaxed);
        if let Some(next) = ring::behind(head, q.size.get(), len) {
            // SAFETY: the message, so also its length, is inside the buffer; it is the
            // producer's.
            unsafe { q.write_len(head, len as u32) };
            q.head.store(next, Ordering::Release);
        }
    });
}

/// Producer: adds a formatted message. `measured` and `written` are two lists of the same
/// arguments.
unsafe extern "C" fn vprintf(
    q: *mut mg_queue,
    fmt: *const c_char,
    measured: *mut va_list,
    written: *mut va_list,
) -> usize {
    guard(0, || {
        // SAFETY: pointer contract; the program passes a matching format.
        unsafe {
            let len = mg_vsnprintf(null_mut(), 0, fmt, measured);
            let mut buf = null_mut();
            if len == 0 || mg_queue_book(q, &mut buf, len.saturating_add(1)) == 0 {
                return 0;
            }
            // A printer may not write the same again.
            let len = len.min(mg_vsnprintf(buf, len + 1, fmt, written));
            if len > 0 {
                mg_queue_add(q, len);
            }
            len
        }
    })
}

variadic_twin!("mongoose_queue_vprintf" => vprintf);
variadic_export!(mg_queue_printf => shim_mg_queue_printf);

/// Consumer: returns the length of the oldest message and sets `*buf` to its bytes; 0 when the
/// queue is empty. The message stays in the queue, and its memory stays valid, until
/// mg_queue_del(). `buf` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_queue_next(q: *mut mg_queue, buf: *mut *mut c_char) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(q) = (unsafe { queue(q) }) else {
            return 0;
        };
        let mut tail = q.tail.load(Ordering::Relaxed);
        let head = q.head.load(Ordering::Acquire);
        let mut len = 0;
        if tail != head {
            len = q.message_len(tail);
            if len == 0 {
                tail = 0;
                q.tail.store(tail, Ordering::Release);
                if head != 0 {
                    len = q.message_len(tail);
                }
            }
        }
        if !buf.is_null() {
            // SAFETY: pointer contract.
            unsafe { buf.write(q.bytes_at(tail)) };
        }
        len
    })
}

/// Consumer: removes the oldest message, whose length mg_queue_next() returned as `len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_queue_del(q: *mut mg_queue, len: usize) {
    guard((), || {
        // SAFETY: pointer contract.
        let Some(q) = (unsafe { queue(q) }) else {
            return;
        };
        let tail = q.tail.load(Ordering::Relaxed);
        if let Some(next) = ring::behind(tail, q.size.get(), len) {
            q.tail.store(next, Ordering::Release);
        }
    });
}
