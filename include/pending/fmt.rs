//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// Takes one character of formatted output; `param` is what the program passed along.
pub type mg_pfn_t = Option<unsafe extern "C" fn(ch: c_char, param: *mut c_void)>;

/// A printer for %M and %m: takes its arguments from `ap` with va_arg(*ap, type), writes to `out`
/// with `arg`, and returns the number of characters written.
pub type mg_pm_t =
    Option<unsafe extern "C" fn(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize>;

unsafe extern "C" {
    /// mg_xprintf() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_vxprintf(r#fn: mg_pfn_t, arg: *mut c_void, fmt: *const c_char, ap: *mut va_list) -> usize;

    /// mg_snprintf() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_vsnprintf(buf: *mut c_char, len: usize, fmt: *const c_char, ap: *mut va_list) -> usize;

    /// mg_mprintf() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_vmprintf(fmt: *const c_char, ap: *mut va_list) -> *mut c_char;

    /// mg_printf() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_vprintf(c: *mut mg_connection, fmt: *const c_char, ap: *mut va_list) -> usize;

    /// For printing to a struct mg_iobuf that grows: `param` points to it. A NUL is kept behind the
    /// text.
    pub fn mg_pfn_iobuf(ch: c_char, param: *mut c_void);

    /// For printing to a struct mg_iobuf that keeps its size: `param` points to it. Characters
    /// without room are dropped; a NUL is kept behind the text.
    pub fn mg_pfn_iobuf_noresize(ch: c_char, param: *mut c_void);

    /// For printing to the standard output.
    pub fn mg_pfn_stdout(c: c_char, param: *mut c_void);

    /// Printer for %M and %m: int n, const void *data. Prints `n` bytes as base64.
    pub fn mg_print_base64(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: int n, const char *s. Prints `n` bytes with JSON escapes; 0 means up
    /// to the NUL.
    pub fn mg_print_esc(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: int n, const void *data. Prints `n` bytes as hex digits.
    pub fn mg_print_hex(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: int n, const char *s. Prints `n` bytes with & < > " as HTML entities.
    pub fn mg_print_html_esc(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: struct mg_addr *. Prints an IP address; IPv6 in brackets.
    pub fn mg_print_ip(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: const uint8_t *. Prints 4 bytes as an IPv4 address.
    pub fn mg_print_ip4(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: const uint8_t *. Prints 16 bytes as an IPv6 address in brackets.
    pub fn mg_print_ip6(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: struct mg_addr *. Prints an IP address, ":" and the port.
    pub fn mg_print_ip_port(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: const uint8_t *. Prints 6 bytes as a MAC address.
    pub fn mg_print_mac(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;

    /// Printer for %M and %m: const uint8_t *. Prints 8 bytes like a MAC address.
    pub fn mg_print_ieee64(out: mg_pfn_t, arg: *mut c_void, ap: *mut va_list) -> usize;
}
