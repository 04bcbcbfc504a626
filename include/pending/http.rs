//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// How mg_http_serve_dir() and mg_http_serve_file() serve. Zero the struct, then set what is
/// needed; the strings are not copied and only used during the call.
#[repr(C)]
pub struct mg_http_serve_opts {
    /// The directory to serve, or a list: "/prefix=dir,dir2,...". The last part that matches the
    /// URI wins; a part without "=" matches everything.
    pub root_dir: *const c_char,
    /// Files whose path matches this glob (see mg_match()) are expanded as server-side includes.
    /// NULL: none.
    pub ssi_pattern: *const c_char,
    /// NULL, or header lines to add to responses, each ended by "\r\n".
    pub extra_headers: *const c_char,
    /// NULL, or "ext=type,..." that comes before the built-in list of content types; "*" is any
    /// extension.
    pub mime_types: *const c_char,
    /// NULL, or the file to serve when the one asked for does not exist.
    pub page404: *const c_char,
    /// The file system; NULL is mg_fs_posix.
    pub fs: *mut mg_fs,
}
unsafe extern "C" {
    /// Decoded value of a variable in a query string or form, in `dst` of `dst_len` bytes. Returns
    /// its length, or -1 for a bad `buf` or `name`, -2 for a bad `dst`, -3 for a bad escape or too
    /// little room, -4 when it is not there.
    pub fn mg_http_get_var(buf: *const mg_str, name: *const c_char, dst: *mut c_char, dst_len: usize) -> c_int;

    /// Login of a request: user and password of "Authorization: Basic", or only a password, the
    /// token, from "Authorization: Bearer", the cookie access_token or the query variable
    /// access_token. Empty strings when there is none; cut to the sizes given.
    pub fn mg_http_creds(hm: *mut mg_http_message, user: *mut c_char, userlen: usize, pass: *mut c_char, passlen: usize);

    /// Answers a request with a file below a directory, its index file, or a list of its files.
    /// Handles HEAD, Range, If-None-Match, and files compressed as NAME.gz. Call in MG_EV_HTTP_MSG;
    /// the file is sent as the socket takes it.
    pub fn mg_http_serve_dir(c: *mut mg_connection, hm: *mut mg_http_message, opts: *const mg_http_serve_opts);

    /// Answers a request with the file `path`, whatever the URI is. `opts` may be NULL. See
    /// mg_http_serve_dir(). `path` is used as it is: do not take it from the request unchecked.
    pub fn mg_http_serve_file(c: *mut mg_connection, hm: *mut mg_http_message, path: *const c_char, opts: *const mg_http_serve_opts);

    /// Answers with a page in which <!--#include file="..." --> and virtual="..." are replaced by
    /// files. `root` is the directory of virtual ones, `fullpath` the page.
    pub fn mg_http_serve_ssi(c: *mut mg_connection, root: *const c_char, fullpath: *const c_char);

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
