//! The chunked transfer coding (RFC 9112, 7.1).
//!
//! Extensions and trailer fields are checked, bounded and ignored. Line ends must be CRLF and
//! sizes plain: what other implementations read differently lets two requests pass for one.
#![forbid(unsafe_code)]

use std::ops::Range;

/// Largest chunk.
const MAX_CHUNK: u32 = 0x7fff_ffff;
/// Longest size line, with extensions, and longest trailer section.
const MAX_LINE: u16 = 4096;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    SizeStart,
    Size,
    /// Blanks before an extension (BWS).
    Blank,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
}

/// Follows a chunked body that arrives in pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chunks {
    state: State,
    /// Size of the chunk, then what is still to come of it.
    left: u32,
    /// Sizes of all chunks so far, of those that have begun; no more than the type holds.
    announced: u32,
    /// Bytes of the size line or of the trailer section so far.
    line: u16,
}

/// What came next in the body.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Content, at this place of the input.
    Data(Range<usize>),
    /// The input ends before the body does.
    More,
    /// The body ends here.
    End,
    Invalid,
}

impl Chunks {
    /// Bytes of content in the chunks whose sizes were read.
    pub fn announced(&self) -> usize {
        self.announced as usize
    }

    /// Reads on at `*pos`, which moves behind what was read.
    pub fn step(&mut self, input: &[u8], pos: &mut usize) -> Step {
        while let Some(&b) = input.get(*pos) {
            if self.state == State::Data {
                let start = *pos;
                let n = (self.left as usize).min(input.len() - start);
                *pos += n;
                self.left -= n as u32;
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                return Step::Data(start..*pos);
            }
            *pos += 1;
            let Some(state) = self.byte(b) else {
                return Step::Invalid;
            };
            if self.state == State::EndLf {
                return Step::End;
            }
            self.state = state;
        }
        Step::More
    }

    /// The state after a byte of framing; `None` when the byte is out of place.
    fn byte(&mut self, b: u8) -> Option<State> {
        self.line = self.line.saturating_add(1);
        if self.line > MAX_LINE {
            return None;
        }
        Some(match (self.state, b) {
            (State::SizeStart, _) if b.is_ascii_hexdigit() => {
                self.left = 0;
                self.line = 1;
                self.digit(b)?
            }
            (State::Size, _) if b.is_ascii_hexdigit() => self.digit(b)?,
            (State::Size | State::Blank, b';') => State::Extension,
            (State::Size | State::Blank, b' ' | b'\t') => State::Blank,
            (State::Size | State::Extension, b'\r') => State::SizeLf,
            (State::Extension, _) if is_text(b) => State::Extension,
            (State::SizeLf, b'\n') if self.left > 0 => {
                self.line = 0;
                self.announced = self.announced.saturating_add(self.left);
                State::Data
            }
            (State::SizeLf, b'\n') => {
                self.line = 0;
                State::TrailerStart
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::SizeStart,
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerStart, _) if is_token(b) => State::TrailerName,
            (State::TrailerName, b':') => State::TrailerValue,
            (State::TrailerName, _) if is_token(b) => State::TrailerName,
            (State::TrailerValue, b'\r') => State::TrailerLf,
            (State::TrailerValue, _) if is_text(b) => State::TrailerValue,
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::EndLf,
            _ => return None,
        })
    }

    fn digit(&mut self, b: u8) -> Option<State> {
        let digit = (b as char).to_digit(16)?;
        self.left = self.left.checked_mul(16)?.checked_add(digit)?;
        (self.left <= MAX_CHUNK).then_some(State::Size)
    }

    /// Reads on up to the end of the input or of the body.
    pub fn skip(&mut self, input: &[u8], pos: &mut usize) -> Step {
        loop {
            match self.step(input, pos) {
                Step::Data(_) => {}
                other => return other,
            }
        }
    }
}

fn is_text(b: u8) -> bool {
    b == b'\t' || b >= 0x20 && b != 0x7f
}

fn is_token(b: u8) -> bool {
    b.is_ascii_graphic() && b != b':'
}

/// Moves the content of a complete chunked body to its front. Returns the length of the body as
/// received and that of its content; `None` when it is not a complete body.
pub fn decode(body: &mut [u8]) -> Option<(usize, usize)> {
    let mut chunks = Chunks::default();
    let (mut pos, mut len) = (0, 0);
    loop {
        match chunks.step(body, &mut pos) {
            Step::Data(range) => {
                let n = range.len();
                body.copy_within(range, len);
                len += n;
            }
            Step::End => return Some((pos, len)),
            Step::More | Step::Invalid => return None,
        }
    }
}

