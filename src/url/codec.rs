//! Percent-encoding, RFC 3986 section 2.1.
//!
//! Input is any sequence of bytes and output is shared cells, because C programs decode text in
//! place.
#![forbid(unsafe_code)]

use crate::string::words;
use std::cell::Cell;

/// Decodes `text` into `to` and puts a NUL behind it; returns the length. With `form`, a `+` is a
/// blank, as in HTML forms.
///
/// `None` when a `%` is not followed by two hexadecimal digits, or when `to` is too short. `to`
/// then holds what came before, and the NUL, for which it needs room for one byte.
pub fn decode_cells(text: &[Cell<u8>], to: &[Cell<u8>], form: bool) -> Option<usize> {
    decode_bytes(text, Cell::get, to, form)
}

/// [`decode_cells`] for memory that does not overlap.
pub fn decode(text: &[u8], to: &mut [u8], form: bool) -> Option<usize> {
    let to = Cell::from_mut(to).as_slice_of_cells();
    decode_bytes(text, |&byte| byte, to, form)
}

fn decode_bytes<T>(
    text: &[T],
    read: impl Fn(&T) -> u8,
    to: &[Cell<u8>],
    form: bool,
) -> Option<usize> {
    let room = to.len().checked_sub(1)?;
    let mut len = 0;
    if text.len() >= WORTH_WORDS {
        len = copy_plain(text, &read, &to[..room]);
    }
    let mut text = text[len..].iter();
    let complete = loop {
        let Some(byte) = text.next().map(&read) else {
            break true;
        };
        let decoded = match byte {
            b'%' => {
                let mut digit = || char::from(read(text.next()?)).to_digit(16);
                match digit().zip(digit()) {
                    Some((high, low)) => (high << 4 | low) as u8,
                    None => break false,
                }
            }
            b'+' if form => b' ',
            byte => byte,
        };
        if len >= room {
            break false;
        }
        to[len].set(decoded);
        len += 1;
    };
    to[len].set(0);
    complete.then_some(len)
}

/// Shorter text is decoded byte by byte.
const WORTH_WORDS: usize = 32;

/// Copies words in front of the first escape; returns their length. Each is read before its place is written, so
/// decoding in place works.
fn copy_plain<T>(text: &[T], read: impl Fn(&T) -> u8, to: &[Cell<u8>]) -> usize {
    let mut len = 0;
    for (from, to) in text.as_chunks::<8>().0.iter().zip(to.as_chunks::<8>().0) {
        let bytes = from.each_ref().map(&read);
        let word = u64::from_le_bytes(bytes);
        if words::equal(word, b'%') | words::equal(word, b'+') != 0 {
            break;
        }
        to.iter().zip(bytes).for_each(|(to, byte)| to.set(byte));
        len += 8;
    }
    len
}

/// Most bytes that one byte is encoded to, and a NUL, and one for the sake of compatibility.
const ENCODED: usize = 5;

/// The characters that stay as they are (RFC 3986 section 2.3).
static UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    table
};

/// Encodes `text` into `to` and puts a NUL behind it; returns the length. Only unreserved
/// characters (RFC 3986 section 2.3) stay as they are; hexadecimal digits are small letters.
///
/// `None` when there are less than 5 bytes left for any byte. `to` then holds what came before,
/// and the NUL, for which it needs room for one byte.
pub fn encode_cells(text: impl IntoIterator<Item = u8>, to: &[Cell<u8>]) -> Option<usize> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut len = 0;
    let mut complete = true;
    for b in text {
        let Some(room) = to[len..].first_chunk::<ENCODED>() else {
            complete = false;
            break;
        };
        if UNRESERVED[usize::from(b)] {
            room[0].set(b);
            len += 1;
        } else {
            room[0].set(b'%');
            room[1].set(HEX[usize::from(b >> 4)]);
            room[2].set(HEX[usize::from(b & 15)]);
            len += 3;
        }
    }
    if let Some(end) = to.get(len) {
        end.set(0);
    }
    complete.then_some(len)
}

