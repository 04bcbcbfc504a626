//! gzip (RFC 1952), for as long as one response takes.
#![forbid(unsafe_code)]

use crate::ffi::heap::{has_room, strictly};
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Method, Status, Strategy};

/// Most bytes that a compressor needs: window, hash chains and heads, and a block of symbols.
pub const STATE_SIZE: usize = 416 * 1024;

/// Added to the bits of a window, this asks for the format.
const GZIP: i32 = 16;

/// Buffers for 16,384 symbols.
const MEM_LEVEL: i32 = 8;

/// A compressor in the middle of a body.
pub struct Gzip(Deflate);

/// What a step of compression did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Bytes taken from the input.
    pub taken: usize,
    /// Bytes put into the output.
    pub made: usize,
    /// The last byte was put there.
    pub is_last: bool,
}

impl Gzip {
    /// For a body of so many bytes. `None` when memory is exhausted.
    pub fn new(level: u8, len: usize) -> Option<Gzip> {
        // The compressor asks for one block and would panic without it, so it comes from the reserve
        // if it must; but whoever can do without compression does not need that.
        if !has_room(STATE_SIZE) {
            return None;
        }
        Some(Gzip(Deflate::new_with_config(DeflateConfig {
            level: level.clamp(1, 9).into(),
            method: Method::Deflated,
            window_bits: GZIP + window_bits(len),
            mem_level: MEM_LEVEL,
            strategy: Strategy::Default,
        })))
    }

    /// Compresses `input`, which is the end of the body if `is_end`, as far as `output` has room. `None`
    /// when that is not possible; nothing that a body contains leads to it.
    pub fn step(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Option<Step> {
        let (before_in, before_out) = (self.0.total_in(), self.0.total_out());
        let flush = if is_end {
            DeflateFlush::Finish
        } else {
            DeflateFlush::NoFlush
        };
        let status = self.0.compress(input, output, flush).ok()?;
        Some(Step {
            taken: (self.0.total_in() - before_in) as usize,
            made: (self.0.total_out() - before_out) as usize,
            is_last: status == Status::StreamEnd,
        })
    }
}

/// Logarithm of the window: a short body needs no large one.
fn window_bits(len: usize) -> i32 {
    (12..15).find(|bits| len <= 1 << bits).unwrap_or(15)
}

/// A whole body, compressed. `None` unless at least `gain` bytes are saved by it, and when memory is
/// exhausted.
pub fn whole(level: u8, body: &[u8], gain: usize) -> Option<Vec<u8>> {
    let room = body.len().checked_sub(gain)?;
    let mut gzip = Gzip::new(level, body.len())?;
    let mut coded = Vec::new();
    strictly(|| coded.try_reserve_exact(room)).ok()?;
    coded.resize(room, 0);
    let (mut read, mut len) = (0, 0);
    // Without more room there is no gain.
    while len < room {
        let step = gzip.step(&body[read..], &mut coded[len..], true)?;
        read += step.taken;
        len += step.made;
        if step.is_last {
            coded.truncate(len);
            return Some(coded);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use proptest::prelude::*;
    use std::io::Read;

    fn decode(coded: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        let mut decoder = GzDecoder::new(coded);
        decoder.read_to_end(&mut body).unwrap();
        assert!(decoder.into_inner().is_empty());
        body
    }

    fn in_pieces(level: u8, body: &[u8], input: usize, output: usize) -> Vec<u8> {
        let mut gzip = Gzip::new(level, body.len()).unwrap();
        let mut coded = Vec::new();
        let mut room = vec![0; output];
        let (mut at, mut end) = (0, 0);
        loop {
            if at == end {
                end = (end + input).min(body.len());
            }
            let is_end = end == body.len();
            let step = gzip.step(&body[at..end], &mut room, is_end).unwrap();
            at += step.taken;
            coded.extend_from_slice(&room[..step.made]);
            if step.is_last {
                assert_eq!(at, body.len());
                return coded;
            }
        }
    }

    #[test]
    fn what_does_not_get_smaller_is_left_alone() {
        let mut noise = vec![0; 5000];
        getrandom::fill(&mut noise).unwrap();
        assert_eq!(whole(6, &noise, 0), None);
        assert_eq!(whole(6, b"", 0), None);
        assert_eq!(whole(6, b"short", 0), None);
        let text = b"all work and no play makes jack a dull boy\n".repeat(100);
        assert_eq!(decode(&whole(6, &text, 0).unwrap()), text);
        assert_eq!(whole(6, &text, text.len() - 10), None);
        assert_eq!(whole(6, &text, text.len() + 1), None);
    }

    #[test]
    fn large_bodies() {
        let mut body: Vec<u8> = (0..1_000_000u32)
            .map(|i| ((i % 40_000).pow(2) >> 13) as u8)
            .collect();
        for level in [1, 6, 9] {
            assert!(decode(&in_pieces(level, &body, 16384, 8192)) == body);
        }
        body.extend_from_slice(&body.clone());
        assert!(decode(&whole(1, &body, 64).unwrap()) == body);
    }

    proptest! {
        #[test]
        fn comes_back_as_it_was(
            body in proptest::collection::vec(0..8u8, 0..40_000),
            level in 1..=9u8,
            input in 1..20_000usize,
            output in 1..20_000usize,
        ) {
            prop_assert_eq!(decode(&in_pieces(level, &body, input, output)), body);
        }

        #[test]
        fn whole_bodies_come_back(body in proptest::collection::vec(0..4u8, 0..20_000), level in 1..=9u8, gain in 0..100usize) {
            if let Some(coded) = whole(level, &body, gain) {
                prop_assert!(coded.len() + gain <= body.len());
                prop_assert_eq!(decode(&coded), body);
            }
        }
    }
}
