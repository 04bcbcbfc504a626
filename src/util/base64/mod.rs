//! Base64, RFC 4648 sections 4 and 5.

pub mod ffi;

use std::cell::Cell;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The values of all characters.
type Values = [u8; 256];

/// What stands for characters that are no digits.
const NONE: u8 = 0xff;

static VALUES: Values = values(DIGITS);
static URL_VALUES: Values = values(URL_DIGITS);

const fn values(digits: &[u8; 64]) -> Values {
    let mut values = [NONE; 256];
    let mut i = 0;
    while i < 64 {
        values[digits[i] as usize] = i as u8;
        i += 1;
    }
    values
}

/// Length of `n` encoded bytes with padding.
pub fn padded_len(n: usize) -> Option<usize> {
    n.div_ceil(3).checked_mul(4)
}

/// Encodes `bytes` into `to`, which must have room for [`padded_len`]; returns the length.
fn encode(bytes: &[Cell<u8>], to: &[Cell<u8>], digits: &[u8; 64], padding: bool) -> usize {
    let (groups, rest) = bytes.as_chunks();
    for (group, to) in groups.iter().zip(to.as_chunks::<4>().0) {
        set(to, &encode_group(group.each_ref().map(Cell::get), digits));
    }
    let len = 4 * groups.len();
    if rest.is_empty() {
        return len;
    }
    let mut group = [0; 3];
    group.iter_mut().zip(rest).for_each(|(to, b)| *to = b.get());
    let mut text = encode_group(group, digits);
    text[rest.len() + 1..].fill(b'=');
    let used = if padding { 4 } else { rest.len() + 1 };
    set(&to[len..], &text[..used]);
    len + used
}

fn encode_group([a, b, c]: [u8; 3], digits: &[u8; 64]) -> [u8; 4] {
    [a >> 2, a << 4 | b >> 4, b << 2 | c >> 6, c].map(|value| digits[usize::from(value & 63)])
}

/// Decodes groups of 4 characters into `to`, which must have room for 3 bytes each; returns the
/// length. `to` may be where `text` is.
///
/// Padding `=` ends its group, not the text, so several padded texts may be joined. What is
/// behind the padding in its group is ignored. Unused bits at the end are ignored, as everywhere in
/// this module. `None` for characters that do not belong here.
fn decode_groups(text: &[Cell<u8>], to: &[Cell<u8>]) -> Option<usize> {
    let mut len = 0;
    for group in text.as_chunks().0 {
        let group = group.each_ref().map(Cell::get);
        if let Some(bytes) = decode_group(group, &VALUES) {
            set(&to[len..], &bytes);
            len += 3;
            continue;
        }
        let digits = group.iter().position(|&b| b == b'=')?;
        if digits < 2 || group[3] != b'=' && VALUES[usize::from(group[3])] == NONE {
            return None;
        }
        len += decode_some(&group[..digits], &to[len..], &VALUES)?;
    }
    Some(len)
}

/// Decodes text in the URL-safe alphabet without padding, as [`decode_groups`] does. One character
/// too many is only checked to belong to the alphabet.
fn decode_url(text: &[Cell<u8>], to: &[Cell<u8>]) -> Option<usize> {
    let (groups, rest) = text.as_chunks();
    for (group, to) in groups.iter().zip(to.as_chunks::<3>().0) {
        set(
            to,
            &decode_group(group.each_ref().map(Cell::get), &URL_VALUES)?,
        );
    }
    let mut last = [0; 4];
    last.iter_mut().zip(rest).for_each(|(to, b)| *to = b.get());
    let len = 3 * groups.len();
    Some(len + decode_some(&last[..rest.len()], &to[len..], &URL_VALUES)?)
}

fn decode_group(group: [u8; 4], values: &Values) -> Option<[u8; 3]> {
    let [a, b, c, d] = group.map(|character| values[usize::from(character)]);
    let valid = (a | b | c | d) < 64;
    valid.then_some([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d])
}

/// Decodes less than a group.
fn decode_some(text: &[u8], to: &[Cell<u8>], values: &Values) -> Option<usize> {
    let mut group = [DIGITS[0]; 4];
    group[..text.len()].copy_from_slice(text);
    let bytes = decode_group(group, values)?;
    let len = text.len().saturating_sub(1);
    set(to, &bytes[..len]);
    Some(len)
}

