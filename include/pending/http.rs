//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Feeds the body of a request to mg_ota_begin(), mg_ota_write() and mg_ota_end() while it
    /// arrives. Call in MG_EV_HTTP_HDRS. Calls `fn` once, with NULL on success or an error text;
    /// `fn` answers the request. NULL for `fn` answers "ok" or the error.
    pub fn mg_http_start_ota(c: *mut mg_connection, hm: *mut mg_http_message, r#fn: Option<unsafe extern "C" fn(*mut mg_connection, *const c_char)>);
}
