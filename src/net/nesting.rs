//! Iterations inside of others, and when the memory of closed connections is released.
//!
//! A handler may run the loop, so any frame on the stack may still know a connection that is closed. Memory
//! goes when no frame can: at the end of the outermost iteration, or, for connections that were made in an
//! iteration that a handler runs, at the end of that one.

use super::conn::ConnPrivate;
use super::list::{for_each, release};
use super::mgr::manager;
use super::{mg_connection, mg_mgr};
use std::cell::Cell;
use std::ptr;

pub(super) struct Nesting {
    /// Closed connections, linked by `next_dead`.
    dead: Cell<*mut mg_connection>,
    /// The greatest `born` among them, and among those that live.
    youngest_dead: Cell<u32>,
    youngest: Cell<u32>,
    /// How many calls of mg_mgr_poll(), and others that keep all connections, are on the stack.
    depth: Cell<u32>,
    /// Those of mg_mgr_poll() alone.
    iterations: Cell<u32>,
    /// What `depth` was when the innermost of them began.
    iteration_depth: Cell<u32>,
    /// A handler of the iteration outside runs it, and nothing is in between that keeps all connections.
    is_direct: Cell<bool>,
}

impl Default for Nesting {
    fn default() -> Nesting {
        Nesting {
            dead: Cell::new(ptr::null_mut()),
            youngest_dead: Cell::new(0),
            youngest: Cell::new(0),
            depth: Cell::new(0),
            iterations: Cell::new(0),
            iteration_depth: Cell::new(0),
            is_direct: Cell::new(false),
        }
    }
}

/// What the iteration knew that another one interrupts.
pub(super) struct Enclosing {
    depth: u32,
    is_direct: bool,
}

impl Nesting {
    /// How many calls of mg_mgr_poll(), and others that keep all connections, are on the stack.
    #[inline]
    pub fn depth(&self) -> u32 {
        self.depth.get()
    }

    #[inline]
    fn enter(&self) {
        self.depth.set(self.depth.get() + 1);
    }

    #[inline]
    fn leave(&self) {
        self.depth.set(self.depth.get() - 1);
    }

    /// See [`keep`]. An iteration knows the connection from now on, so that no other inside of it releases it.
    /// Without one, nothing is released.
    #[inline]
    pub(super) fn keep(&self, p: &ConnPrivate) -> Option<AllKept<'_>> {
        if self.iterations.get() == 0 {
            return Some(AllKept::new(self));
        }
        if p.born.get() > 0 {
            self.note_known(p);
        }
        None
    }

    /// Begins an iteration; returns what [`Self::end`] needs.
    pub fn begin(&self) -> Enclosing {
        let enclosing = Enclosing {
            depth: self.iteration_depth.get(),
            is_direct: self.is_direct.get(),
        };
        let (depth, iterations) = (self.depth.get(), self.iterations.get());
        self.is_direct
            .set(iterations > 0 && depth == enclosing.depth);
        self.enter();
        self.iterations.set(iterations + 1);
        self.iteration_depth.set(depth + 1);
        enclosing
    }

    /// Releases the closed connections that no frame on the stack can know. With none those are all of them. At the
    /// end of an iteration that a handler runs, those that were made in it, and in others that handlers of the same
    /// iteration ran before: that one goes from the head of the list as it was to its tail.
    pub fn end(&self, mgr: &mg_mgr, enclosing: &Enclosing) {
        let level = self.level();
        let is_direct = self.is_direct.replace(enclosing.is_direct);
        self.iteration_depth.set(enclosing.depth);
        self.leave();
        self.iterations.set(self.iterations.get() - 1);
        if self.depth.get() == 0 {
            self.reap();
        } else if is_direct && self.youngest_dead.get() >= level {
            self.reap_from(level);
        }
        self.note_all_known(mgr, level);
    }

    /// Iterations of this level know those connections from now on that live.
    fn note_all_known(&self, mgr: &mg_mgr, level: u32) {
        if self.youngest.get() > level {
            self.youngest.set(level);
            for_each(mgr, |c| {
                if let Some(p) = c.private() {
                    p.born.set(p.born.get().min(level));
                }
            });
        }
    }

    /// The running iteration is about to visit all connections.
    #[inline]
    pub fn begin_visits(&self, mgr: &mg_mgr) {
        self.note_all_known(mgr, self.level());
    }

    /// A connection was made.
    pub fn note_birth(&self, p: &ConnPrivate) {
        p.born.set(self.level());
        self.youngest.set(self.youngest.get().max(self.level()));
    }

    /// The running iteration knows a connection from now on.
    pub fn note_known(&self, p: &ConnPrivate) {
        p.born.set(p.born.get().min(self.level()));
    }

    /// In how many iterations inside of others we are.
    #[inline]
    fn level(&self) -> u32 {
        self.iterations.get().saturating_sub(1)
    }

    /// True when no frame on the stack can know a connection but those of the running iteration, which a handler
    /// runs.
    #[inline]
    pub fn is_younger(&self, p: &ConnPrivate) -> bool {
        self.is_direct.get() && p.born.get() == self.level()
    }

    /// Puts a closed connection on the list of those to release.
    pub fn bury(&self, c: &mg_connection) {
        if let Some(private) = c.private() {
            private.next_dead.set(self.dead.replace(c.as_ptr()));
            let youngest = self.youngest_dead.get().max(private.born.get());
            self.youngest_dead.set(youngest);
        }
    }

    /// True when there are closed connections to release.
    pub fn has_dead(&self) -> bool {
        !self.dead.get().is_null()
    }

    /// Releases all closed connections. Only to be called when no frame of the loop is below.
    pub fn reap(&self) {
        if self.has_dead() {
            self.reap_from(0);
        }
    }

    /// Releases closed connections that were made at this level or above.
    fn reap_from(&self, level: u32) {
        let mut next = self.dead.replace(ptr::null_mut());
        self.youngest_dead.set(0);
        while !next.is_null() {
            // SAFETY: buried connections are ours and nobody else releases them.
            let c = unsafe { &*next };
            let Some(private) = c.private() else { return };
            next = private.next_dead.get();
            if private.born.get() < level {
                self.bury(c);
            } else {
                release(c);
            }
        }
    }
}

/// While it lives, all connections that are closed keep their memory: for frames that go from one to the next.
pub(super) struct AllKept<'a>(&'a Nesting);

impl AllKept<'_> {
    pub fn new(nesting: &Nesting) -> AllKept<'_> {
        nesting.enter();
        AllKept(nesting)
    }
}

impl Drop for AllKept<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// While it lives, a connection keeps its memory.
pub(crate) struct Kept<'a> {
    _outside: Option<AllKept<'a>>,
}

/// For functions that go on with a connection after a function of the program, which may close it and run the loop.
#[inline]
pub(crate) fn keep(c: &mg_connection) -> Kept<'_> {
    let (manager, private) = (manager(c).and_then(mg_mgr::private), c.private());
    Kept {
        _outside: manager.zip(private).and_then(|(m, p)| m.nesting.keep(p)),
    }
}
