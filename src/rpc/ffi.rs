#![allow(unsafe_code)]

use super::{INTERNAL_ERROR, METHOD_NOT_FOUND, PARSE_ERROR, id, method};
use crate::ffi::alloc::{dup_nul, mg_calloc, mg_free};
use crate::ffi::va::{VaList, va_list, variadic_export};
use crate::ffi::{guard, inject, mg_str};
use crate::fmt::Sink;
use crate::fmt::ffi::{Out, Source, mg_pfn_iobuf, mg_pfn_t, print, printers::print_json};
use crate::iobuf::mg_iobuf;
use crate::string::glob_match;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

/// A JSON-RPC request in progress. The program fills `head`, `pfn`, `pfn_data`, `frame` and, if
/// it likes, `req_data`, then calls mg_rpc_process().
#[repr(C)]
pub struct mg_rpc_req {
    /// The list of methods.
    pub head: Cell<*mut *mut mg_rpc>,
    /// The method that is being called; NULL when there is none.
    pub rpc: Cell<*mut mg_rpc>,
    /// Takes the characters of the answer, mg_pfn_iobuf() for example.
    pub pfn: Cell<mg_pfn_t>,
    /// Second argument of `pfn`.
    pub pfn_data: Cell<*mut c_void>,
    /// For the program.
    pub req_data: Cell<*mut c_void>,
    /// The request: a JSON object such as {"id":1,"method":"sum","params":[1,2]}. It must stay as
    /// it is until the answer is written.
    pub frame: Cell<mg_str>,
}

/// A registered method. Made by mg_rpc_add(), released by mg_rpc_del().
#[repr(C)]
pub struct mg_rpc {
    /// Next method of the list.
    pub next: Cell<*mut mg_rpc>,
    /// Pattern for method names (see mg_match()).
    pub method: Cell<mg_str>,
    /// Handler.
    pub r#fn: Cell<Option<unsafe extern "C" fn(r: *mut mg_rpc_req)>>,
    /// For the program.
    pub fn_data: Cell<*mut c_void>,
}

/// The methods of a list, the newest first.
///
/// # Safety
/// `head` is NULL or points to a list, which does not change while this is used.
unsafe fn methods<'a>(head: *mut *mut mg_rpc) -> impl Iterator<Item = &'a mg_rpc> {
    // SAFETY: forwarded from the caller.
    let first = unsafe { head.as_ref().and_then(|first| first.as_ref()) };
    // SAFETY: links are NULL or point to the next method.
    std::iter::successors(first, |rpc| unsafe { rpc.next.get().as_ref() })
}

/// Registers a method: a name or a pattern (see mg_match()), which is copied. The newest
/// registration is tried first. An empty pattern gets answers ("result" or "error") that come
/// in. `*head` is NULL for an empty list; release it with mg_rpc_del().
///
/// When memory is exhausted, nothing is registered and an error is logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_add(
    head: *mut *mut mg_rpc,
    method_pattern: mg_str,
    handler: Option<unsafe extern "C" fn(*mut mg_rpc_req)>,
    handler_data: *mut c_void,
) {
    guard((), || {
        if head.is_null() {
            return;
        }
        // SAFETY: pointer contract; the new memory fits an mg_rpc.
        unsafe {
            let pattern = method_pattern.as_bytes();
            let rpc = mg_calloc(1, size_of::<mg_rpc>()).cast::<mg_rpc>();
            let copy = match pattern {
                [] => ptr::null_mut(),
                _ => dup_nul(pattern),
            };
            if rpc.is_null() || (copy.is_null() && !pattern.is_empty()) {
                mg_free(rpc.cast());
                mg_free(copy.cast());
                return crate::log::error(format_args!("rpc: out of memory"));
            }
            rpc.write(mg_rpc {
                next: Cell::new(*head),
                method: Cell::new(mg_str {
                    buf: copy.cast(),
                    len: pattern.len(),
                }),
                r#fn: Cell::new(handler),
                fn_data: Cell::new(handler_data),
            });
            *head = rpc;
        }
    })
}

/// Removes all methods with this handler; NULL removes all. Handlers may remove methods, also the
/// one that is being called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_del(
    head: *mut *mut mg_rpc,
    handler: Option<unsafe extern "C" fn(*mut mg_rpc_req)>,
) {
    guard((), || {
        // SAFETY: pointer contract; a link is a pointer in a Cell.
        let Some(mut link) = (unsafe { head.cast::<Cell<*mut mg_rpc>>().as_ref() }) else {
            return;
        };
        let goes = |rpc: &mg_rpc| match (handler, rpc.r#fn.get()) {
            (None, _) => true,
            (Some(wanted), Some(own)) => ptr::fn_addr_eq(wanted, own),
            _ => false,
        };
        // SAFETY: pointer contract; a method is out of the list when it is released.
        while let Some(rpc) = unsafe { link.get().as_ref() } {
            if goes(rpc) {
                link.set(rpc.next.get());
                // SAFETY: both are from mg_rpc_add.
                unsafe {
                    mg_free(rpc.method.get().buf.cast());
                    mg_free(ptr::from_ref(rpc) as *mut c_void);
                }
            } else {
                link = &rpc.next;
            }
        }
    })
}

