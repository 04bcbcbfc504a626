//! The C heap. Memory that crosses the boundary comes from libc `calloc` and
//! goes back through libc `free`, because programs mix `mg_free` and `free`.
#![allow(unsafe_code)]

use std::ffi::c_void;

/// Allocates zeroed memory for `count` objects of `size` bytes each.
///
/// Returns NULL when memory is exhausted, when the product overflows, or when it
/// is zero and the C library says so. Release it with mg_free() or free().
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_calloc(count: usize, size: usize) -> *mut c_void {
    // SAFETY: calloc accepts any pair of sizes and checks their product.
    unsafe { libc::calloc(count, size) }
}

/// Releases memory that the library or libc's malloc family handed out.
/// NULL is allowed. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_free(ptr: *mut c_void) {
    // SAFETY: the caller passes NULL or a live block of the C heap.
    unsafe { libc::free(ptr) }
}

/// Copies `bytes` to the C heap and appends a NUL. NULL when memory is exhausted.
pub fn dup_nul(bytes: &[u8]) -> *mut u8 {
    let Some(size) = bytes.len().checked_add(1) else {
        return std::ptr::null_mut();
    };
    let p = mg_calloc(1, size).cast::<u8>();
    if !p.is_null() {
        // SAFETY: the block holds bytes.len() + 1 bytes and is fresh, so it
        // cannot overlap the source.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), p, bytes.len()) };
    }
    p
}

/// Zeroes memory that may hold secrets. No compiler leaves it out.
///
/// # Safety
/// `p` is NULL, or writable over `len` bytes.
pub unsafe fn wipe(p: *mut u8, len: usize) {
    if !p.is_null() {
        // SAFETY: forwarded from the caller.
        unsafe { std::ptr::write_bytes(p, 0, len) };
        // SAFETY: no instruction at all, but one that might read the memory, for all the compiler knows.
        unsafe { std::arch::asm!("/* {0} */", in(reg) p, options(nostack, preserves_flags)) };
    }
}

/// Moves `value` to the heap, or returns `None` when memory is exhausted (a plain
/// `Box::new` would abort the process).
pub fn try_box<T>(value: T) -> Option<Box<T>> {
    let layout = std::alloc::Layout::new::<T>();
    if layout.size() == 0 {
        return Some(Box::new(value));
    }
    // SAFETY: the layout is not zero-sized. The pointer, once checked, is valid for
    // a write of T and was made by the global allocator with T's layout, which is
    // what Box::from_raw asks for.
    unsafe {
        let p = super::heap::strictly(|| std::alloc::alloc(layout)).cast::<T>();
        if p.is_null() {
            return None;
        }
        p.write(value);
        Some(Box::from_raw(p))
    }
}
