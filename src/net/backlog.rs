//! Messages that wait behind the ones being handled.
//!
//! Every message is handled at the start of the receive buffer, so removing it moves the rest
//! down. To keep that cheap when megabytes of small messages have piled up, all but the next few
//! are set aside here and come back in pieces.
#![allow(unsafe_code)]

use crate::ffi::str::bytes;
use crate::iobuf::mg_iobuf;
use std::cell::Cell;
use std::ptr::null_mut;

/// The end of a receive buffer, set aside. About `PIECE` bytes stay in the buffer.
pub(crate) struct Backlog<const PIECE: usize> {
    io: mg_iobuf,
    /// What has gone back already.
    taken: Cell<usize>,
}

impl<const PIECE: usize> Default for Backlog<PIECE> {
    fn default() -> Self {
        Backlog {
            io: mg_iobuf {
                buf: Cell::new(null_mut()),
                size: Cell::new(0),
                len: Cell::new(0),
                align: Cell::new(0),
            },
            taken: Cell::new(0),
        }
    }
}

impl<const PIECE: usize> Drop for Backlog<PIECE> {
    fn drop(&mut self) {
        self.clear();
    }
}

impl<const PIECE: usize> Backlog<PIECE> {
    pub fn clear(&self) {
        self.taken.set(0);
        if self.io.size.get() > 0 {
            self.io.free();
        }
    }

    fn remaining(&self) -> usize {
        self.io.len.get() - self.taken.get()
    }

    /// Sets aside what stands in `recv` behind `used` bytes, except for a piece. Does nothing when
    /// that is little, or memory is short.
    pub fn split(&self, recv: &mg_iobuf, used: usize) {
        let keep = used + PIECE;
        if recv.len.get() > keep + PIECE && self.remaining() == 0 {
            self.push_surplus(recv, keep);
        }
    }

    /// Puts what stands in `recv` behind `len` bytes at the end of the backlog, if there is one to
    /// speak of. False when memory is exhausted.
    pub fn push_surplus(&self, recv: &mg_iobuf, len: usize) -> bool {
        let Some(surplus) = recv.len.get().checked_sub(len) else {
            return true;
        };
        if surplus > 0 {
            // SAFETY: the bytes are in use in `recv`, which is another buffer than the one that
            // grows.
            let text = unsafe { bytes(recv.buf.get().add(len), surplus) };
            if !self.io.append(text) {
                return false;
            }
        }
        recv.len.set(recv.len.get() - surplus);
        true
    }

    /// Moves the next piece back to the end of `recv`; false when there is none. Pieces grow with
    /// what they could not complete, which stands behind `used` bytes, so that large messages cost
    /// no more than small ones.
    pub fn refill(&self, recv: &mg_iobuf, used: usize) -> bool {
        let incomplete = recv.len.get().saturating_sub(used);
        let n = self.remaining().min(incomplete.max(PIECE));
        n > 0 && self.give_back(recv, n)
    }

    /// Moves everything back. False when memory is exhausted.
    pub fn restore(&self, recv: &mg_iobuf) -> bool {
        self.remaining() == 0 || self.give_back(recv, self.remaining())
    }

    fn give_back(&self, recv: &mg_iobuf, n: usize) -> bool {
        // SAFETY: `taken + n` bytes are in use, in another buffer than the one that grows.
        let piece = unsafe { bytes(self.io.buf.get().add(self.taken.get()), n) };
        if !recv.append(piece) {
            return false;
        }
        self.taken.set(self.taken.get() + n);
        if self.remaining() == 0 {
            self.clear();
        }
        true
    }
}
