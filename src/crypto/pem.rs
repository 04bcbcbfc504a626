//! PEM (RFC 7468), more liberally read than that: blanks and line ends may be anywhere, because configurations indent
//! and join lines.
#![forbid(unsafe_code)]

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ecdsa::elliptic_curve::pkcs8::der::{Reader, SliceReader};
use memchr::memmem;
use zeroize::Zeroizing;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Labels are shorter.
const MAX_LABEL: usize = 64;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// True for a text in which PEM blocks may be found, false for what may be DER.
pub fn is_text(data: &[u8]) -> bool {
    memmem::find(data, BEGIN).is_some()
}

/// The DER value at the start of `data`, without what stands behind it.
pub fn der(data: &[u8]) -> Option<&[u8]> {
    SliceReader::new(data).ok()?.tlv_bytes().ok()
}

/// The blocks among other text, each with its label. Those that are damaged, or encrypted, are passed over.
pub fn blocks(text: &[u8]) -> impl Iterator<Item = (&[u8], Zeroizing<Vec<u8>>)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = &rest[memmem::find(rest, BEGIN)? + BEGIN.len()..];
            // The next one may begin inside of a damaged one.
            if let Some(block) = block(rest) {
                return Some(block);
            }
        }
    })
}

/// The block whose label `text` begins with.
fn block(text: &[u8]) -> Option<(&[u8], Zeroizing<Vec<u8>>)> {
    let start = &text[..text.len().min(MAX_LABEL + DASHES.len())];
    let (label, text) = text.split_at(memmem::find(start, DASHES)?);
    let text = &text[DASHES.len()..];
    // There is no dash in base64. So each text is looked at once, however many blocks have no end.
    let (content, end) = text.split_at(memchr::memchr(b'-', text)?);
    end.strip_prefix(END)?
        .strip_prefix(label)?
        .strip_prefix(DASHES)?;
    let mut base64 = Zeroizing::new(Vec::new());
    base64.try_reserve_exact(content.len()).ok()?;
    base64.extend(content.iter().filter(|byte| !byte.is_ascii_whitespace()));
    let der = BASE64.decode(&*base64).ok()?;
    Some((label, Zeroizing::new(der)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &[u8]) -> Vec<(String, Vec<u8>)> {
        let string = |label: &[u8]| String::from_utf8(label.to_vec()).unwrap();
        blocks(text)
            .map(|(label, der)| (string(label), der.to_vec()))
            .collect()
    }

    #[test]
    fn blocks_in_any_shape() {
        let want = [("A B".to_string(), b"hello".to_vec())];
        for text in [
            "-----BEGIN A B-----\naGVsbG8=\n-----END A B-----\n",
            "-----BEGIN A B-----\r\naGVs\r\nbG8=\r\n-----END A B-----\r\n",
            "-----BEGIN A B-----aGVsbG8=-----END A B-----",
            "  -----BEGIN A B-----\n  aGVs\n\tbG8=\n  -----END A B-----",
            "-----BEGIN A B-----\naGVsbG8\n-----END A B-----",
            "-----BEGIN A B-----\naGVsbG9=\n-----END A B-----",
            "\u{feff}text 0 -----BEGIN A B-----\naGVsbG8=\n-----END A B-----",
            "-----BEGIN C-----\n-----BEGIN A B-----\naGVsbG8=\n-----END A B-----\n-----END C-----",
            "-----BEGIN C-----\n!\n-----END C----------BEGIN A B-----\naGVsbG8=\n-----END A B-----",
        ] {
            assert_eq!(found(text.as_bytes()), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_no_block() {
        for text in [
            "",
            "-----BEGIN A",
            "-----BEGIN A-----\naGVsbG8=\n",
            "-----BEGIN A-----\naGVsbG8=\n-----END A----",
            "-----BEGIN A-----\naGVsbG8=\n-----END B-----",
            "-----BEGIN A-----\naGVsb\n-----END A-----",
            "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\n\naGVsbG8=\n-----END A-----",
        ] {
            assert!(found(text.as_bytes()).is_empty(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(-----BEGIN |-----END |-----|A|=|aGVs|\n| ){0,40}") {
            found(text.as_bytes());
        }
    }
}
