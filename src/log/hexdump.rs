//! Hex dumps, 16 bytes to the line.
#![forbid(unsafe_code)]

use crate::fmt::hex;

/// Bytes shown per line.
pub const PER_LINE: usize = 16;

const HEX_COLUMN: usize = 7;
const TEXT_COLUMN: usize = HEX_COLUMN + 3 * PER_LINE + 2;
/// Length of a line with its line end.
pub const LINE_LEN: usize = TEXT_COLUMN + PER_LINE + 2;

/// The line for up to 16 bytes found at `offset`, whose low 16 bits are shown.
pub fn line(offset: usize, bytes: &[u8]) -> [u8; LINE_LEN] {
    let mut line = [b' '; LINE_LEN];
    line[..2].copy_from_slice(&hex::pair((offset >> 8) as u8));
    line[2..4].copy_from_slice(&hex::pair(offset as u8));
    for (i, &byte) in bytes.iter().take(PER_LINE).enumerate() {
        let at = HEX_COLUMN + 3 * i;
        line[at..at + 2].copy_from_slice(&hex::pair(byte));
        line[TEXT_COLUMN + i] = match byte {
            b' '..=b'~' => byte,
            _ => b'.',
        };
    }
    line[LINE_LEN - 2..].copy_from_slice(b"\r\n");
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_and_short_lines() {
        let text = b"hello world 0123456789\x01\xff";
        assert_eq!(
            line(0, &text[..16]).as_slice(),
            b"0000   68 65 6c 6c 6f 20 77 6f 72 6c 64 20 30 31 32 33   hello world 0123\r\n"
        );
        assert_eq!(
            line(16, &text[16..]).as_slice(),
            b"0010   34 35 36 37 38 39 01 ff                           456789..        \r\n"
        );
    }

    #[test]
    fn offsets_wrap_at_64_kib() {
        assert_eq!(&line(0x12350, b"a")[..4], b"2350");
    }
}
