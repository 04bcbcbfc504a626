//! Read by cbindgen only.

unsafe extern "C" {
    /// Formats a message (see mg_snprintf()) and a line end to the log. Does not look at the log
    /// level; programs use MG_INFO and the like, which do.
    pub fn mg_log(fmt: *const c_char, ...);
}
