//! HTTP messages.

use mongoose::ffi::mg_str;
use mongoose::http::ffi::{mg_http_get_request_len, mg_http_message, mg_http_parse};

/// Panics unless `s` is empty or lies in `data`.
fn assert_inside(data: &[u8], s: mg_str) {
    let range = data.as_ptr_range();
    let start = s.buf.cast_const().cast::<u8>();
    assert!(
        s.len == 0 || start >= range.start && start.wrapping_add(s.len) <= range.end,
        "a view leaves the message"
    );
}

/// A message head: what is parsed lies inside the input, and both functions agree where it ends.
pub fn request(data: &[u8]) {
    let mut hm = mg_http_message::EMPTY;
    // SAFETY: `data` is as long as it says; `hm` is a message.
    let (n, len) = unsafe {
        (
            mg_http_parse(data.as_ptr().cast(), data.len(), &raw mut hm),
            mg_http_get_request_len(data.as_ptr(), data.len()),
        )
    };
    if n > 0 {
        assert_eq!(n, len, "a complete head ends where the blank line is");
        for s in [hm.method, hm.uri, hm.query, hm.proto, hm.head] {
            assert_inside(data, s);
        }
        for header in &hm.headers {
            assert_inside(data, header.name);
            assert_inside(data, header.value);
        }
    }
}
