//! Read by cbindgen only.

unsafe extern "C" {
    /// Replaces the content of a file by formatted text (see mg_snprintf() and mg_file_write()).
    /// False on failure.
    pub fn mg_file_printf(
        fs: *mut mg_fs,
        path: *const c_char,
        fmt: *const c_char,
        ...
    ) -> bool;
}
