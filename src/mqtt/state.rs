//! What the MQTT layer remembers about a connection between events.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr::null;

pub struct MqttState {
    /// A run over the receive buffer is on the stack.
    pub(super) running: Cell<bool>,
    /// The peer broke a limit: whatever still arrives is thrown away.
    pub(super) discarding: Cell<bool>,
    pub(super) unreleased: Unreleased,
    pub(super) unread: Unread,
    /// The session that the connection belongs to, or NULL.
    pub(super) session: Cell<*const c_void>,
}

impl Default for MqttState {
    fn default() -> MqttState {
        MqttState {
            running: Cell::default(),
            discarding: Cell::default(),
            unreleased: Unreleased::default(),
            unread: Unread::default(),
            session: Cell::new(null()),
        }
    }
}

impl MqttState {
    /// Identifiers that the sender has not released, for the next connection of the session.
    pub fn take_unreleased(&self) -> Vec<u16> {
        self.unreleased.0.take()
    }

    pub fn set_unreleased(&self, ids: Vec<u16>) {
        *self.unreleased.0.borrow_mut() = ids;
    }
}

/// Acknowledgements that are queued for a peer that does not read, at most, in bytes: a million of them.
const MAX_UNREAD: usize = 4 * 1024 * 1024;

/// How many acknowledgements wait in the output queue: half of the bound may have been queued since all before it
/// were sent, and as much before that.
#[derive(Default)]
pub(super) struct Unread {
    /// Bytes of output that have left.
    sent: Cell<u64>,
    /// Where in the output the first half ends.
    end: Cell<u64>,
    /// Bytes of acknowledgements behind that.
    behind: Cell<usize>,
}

impl Unread {
    pub fn sent(&self, n: u64) {
        self.sent.set(self.sent.get().wrapping_add(n));
    }

    /// False when too many wait, with `waiting` bytes of output of any kind.
    pub fn may_grow(&self, waiting: usize) -> bool {
        if self.behind.get() < MAX_UNREAD / 2 {
            return true;
        }
        // A program may take its output away, or hear of what was sent by itself.
        if self.end.get() > self.sent.get() && waiting >= MAX_UNREAD / 2 {
            return false;
        }
        self.end.set(self.sent.get() + waiting as u64);
        self.behind.set(0);
        true
    }

    pub fn queued(&self, n: usize) {
        self.behind.set(self.behind.get() + n);
    }
}

/// Identifiers of messages of Quality of Service 2 that were delivered and that the sender has not
/// released yet (section 4.3.3), in ascending order. 65535 at most.
#[derive(Default)]
pub(super) struct Unreleased(RefCell<Vec<u16>>);

impl Unreleased {
    /// Notes that a message arrived; false when it had arrived before. When memory is exhausted
    /// that cannot be told later.
    pub fn insert(&self, id: u16) -> bool {
        let mut ids = self.0.borrow_mut();
        match ids.binary_search(&id) {
            Ok(_) => false,
            Err(at) => {
                if ids.try_reserve(1).is_ok() {
                    ids.insert(at, id);
                }
                true
            }
        }
    }

    /// The sender will not repeat the message again.
    pub fn remove(&self, id: u16) {
        let mut ids = self.0.borrow_mut();
        if let Ok(at) = ids.binary_search(&id) {
            ids.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unread_acknowledgements_are_bounded() {
        let (unread, mut queue) = (Unread::default(), 0);
        while unread.may_grow(queue) {
            unread.queued(4);
            queue += 4;
        }
        assert_eq!(queue, MAX_UNREAD);
    }

    #[test]
    fn acknowledgements_of_a_peer_that_reads_are_not() {
        // A long queue of other output, of which acknowledgements are a small part.
        let (unread, queue) = (Unread::default(), 100 << 20);
        for _ in 0..3 * MAX_UNREAD / 4 {
            assert!(unread.may_grow(queue));
            unread.queued(4);
            unread.sent(204);
        }
        // A program that takes the output away, and one that does not tell what was sent.
        let unread = Unread::default();
        for _ in 0..3 * MAX_UNREAD / 4 {
            assert!(unread.may_grow(8000));
            unread.queued(4);
        }
    }

    #[test]
    fn a_message_is_new_until_it_is_released() {
        let ids = Unreleased::default();
        assert!(ids.insert(7));
        assert!(ids.insert(3));
        assert!(!ids.insert(7));
        ids.remove(7);
        ids.remove(8);
        assert!(ids.insert(7));
        assert!(!ids.insert(3));
    }
}
