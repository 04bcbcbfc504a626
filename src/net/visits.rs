//! Which connections have a turn in an iteration.
//!
//! Ordinarily all do, because every handler gets MG_EV_POLL. A program that can do without it
//! (mg_mgr_idle_interval()) has most iterations visit only those that something happened to: the
//! *marked* ones. A connection is marked by readiness, by an event, by functions that queue output for it,
//! and by being left with something to do.

use super::conn::ConnPrivate;
use super::mgr::{MgrPrivate, manager};
use super::{mg_connection, mg_mgr};
use crate::ffi::heap;
use mio::Token;
use std::cell::{Cell, RefCell};
use std::ptr::null_mut;

/// The program's wish, and the marked connections.
#[derive(Default)]
pub(super) struct Visits {
    /// Milliseconds between visits to all connections; 0: in every iteration.
    interval: Cell<u64>,
    /// mg_millis() of the next visit to all.
    due: Cell<u64>,
    /// The next iteration must visit all.
    all: Cell<bool>,
    /// Slots of the marked connections. May contain vacant ones, and one twice.
    marked: RefCell<Vec<u32>>,
    /// Memory for the next list.
    emptied: Cell<Vec<u32>>,
}

impl Visits {
    pub fn set_interval(&self, ms: u64) {
        self.interval.set(ms);
        self.due.set(0);
        self.all.set(true);
    }

    /// True when the next iteration may leave out those that are not marked.
    #[inline]
    pub fn may_be_few(&self) -> bool {
        self.interval.get() != 0 && !self.all.get()
    }

    /// When all have to be visited again (mg_millis). `None` when every iteration visits all.
    pub fn next_round(&self) -> Option<u64> {
        (self.interval.get() != 0).then_some(self.due.get())
    }

    #[inline]
    pub fn mark(&self, p: &ConnPrivate) {
        if self.interval.get() != 0 && !p.is_marked.replace(true) {
            self.push(p);
        }
    }

    #[cold]
    fn push(&self, p: &ConnPrivate) {
        let mut marked = self.marked.borrow_mut();
        match p.slot.get().checked_sub(1) {
            Some(slot) if heap::strictly(|| marked.try_reserve(1)).is_ok() => marked.push(slot),
            // It cannot be found again in any other way.
            _ => {
                p.is_marked.set(false);
                self.all.set(true);
            }
        }
    }

    /// Calls `f` with the marked connections until it returns false.
    pub fn look_at_marked(&self, private: &MgrPrivate, mut f: impl FnMut(&mg_connection) -> bool) {
        for &slot in &*self.marked.borrow() {
            if let Some(c) = private.connection(Token(slot as usize))
                // SAFETY: the table holds live connections only, and `f` runs no handler.
                && !f(unsafe { &*c })
            {
                return;
            }
        }
    }

    /// Begins the visits of an iteration. A nested one visits all: the marks of those that wait for the
    /// outer one are gone.
    pub fn begin<'a>(&'a self, private: &'a MgrPrivate, mgr: &mg_mgr, now: u64) -> Round<'a> {
        let few = self.may_be_few()
            && now < self.due.get()
            && private.nesting.depth() == 1
            && !private.freeing.get();
        if !few {
            self.all.set(false);
            self.due.set(now.saturating_add(self.interval.get()));
        }
        Round {
            private,
            next: Cell::new(if few { null_mut() } else { mgr.conns.get() }),
            marked: if few {
                self.marked.replace(self.emptied.take())
            } else {
                Vec::new()
            },
            at: Cell::new(0),
        }
    }

    fn end(&self, mut marked: Vec<u32>) {
        if marked.capacity() > 0 {
            marked.clear();
            self.emptied.set(marked);
        }
    }
}

/// The visits of one iteration.
pub(super) struct Round<'a> {
    private: &'a MgrPrivate,
    next: Cell<*mut mg_connection>,
    marked: Vec<u32>,
    at: Cell<usize>,
}

impl Round<'_> {
    /// The next connection, or NULL. It may have been closed meanwhile; its memory stays until the end of the
    /// iteration.
    #[inline]
    pub fn next(&self) -> *mut mg_connection {
        let c = self.next.get();
        if c.is_null() {
            return self.next_marked();
        }
        // SAFETY: reached through the list or through a connection of the list; closed ones keep
        // their memory until the end of the iteration. Read before the turn: connections that a
        // handler opens go to the head.
        let next = unsafe { &*c }.next.get();
        self.next.set(next);
        c
    }

    fn next_marked(&self) -> *mut mg_connection {
        while let Some(&slot) = self.marked.get(self.at.get()) {
            self.at.set(self.at.get() + 1);
            if let Some(c) = self.private.connection(Token(slot as usize)) {
                // SAFETY: the table holds live connections only.
                if let Some(p) = unsafe { &*c }.private() {
                    p.is_marked.set(false);
                    // It may have got the place of one that was marked.
                    self.private.nesting.note_known(p);
                }
                return c;
            }
        }
        null_mut()
    }
}

impl Drop for Round<'_> {
    fn drop(&mut self) {
        self.private.visits.end(std::mem::take(&mut self.marked));
    }
}

/// Notes that something happened to a connection. Every function that gives one something to do calls
/// it, unless the function delivers an event.
#[inline]
pub(super) fn mark(c: &mg_connection) {
    if let (Some(m), Some(p)) = (manager(c).and_then(mg_mgr::private), c.private()) {
        m.visits.mark(p);
    }
}
