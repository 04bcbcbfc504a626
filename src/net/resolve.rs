//! From a URL to an address.

use super::{Flag, mg_connection};
use crate::url;

/// Finds the address of the URL's host and goes on with mg_connect_resolved(). Literal addresses
/// and `localhost` resolve at once.
pub(super) fn resolve(c: &mg_connection, url: &[u8]) {
    let mut rem = c.rem.get();
    rem.port = url::port(url).to_be();
    c.rem.set(rem);
    c.set(Flag::Resolving, true);
    match super::addr::parse(url::host(url)) {
        Some(address) => {
            rem.addr.ip = address.bytes;
            rem.is_ip6 = address.is_ip6;
            rem.scope_id = address.scope_id;
            c.rem.set(rem);
            super::connect::connect_resolved(c);
        }
        None => super::error(c, b"resolver"),
    }
}

/// Forgets the connection's name lookup.
pub(super) fn cancel(_c: &mg_connection) {}
