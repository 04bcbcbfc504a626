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
    /// Bytes of acknowledgements that may be queued still.
    pub(super) acknowledgements: Cell<usize>,
    /// The session that the connection belongs to, or NULL.
    pub(super) session: Cell<*const c_void>,
}

impl Default for MqttState {
    fn default() -> MqttState {
        MqttState {
            running: Cell::default(),
            discarding: Cell::default(),
            unreleased: Unreleased::default(),
            acknowledgements: Cell::default(),
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
