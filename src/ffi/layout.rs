//! Sizes that are part of the binary interface. They are fixed when the library is built,
//! by environment variables that `build.rs` reads and also writes into the header.

const fn number(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut value = 0;
    let mut i = 0;
    while i < bytes.len() {
        assert!(
            bytes[i].is_ascii_digit(),
            "layout options are decimal numbers"
        );
        value = value * 10 + (bytes[i] - b'0') as usize;
        i += 1;
    }
    value
}

/// Bytes of `data` in `struct mg_connection`.
pub const DATA_SIZE: usize = number(env!("MG_DATA_SIZE"));
/// Entries of `headers` in `struct mg_http_message`.
pub const MAX_HTTP_HEADERS: usize = number(env!("MG_MAX_HTTP_HEADERS"));
/// Bytes of `name` in `struct mg_dash_user`.
pub const DASH_MAX_USER_NAME: usize = number(env!("MG_DASH_MAX_USER_NAME"));
