//! What is remembered about a WebSocket connection between events.
#![forbid(unsafe_code)]

use super::deflate;
use super::handshake::NONCE;
use super::receiver::Receiver;
use std::cell::Cell;

#[derive(Debug, Clone, Copy)]
pub enum Phase {
    /// A client waits for the server's answer; so many bytes of it were searched for its end.
    Handshake { nonce: [u8; NONCE], searched: usize },
    /// Frames are exchanged.
    Open(Receiver),
    /// The peer has said Close, or nonsense: whatever follows is thrown away.
    Over,
}

impl Default for Phase {
    fn default() -> Phase {
        Phase::Open(Receiver::default())
    }
}

#[derive(Default)]
pub struct WsState {
    pub phase: Cell<Phase>,
    /// A run over the receive buffer is on the stack.
    pub running: Cell<bool>,
    /// A Close frame was sent; there is only one.
    pub close_sent: Cell<bool>,
    /// The answer to the latest ping, which waits until less output is queued.
    pub late_pong: Cell<Option<Vec<u8>>>,
    pub deflate: deflate::Slot,
}

impl WsState {
    /// The state of a new connection.
    pub fn begin(&self, phase: Phase) {
        self.phase.set(phase);
        self.close_sent.set(false);
        self.late_pong.take();
        self.deflate.set(None, false);
    }
}