/// [`encode_cells`] for memory that does not overlap.
pub fn encode(text: &[u8], to: &mut [u8]) -> Option<usize> {
    encode_cells(text.iter().copied(), Cell::from_mut(to).as_slice_of_cells())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(text: &[u8], room: usize, form: bool) -> (Option<usize>, Vec<u8>) {
        let mut to = vec![b'#'; room];
        (decode(text, &mut to, form), to)
    }

    fn encoded(text: &[u8], room: usize) -> (Option<usize>, Vec<u8>) {
        let mut to = vec![b'#'; room];
        (encode(text, &mut to), to)
    }

    #[test]
    fn decoding() {
        assert_eq!(decoded(b"abc", 4, false), (Some(3), b"abc\0".into()));
        assert_eq!(decoded(b"abc", 3, false), (None, b"ab\0".into()));
        assert_eq!(decoded(b"", 1, false), (Some(0), b"\0".into()));
        assert_eq!(decoded(b"", 0, false), (None, b"".into()));
        assert_eq!(decoded(b"ab%4g", 9, false), (None, b"ab\0######".into()));
        assert_eq!(decoded(b"ab%4", 4, false), (None, b"ab\0#".into()));
        assert_eq!(decoded(b"%", 4, false), (None, b"\0###".into()));
        assert_eq!(
            decoded(b"%ff%FE", 3, false),
            (Some(2), b"\xff\xfe\0".into())
        );
        assert_eq!(decoded(b"%2541+", 5, false), (Some(4), b"%41+\0".into()));
        assert_eq!(decoded(b"a+b", 4, true), (Some(3), b"a b\0".into()));
        assert_eq!(decoded(b"a%00b", 4, true), (Some(3), b"a\0b\0".into()));
    }

    #[test]
    fn encoding() {
        assert_eq!(encoded(b"a@%>", 14).0, Some(10));
        assert_eq!(&encoded(b"a@%>", 14).1[..11], b"a%40%25%3e\0");
        assert_eq!(&encoded(b"a b/c", 14).1[..10], b"a%20b%2fc\0");
        assert_eq!(encoded(b"ab", 6), (Some(2), b"ab\0###".into()));
        assert_eq!(encoded(b"ab", 5), (None, b"a\0###".into()));
        assert_eq!(encoded(b"%", 5), (Some(3), b"%25\0#".into()));
        assert_eq!(encoded(b"%", 4), (None, b"\0###".into()));
        assert_eq!(encoded(b"a", 0), (None, b"".into()));
        assert_eq!(encoded(b"", 0), (Some(0), b"".into()));
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encoded(&all, 1000).0, Some(636));
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text: Vec<u8>, form: bool) {
            let mut to = vec![0; text.len() * 3 + 5];
            let len = encode(&text, &mut to).unwrap();
            let (decoded_len, decoded) = decoded(&to[..len], text.len() + 1, form);
            prop_assert_eq!(decoded_len, Some(text.len()));
            prop_assert_eq!(&decoded[..text.len()], text);
        }

        #[test]
        fn encoded_text_is_what_the_percent_encoding_crate_writes(text: Vec<u8>) {
            use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
            const RESERVED: &AsciiSet =
                &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
            let expected = percent_encode(&text, RESERVED).to_string();
            let mut to = vec![0; text.len() * 3 + 5];
            let len = encode(&text, &mut to).unwrap();
            prop_assert!(expected.as_bytes().eq_ignore_ascii_case(&to[..len]));
        }

        #[test]
        fn decoding_works_in_place(text in "[a-c%0-2+]{0,20}", form: bool) {
            let (len, expected) = decoded(text.as_bytes(), 21, form);
            let mut memory = text.into_bytes();
            let n = memory.len();
            memory.resize(21, b'#');
            let cells = Cell::from_mut(memory.as_mut_slice()).as_slice_of_cells();
            prop_assert_eq!(decode_cells(&cells[..n], cells, form), len);
            if let Some(len) = len {
                prop_assert_eq!(&memory[..=len], &expected[..=len]);
            }
        }
    }
}
