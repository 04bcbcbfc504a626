//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// Values of a Modbus request.
#[repr(C)]
pub union mg_modbus_values {
    /// Coils and discrete inputs (functions 1, 2, 5, 15).
    pub bits: *mut bool,
    /// Registers (functions 3, 4, 6, 16), host byte order.
    pub regs: *mut u16,
}

/// A Modbus request, for MG_EV_MODBUS_REQ. The handler takes written values out of `u`, puts
/// values that are read into it, or sets `error`; the library then answers.
#[repr(C)]
pub struct mg_modbus_req {
    /// MG_MODBUS_FUNC_*.
    pub func: u8,
    /// Set by the program: MG_MODBUS_ERR_*, initially MG_MODBUS_ERR_NONE.
    pub error: u8,
    /// Address of the first coil or register.
    pub addr: u16,
    /// `len` values. The memory belongs to the library and is released after the handler returned.
    pub u: mg_modbus_values,
    /// Number of values.
    pub len: u16,
}

unsafe extern "C" {
    /// Opens a Modbus TCP server, on port 502 by convention. Each request gives MG_EV_MODBUS_REQ;
    /// the library answers when the handler has returned. Malformed requests and unknown functions
    /// are answered without asking the handler. See mg_listen() for the URL and the result.
    pub fn mg_modbus_listen(mgr: *mut mg_mgr, url: *const c_char, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;
}
