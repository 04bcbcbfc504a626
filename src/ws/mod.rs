//! WebSocket (RFC 6455, RFC 7692): handshakes, frames, compression, and what happens on a connection that speaks it.

pub mod close;
pub mod deflate;
pub mod ffi;
pub mod frame;
pub mod handshake;
pub mod mask;
pub mod receiver;
pub mod state;
pub mod utf8;
