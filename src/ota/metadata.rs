//! What an update server says about its newest firmware, and how it is asked.
#![forbid(unsafe_code)]

use crate::json::text::{Piece, inner, piece};
use crate::json::{find, number};
use std::ops::Range;

/// MG_OTA_FIRMWARE_VERSION of the header.
pub const VERSION: &[u8] = b"1.0.0";
/// What the server is told: MG_ARCH_UNIX, the version, mg_ota_device_id(), seconds between checks
/// (MG_OTA_PULL_INTERVAL_SECONDS), and the state of the image.
pub const QUERY: &[u8] = b"arch=1&version=1.0.0&id=0&interval=60&boot=0";

/// The answer of an update server.
#[derive(Debug, PartialEq, Eq)]
pub struct Metadata {
    pub version: Vec<u8>,
    /// Where the firmware is.
    pub url: Vec<u8>,
    /// Its length in bytes.
    pub size: usize,
}

impl Metadata {
    /// From `{"version": "1.0.1", "url": "http://...", "size": 12345}`; `None` when something is
    /// missing or empty, or when memory is exhausted.
    pub fn parse(json: &[u8]) -> Option<Metadata> {
        let size = value(json, b"$.size")?;
        if !matches!(size, [b'-' | b'0'..=b'9', ..]) {
            return None;
        }
        Some(Metadata {
            version: string(json, b"$.version")?,
            url: string(json, b"$.url")?,
            size: usize::try_from(number::integer(size))
                .ok()
                .filter(|&n| n > 0)?,
        })
    }
}

fn value<'a>(json: &'a [u8], path: &[u8]) -> Option<&'a [u8]> {
    let at: Range<usize> = find(json, path).ok()?;
    json.get(at)
}

/// A string that is not empty. A NUL would end it for C.
fn string(json: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let mut rest = inner(value(json, path)?)?;
    let mut text = Vec::new();
    text.try_reserve_exact(rest.len()).ok()?;
    while let Some(next) = piece(rest) {
        let len = match next {
            Piece::Plain(len) => {
                text.extend_from_slice(&rest[..len]);
                len
            }
            Piece::Escape { byte, len } => {
                text.push(byte);
                len
            }
            Piece::Wide | Piece::Broken => return None,
        };
        rest = &rest[len..];
    }
    (!text.is_empty() && !text.contains(&0)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_there() {
        let parse = |text: &str| Metadata::parse(text.as_bytes());
        let good = parse(r#"{"version": "1.0.1", "url": "http:\/\/x/y", "size": 6}"#);
        assert_eq!(
            good,
            Some(Metadata {
                version: b"1.0.1".to_vec(),
                url: b"http://x/y".to_vec(),
                size: 6
            })
        );
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"version": "1", "url": "u"}"#,
            r#"{"version": "1", "url": "u", "size": 0}"#,
            r#"{"version": "1", "url": "u", "size": -1}"#,
            r#"{"version": "1", "url": "u", "size": "1"}"#,
            r#"{"version": "1", "url": "u", "size": true}"#,
            r#"{"version": "", "url": "u", "size": 1}"#,
            r#"{"version": 1, "url": "u", "size": 1}"#,
            r#"{"version": "1", "url": "u\u0000v", "size": 1}"#,
            r#"{"version": "1", "url": "\q", "size": 1}"#,
            r#"{"version": "1", "size": 1}"#,
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
