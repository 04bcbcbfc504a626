//! Checks text that arrives in pieces.
#![forbid(unsafe_code)]

use std::str::from_utf8;

/// State of a check: the beginning of a character that the last piece cut in two.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Utf8 {
    held: [u8; 3],
    len: u8,
}

impl Utf8 {
    /// Takes the next piece. False as soon as no continuation could make the text valid; nothing
    /// may be pushed after that.
    pub fn push(&mut self, mut piece: &[u8]) -> bool {
        if self.len > 0 && !self.complete(&mut piece) {
            return false;
        }
        match from_utf8(piece) {
            Ok(_) => true,
            Err(e) if e.error_len().is_some() => false,
            Err(e) => self.hold(&piece[e.valid_up_to()..]),
        }
    }

    /// True when no character is incomplete.
    pub fn is_complete(self) -> bool {
        self.len == 0
    }

    /// Takes bytes off `piece` until the held character is complete.
    fn complete(&mut self, piece: &mut &[u8]) -> bool {
        let mut character = [0; 4];
        let mut n = usize::from(self.len);
        character[..n].copy_from_slice(&self.held[..n]);
        while let [byte, rest @ ..] = *piece {
            *piece = rest;
            character[n] = *byte;
            n += 1;
            match from_utf8(&character[..n]) {
                Ok(_) => {
                    self.len = 0;
                    return true;
                }
                Err(e) if e.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        self.hold(&character[..n])
    }

    fn hold(&mut self, start: &[u8]) -> bool {
        self.held[..start.len()].copy_from_slice(start);
        self.len = start.len() as u8;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pieces: &[&[u8]]) -> bool {
        let mut utf8 = Utf8::default();
        pieces.iter().all(|piece| utf8.push(piece)) && utf8.is_complete()
    }

    #[test]
    fn fails_at_the_first_byte_that_cannot_be_right() {
        // RFC 3629, 3 and 4: overlong forms, surrogates, beyond U+10FFFF.
        for start in [
            &b"\x80"[..],
            b"\xc0",
            b"\xc1",
            b"\xe0\x9f",
            b"\xed\xa0",
            b"\xf0\x8f",
            b"\xf4\x90",
            b"\xf5",
            b"\xff",
            b"\xce\xce",
        ] {
            let (last, before) = start.split_last().expect("not empty");
            let mut utf8 = Utf8::default();
            assert!(before.iter().all(|b| utf8.push(&[*b])), "{start:x?}");
            assert!(!utf8.push(&[*last]), "{start:x?}");
        }
    }

    #[test]
    fn a_cut_character_is_incomplete() {
        let mut utf8 = Utf8::default();
        assert!(utf8.push(b"a\xe2\x82"));
        assert!(!utf8.is_complete());
        assert!(utf8.push(b""));
        assert!(utf8.push(b"\xac"));
        assert!(utf8.is_complete());
    }

    proptest! {
        #[test]
        fn text_is_valid_in_any_pieces(text: String, cuts: [prop::sample::Index; 3]) {
            let text = text.as_bytes();
            let mut cuts = cuts.map(|cut| cut.index(text.len() + 1));
            cuts.sort_unstable();
            let [a, b, c] = cuts;
            prop_assert!(check(&[&text[..a], &text[a..b], &text[b..c], &text[c..]]));
        }

        #[test]
        fn bytes_are_judged_alike_in_any_pieces(bytes: Vec<u8>, size in 1usize..5) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(check(&pieces), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
