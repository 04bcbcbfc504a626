//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Starts a log line: time, level, place in the source, padded to 40 characters. Used by
    /// MG_INFO and the like.
    pub fn mg_log_prefix(ll: c_int, file: *const c_char, line: c_int, fname: *const c_char);

    /// Sends the log to `fn`, character by character, with `param` as second argument. Initially
    /// the log goes to the standard output.
    pub fn mg_log_set_fn(r#fn: mg_pfn_t, param: *mut c_void);

    /// Logs `len` bytes in hex and as text, whatever the log level.
    pub fn mg_hexdump(buf: *const c_void, len: usize);
}
