//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// How mg_http_serve_dir() and mg_http_serve_file() serve. Zero the struct, then set what is needed; the
/// strings are not copied and only used during the call.
#[repr(C)]
pub struct mg_http_serve_opts {
    /// The directory to serve, or a list: "/prefix=dir,dir2,...". The last part that matches
    /// the URI wins; a part without "=" matches everything.
    pub root_dir: *const c_char,
    /// Files whose path matches this glob (see mg_match()) are expanded as server-side includes.
    /// NULL: none.
    pub ssi_pattern: *const c_char,
    /// NULL, or header lines to add to responses, each ended by "\r\n".
    pub extra_headers: *const c_char,
    /// NULL, or "ext=type,..." that comes before the built-in list of content types; "*" is
    /// any extension.
    pub mime_types: *const c_char,
    /// NULL, or the file to serve when the one asked for does not exist.
    pub page404: *const c_char,
    /// The file system; NULL is mg_fs_posix.
    pub fs: *mut mg_fs,
}

/// A part of a multipart/form-data body (RFC 7578). The strings point into the body.
#[repr(C)]
pub struct mg_http_part {
    /// Name of the form field.
    pub name: mg_str,
    /// File name, {NULL, 0} for plain fields.
    pub filename: mg_str,
    /// Content.
    pub body: mg_str,
}

unsafe extern "C" {
    /// Opens an HTTP server on a URL such as "http://0.0.0.0:8000"; see mg_listen() for the URL and
    /// the result.
    ///
    /// Each request gives MG_EV_HTTP_HDRS when its headers are there and MG_EV_HTTP_MSG when its
    /// body is. Answer with mg_http_reply() and the like, now or later. For https call
    /// mg_tls_init() in MG_EV_ACCEPT.
    pub fn mg_http_listen(mgr: *mut mg_mgr, url: *const c_char, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;

    /// Opens an HTTP client connection; see mg_connect() for the URL and the result.
    ///
    /// The program sends the request with mg_printf(), normally in MG_EV_CONNECT, and gets the
    /// response as MG_EV_HTTP_MSG. For https call mg_tls_init() in MG_EV_CONNECT.
    pub fn mg_http_connect(mgr: *mut mg_mgr, url: *const c_char, r#fn: mg_event_handler_t, fn_data: *mut c_void) -> *mut mg_connection;

    /// Parses the head of an HTTP/1.x request or response (RFC 9112) in `len` bytes at `s`. Returns
    /// its size, 0 when more bytes are needed, -1 when it is malformed. The members of `hm` point
    /// into `s`; the body's length is what the head announces, SIZE_MAX when it ends with the
    /// connection.
    pub fn mg_http_parse(s: *const c_char, len: usize, hm: *mut mg_http_message) -> c_int;

    /// Looks for the end of the head of an HTTP message. Returns its size, 0 when more bytes are
    /// needed, -1 when there is a byte that cannot be in a head.
    pub fn mg_http_get_request_len(buf: *const c_uchar, buf_len: usize) -> c_int;

    /// Value of a header field, or NULL; the name's case does not matter. Points into `h`.
    pub fn mg_http_get_header(h: *mut mg_http_message, name: *const c_char) -> *mut mg_str;

    /// Value of a parameter in a header value, such as "boundary" in "multipart/form-data;
    /// boundary=x", without quotes. {NULL, 0} when it is not there.
    pub fn mg_http_get_header_var(s: mg_str, v: mg_str) -> mg_str;

    /// Value of a variable in a query string or form ("a=1&b=2"), not decoded. {NULL, 0} when it is
    /// not there.
    pub fn mg_http_var(buf: mg_str, name: mg_str) -> mg_str;

    /// Decoded value of a variable in a query string or form, in `dst` of `dst_len` bytes. Returns
    /// its length, or -1 for a bad `buf` or `name`, -2 for a bad `dst`, -3 for a bad escape or too
    /// little room, -4 when it is not there.
    pub fn mg_http_get_var(buf: *const mg_str, name: *const c_char, dst: *mut c_char, dst_len: usize) -> c_int;

    /// Login of a request: user and password of "Authorization: Basic", or only a password, the
    /// token, from "Authorization: Bearer", the cookie access_token or the query variable
    /// access_token. Empty strings when there is none; cut to the sizes given.
    pub fn mg_http_creds(hm: *mut mg_http_message, user: *mut c_char, userlen: usize, pass: *mut c_char, passlen: usize);

    /// Sends a request header "Authorization: Basic ..." for a user and password (RFC 7617).
    pub fn mg_http_bauth(c: *mut mg_connection, user: *const c_char, pass: *const c_char);

    /// Status code of a response; 0 for a request.
    pub fn mg_http_status(hm: *const mg_http_message) -> c_int;

    /// Sends `len` bytes as one chunk of a chunked message (RFC 9112, section 7.1). 0 bytes are the
    /// last chunk and end the response.
    pub fn mg_http_write_chunk(c: *mut mg_connection, buf: *const c_char, len: usize);

    /// Next part of a multipart body (RFC 2046, section 5.1). Start with `ofs` 0 and go on with the
    /// result; 0 is the end. `part` may be NULL.
    pub fn mg_http_next_multipart(body: mg_str, ofs: usize, part: *mut mg_http_part) -> usize;

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
