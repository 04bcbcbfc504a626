//! Read by cbindgen only.

unsafe extern "C" {
    /// Sends a whole HTTP response: status line, `headers`, Content-Length, and the body that `fmt`
    /// gives (see mg_snprintf()).
    ///
    /// `headers` is NULL or text in which every line ends with "\r\n". The body is left out in the
    /// answer to a HEAD request, and with status 1xx, 204 and 304. Ends the response: `c->is_resp`
    /// is cleared, and the next request of the connection is served. May be called at any time
    /// after the request, also from other handlers.
    ///
    /// With "Transfer-Encoding: chunked" among the headers there is no Content-Length; when `fmt`
    /// gives no body, mg_http_write_chunk() sends it, and its empty chunk ends the response. The same
    /// holds for a response 200 of type text/event-stream without a body, which gets that header.
    pub fn mg_http_reply(
        c: *mut mg_connection,
        status_code: c_int,
        headers: *const c_char,
        body_fmt: *const c_char,
        ...
    );

    /// Sends formatted text (see mg_snprintf()) as one chunk of a chunked message (RFC 9112,
    /// section 7.1). Empty text sends the last chunk and ends the response.
    ///
    /// The program sends the headers before, with "Transfer-Encoding: chunked".
    pub fn mg_http_printf_chunk(cnn: *mut mg_connection, fmt: *const c_char, ...);
}
