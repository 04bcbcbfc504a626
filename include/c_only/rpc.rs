//! Read by cbindgen only.

unsafe extern "C" {
    /// Answers a request: {"id":..., "result":...} with the result that `fmt` gives, which must be
    /// JSON (see mg_snprintf(); MG_ESC quotes strings). `fmt` NULL gives null. A request without an
    /// id is a notification and gets no answer.
    pub fn mg_rpc_ok(r: *mut mg_rpc_req, fmt: *const c_char, ...);

    /// Answers a request with an error: {"id":..., "error":{"code":..., "message":...}}. `fmt`
    /// gives the message as JSON, for example "%m" with MG_ESC("text"); NULL gives null. Also sent
    /// when the request has no id.
    pub fn mg_rpc_err(r: *mut mg_rpc_req, code: c_int, fmt: *const c_char, ...);
}
