#![allow(unsafe_code)]

use crate::ffi::layout::MAX_HTTP_HEADERS;
use crate::ffi::mg_str;

/// A header field of an HTTP message. Views into the receive buffer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_http_header {
    /// Field name as received.
    pub name: mg_str,
    /// Field value without surrounding blanks.
    pub value: mg_str,
}

/// A parsed HTTP request or response. All members are views into the buffer that was parsed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_http_message {
    /// Request method; in a response the protocol version.
    pub method: mg_str,
    /// Request target before '?', not decoded; in a response the status code.
    pub uri: mg_str,
    /// Request target behind '?', not decoded; `{NULL, 0}` without a '?'.
    pub query: mg_str,
    /// Protocol version; in a response the reason phrase.
    pub proto: mg_str,
    /// Header fields in order of arrival; the first unused one has an empty name.
    pub headers: [mg_http_header; MAX_HTTP_HEADERS],
    /// Message body.
    pub body: mg_str,
    /// Start line, headers and the empty line.
    pub head: mg_str,
    /// Head and body.
    pub message: mg_str,
}
