//! `libmongoose`: the `mg_*` networking API of mongoose 7.23 with the same C ABI.
//!
//! C programs include `mongoose.h` and link `-lmongoose`; this crate is what
//! answers. Each folder is one feature. Inside a folder, logic is safe Rust on
//! slices and plain types; `ffi.rs` holds the `#[repr(C)]` types and the
//! `extern "C"` functions and nothing else.
#![allow(non_camel_case_types)]

/// Ciphers, elliptic curves, RSA.
pub mod crypto;
/// Dashboard: variables of the program on a web page.
pub mod dash;
/// DNS messages, the resolver's logic, multicast DNS.
pub mod dns;
/// What the boundary with C shares: string views, panic guard, C heap, variadics.
pub mod ffi;
/// `%`-formatting: one formatter for every printing function of the API.
pub mod fmt;
/// File systems (`struct mg_fs`) and helpers on top of them.
pub mod fs;
/// Hash functions and HMAC.
pub mod hash;
/// HTTP/1.x: parser, connection state machine, replies, static files, uploads.
pub mod http;
/// Growable I/O buffers (`struct mg_iobuf`).
pub mod iobuf;
/// JSON text: finding values, strings and numbers.
pub mod json;
/// JSON Web Tokens.
pub mod jwt;
/// Limits that programs set: sizes, times, numbers of connections.
pub mod limits;
/// Log levels, prefixes and sinks.
pub mod log;
/// Modbus TCP server.
pub mod modbus;
/// MQTT 3.1.1 and 5: packets, automatic acknowledgements, events.
pub mod mqtt;
/// Manager, connections, event loop, sockets, addresses, wakeup.
pub mod net;
/// Firmware updates.
pub mod ota;
/// Registers of Ethernet PHYs.
pub mod phy;
/// The interface for languages without variadics, macros and bit-fields.
pub mod plain;
/// Single-producer single-consumer message queue in caller memory.
pub mod queue;
/// JSON-RPC: registered methods and their answers.
pub mod rpc;
/// SNTP client.
pub mod sntp;
/// Counters of managers.
pub mod stats;
/// `struct mg_str`: slices, comparison, numbers, glob matching.
pub mod string;
/// Timers.
pub mod timer;
/// TLS: settings, certificates, sessions.
pub mod tls;
/// URL components and percent-encoding.
pub mod url;
/// Checksums, base64, random bytes, clocks, byte order, access lists.
pub mod util;
/// Wi-Fi, without a driver.
pub mod wifi;
/// WebSocket: handshakes, frames, messages.
pub mod ws;
