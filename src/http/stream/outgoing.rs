//! A body that leaves: its framing, and the account of what a program promised.
#![forbid(unsafe_code)]

use crate::http::chunked;

/// What is still to be sent of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outgoing {
    /// So many bytes.
    Length(u64),
    Chunked,
    /// All until the connection closes, for HTTP/1.0.
    UntilClose,
}

/// Digits of a chunk size; leading zeros are valid (RFC 9112, 7.1).
const SIZE_DIGITS: usize = 8;
/// What stands before the data of a chunk: digits and line end.
const BEFORE: usize = SIZE_DIGITS + 2;
const AFTER: &[u8] = b"\r\n";
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// The largest chunk that has so many digits and that any receiver takes.
const MAX_CHUNK: usize = 0x7fff_ffff;

impl Outgoing {
    /// What has to be left free before a piece.
    pub fn before(self) -> usize {
        if self == Outgoing::Chunked { BEFORE } else { 0 }
    }

    /// How much content fits into `free` bytes.
    pub fn room(self, free: usize) -> usize {
        match self {
            Outgoing::Length(left) => usize::try_from(left).map_or(free, |left| left.min(free)),
            Outgoing::Chunked => free
                .saturating_sub(BEFORE + AFTER.len() + LAST_CHUNK.len())
                .min(MAX_CHUNK),
            Outgoing::UntilClose => free,
        }
    }

    /// Takes account of a piece: `n` bytes of content, no more than [`room`](Self::room) said. What stands before it, and
    /// what has to follow.
    pub fn frame(&mut self, n: usize) -> ([u8; BEFORE], &'static [u8]) {
        let mut before = *b"00000000\r\n";
        match self {
            Outgoing::Length(left) => *left = left.saturating_sub(n as u64),
            Outgoing::UntilClose => {}
            Outgoing::Chunked => {
                before[..SIZE_DIGITS].copy_from_slice(&chunked::size_digits::<SIZE_DIGITS>(n));
                return (before, AFTER);
            }
        }
        (before, b"")
    }

    /// True when nothing may follow.
    pub fn is_complete(self) -> bool {
        self == Outgoing::Length(0)
    }

    /// What ends the body here; `None` when it is too short.
    pub fn end(self) -> Option<&'static [u8]> {
        match self {
            Outgoing::Length(0) | Outgoing::UntilClose => Some(b""),
            Outgoing::Length(_) => None,
            Outgoing::Chunked => Some(LAST_CHUNK),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is sent for pieces of these sizes, in a buffer that has `free` bytes each time.
    fn send(mut body: Outgoing, content: &[u8], sizes: &[usize], free: usize) -> Vec<u8> {
        let (mut sent, mut rest) = (vec![], content);
        for &size in sizes {
            let n = size.min(body.room(free)).min(rest.len());
            if n > 0 {
                let (before, after) = body.frame(n);
                let start = sent.len();
                sent.extend_from_slice(&before[..body.before()]);
                sent.extend_from_slice(&rest[..n]);
                sent.extend_from_slice(after);
                assert!(sent.len() - start <= free);
                rest = &rest[n..];
            }
        }
        sent.extend_from_slice(body.end().unwrap_or(b"too short"));
        sent
    }

    #[test]
    fn a_length_is_kept() {
        let mut body = Outgoing::Length(5);
        assert_eq!((body.room(3), body.room(9), body.end()), (3, 5, None));
        body.frame(5);
        assert!(body.is_complete());
        assert_eq!((body.room(9), body.end()), (0, Some(&b""[..])));
        assert_eq!(Outgoing::Length(u64::MAX).room(7), 7);
    }

    #[test]
    fn a_chunk_needs_room_for_its_framing() {
        assert_eq!(Outgoing::Chunked.room(17), 0);
        assert_eq!(Outgoing::Chunked.room(18), 1);
        assert_eq!(Outgoing::Chunked.room(usize::MAX), MAX_CHUNK);
        assert_eq!(
            send(Outgoing::Chunked, b"hello", &[5], 99),
            b"00000005\r\nhello\r\n0\r\n\r\n"
        );
    }

    proptest! {
        #[test]
        fn what_is_sent_is_what_was_given(
            content in prop::collection::vec(any::<u8>(), 0..300),
            sizes in prop::collection::vec(1usize..80, 300),
            free in 18usize..100,
        ) {
            let mut text = send(Outgoing::Chunked, &content, &sizes, free);
            let len = text.len();
            prop_assert_eq!(chunked::decode(&mut text), Some((len, content.len())));
            prop_assert_eq!(&text[..content.len()], &content[..]);
            let length = Outgoing::Length(content.len() as u64);
            prop_assert_eq!(send(length, &content, &sizes, free), content.clone());
            prop_assert_eq!(send(Outgoing::UntilClose, &content, &sizes, free), content);
        }
    }
}
