//! JSON-RPC: which method a frame asks for.
//!
//! Frames are those of JSON-RPC 2.0 without batches; the member "jsonrpc" is neither expected nor
//! sent.

pub mod ffi;

use crate::json::{find, text};

/// The parsed text is no request (JSON-RPC 2.0, section 5.1).
const PARSE_ERROR: i32 = -32700;
const METHOD_NOT_FOUND: i32 = -32601;
const INTERNAL_ERROR: i32 = -32603;

fn member<'a>(frame: &'a [u8], path: &[u8]) -> Option<&'a [u8]> {
    find(frame, path).ok().map(|range| &frame[range])
}

/// The identifier of a request as it stands in the frame; `None` for a notification.
fn id(frame: &[u8]) -> Option<&[u8]> {
    member(frame, b"$.id")
}

/// The method that a request asks for, as it stands between quotes; empty when the frame is an
/// answer to a request, `None` when it is neither.
fn method(frame: &[u8]) -> Option<&[u8]> {
    let name = member(frame, b"$.method").and_then(text::inner);
    name.or_else(|| {
        let answer = member(frame, b"$.result").or_else(|| member(frame, b"$.error"));
        answer.map(|_| &b""[..])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods() {
        for (frame, expected) in [
            (r#"{"id":1,"method":"sum"}"#, Some("sum")),
            (r#"{"method":"a\"b""#, Some(r#"a\"b"#)),
            (r#"{"method":"","result":1}"#, Some("")),
            (r#"{"method":5,"result":1}"#, Some("")),
            (r#"{"id":1,"error":null}"#, Some("")),
            (r#"{"id":1}"#, None),
            (r#"{"method":5}"#, None),
            (r#"[{"method":"sum"}]"#, None),
            ("haha", None),
            ("", None),
        ] {
            let found = method(frame.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{frame}");
        }
    }

    #[test]
    fn identifiers() {
        for (frame, expected) in [
            (r#"{"id":1}"#, Some("1")),
            (r#"{"a":{"id":2},"id":"a\"b"}"#, Some(r#""a\"b""#)),
            (r#"{"id":null"#, Some("null")),
            (r#"{"a":{"id":2}}"#, None),
        ] {
            assert_eq!(id(frame.as_bytes()), expected.map(str::as_bytes), "{frame}");
        }
    }
}
