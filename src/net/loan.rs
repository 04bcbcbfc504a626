//! Receive and send buffers on loan.
//!
//! A connection at rest owns no buffers. The manager lends it a block when bytes are about to arrive or
//! to be queued, and takes the block back at the end of the connection's turn, if it is still there
//! and empty. So thousands of connections share a few blocks that stay in the cache.
//!
//! While it is lent, a block is an ordinary buffer: it comes from the C heap and belongs to the
//! connection, so the program may free, resize or keep it; then the manager makes another one.
//! Buffers that the program made itself are left alone. What the network and the library put into a block
//! is wiped before another connection gets it; what a program put there and took away again, perhaps not.

use super::IO_SIZE;
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::heap::strictly;
use crate::iobuf::mg_iobuf;
use std::cell::{Cell, RefCell};
use std::ptr;

const SMALL: usize = IO_SIZE;
/// What is lent for receiving while a peer sends more than a small block holds.
const LARGE: usize = 8 * IO_SIZE;

/// How often blocks that nobody used are released.
const TRIM_MS: u64 = 1000;

/// The blocks of a manager that nobody uses at the moment.
#[derive(Default)]
pub(super) struct Spare {
    small: Shelf<SMALL, 64>,
    large: Shelf<LARGE, 4>,
    /// When the next surplus is released (mg_millis), or 0.
    trim_at: Cell<u64>,
}

impl Spare {
    /// Bytes of all the blocks.
    pub fn memory(&self) -> usize {
        self.small.count() * SMALL + self.large.count() * LARGE
    }

    /// Releases what was not needed for a second, but for a few.
    #[inline]
    pub fn trim(&self, now: u64) {
        let has_many = self.small.has_many() || self.large.has_many();
        if has_many && now >= self.trim_at.get() {
            self.trim_many(now);
        } else if !has_many {
            self.trim_at.set(0);
        }
    }

    #[cold]
    fn trim_many(&self, now: u64) {
        if self.trim_at.replace(now + TRIM_MS) == 0 {
            self.small.watch();
            self.large.watch();
        } else {
            self.small.trim();
            self.large.trim();
        }
    }

    /// When [`Self::trim`] has something to do.
    pub fn trim_due(&self) -> Option<u64> {
        Some(self.trim_at.get()).filter(|at| *at != 0)
    }
}

/// Blocks of `SIZE` bytes, as many as were lent at once; `KEPT` of them for good.
struct Shelf<const SIZE: usize, const KEPT: usize> {
    blocks: RefCell<Vec<*mut u8>>,
    /// The fewest that were here since the last look.
    fewest: Cell<usize>,
}

impl<const SIZE: usize, const KEPT: usize> Default for Shelf<SIZE, KEPT> {
    fn default() -> Self {
        Shelf {
            blocks: RefCell::default(),
            fewest: Cell::new(0),
        }
    }
}

impl<const SIZE: usize, const KEPT: usize> Shelf<SIZE, KEPT> {
    fn count(&self) -> usize {
        self.blocks.borrow().len()
    }

    #[inline]
    fn has_many(&self) -> bool {
        self.count() > KEPT
    }

    fn watch(&self) {
        self.fewest.set(self.count());
    }

    fn trim(&self) {
        let mut blocks = self.blocks.borrow_mut();
        let surplus = self.fewest.get().min(blocks.len().saturating_sub(KEPT));
        let left = blocks.len() - surplus;
        for block in blocks.drain(left..) {
            // SAFETY: the shelf owns it.
            unsafe { mg_free(block.cast()) };
        }
        self.fewest.set(left);
    }

    /// A block, or NULL when memory is exhausted.
    #[inline]
    fn take(&self) -> *mut u8 {
        let mut blocks = self.blocks.borrow_mut();
        match blocks.pop() {
            Some(block) => {
                self.fewest.set(self.fewest.get().min(blocks.len()));
                block
            }
            None => mg_calloc(1, SIZE).cast(),
        }
    }

    /// # Safety
    /// `block` has `SIZE` bytes of the C heap, and nobody else refers to it.
    #[inline]
    unsafe fn put(&self, block: *mut u8, used: usize) {
        let mut blocks = self.blocks.borrow_mut();
        if blocks.len() == blocks.capacity() && strictly(|| blocks.try_reserve(KEPT)).is_err() {
            // SAFETY: forwarded from the caller.
            return unsafe { mg_free(block.cast()) };
        }
        // SAFETY: as above.
        unsafe { ptr::write_bytes(block, 0, used.min(SIZE)) };
        blocks.push(block);
    }
}

impl<const SIZE: usize, const KEPT: usize> Drop for Shelf<SIZE, KEPT> {
    fn drop(&mut self) {
        for block in self.blocks.get_mut().drain(..) {
            // SAFETY: the shelf owns it.
            unsafe { mg_free(block.cast()) };
        }
    }
}

/// The block that a buffer of a connection has on loan, if any.
#[derive(Default)]
pub(super) struct Loan {
    block: Cell<*mut u8>,
    size: Cell<u32>,
    /// How much of it the network has filled at most.
    used: Cell<u32>,
}

impl Loan {
    #[inline]
    pub fn is_none(&self) -> bool {
        self.block.get().is_null()
    }

    /// Notes that the first `n` bytes of the buffer were filled.
    #[inline]
    pub fn note(&self, n: usize) {
        let n = u32::try_from(n).unwrap_or(u32::MAX);
        self.used.set(self.used.get().max(n));
    }

    /// Lends a large block to a buffer that is empty and has none of its own.
    #[inline]
    pub fn large(&self, io: &mg_iobuf, spare: &Spare) {
        if io.len.get() == 0 && io.size.get() == SMALL && self.stands(io) {
            self.take_back(io, spare);
        }
        if has_nothing(io) {
            self.lend(io, spare.large.take(), LARGE);
        }
    }

