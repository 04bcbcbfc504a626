//! The opening handshake (RFC 6455, 4).
#![forbid(unsafe_code)]

use crate::http::parser::{lists, trim};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// Random bytes behind a Sec-WebSocket-Key.
pub const NONCE: usize = 16;
/// Length of a Sec-WebSocket-Key.
pub const KEY: usize = 24;
/// Length of a Sec-WebSocket-Accept.
pub const ACCEPT: usize = 28;

const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The Sec-WebSocket-Key that stands for a nonce.
pub fn key(nonce: [u8; NONCE]) -> [u8; KEY] {
    encode(&nonce)
}

/// The Sec-WebSocket-Accept that answers a key.
pub fn accept(key: &[u8]) -> [u8; ACCEPT] {
    encode(&Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

fn encode<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut text = [0; N];
    let written = STANDARD.encode_slice(bytes, &mut text);
    debug_assert_eq!(written, Ok(N));
    text
}

/// What matters in a server's answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answer<'a> {
    pub status: &'a [u8],
    pub upgrade: Option<&'a [u8]>,
    pub connection: Option<&'a [u8]>,
    pub accept: Option<&'a [u8]>,
}

impl Answer<'_> {
    /// True when a WebSocket server that read our key agrees to talk (4.1, 1 to 4).
    pub fn agrees(&self, nonce: [u8; NONCE]) -> bool {
        self.status == b"101"
            && self.upgrade.is_some_and(|v| lists(v, b"websocket"))
            && self.connection.is_some_and(|v| lists(v, b"upgrade"))
            && self.accept == Some(&accept(&key(nonce)))
    }
}

fn items(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|&b| b == b',').map(trim)
}

/// The subprotocol to agree on of those a client offers: the one it likes most. An answer with
/// several is refused by clients (4.2.2, 5).
pub fn subprotocol(offered: &[u8]) -> &[u8] {
    items(offered).next().unwrap_or_default()
}

/// True when one of the lines in `headers` is a header field of this name.
pub fn has_field(headers: &[u8], name: &[u8]) -> bool {
    headers.split(|&b| b == b'\n').any(|line| {
        let field = line.split(|&b| b == b':').next();
        field.is_some_and(|field| field.len() < line.len() && field.eq_ignore_ascii_case(name))
    })
}

/// True when the client speaks the version of the protocol that there is (4.4). Clients that do
/// not say are believed to.
pub fn speaks_version(version: Option<&[u8]>) -> bool {
    version.is_none_or(|version| version == b"13")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_of_the_rfc() {
        // RFC 6455, 1.3.
        assert_eq!(
            &accept(b"dGhlIHNhbXBsZSBub25jZQ=="),
            b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert_eq!(&key(*b"the sample nonce"), b"dGhlIHNhbXBsZSBub25jZQ==");
    }

    #[test]
    fn answers() {
        let good = Answer {
            status: b"101",
            upgrade: Some(b"WebSocket"),
            connection: Some(b"keep-alive, Upgrade"),
            accept: Some(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        };
        let nonce = *b"the sample nonce";
        assert!(good.agrees(nonce));
        assert!(!good.agrees([0; NONCE]));
        let bad = [
            Answer {
                status: b"200",
                ..good
            },
            Answer {
                upgrade: Some(b"h2c"),
                ..good
            },
            Answer {
                connection: Some(b"close"),
                ..good
            },
            Answer {
                connection: None,
                ..good
            },
            Answer {
                accept: None,
                ..good
            },
        ];
        for answer in bad {
            assert!(!answer.agrees(nonce), "{answer:?}");
        }
    }

    #[test]
    fn subprotocols() {
        assert_eq!(subprotocol(b"chat"), b"chat");
        assert_eq!(subprotocol(b"a , b"), b"a");
        assert_eq!(subprotocol(b""), b"");
        assert!(has_field(
            b"A: b\r\nsec-websocket-protocol: x\r\n",
            b"Sec-WebSocket-Protocol"
        ));
        assert!(!has_field(
            b"A: Sec-WebSocket-Protocol: x\r\n",
            b"Sec-WebSocket-Protocol"
        ));
        assert!(!has_field(
            b"Sec-WebSocket-Protocol",
            b"Sec-WebSocket-Protocol"
        ));
    }
}
