//! What a handler of MG_EV_HTTP_HDRS changed in its message, kept until MG_EV_HTTP_MSG when the body is still to come.
#![forbid(unsafe_code)]

use crate::ffi::mg_str;
use crate::http::ffi::{mg_http_header, mg_http_message};
use crate::iobuf::mg_iobuf;

/// A message before and after the handler.
pub struct Changed {
    before: mg_http_message,
    after: mg_http_message,
    /// The receive buffer that both point into.
    start: usize,
    len: usize,
}

impl Changed {
    /// `None` when nothing that counts was changed.
    pub fn new(
        before: &mg_http_message,
        after: &mg_http_message,
        recv: &mg_iobuf,
    ) -> Option<Changed> {
        let differs = members(before)
            .zip(members(after))
            .any(|(before, after)| !is_same(before, after));
        differs.then(|| Changed {
            before: *before,
            after: *after,
            start: recv.buf.get() as usize,
            len: recv.len.get(),
        })
    }

    /// Makes the same changes to the message as it is parsed from the buffer now.
    pub fn apply(&self, hm: &mut mg_http_message, recv: &mg_iobuf) {
        let changes = members(&self.before).zip(members(&self.after));
        for (member, (before, after)) in members_mut(hm).zip(changes) {
            if is_same(before, after) {
                continue;
            }
            *member = *after;
            let at = (after.buf as usize).wrapping_sub(self.start);
            if at < self.len {
                member.buf = recv.buf.get().wrapping_add(at).cast();
            }
        }
    }
}

fn is_same(a: &mg_str, b: &mg_str) -> bool {
    a.buf == b.buf && a.len == b.len
}

/// Those that do not depend on the body.
fn members(hm: &mg_http_message) -> impl Iterator<Item = &mg_str> {
    let line = [&hm.method, &hm.uri, &hm.query, &hm.proto];
    let fields = hm.headers.iter();
    line.into_iter()
        .chain(fields.flat_map(|mg_http_header { name, value }| [name, value]))
}

fn members_mut(hm: &mut mg_http_message) -> impl Iterator<Item = &mut mg_str> {
    let line = [&mut hm.method, &mut hm.uri, &mut hm.query, &mut hm.proto];
    let fields = hm.headers.iter_mut();
    line.into_iter()
        .chain(fields.flat_map(|mg_http_header { name, value }| [name, value]))
}
