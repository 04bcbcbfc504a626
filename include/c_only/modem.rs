//! Read by cbindgen only.

/// State of a modem driver. No function of this library takes it.
#[repr(C)]
pub struct mg_tcpip_driver_atcmd_data {
    /// The serial port.
    pub usart: *mut c_void,
    /// Resets the modem.
    pub reset: Option<unsafe extern "C" fn(usart: *mut c_void)>,
    /// Sends a byte.
    pub tx: Option<unsafe extern "C" fn(usart: *mut c_void, byte: u8)>,
    /// Receives a byte; negative when there is none.
    pub rx: Option<unsafe extern "C" fn(usart: *mut c_void) -> c_int>,
    /// Commands and expected answers.
    pub script: *mut *const c_char,
    /// Position in the script.
    pub script_index: c_int,
    /// Time-out of the current step.
    pub deadline: u64,
    /// Bytes are not stuffed.
    pub no_byte_stuff: bool,
    /// The link is up.
    pub link: bool,
    /// The next byte is stuffed.
    pub unstuffing: bool,
}
