//! What the limits of a manager's connections need in common.
#![forbid(unsafe_code)]

use super::Limits;
use super::deadlines::Deadlines;
use std::cell::{Cell, RefCell};

#[derive(Default)]
pub struct Shared {
    /// Limits of new connections, if the program set any.
    pub default: Cell<Option<Limits>>,
    /// Keyed by the connections' slots.
    pub deadlines: RefCell<Deadlines>,
    /// Connections that were accepted and are open.
    pub accepted: Cell<usize>,
    /// A listener left connections in the system's queue because there are too many.
    pub crowded: Cell<bool>,
    /// There may be room for them now.
    pub room: Cell<bool>,
}

impl Shared {
    /// A connection was closed, or there may be more of them: listeners should look again.
    pub fn make_room(&self) {
        if self.crowded.get() {
            self.room.set(true);
        }
    }
}
