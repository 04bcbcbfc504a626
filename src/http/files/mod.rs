//! Static files.

/// A file on its way to the peer.
#[derive(Default)]
pub struct Transfer {}