/// Calls the handler of the method that `r->frame` names. It answers with mg_rpc_ok() or
/// mg_rpc_err(), at once or not at all. `r->rpc` is the method that was found.
///
/// A frame with "result" or "error" and without a method goes to the handler of the empty pattern.
/// An unknown method is answered with code -32601; something that is no request, and this includes
/// batches, with -32700 and the frame (up to a NUL) as the message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_process(r: *mut mg_rpc_req) {
    guard((), || {
        // SAFETY: pointer contract. Nothing of the list is used once the handler has been called.
        unsafe {
            let Some(req) = r.as_ref() else {
                return;
            };
            inject("rpc");
            let frame = req.frame.get().as_bytes();
            let Some(name) = method(frame) else {
                let text = Source::from(until_nul(frame));
                return error(req, PARSE_ERROR, |out| print_json(out, text));
            };
            let found = methods(req.head.get())
                .find(|rpc| glob_match(name, rpc.method.get().as_bytes(), |_, _| ()));
            req.rpc
                .set(found.map_or(ptr::null_mut(), |rpc| ptr::from_ref(rpc) as *mut mg_rpc));
            if let Some(handler) = found.and_then(|rpc| rpc.r#fn.get()) {
                return handler(r);
            }
            let name = Source::from(name);
            error(req, METHOD_NOT_FOUND, |out| {
                out.put(b"\"");
                out.put_source(name);
                out.put(b" not found\"");
            });
        }
    })
}

fn until_nul(text: &[u8]) -> &[u8] {
    &text[..memchr::memchr(0, text).unwrap_or(text.len())]
}

/// Writes an answer with a result, unless nobody asked for one.
///
/// # Safety
/// Pointer contract for the members of `r`.
pub(crate) unsafe fn ok(r: &mg_rpc_req, result: impl FnOnce(&mut Out)) {
    // SAFETY: forwarded from the caller.
    unsafe {
        let Some(id) = id(r.frame.get().as_bytes()).map(Source::from) else {
            return;
        };
        let mut out = Out::new(r.pfn.get(), r.pfn_data.get());
        out.put(b"{\"id\":");
        out.put_source(id);
        out.put(b",\"result\":");
        result(&mut out);
        out.put(b"}");
    }
}

/// Writes an answer with an error.
///
/// # Safety
/// Pointer contract for the members of `r`.
pub(crate) unsafe fn error(r: &mg_rpc_req, code: c_int, message: impl FnOnce(&mut Out)) {
    // SAFETY: forwarded from the caller.
    unsafe {
        let mut out = Out::new(r.pfn.get(), r.pfn_data.get());
        out.put(b"{");
        if let Some(id) = id(r.frame.get().as_bytes()).map(Source::from) {
            out.put(b"\"id\":");
            out.put_source(id);
            out.put(b",");
        }
        out.put(b"\"error\":{\"code\":");
        out.put(itoa::Buffer::new().format(code).as_bytes());
        out.put(b",\"message\":");
        message(&mut out);
        out.put(b"}}");
    }
}

/// Writes formatted text, or null without a format.
///
/// # Safety
/// As for [`print`].
unsafe fn print_or_null(out: &mut Out, fmt: *const c_char, ap: *mut va_list) {
    if fmt.is_null() {
        return out.put(b"null");
    }
    // SAFETY: forwarded from the caller.
    unsafe { print(out, fmt, VaList::new(ap)) }
}

/// mg_rpc_ok() with arguments in `*ap`, which moves behind those that were used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_vok(r: *mut mg_rpc_req, fmt: *const c_char, ap: *mut va_list) {
    guard((), || {
        // SAFETY: pointer contract; the program passes a matching format.
        unsafe {
            if let Some(r) = r.as_ref() {
                ok(r, |out| print_or_null(out, fmt, ap));
            }
        }
    })
}

variadic_export!(mg_rpc_ok => shim_mg_rpc_ok);

/// mg_rpc_err() with arguments in `*ap`, which moves behind those that were used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_verr(
    r: *mut mg_rpc_req,
    code: c_int,
    fmt: *const c_char,
    ap: *mut va_list,
) {
    guard((), || {
        // SAFETY: pointer contract; the program passes a matching format.
        unsafe {
            if let Some(r) = r.as_ref() {
                error(r, code, |out| print_or_null(out, fmt, ap));
            }
        }
    })
}

variadic_export!(mg_rpc_err => shim_mg_rpc_err);

/// A handler that answers with the patterns of all methods as an array, the newest first and
/// without the empty one; register it as "rpc.list", for example.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rpc_list(r: *mut mg_rpc_req) {
    guard((), || {
        let io = mg_iobuf {
            buf: Cell::new(ptr::null_mut()),
            size: Cell::new(0),
            len: Cell::new(0),
            align: Cell::new(256),
        };
        // SAFETY: pointer contract. The program's output function may change the list, so the names
        // are collected first; the buffer outlives `names`.
        unsafe {
            let Some(r) = r.as_ref() else {
                return;
            };
            let mut names = Out::new(Some(mg_pfn_iobuf), ptr::from_ref(&io) as *mut c_void);
            let patterns = methods(r.head.get()).map(|rpc| rpc.method.get().as_bytes());
            for pattern in patterns.filter(|pattern| !pattern.is_empty()) {
                names.put(if names.count == 0 { b"[" } else { b"," });
                print_json(&mut names, Source::from(until_nul(pattern)));
            }
            names.put(if names.count == 0 { b"[]" } else { b"]" });
            let complete = io.len.get() == names.count;
            if complete {
                ok(r, |out| {
                    out.put_source(Source::new(io.buf.get(), io.len.get()))
                });
            } else {
                error(r, INTERNAL_ERROR, |out| out.put(b"\"out of memory\""));
            }
            io.free();
        }
    })
}
