//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A JSON-RPC request in progress. The program fills `head`, `pfn`, `pfn_data`, `frame` and, if
/// it likes, `req_data`, then calls mg_rpc_process().
#[repr(C)]
pub struct mg_rpc_req {
    /// The list of methods.
    pub head: *mut *mut mg_rpc,
    /// The method that is being called.
    pub rpc: *mut mg_rpc,
    /// Takes the characters of the answer, mg_pfn_iobuf() for example.
    pub pfn: mg_pfn_t,
    /// Second argument of `pfn`.
    pub pfn_data: *mut c_void,
    /// For the program.
    pub req_data: *mut c_void,
    /// The request: a JSON object such as {"id":1,"method":"sum","params":[1,2]}.
    pub frame: mg_str,
}

/// A registered method.
#[repr(C)]
pub struct mg_rpc {
    /// Next method of the list.
    pub next: *mut mg_rpc,
    /// Pattern for method names (see mg_match()).
    pub method: mg_str,
    /// Handler.
    pub r#fn: Option<unsafe extern "C" fn(r: *mut mg_rpc_req)>,
    /// For the program.
    pub fn_data: *mut c_void,
}

unsafe extern "C" {
    /// Registers a method: a name or a pattern (see mg_match()), which is copied. The newest
    /// registration is tried first. An empty pattern gets answers ("result" or "error") that come
    /// in. Release with mg_rpc_del().
    pub fn mg_rpc_add(head: *mut *mut mg_rpc, method_pattern: mg_str, handler: Option<unsafe extern "C" fn(*mut mg_rpc_req)>, handler_data: *mut c_void);

    /// Removes all methods with this handler; NULL removes all.
    pub fn mg_rpc_del(head: *mut *mut mg_rpc, handler: Option<unsafe extern "C" fn(*mut mg_rpc_req)>);

    /// Calls the handler of the method that `r->frame` names. It answers with mg_rpc_ok() or
    /// mg_rpc_err(). An unknown method is answered with code -32601, something that is no request
    /// with -32700.
    pub fn mg_rpc_process(r: *mut mg_rpc_req);

    /// mg_rpc_ok() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_rpc_vok(r: *mut mg_rpc_req, fmt: *const c_char, ap: *mut va_list);

    /// mg_rpc_err() with arguments in `*ap`, which moves behind those that were used.
    pub fn mg_rpc_verr(r: *mut mg_rpc_req, code: c_int, fmt: *const c_char, ap: *mut va_list);

    /// A handler that answers with the names of all methods; register it as "rpc.list", for
    /// example.
    pub fn mg_rpc_list(r: *mut mg_rpc_req);
}
