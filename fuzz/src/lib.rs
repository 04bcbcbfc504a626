//! Fuzz targets: each takes any bytes, and panics when an invariant does not hold.
//!
//! `make fuzz NAME=json` searches for inputs; so does `cargo +nightly fuzz run --features libfuzzer json`, with the address
//! sanitizer. `cargo test` replays the corpus and a fixed number of mutations of it, see `tests/replay.rs`.

pub mod connection;
pub mod crypto;
pub mod dashboard;
pub mod devices;
pub mod dns;
pub mod format;
pub mod http;
pub mod http_server;
pub mod json;
pub mod jwt;
mod live;
pub mod memory;
pub mod mqtt;
pub mod mqtt_broker;
pub mod rpc;
pub mod text;
pub mod tls;
pub mod ws;
pub mod ws_server;

use mongoose::ffi::mg_str;

/// A target: its name, which is that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: &[Target] = &[
    ("address", text::address),
    ("base64", text::base64),
    ("buffer", memory::buffer),
    ("dashboard", dashboard::requests),
    ("dns_answer", dns::answer),
    ("dns_host_files", dns::host_files),
    ("dns_message", dns::message),
    ("dns_multicast", dns::multicast),
    ("dns_record", dns::record),
    ("ecdsa", crypto::signature),
    ("format", format::format),
    ("http_chunks", http::chunks),
    ("http_conversation", http::conversation),
    ("http_fields", http::fields),
    ("http_file_headers", http::file_headers),
    ("http_includes", http::includes),
    ("http_multipart", http::multipart),
    ("http_request", http::request),
    ("http_server", http_server::server),
    ("http_target", http::target),
    ("json", json::text),
    ("jwt", jwt::token),
    ("jwt_content", jwt::content),
    ("modbus", devices::modbus),
    ("mqtt_broker", mqtt_broker::broker),
    ("mqtt_connection", mqtt::connection),
    ("mqtt_packets", mqtt::packets),
    ("mqtt_properties", mqtt::property_section),
    ("number", text::number),
    ("path", text::path),
    ("pattern", text::pattern),
    ("percent", text::percent),
    ("private_key", crypto::private_key),
    ("queue", memory::queue),
    ("rpc", rpc::frame),
    ("sntp", devices::sntp),
    ("tls_records", tls::records),
    ("tls_settings", tls::settings),
    ("url", text::url),
    ("ws_answer", ws::answer),
    ("ws_deflate", ws::deflate),
    ("ws_frames", ws::frames),
    ("ws_request", ws::request),
    ("ws_server", ws_server::server),
];

/// Panics unless `s` is empty or lies in `data`.
pub fn assert_inside(data: &[u8], s: mg_str) {
    let range = data.as_ptr_range();
    let start = s.buf.cast_const().cast::<u8>();
    assert!(
        s.len == 0 || start >= range.start && start.wrapping_add(s.len) <= range.end,
        "a view leaves the input"
    );
}

/// Keeps the log quiet.
pub fn silence() {
    // SAFETY: a plain integer that programs write, as in C.
    unsafe { mongoose::log::ffi::mg_log_level = 0 };
}
