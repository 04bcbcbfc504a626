//! WebSocket (RFC 6455): handshakes, frames, and what happens on a connection that speaks it.

pub mod close;
pub mod ffi;
pub mod frame;
pub mod handshake;
pub mod mask;
pub mod receiver;
pub mod state;
pub mod utf8;
