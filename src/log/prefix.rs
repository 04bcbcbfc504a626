//! What stands in front of every message: time, level, file, line and function.
#![forbid(unsafe_code)]

use crate::fmt::Sink;
use crate::fmt::hex::Hex;
use crate::fmt::stack::Stack;

/// Length of every prefix.
pub const LEN: usize = 40;

/// `TIME LEVEL FILE:LINE:FUNCTION`, with the time in hexadecimal milliseconds and the file
/// without its directories, cut or filled with blanks.
pub fn prefix(millis: u64, level: i32, file: &[u8], line: i32, function: &[u8]) -> [u8; LEN] {
    let mut out = Stack::<{ LEN - 1 }>::new();
    let time = Hex::new(millis);
    out.put(time.as_bytes());
    out.fill(b' ', 6usize.saturating_sub(time.as_bytes().len()));
    let mut number = itoa::Buffer::new();
    out.put(b" ");
    out.put(number.format(level).as_bytes());
    out.put(b" ");
    out.put(base_name(file));
    out.put(b":");
    out.put(number.format(line).as_bytes());
    out.put(b":");
    out.put(function);
    let mut line = [b' '; LEN];
    line[..out.as_bytes().len()].copy_from_slice(out.as_bytes());
    line
}

/// What follows the last `/`, or the last `\` of a path without any `/`.
pub fn base_name(path: &[u8]) -> &[u8] {
    let separator = memchr::memrchr(b'/', path).or_else(|| memchr::memrchr(b'\\', path));
    separator.map_or(path, |i| &path[i + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(millis: u64, level: i32, file: &str, line: i32, function: &str) -> String {
        let bytes = prefix(millis, level, file.as_bytes(), line, function.as_bytes());
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn short_ones_are_filled_and_long_ones_cut() {
        assert_eq!(
            text(0x3e5fc6, 2, "/a/b/file.c", 12, "func"),
            "3e5fc6 2 file.c:12:func                 "
        );
        assert_eq!(
            text(
                0x3e5fc6,
                2,
                "a_very_long_file_name_indeed.c",
                12345,
                "function"
            ),
            "3e5fc6 2 a_very_long_file_name_indeed.c "
        );
        assert_eq!(
            text(1, -1, "", 0, ""),
            "1      -1 :0:                           "
        );
    }

    #[test]
    fn directories_are_dropped() {
        assert_eq!(base_name(b"/a/b.c"), b"b.c");
        assert_eq!(base_name(br"c:\a\b.c"), b"b.c");
        assert_eq!(base_name(br"a/b\c.c"), br"b\c.c");
        assert_eq!(base_name(b"a/"), b"");
    }
}