/// Stores `bytes` at the start of `to`.
#[inline(always)]
fn set(to: &[Cell<u8>], bytes: &[u8]) {
    let to = &to[..bytes.len()];
    to.iter().zip(bytes).for_each(|(to, &byte)| to.set(byte));
}

/// The digit for a value, of which the lowest 6 bits count.
fn digit(value: u8) -> u8 {
    DIGITS[usize::from(value & 63)]
}

/// Encodes byte by byte: the two characters that one more byte gives, and how many of them are
/// complete; an incomplete one is the value of the digit as far as it is known.
///
/// `pending` is what the bytes before left incomplete, `phase` the number of digits since the last
/// complete group.
fn encode_byte(byte: u8, pending: u8, phase: usize) -> ([u8; 2], usize) {
    match phase {
        1 => ([digit(pending | byte >> 4), (byte & 15) << 2], 1),
        2 => ([digit(pending | byte >> 6), digit(byte)], 2),
        _ => ([digit(byte >> 2), (byte & 3) << 4], 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD as PADDED, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    /// What a function makes of `from`, in memory of its own and in place.
    fn translated(
        from: &[u8],
        room: usize,
        function: impl Fn(&[Cell<u8>], &[Cell<u8>]) -> Option<usize>,
    ) -> Option<Vec<u8>> {
        let cells = |bytes: &[u8]| bytes.iter().copied().map(Cell::new).collect::<Vec<_>>();
        let (text, to) = (cells(from), cells(&vec![0; room]));
        let len = function(&text, &to);
        let result = |to: &[Cell<u8>]| Some(to[..len?].iter().map(Cell::get).collect::<Vec<_>>());
        if room <= from.len() {
            assert_eq!(function(&text, &text), len);
            assert_eq!(result(&text), result(&to));
        }
        result(&to)
    }

    fn decoded(text: &str) -> Option<Vec<u8>> {
        translated(text.as_bytes(), text.len() / 4 * 3, decode_groups)
    }

    fn decoded_url(text: &str) -> Option<Vec<u8>> {
        let room = text.len() / 4 * 3 + (text.len() % 4).saturating_sub(1);
        translated(text.as_bytes(), room, decode_url)
    }

    fn encoded(bytes: &[u8], digits: &[u8; 64], padding: bool) -> String {
        let room = padded_len(bytes.len()).unwrap();
        let text = translated(bytes, room, |from, to| {
            Some(encode(from, to, digits, padding))
        });
        String::from_utf8(text.unwrap()).unwrap()
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
        assert_eq!(decoded_url("Pz8_"), Some(b"???".into()));
        assert_eq!(decoded_url("Pz8"), Some(b"??".into()));
        assert_eq!(decoded_url("Pz"), Some(b"?".into()));
        assert_eq!(decoded_url("P"), Some(vec![]));
        assert_eq!(decoded_url("!"), None);
        assert_eq!(decoded_url("Pz8/"), None);
        assert_eq!(decoded_url(""), Some(vec![]));
    }

    proptest! {
        #[test]
        fn decodes_what_the_crate_encodes(bytes: Vec<u8>, more: Vec<u8>) {
            let text = PADDED.encode(&bytes) + &PADDED.encode(&more);
            prop_assert_eq!(decoded(&text), Some([bytes.as_slice(), &more].concat()));
            prop_assert_eq!(decoded_url(&URL_SAFE_NO_PAD.encode(&bytes)), Some(bytes));
        }

        #[test]
        fn encodes_as_the_crate_does(bytes: Vec<u8>) {
            prop_assert_eq!(encoded(&bytes, DIGITS, true), PADDED.encode(&bytes));
            prop_assert_eq!(encoded(&bytes, URL_DIGITS, false), URL_SAFE_NO_PAD.encode(&bytes));
        }

        #[test]
        fn byte_by_byte_is_the_same(bytes: Vec<u8>) {
            let (mut text, mut pending) = (Vec::new(), 0);
            for &byte in &bytes {
                let (characters, complete) = encode_byte(byte, pending, text.len() % 4);
                text.extend_from_slice(&characters[..complete]);
                pending = characters[1];
            }
            if text.len() % 4 != 0 {
                text.push(digit(pending));
            }
            let expected = PADDED.encode(&bytes);
            prop_assert_eq!(text, expected.trim_end_matches('=').as_bytes());
        }
    }
}
