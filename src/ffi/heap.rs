//! Rust's heap, which is C's with a reserve.
//!
//! The standard library and crates such as rustls end the process when they get no memory, and so
//! would end the program that a library is part of. Therefore small requests that C's allocator
//! refuses are served from a reserve, memory of the library that costs nothing until then. It is
//! there to get out of the trouble, not to carry on: whoever does work for a connection asks
//! [`ran_out`] afterwards, and fails the connection if so, which gives the memory back.
//!
//! What is allocated fallibly and stays, such as the tables of a manager, is [`strictly`] from C's
//! allocator.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::hint::black_box;
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};

/// Unit in which the reserve is handed out, and the greatest alignment it has.
const BLOCK: usize = 128;
/// One megabyte. A whole handshake takes 40 KB of it, reading all authorities of the system 310 KB.
const BLOCKS: usize = 1 << 13;
/// The state of a compressor. A larger request is one whose result is checked.
const LARGEST: usize = 416 * 1024;

struct Heap;

#[cfg_attr(feature = "reserve", global_allocator)]
#[cfg_attr(not(feature = "reserve"), allow(dead_code))]
static HEAP: Heap = Heap;

#[repr(align(128))]
struct Memory(UnsafeCell<[u8; BLOCK * BLOCKS]>);

// SAFETY: only its address is used here, and each block has one owner, as IN_USE says.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new([0; BLOCK * BLOCKS]));
static IN_USE: Lock = Lock {
    taken: AtomicBool::new(false),
    map: UnsafeCell::new(Map([false; BLOCKS])),
};
/// The reserve was needed, by any thread, at any time.
static EVER: AtomicBool = AtomicBool::new(false);

thread_local! {
    static RAN_OUT: Cell<bool> = const { Cell::new(false) };
    static STRICT: Cell<bool> = const { Cell::new(false) };
}

/// True when memory ran out on this thread since the last call.
#[inline]
pub fn ran_out() -> bool {
    EVER.load(Ordering::Relaxed) && RAN_OUT.replace(false)
}

/// Runs `f` without the reserve: for allocations whose failure is a result.
pub fn strictly<R>(f: impl FnOnce() -> R) -> R {
    let before = STRICT.replace(true);
    let result = f();
    STRICT.set(before);
    result
}

/// True when C's allocator has `size` bytes: asked before code that cannot be told that it has not.
pub fn has_room(size: usize) -> bool {
    let mut probe = Vec::<u8>::new();
    let has = strictly(|| probe.try_reserve_exact(size)).is_ok();
    // An allocation that nobody looks at may be optimized away.
    drop(black_box(probe));
    has
}

/// Which blocks of the reserve are in use.
struct Map([bool; BLOCKS]);

impl Map {
    /// The index of `n` adjacent blocks, from now on in use.
    fn take(&mut self, n: usize) -> Option<usize> {
        let mut start = 0;
        for at in 0..self.0.len() {
            if self.0[at] {
                start = at + 1;
            } else if at + 1 - start == n {
                self.0[start..=at].fill(true);
                return Some(start);
            }
        }
        None
    }

    fn give_back(&mut self, at: usize, n: usize) {
        self.0[at..at + n].fill(false);
    }
}

fn blocks_of(size: usize) -> usize {
    size.div_ceil(BLOCK).max(1)
}

/// A mutex that allocates nothing, on no system and for no waiting thread.
struct Lock {
    taken: AtomicBool,
    map: UnsafeCell<Map>,
}

// SAFETY: `with` lets one thread at a time at the map.
unsafe impl Sync for Lock {}

impl Lock {
    /// `f` does not allocate and does not panic.
    fn with<R>(&self, f: impl FnOnce(&mut Map) -> R) -> R {
        while self.taken.swap(true, Ordering::Acquire) {
            std::thread::yield_now();
        }
        // SAFETY: no other thread is here, and `f` does not come back.
        let result = f(unsafe { &mut *self.map.get() });
        self.taken.store(false, Ordering::Release);
        result
    }
}

