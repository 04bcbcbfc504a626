//! What the HTTP layer remembers about a connection between events.

use super::{files::Transfer, upload::Upload};

/// State of the message at the front of the receive buffer and of the response to it.
#[derive(Default)]
pub struct HttpState {
    pub transfer: Transfer,
    pub upload: Upload,
}
