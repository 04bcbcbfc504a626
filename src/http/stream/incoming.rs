//! A body that arrives, whatever its framing, as a sequence of pieces.
#![forbid(unsafe_code)]

use crate::http::chunked::{Chunks, Step};
use crate::http::framing::Framing;

/// What is still to come of a body.
#[derive(Debug, Clone, Copy)]
pub enum Incoming {
    /// So many bytes.
    Length(usize),
    Chunked(Chunks),
    /// All until the stream ends.
    UntilClose,
}

impl Incoming {
    /// `None` for a message that is not the real one (1xx).
    pub fn new(framing: Framing) -> Option<Incoming> {
        match framing {
            Framing::Length(n) => Some(Incoming::Length(n)),
            Framing::Chunked => Some(Incoming::Chunked(Chunks::default())),
            Framing::UntilClose => Some(Incoming::UntilClose),
            Framing::Interim => None,
        }
    }

    /// Reads on at `*pos`, which moves behind what was read. The content stands in the input as it is.
    pub fn step(&mut self, input: &[u8], pos: &mut usize) -> Step {
        let start = *pos;
        let available = input.len().saturating_sub(start);
        let n = match self {
            Incoming::Chunked(chunks) => return chunks.step(input, pos),
            Incoming::Length(0) => return Step::End,
            Incoming::Length(left) => {
                let n = available.min(*left);
                *left -= n;
                n
            }
            Incoming::UntilClose => available,
        };
        if n == 0 {
            return Step::More;
        }
        *pos += n;
        Step::Data(start..*pos)
    }

    /// Reads as far as the input goes and moves the content to its front: how much content there is, how much of the input
    /// was read, and what stopped it.
    pub fn compact(&mut self, input: &mut [u8]) -> (usize, usize, Step) {
        let (mut pos, mut len) = (0, 0);
        loop {
            match self.step(input, &mut pos) {
                Step::Data(range) => {
                    let n = range.len();
                    input.copy_within(range, len);
                    len += n;
                }
                end => return (len, pos, end),
            }
        }
    }

    /// True when the end of the stream is the end of the body.
    pub fn ends_with_stream(&self) -> bool {
        matches!(self, Incoming::UntilClose | Incoming::Length(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::chunked;
    use proptest::prelude::*;

    /// Feeds `input` in segments that end at `cuts`, as a connection does: what was not read stays.
    /// The content, what is left behind it, and how it ended.
    fn feed(mut body: Incoming, input: &[u8], cuts: &[usize]) -> (Vec<u8>, Vec<u8>, Step) {
        let mut cuts: Vec<usize> = cuts.iter().map(|&cut| cut.min(input.len())).collect();
        cuts.push(input.len());
        cuts.sort_unstable();
        let (mut content, mut buffer, mut from) = (vec![], vec![], 0);
        let mut last = Step::More;
        for to in cuts {
            buffer.extend_from_slice(&input[from..to]);
            from = to;
            let mut pos = 0;
            while last == Step::More {
                match body.step(&buffer, &mut pos) {
                    Step::Data(range) => content.extend_from_slice(&buffer[range]),
                    Step::More => break,
                    end => last = end,
                }
            }
            buffer.drain(..pos);
        }
        (content, buffer, last)
    }

    #[test]
    fn an_empty_body_ends_at_once() {
        let mut body = Incoming::new(Framing::Length(0)).unwrap();
        assert_eq!(body.step(b"", &mut 0), Step::End);
        assert!(body.ends_with_stream());
        assert!(Incoming::new(Framing::Interim).is_none());
    }

    #[test]
    fn a_length_is_not_exceeded() {
        let (content, rest, end) = feed(Incoming::Length(5), b"helloGET /", &[2]);
        assert_eq!(
            (&content[..], &rest[..], end),
            (&b"hello"[..], &b"GET /"[..], Step::End)
        );
    }

    #[test]
    fn a_body_without_framing_has_no_end_of_its_own() {
        let body = Incoming::new(Framing::UntilClose).unwrap();
        let (content, rest, end) = feed(body, b"0\r\n\r\n", &[1]);
        assert_eq!(
            (&content[..], rest.len(), end),
            (&b"0\r\n\r\n"[..], 0, Step::More)
        );
        assert!(body.ends_with_stream() && !Incoming::Length(1).ends_with_stream());
    }

    #[test]
    fn a_broken_chunk_is_told() {
        let body = Incoming::new(Framing::Chunked).unwrap();
        let (content, _, end) = feed(body, b"2\r\nabX", &[4]);
        assert_eq!((&content[..], end), (&b"ab"[..], Step::Invalid));
    }

    proptest! {
        /// Any segmentation gives what the decoder of whole bodies makes of the text.
        #[test]
        fn segments_do_not_matter(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            behind in prop::collection::vec(any::<u8>(), 0..20),
            cuts in prop::collection::vec(0usize..300, 0..8),
        ) {
            let mut text = vec![];
            for part in &parts {
                text.extend_from_slice(format!("{:X};a=b\r\n", part.len()).as_bytes());
                text.extend_from_slice(part);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\nTrailer: x\r\n\r\n");
            text.extend_from_slice(&behind);
            let mut whole = text.clone();
            let (_, len) = chunked::decode(&mut whole).unwrap();
            whole.truncate(len);
            let chunked = Incoming::new(Framing::Chunked).unwrap();
            prop_assert_eq!(feed(chunked, &text, &cuts), (whole.clone(), behind.clone(), Step::End));
            let mut plain = whole.clone();
            plain.extend_from_slice(&behind);
            let length = Incoming::Length(whole.len());
            prop_assert_eq!(feed(length, &plain, &cuts), (whole, behind, Step::End));
        }

        #[test]
        fn compacted_content_is_the_content(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cut in 0usize..300,
        ) {
            let mut text = vec![];
            for part in &parts {
                text.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
                text.extend_from_slice(part);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\nbehind");
            let mut body = Incoming::new(Framing::Chunked).unwrap();
            let mut first = text[..cut.min(text.len() - 8)].to_vec();
            let (len, used, end) = body.compact(&mut first);
            prop_assert_eq!((used, end), (first.len(), Step::More));
            let mut second = text[used..].to_vec();
            let (more, used, end) = body.compact(&mut second);
            prop_assert_eq!((&second[used..], end), (&b"behind"[..], Step::End));
            prop_assert_eq!([&first[..len], &second[..more]].concat(), parts.concat());
        }

        /// Garbage ends the same way in one piece and in many.
        #[test]
        fn garbage_is_the_same_in_segments(
            text in "[0-9a-f]{0,3}(\r\n)?[0-9a-z\r\n;]{0,40}",
            cuts in prop::collection::vec(0usize..50, 0..8),
        ) {
            let chunked = Incoming::new(Framing::Chunked).unwrap();
            let (content, _, end) = feed(chunked, text.as_bytes(), &[]);
            let (other, _, other_end) = feed(chunked, text.as_bytes(), &cuts);
            prop_assert_eq!((content, end), (other, other_end));
        }
    }
}