/// The size of a chunk in so many digits, with leading zeros (RFC 9112, 7.1). What does not fit is cut.
pub fn size_digits<const N: usize>(mut size: usize) -> [u8; N] {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[size & 15];
        size >>= 4;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The content and the bytes that follow the body.
    fn decoded(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut body = text.to_vec();
        let (raw, len) = decode(&mut body)?;
        Some((body[..len].to_vec(), text[raw..].to_vec()))
    }

    fn verdict(text: &[u8]) -> Step {
        Chunks::default().skip(text, &mut 0)
    }

    #[test]
    fn sizes_have_leading_zeros() {
        assert_eq!(size_digits::<4>(0x1a0), *b"01a0");
        assert_eq!(size_digits::<8>(0x7fff_ffff), *b"7fffffff");
        assert_eq!(size_digits::<2>(0), *b"00");
    }

    #[test]
    fn accepted_bodies() {
        for (text, content, rest) in [
            ("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", ""),
            ("5\r\nhello\r\n0\r\n\r\nGET /", "hello", "GET /"),
            (
                "0005\r\nhello\r\n0A\r\n0123456789\r\n000\r\n\r\n",
                "hello0123456789",
                "",
            ),
            ("000000000005\r\nhello\r\n0\r\n\r\n", "hello", ""),
            ("0\r\n\r\n", "", ""),
            ("5;a=b;c=\"d e\"\r\nhello\r\n0;x\r\n\r\n", "hello", ""),
            ("5 ;a=b\r\nhello\r\n0\r\n\r\n", "hello", ""),
            ("5\r\nhello\r\n0\r\nA: b\r\nC:\r\n\r\nrest", "hello", "rest"),
        ] {
            let want = (content.as_bytes().to_vec(), rest.as_bytes().to_vec());
            assert_eq!(decoded(text.as_bytes()), Some(want), "{text}");
        }
    }

    #[test]
    fn rejected_bodies() {
        for text in [
            "\r\n",
            "5\nhello\n0\n\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "0x5\r\nhello\r\n0\r\n\r\n",
            "-5\r\n",
            "80000000\r\n",
            "FFFFFFFFF\r\n",
            "5\r\nhelloX\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello0\r\n\r\n",
            "5;a\nb\r\n",
            "5;a\0\r\n",
            "5\rX",
            "0\r\n\n",
            "0\r\n A: b\r\n\r\n",
            "0\r\nA b\r\n\r\n",
            "0\r\n: b\r\n\r\n",
            "0\r\nA: b\n\r\n",
        ] {
            assert_eq!(verdict(text.as_bytes()), Step::Invalid, "{text:?}");
        }
    }

    #[test]
    fn unfinished_bodies_wait() {
        for text in [
            "",
            "1",
            "10",
            "10\r",
            "10\r\n",
            "5\r\nhe",
            "5\r\nhello",
            "5\r\nhello\r",
            "0\r\n",
        ] {
            assert_eq!(verdict(text.as_bytes()), Step::More, "{text:?}");
        }
    }

    #[test]
    fn size_lines_and_trailers_are_bounded() {
        for start in ["5;", "0\r\nA: ", "0"] {
            let mut text = start.as_bytes().to_vec();
            text.resize(5000, b'0');
            assert_eq!(verdict(&text), Step::Invalid, "{start}");
        }
        let fields = "0\r\n".to_owned() + &"A: b\r\n".repeat(1000);
        assert_eq!(verdict(fields.as_bytes()), Step::Invalid);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_content(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cut in 0usize..200,
        ) {
            let mut text = vec![];
            for part in &parts {
                text.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                text.extend_from_slice(part);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(decoded(&text), Some((parts.concat(), vec![])));
            let cut = cut.min(text.len() - 1);
            let (mut chunks, mut pos) = (Chunks::default(), 0);
            prop_assert_eq!(chunks.skip(&text[..cut], &mut pos), Step::More);
            prop_assert_eq!(pos, cut);
            prop_assert_eq!(chunks.skip(&text, &mut pos), Step::End);
            prop_assert_eq!(pos, text.len());
        }

        #[test]
        fn garbage_does_not_panic(mut text in any::<Vec<u8>>(), digits in "[0-9a-f]{0,9}") {
            text.splice(0..0, digits.bytes());
            let _ = decoded(&text);
        }
    }
}
