//! Base64, RFC 4648 sections 4 and 5.

pub mod ffi;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// Unused bits at the end are ignored, as everywhere in this module.
const DECODER: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));
const URL_DECODER: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    NO_PAD.with_decode_allow_trailing_bits(true),
);

/// Length of `n` encoded bytes with padding.
pub fn padded_len(n: usize) -> Option<usize> {
    n.div_ceil(3).checked_mul(4)
}

/// Decodes groups of 4 characters into `to`, which must have room for 3 bytes each; returns the
/// length.
///
/// Padding `=` ends its group, not the text, so several padded texts may be joined. What is
/// behind the padding in its group is ignored. `None` for characters that do not belong here.
fn decode_groups(text: &[u8], to: &mut [u8]) -> Option<usize> {
    let mut rest = text;
    let mut len = 0;
    while !rest.is_empty() {
        let padding = memchr::memchr(b'=', rest).unwrap_or(rest.len());
        let (plain, tail) = rest.split_at(padding / 4 * 4);
        len += DECODER.decode_slice(plain, &mut to[len..]).ok()?;
        if tail.is_empty() {
            break;
        }
        let (group, behind) = tail.split_at_checked(4)?;
        let characters = padding % 4;
        if characters < 2 || group[3] != b'=' && !is_digit(group[3], b"+/") {
            return None;
        }
        len += DECODER
            .decode_slice(&group[..characters], &mut to[len..])
            .ok()?;
        rest = behind;
    }
    Some(len)
}

/// Decodes text in the URL-safe alphabet without padding. One character too many is only checked
/// to belong to the alphabet.
fn decode_url(text: &[u8], to: &mut [u8]) -> Option<usize> {
    let (text, odd) = text.split_at(text.len() - usize::from(text.len() % 4 == 1));
    if !odd.iter().all(|&b| is_digit(b, b"-_")) {
        return None;
    }
    URL_DECODER.decode_slice(text, to).ok()
}

/// Whether `b` is in the alphabet whose last two characters are `last`.
fn is_digit(b: u8, last: &[u8; 2]) -> bool {
    b.is_ascii_alphanumeric() || last.contains(&b)
}

/// The digit for a value, of which the lowest 6 bits count.
fn digit(value: u8) -> u8 {
    STANDARD.as_str().as_bytes()[usize::from(value & 63)]
}

/// What one more byte adds to the text.
struct Step {
    digits: [u8; 2],
    /// How many of `digits` are complete.
    len: usize,
    /// The value of the next digit as far as it is known.
    pending: u8,
}

/// Encodes byte by byte. `pending` is the value of the digit that the bytes before left
/// unfinished, `phase` the number of digits since the last complete group.
fn encode_byte(byte: u8, pending: u8, phase: usize) -> Step {
    match phase {
        1 => Step {
            digits: [digit(pending | byte >> 4), 0],
            len: 1,
            pending: (byte & 15) << 2,
        },
        2 => Step {
            digits: [digit(pending | byte >> 6), digit(byte)],
            len: 2,
            pending: 0,
        },
        _ => Step {
            digits: [digit(byte >> 2), 0],
            len: 1,
            pending: (byte & 3) << 4,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD as PADDED, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        let mut to = vec![0; text.len() / 4 * 3];
        let len = decode_groups(text.as_bytes(), &mut to)?;
        Some(to[..len].to_vec())
    }

    #[test]
    fn padding_ends_a_group() {
        assert_eq!(decoded("eA=="), Some(b"x".into()));
        assert_eq!(decoded("eHl6"), Some(b"xyz".into()));
        assert_eq!(decoded("AAA="), Some(vec![0, 0]));
        assert_eq!(decoded("AA==AAAA"), Some(vec![0; 4]));
        assert_eq!(decoded("AAA=AAAA"), Some(vec![0; 5]));
        assert_eq!(decoded("AA=A"), Some(vec![0]));
        assert_eq!(decoded("AB=="), Some(vec![0]));
        for text in [
            "A===", "====", "AAAA====", "AAAA----", "eH l", "Pz8_", "AA==A===", "A!==", "AA=!",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }

    #[test]
    fn url_safe() {
        let decoded = |text: &str| {
            let mut to = [0; 8];
            decode_url(text.as_bytes(), &mut to).map(|len| to[..len].to_vec())
        };
        assert_eq!(decoded("Pz8_"), Some(b"???".into()));
        assert_eq!(decoded("Pz8"), Some(b"??".into()));
        assert_eq!(decoded("Pz"), Some(b"?".into()));
        assert_eq!(decoded("P"), Some(vec![]));
        assert_eq!(decoded("!"), None);
        assert_eq!(decoded("Pz8/"), None);
        assert_eq!(decoded(""), Some(vec![]));
    }

    proptest! {
        #[test]
        fn decodes_what_the_crate_encodes(bytes: Vec<u8>, more: Vec<u8>) {
            let text = PADDED.encode(&bytes) + &PADDED.encode(&more);
            prop_assert_eq!(decoded(&text), Some([bytes.as_slice(), &more].concat()));
            let mut to = vec![0; bytes.len()];
            let len = decode_url(URL_SAFE_NO_PAD.encode(&bytes).as_bytes(), &mut to);
            prop_assert_eq!(len, Some(bytes.len()));
            prop_assert_eq!(to, bytes);
        }

        #[test]
        fn byte_by_byte_is_the_same(bytes: Vec<u8>) {
            let (mut text, mut pending) = (Vec::new(), 0);
            for &byte in &bytes {
                let step = encode_byte(byte, pending, text.len() % 4);
                text.extend_from_slice(&step.digits[..step.len]);
                pending = step.pending;
            }
            if text.len() % 4 != 0 {
                text.push(digit(pending));
            }
            let expected = PADDED.encode(&bytes);
            prop_assert_eq!(text, expected.trim_end_matches('=').as_bytes());
        }
    }
}
