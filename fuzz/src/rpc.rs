//! JSON-RPC frames.

use mongoose::ffi::mg_str;
use mongoose::fmt::ffi::mg_pfn_iobuf;
use mongoose::iobuf::mg_iobuf;
use mongoose::json::ffi::mg_json_get;
use mongoose::rpc::ffi::*;
use std::cell::Cell;
use std::ptr::{from_ref, null_mut};

/// A handler of everything and of nothing but the list of methods: answers are JSON.
pub fn frame(data: &[u8]) {
    answer(data, b"rpc.list");
    answer(data, b"#");
}

fn answer(data: &[u8], pattern: &[u8]) {
    let io = mg_iobuf {
        buf: Cell::new(null_mut()),
        size: Cell::new(0),
        len: Cell::new(0),
        align: Cell::new(0),
    };
    let mut head = null_mut();
    let mut len = -1;
    // SAFETY: list, buffer and frame outlive the request; the list is released at the end.
    unsafe {
        mg_rpc_add(
            &raw mut head,
            mg_str::from_bytes(pattern),
            Some(mg_rpc_list),
            null_mut(),
        );
        let r = mg_rpc_req {
            head: Cell::new(&raw mut head),
            rpc: Cell::new(null_mut()),
            pfn: Cell::new(Some(mg_pfn_iobuf)),
            pfn_data: Cell::new(from_ref(&io) as *mut _),
            req_data: Cell::new(null_mut()),
            frame: Cell::new(mg_str::from_bytes(data)),
        };
        mg_rpc_process(from_ref(&r) as *mut _);
        mg_rpc_del(&raw mut head, None);
        let text = mg_str {
            buf: io.buf.get().cast(),
            len: io.len.get(),
        };
        if text.len > 0 {
            assert_eq!(mg_json_get(text, c"$".as_ptr(), &raw mut len), 0);
            assert_eq!(len as usize, text.len);
        }
    }
    io.free();
}
