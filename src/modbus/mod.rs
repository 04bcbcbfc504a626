//! Modbus TCP server (MODBUS Messaging on TCP/IP 1.0b, MODBUS Application Protocol 1.1b3).

mod adu;
pub mod ffi;
mod pdu;

use std::cell::Cell;

/// What the Modbus handler remembers about a connection.
#[derive(Default)]
pub struct ModbusState {
    /// A handler is on the stack that may run the loop again.
    running: Cell<bool>,
    /// Requests wait until the client reads its replies.
    stalled: Cell<bool>,
    /// The stream is out of step; whatever still arrives is thrown away.
    failed: Cell<bool>,
}
