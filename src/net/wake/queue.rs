//! The queue that threads fill and a loop empties.
//!
//! tests/loom compiles this file with the model checker's mutex for that of `super`, and tries all
//! interleavings.

use super::{Mutex, strictly};
use std::collections::VecDeque;

/// What wakes the loop.
pub trait Bell {
    /// False when the loop will not wake because of this call.
    fn ring(&self) -> bool;
}

struct State<B, T> {
    items: VecDeque<T>,
    /// None while there is no channel.
    bell: Option<B>,
}

/// The lock is held for a push, a swap or a ring, never across a call into C.
pub struct Queue<B, T>(Mutex<State<B, T>>);

impl<B, T> Default for Queue<B, T> {
    fn default() -> Self {
        Queue(Mutex::new(State {
            items: VecDeque::new(),
            bell: None,
        }))
    }
}

impl<B: Bell, T> Queue<B, T> {
    pub fn open(&self, bell: B) {
        self.0.lock().bell = Some(bell);
    }

    /// Drops the bell: from now on everything is refused. Returns what is queued.
    pub fn close(&self) -> VecDeque<T> {
        let mut state = self.0.lock();
        state.bell = None;
        std::mem::take(&mut state.items)
    }

    /// Queues an item and wakes the loop. False when the loop will not get it: there is no channel
    /// or no memory.
    pub fn send(&self, item: T) -> bool {
        let mut state = self.0.lock();
        let State { items, bell } = &mut *state;
        let Some(bell) = bell else { return false };
        if strictly(|| items.try_reserve(1)).is_err() {
            return false;
        }
        // The loop takes the whole queue at once, so one ring per filling is enough.
        if items.is_empty() && !bell.ring() {
            return false;
        }
        items.push_back(item);
        true
    }

    /// Everything that is queued. Call it after the bell was heard: what comes from now on rings again.
    pub fn take(&self) -> VecDeque<T> {
        std::mem::take(&mut self.0.lock().items)
    }
}
