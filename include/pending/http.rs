//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

unsafe extern "C" {
    /// Decoded value of a variable in a query string or form, in `dst` of `dst_len` bytes. Returns
    /// its length, or -1 for a bad `buf` or `name`, -2 for a bad `dst`, -3 for a bad escape or too
    /// little room, -4 when it is not there.
    pub fn mg_http_get_var(buf: *const mg_str, name: *const c_char, dst: *mut c_char, dst_len: usize) -> c_int;

    /// Login of a request: user and password of "Authorization: Basic", or only a password, the
    /// token, from "Authorization: Bearer", the cookie access_token or the query variable
    /// access_token. Empty strings when there is none; cut to the sizes given.
    pub fn mg_http_creds(hm: *mut mg_http_message, user: *mut c_char, userlen: usize, pass: *mut c_char, passlen: usize);

    /// Stores the body of a request, or one piece of a file, in `dir`: the query gives `file` and
    /// `offset`. At most `max_size` bytes in total. Answers the request; returns the size so far,
    /// or a negative number on failure. Call in MG_EV_HTTP_MSG.
    pub fn mg_http_upload(c: *mut mg_connection, hm: *mut mg_http_message, fs: *mut mg_fs, dir: *const c_char, max_size: usize) -> c_long;

    /// Stores the body of a request in file `name` of `dir` while it arrives, whatever its size.
    /// Call in MG_EV_HTTP_HDRS. Calls `fn` once, with NULL on success or an error text; `fn`
    /// answers the request. NULL for `fn` answers "ok" or the error.
    pub fn mg_http_start_upload(c: *mut mg_connection, hm: *mut mg_http_message, name: mg_str, dir: mg_str, fs: *mut mg_fs, r#fn: Option<unsafe extern "C" fn(*mut mg_connection, *const c_char)>);

    /// Feeds the body of a request to mg_ota_begin(), mg_ota_write() and mg_ota_end() while it
    /// arrives. Call in MG_EV_HTTP_HDRS. Calls `fn` once, with NULL on success or an error text;
    /// `fn` answers the request. NULL for `fn` answers "ok" or the error.
    pub fn mg_http_start_ota(c: *mut mg_connection, hm: *mut mg_http_message, r#fn: Option<unsafe extern "C" fn(*mut mg_connection, *const c_char)>);
}
