//! JSON: paths and texts.

use mongoose::ffi::alloc::mg_free;
use mongoose::ffi::mg_str;
use mongoose::json::ffi::*;
use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{null, null_mut};

/// Offset and length of a value.
fn get(json: &[u8], path: &CStr) -> (c_int, c_int) {
    let mut len = -1;
    // SAFETY: all three are live.
    let offset = unsafe { mg_json_get(mg_str::from_bytes(json), path.as_ptr(), &raw mut len) };
    (offset, len)
}

/// The offset of `s`, which must lie in `text`.
fn offset(text: &[u8], s: mg_str) -> usize {
    let offset = (s.buf as usize).wrapping_sub(text.as_ptr() as usize);
    let end = offset.checked_add(s.len);
    assert!(
        end.is_some_and(|end| end <= text.len()),
        "a view leaves the text"
    );
    offset
}

/// A path in the first line, a text behind it: values lie inside the text and are found again by
/// themselves, decoded strings fit.
pub fn text(data: &[u8]) {
    let end = data.iter().position(|&b| b == b'\n').unwrap_or(0);
    let (line, json) = data.split_at(end);
    let json = json.strip_prefix(b"\n").unwrap_or(json);
    let path: Vec<u8> = line.iter().copied().filter(|&b| b != 0).collect();
    let path = CString::new(path).expect("has no NUL");

    let (at, len) = get(json, &path);
    assert!(at >= -3);
    // SAFETY: text and path are live, as they are in all calls below.
    let token = unsafe { mg_json_get_tok(mg_str::from_bytes(json), path.as_ptr()) };
    if at < 0 {
        assert_eq!((len, token.buf, token.len), (0, null_mut(), 0));
    } else {
        assert_eq!(
            (offset(json, token), token.len),
            (at as usize, len as usize)
        );
        let value = &json[at as usize..][..token.len];
        assert_eq!(get(value, c"$"), (0, len));
        decode(value);
    }
    walk(json);
}

/// All accessors on one value.
fn decode(value: &[u8]) {
    let json = mg_str::from_bytes(value);
    let path = c"$".as_ptr();
    let (mut number, mut flag, mut len) = (f64::NAN, false, -1);
    // SAFETY: outputs are live; `to` has the length given; results are released once.
    unsafe {
        if mg_json_get_num(json, path, &raw mut number) {
            assert!(number.is_finite());
        } else {
            assert_eq!(mg_json_get_long(json, path, 7), 7);
        }
        mg_json_get_bool(json, path, &raw mut flag);

        let mut to = vec![b'#' as c_char; value.len()].into_boxed_slice();
        let n = mg_json_unescape(json, path, to.as_mut_ptr(), to.len());
        let s = mg_json_get_str(json, path);
        if n > 0 {
            assert_eq!(to[n], 0);
            assert_eq!(std::slice::from_raw_parts(s, n + 1), &to[..=n]);
        }
        mg_free(s.cast());
        for size in 0..to.len().min(5) {
            assert!(mg_json_unescape(json, path, to.as_mut_ptr(), size) < size.max(1));
        }
        for get in [mg_json_get_hex, mg_json_get_b64] {
            let bytes = get(json, path, &raw mut len);
            assert!(bytes.is_null() || *bytes.add(len as usize) == 0);
            mg_free(bytes.cast());
        }
    }
}

/// A walk goes forward, and shows parts of the text.
fn walk(json: &[u8]) {
    let mut at = 0;
    loop {
        let (mut key, mut value) = (mg_str::NULL, mg_str::NULL);
        // SAFETY: the outputs are live.
        let next =
            unsafe { mg_json_next(mg_str::from_bytes(json), at, &raw mut key, &raw mut value) };
        if next == 0 {
            return assert_eq!((key.buf, value.buf), (null_mut(), null_mut()));
        }
        assert!(next > at && next <= json.len());
        assert!(key.buf.is_null() || offset(json, key) >= at);
        assert!(offset(json, value) >= at && offset(json, value) + value.len <= next);
        at = next;
        // SAFETY: nothing is stored, and a NULL path finds nothing.
        let none = unsafe { mg_json_get(value, null(), null_mut()) };
        assert_eq!(none, -2);
    }
}
