//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Asks a time server (RFC 4330): "udp://host:123"; NULL is udp://time.google.com:123.
    ///
    /// On an answer mg_boot_timestamp_ms is set, MG_EV_SNTP_TIME fires, and the connection closes.
    /// Without one it closes after 3 seconds. Returns the connection, or NULL as mg_connect() does.
    pub fn mg_sntp_connect(mgr: *mut mg_mgr, url: *const c_char, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;

    /// Sends a request to a time server. mg_sntp_connect() does so.
    pub fn mg_sntp_request(c: *mut mg_connection);

    /// Parses a time server's answer. Returns milliseconds since 1970 and sets
    /// mg_boot_timestamp_ms; -1 when it is not a usable answer.
    pub fn mg_sntp_parse(buf: *const c_uchar, len: usize) -> i64;
}
