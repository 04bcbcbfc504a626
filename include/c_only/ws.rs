//! Read by cbindgen only.

unsafe extern "C" {
    /// Opens a WebSocket client connection (RFC 6455) to "ws://host:port/path" or "wss://...".
    ///
    /// `fmt` is NULL or makes extra request headers (see mg_snprintf()), each line ended by "\r\n".
    /// The request is queued at once and leaves when the connection is up; for wss call
    /// mg_tls_init() in MG_EV_CONNECT. User and password in the URL are not sent.
    ///
    /// MG_EV_WS_OPEN with the response, a `struct mg_http_message *`, fires when the server has
    /// accepted: status 101, Upgrade, Connection, and the Sec-WebSocket-Accept that answers our key.
    /// Anything else is MG_EV_ERROR "ws handshake error" or "not http", and the connection closes.
    /// There is no time limit. To have messages compressed, call mg_ws_set_deflate() in MG_EV_OPEN.
    ///
    /// Then MG_EV_WS_MSG fires for every message and MG_EV_WS_CTL for every ping, pong, Close and
    /// continuation frame, both with a `struct mg_ws_message *`. A ping is answered before its handler
    /// runs, Close after it, with the payload that the handler leaves in the struct.
    ///
    /// When the peer breaks the protocol, sends text that is not UTF-8, or a message that does not
    /// fit into MG_MAX_RECV_SIZE bytes with the headers of its frames, MG_EV_ERROR fires, and the
    /// connection closes with a Close frame that says why. Nothing is delivered after that, nor
    /// after the peer's Close.
    ///
    /// Returns the connection, or NULL as mg_connect() does.
    pub fn mg_ws_connect(
        mgr: *mut mg_mgr,
        url: *const c_char,
        r#fn: mg_event_handler_t,
        fn_data: *mut c_void,
        fmt: *const c_char,
        ...
    ) -> *mut mg_connection;

    /// Accepts the WebSocket handshake in `hm`, to be called in MG_EV_HTTP_MSG. What happens on the
    /// connection afterwards is described at mg_ws_connect().
    ///
    /// `fmt` is NULL or makes extra response headers (see mg_snprintf()), each line ended by
    /// "\r\n". Of the subprotocols that the client offers, the first is agreed on, unless `fmt`
    /// has a Sec-WebSocket-Protocol header. Messages are compressed if mg_ws_set_deflate() allows it;
    /// there are no other extensions. On success `c->is_websocket` is set and
    /// MG_EV_WS_OPEN fires with `hm` before this returns. A request without Sec-WebSocket-Key, or with
    /// another Sec-WebSocket-Version than 13, is answered with status 426 and the connection drains.
    ///
    /// Any web page can make a browser connect to any server: programs check the Origin header
    /// themselves where that matters (RFC 6455, section 10.2).
    pub fn mg_ws_upgrade(
        c: *mut mg_connection,
        hm: *mut mg_http_message,
        fmt: *const c_char,
        ...
    );

    /// Sends formatted text (see mg_snprintf()) as one frame; `op` is WEBSOCKET_OP_TEXT or another
    /// opcode. NULL for `fmt` is an empty text. Returns the length of the text, compressed or not, as printers
    /// in it count; 0 with nothing sent when memory is exhausted, or `send_size` would be exceeded.
    pub fn mg_ws_printf(c: *mut mg_connection, op: c_int, fmt: *const c_char, ...) -> usize;
}
