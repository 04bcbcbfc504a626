//! Fuzz targets: each takes any bytes, and panics when an invariant does not hold.
//!
//! `cargo +nightly fuzz run --features libfuzzer NAME` searches for inputs. `cargo test` replays the corpus and a fixed
//! number of mutations of it, see `tests/replay.rs`.

pub mod crypto;
pub mod http;
pub mod json;
pub mod jwt;
pub mod rpc;

/// A target: its name, which is that of its corpus folder, and its function.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: &[Target] = &[
    ("ecdsa", crypto::signature),
    ("http_request", http::request),
    ("json", json::text),
    ("jwt", jwt::token),
    ("jwt_content", jwt::content),
    ("private_key", crypto::private_key),
    ("rpc", rpc::frame),
];
