//! Read by cbindgen only.

unsafe extern "C" {
    /// Adds a formatted message (see mg_snprintf()) with a NUL behind it. Producer side. Returns
    /// the length without the NUL, or 0 when there is no room or the text is empty.
    pub fn mg_queue_printf(q: *mut mg_queue, fmt: *const c_char, ...) -> usize;
}
