//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A WebSocket message or control frame.
#[repr(C)]
pub struct mg_ws_message {
    /// Payload, in the receive buffer: valid until the handler returns.
    pub data: mg_str,
    /// First byte of the frame (RFC 6455, section 5.2): bit 7 is FIN, the low 4 bits are
    /// WEBSOCKET_OP_*. A message that came in fragments has the first byte of the first one,
    /// without FIN.
    pub flags: u8,
}

unsafe extern "C" {
    /// Sends one frame with `len` bytes of payload; `op` is WEBSOCKET_OP_TEXT, WEBSOCKET_OP_BINARY
    /// or another opcode. Client frames are masked. Returns the size of the frame in `c->send`,
    /// less when memory is exhausted.
    pub fn mg_ws_send(c: *mut mg_connection, buf: *const c_void, len: usize, op: c_int) -> usize;

    /// Makes the last `len` bytes of `c->send` the payload of a frame. Returns the new
    /// `c->send.len`.
    pub fn mg_ws_wrap(c: *mut mg_connection, len: usize, op: c_int) -> usize;

    /// mg_ws_printf() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_ws_vprintf(c: *mut mg_connection, op: c_int, fmt: *const c_char, ap: *mut va_list) -> usize;
}