    /// Lends a small block to a buffer that has none.
    #[inline]
    pub fn small(&self, io: &mg_iobuf, spare: &Spare) {
        if has_nothing(io) {
            self.lend(io, spare.small.take(), SMALL);
        }
    }

    /// Without memory the buffer stays as it was, and grows or fails in its own way.
    #[inline]
    fn lend(&self, io: &mg_iobuf, block: *mut u8, size: usize) {
        if !block.is_null() {
            io.buf.set(block);
            io.size.set(size);
            self.block.set(block);
            self.size.set(size as u32);
            self.used.set(0);
        }
    }

    /// Forgets a loan whose block the program has replaced. True when there is one.
    #[inline]
    fn stands(&self, io: &mg_iobuf) -> bool {
        let (block, size) = (self.block.get(), self.size.get() as usize);
        if block.is_null() {
            return false;
        }
        let stands = io.buf.get() == block && io.size.get() == size;
        if !stands {
            self.block.set(ptr::null_mut());
        }
        stands
    }

    /// The end of a turn: takes the block back if it is empty.
    #[inline]
    pub fn settle(&self, io: &mg_iobuf, spare: &Spare) {
        if self.stands(io) && io.len.get() == 0 {
            self.take_back(io, spare);
        }
    }

    /// Takes the block back whatever it holds: the connection is released.
    pub fn end(&self, io: &mg_iobuf, spare: &Spare) {
        if self.stands(io) {
            self.note(io.len.get());
            self.take_back(io, spare);
        }
    }

    #[inline]
    fn take_back(&self, io: &mg_iobuf, spare: &Spare) {
        let (block, used) = (
            self.block.replace(ptr::null_mut()),
            self.used.get() as usize,
        );
        io.buf.set(ptr::null_mut());
        io.size.set(0);
        io.len.set(0);
        // SAFETY: the buffer owned the block, of this size, and has let it go.
        unsafe {
            if self.size.get() as usize == LARGE {
                spare.large.put(block, used);
            } else {
                spare.small.put(block, used);
            }
        }
    }
}

/// True for a buffer without memory that would grow as the library's own do.
#[inline]
fn has_nothing(io: &mg_iobuf) -> bool {
    io.size.get() == 0 && io.buf.get().is_null() && io.len.get() == 0 && io.align.get() == IO_SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(align: usize) -> mg_iobuf {
        mg_iobuf {
            buf: Cell::new(ptr::null_mut()),
            size: Cell::new(0),
            len: Cell::new(0),
            align: Cell::new(align),
        }
    }

    #[test]
    fn an_empty_block_goes_back_wiped() {
        let (spare, loan, io) = (Spare::default(), Loan::default(), buffer(IO_SIZE));
        loan.large(&io, &spare);
        assert!(io.append(b"secret"));
        loan.note(6);
        let block = io.buf.get();
        io.consume(6);
        loan.settle(&io, &spare);
        assert!(loan.is_none() && io.buf.get().is_null() && io.size.get() == 0);
        let other = buffer(IO_SIZE);
        loan.large(&other, &spare);
        assert_eq!(other.buf.get(), block);
        other.len.set(6);
        // SAFETY: the block is zeroed, and nothing changes it while the slice lives.
        assert_eq!(unsafe { other.as_bytes() }, [0; 6]);
        loan.end(&other, &spare);
    }

    #[test]
    fn a_small_block_is_exchanged_only_when_empty() {
        let (spare, loan, io) = (Spare::default(), Loan::default(), buffer(IO_SIZE));
        loan.small(&io, &spare);
        assert!(io.append(b"GET / HT"));
        loan.large(&io, &spare);
        loan.settle(&io, &spare);
        assert_eq!((io.size.get(), io.len.get()), (SMALL, 8));
        io.consume(8);
        loan.large(&io, &spare);
        assert_eq!((io.size.get(), spare.small.count()), (LARGE, 1));
        loan.settle(&io, &spare);
        assert_eq!((io.size.get(), spare.large.count()), (0, 1));
    }

    #[test]
    fn blocks_stay_as_long_as_they_are_needed() {
        let spare = Spare::default();
        let lend_at_once = |n: usize| {
            let lent: Vec<_> = (0..n).map(|_| (Loan::default(), buffer(IO_SIZE))).collect();
            lent.iter().for_each(|(loan, io)| loan.small(io, &spare));
            lent.iter().for_each(|(loan, io)| loan.settle(io, &spare));
        };
        lend_at_once(300);
        spare.trim(5000);
        assert_eq!((spare.small.count(), spare.trim_due()), (300, Some(6000)));
        lend_at_once(200);
        spare.trim(5999);
        assert_eq!(spare.small.count(), 300);
        spare.trim(6000);
        assert_eq!((spare.small.count(), spare.trim_due()), (200, Some(7000)));
        lend_at_once(10);
        spare.trim(7000);
        assert_eq!(spare.small.count(), 64);
        spare.trim(8000);
        assert_eq!((spare.small.count(), spare.trim_due()), (64, None));
    }

    #[test]
    fn buffers_of_the_program_are_left_alone() {
        let (spare, loan) = (Spare::default(), Loan::default());
        let other_steps = buffer(100);
        loan.small(&other_steps, &spare);
        assert!(loan.is_none());
        let io = buffer(IO_SIZE);
        loan.small(&io, &spare);
        io.free();
        assert!(io.append(&[1; SMALL + 1]));
        io.len.set(0);
        loan.settle(&io, &spare);
        assert!(loan.is_none() && io.size.get() == 2 * IO_SIZE);
        io.free();
    }
}
