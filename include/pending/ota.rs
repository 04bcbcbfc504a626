//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Looks for a firmware update at a URL and feeds it to mg_ota_begin() and the like. Calls `fn`
    /// once, with NULL on success or an error text. One check at a time in a process.
    pub fn mg_ota_url_check(mgr: *mut mg_mgr, metadata_url: *const c_char, r#fn: Option<unsafe extern "C" fn(error_message: *const c_char)>);
}
