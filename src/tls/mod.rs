//! TLS 1.2 and 1.3 on top of rustls: what `mg_tls_init()` is told becomes a configuration that
//! connections share, and a [`Session`] turns ciphertext into plaintext and back. The event loop
//! moves the bytes (`net/tls.rs`).

#[cfg(feature = "tls")]
mod certificate;
#[cfg(feature = "tls")]
mod config;
#[cfg(feature = "tls")]
mod failure;
pub mod ffi;
#[cfg(feature = "tls")]
mod material;
#[cfg(feature = "tls")]
mod names;
#[cfg(not(feature = "tls"))]
mod off;
#[cfg(feature = "tls")]
mod output;
#[cfg(feature = "tls")]
mod session;
#[cfg(all(test, feature = "tls"))]
mod tests;
#[cfg(feature = "tls")]
mod verifier;

#[cfg(feature = "tls")]
pub use config::Cache;
#[cfg(not(feature = "tls"))]
pub use off::{Cache, Session};
#[cfg(feature = "tls")]
pub use session::Session;

use std::net::IpAddr;

/// The settings of `struct mg_tls_opts`. Empty means not given.
pub struct Settings<'a> {
    pub ca: &'a [u8],
    pub cert: &'a [u8],
    pub key: &'a [u8],
    pub name: &'a [u8],
    pub skip_verification: bool,
}

/// Which end of the connection a session is, and what it needs to know about the other one.
pub enum Side {
    /// `http`: HTTP is what this connection speaks, and is offered by ALPN.
    Client {
        http: bool,
    },
    Server {
        http: bool,
    },
}

/// What processing input led to.
pub struct Outcome {
    /// Bytes of input that are done with.
    pub consumed: usize,
    /// The handshake ended just now.
    pub established: bool,
    pub end: Option<End>,
}

/// Why there will be no more input.
pub enum End {
    /// The peer said so (close_notify, RFC 8446 section 6.1).
    Closed,
    /// The line for the user.
    Failed(String),
}

/// Something that a peer's address is good for: servers that have no name are told apart by it.
pub type Peer = IpAddr;
