//! The queue that threads fill and a loop empties.
//!
//! tests/loom compiles this file with the model checker's mutex for that of `super`, and tries all
//! interleavings.

use super::{Mutex, strictly};
use std::collections::VecDeque;
use std::ffi::c_ulong;

/// What wakes the loop.
pub trait Bell {
    /// False when the loop will not wake because of this call.
    fn ring(&self) -> bool;
}

pub struct Message {
    pub id: c_ulong,
    pub payload: Box<[u8]>,
}

struct State<B> {
    messages: VecDeque<Message>,
    /// None while there is no channel.
    bell: Option<B>,
}

/// The lock is held for a push, a swap or a ring, never across a call into C.
pub struct Queue<B>(Mutex<State<B>>);

impl<B> Default for Queue<B> {
    fn default() -> Self {
        Queue(Mutex::new(State {
            messages: VecDeque::new(),
            bell: None,
        }))
    }
}

impl<B: Bell> Queue<B> {
    pub fn open(&self, bell: B) {
        self.0.lock().bell = Some(bell);
    }

    /// Drops the bell and what is queued.
    pub fn close(&self) {
        let mut state = self.0.lock();
        state.bell = None;
        state.messages = VecDeque::new();
    }

    /// Queues a message and wakes the loop. False when it will not be delivered: there is no channel
    /// or no memory.
    pub fn send(&self, id: c_ulong, data: &[u8]) -> bool {
        let mut payload = Vec::new();
        if strictly(|| payload.try_reserve_exact(data.len())).is_err() {
            return false;
        }
        payload.extend_from_slice(data);
        let payload = payload.into_boxed_slice();
        let mut state = self.0.lock();
        let State { messages, bell } = &mut *state;
        let Some(bell) = bell else { return false };
        if strictly(|| messages.try_reserve(1)).is_err() {
            return false;
        }
        // The loop takes the whole queue at once, so one ring per filling is enough.
        if messages.is_empty() && !bell.ring() {
            return false;
        }
        messages.push_back(Message { id, payload });
        true
    }

    /// Everything that is queued. Call it after the bell was heard: what comes from now on rings again.
    pub fn take(&self) -> VecDeque<Message> {
        std::mem::take(&mut self.0.lock().messages)
    }
}