#[inline]
fn offset_in_reserve(p: *mut u8) -> Option<usize> {
    let offset = (p as usize).wrapping_sub(MEMORY.0.get() as usize);
    (offset < BLOCK * BLOCKS).then_some(offset)
}

#[cold]
fn from_reserve(layout: Layout) -> *mut u8 {
    if layout.size() > LARGEST || layout.align() > BLOCK || STRICT.get() {
        return null_mut();
    }
    EVER.store(true, Ordering::Relaxed);
    RAN_OUT.set(true);
    match IN_USE.with(|map| map.take(blocks_of(layout.size()))) {
        // SAFETY: the block lies in the reserve.
        Some(at) => unsafe { MEMORY.0.get().cast::<u8>().add(at * BLOCK) },
        None => null_mut(),
    }
}

#[cold]
fn to_reserve(offset: usize, size: usize) {
    IN_USE.with(|map| map.give_back(offset / BLOCK, blocks_of(size)));
}

// SAFETY: each pointer is the system allocator's, or it is inside the reserve, which gives blocks
// that are free, large enough, and aligned; no function unwinds.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: forwarded from the caller.
        let p = unsafe { System.alloc(layout) };
        if p.is_null() { from_reserve(layout) } else { p }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: forwarded from the caller.
        let mut p = unsafe { System.alloc_zeroed(layout) };
        if p.is_null() {
            p = from_reserve(layout);
            if !p.is_null() {
                // SAFETY: so many bytes were asked for.
                unsafe { ptr::write_bytes(p, 0, layout.size()) };
            }
        }
        p
    }

    #[inline]
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        match offset_in_reserve(p) {
            Some(offset) => to_reserve(offset, layout.size()),
            // SAFETY: forwarded from the caller; it is no block of the reserve.
            None => unsafe { System.dealloc(p, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if offset_in_reserve(p).is_none() {
            // SAFETY: forwarded from the caller; it is no block of the reserve.
            let moved = unsafe { System.realloc(p, layout, new_size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: forwarded from the caller.
        unsafe { self.replace(p, layout, new_size) }
    }
}

impl Heap {
    /// Moves a block into or out of the reserve.
    ///
    /// # Safety
    /// As for `realloc`.
    #[cold]
    unsafe fn replace(&self, p: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the size is that of a legal request, by contract of realloc. The blocks are
        // different ones, each as long as what is copied.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(new_size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(p, new, layout.size().min(new_size));
                self.dealloc(p, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_adjacent_and_reused() {
        let mut map = Map([false; BLOCKS]);
        assert_eq!(map.take(3), Some(0));
        assert_eq!(map.take(1), Some(3));
        map.give_back(0, 3);
        assert_eq!(map.take(4), Some(4));
        assert_eq!(map.take(2), Some(0));
        assert_eq!(map.take(1), Some(2));
        assert_eq!(map.take(BLOCKS), None);
        assert_eq!(map.take(BLOCKS - 8), Some(8));
        assert_eq!(map.take(1), None);
    }

    #[test]
    fn memory_of_the_reserve_grows_shrinks_and_goes_back() {
        let layout = Layout::from_size_align(200, 8).unwrap();
        let p = from_reserve(layout);
        assert!(offset_in_reserve(p).is_some());
        assert!(ran_out() && !ran_out());
        // SAFETY: the blocks are used as long as they are, and released once.
        unsafe {
            p.write_bytes(7, 200);
            let q = HEAP.realloc(p, layout, 5000);
            assert!(offset_in_reserve(q).is_none());
            assert!(std::slice::from_raw_parts(q, 200).iter().all(|&b| b == 7));
            HEAP.dealloc(q, Layout::from_size_align(5000, 8).unwrap());
        }
        let again = from_reserve(layout);
        assert_eq!(again, p);
        // SAFETY: as above.
        unsafe { HEAP.dealloc(again, layout) };
        assert!(ran_out());
        assert!(strictly(|| from_reserve(layout)).is_null());
        assert!(from_reserve(Layout::from_size_align(LARGEST + 1, 1).unwrap()).is_null());
        assert!(!ran_out());
    }
}
