//! Messages compressed and inflated, piece by piece, into whatever room there is.
#![forbid(unsafe_code)]

use crate::ffi::alloc::try_box;
use crate::ffi::guard;
use crate::ffi::heap::has_room;
use zlib_rs::{
    Deflate, DeflateConfig, DeflateFlush, Inflate, InflateFlush, Method, Status, Strategy,
};

/// What a flush leaves at the end of a message; it is not sent (RFC 7692, 7.2.1).
pub const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Bytes of a context that inflates. They do not depend on the window of the peer: what it sends is
/// understood whatever window it promised, or respected.
pub const INFLATER_SIZE: usize = 47 * 1024;

/// Buffers for 2048 symbols. More hardly compress better, and cost up to 100 KB.
const MEM_LEVEL: i32 = 5;

/// Bytes of a context that compresses with a window of `bits` bits: the hash table, symbols and state,
/// and the window twice with its chains.
pub const fn deflater_size(bits: u8) -> usize {
    (128 + 14 + 4) * 1024 + (4 << bits)
}

/// Makes something that ends in a panic when it does not get its `size` bytes.
fn fallibly<T>(size: usize, make: impl FnOnce() -> T) -> Option<Box<T>> {
    if !has_room(size) {
        return None;
    }
    guard(None, || try_box(make()))
}

/// A context that compresses.
pub struct Deflater {
    stream: Deflate,
    level: u8,
    bits: u8,
}

impl Deflater {
    /// `None` when memory is exhausted. `bits` are at least 9: with 8, raw deflate does not keep to its
    /// window.
    pub fn new(level: u8, bits: u8) -> Option<Box<Deflater>> {
        fallibly(deflater_size(bits), || Deflater {
            stream: Deflate::new_with_config(DeflateConfig {
                level: level.into(),
                method: Method::Deflated,
                window_bits: -i32::from(bits),
                mem_level: MEM_LEVEL,
                strategy: Strategy::Default,
            }),
            level,
            bits,
        })
    }

    pub fn is(&self, level: u8, bits: u8) -> bool {
        (self.level, self.bits) == (level, bits)
    }

    /// Bytes that it takes.
    pub fn memory(&self) -> usize {
        deflater_size(self.bits)
    }

    /// Forgets what was compressed before.
    pub fn reset(&mut self) {
        self.stream.reset();
    }

    /// Compresses `input` into `out`, and flushes. Returns how much of each was used, and whether that
    /// was all; if not, the next call gets the rest of the input and more room.
    pub fn deflate(&mut self, input: &[u8], out: &mut [u8]) -> (usize, usize, bool) {
        let before = (self.stream.total_in(), self.stream.total_out());
        // It only fails without room, which shows in the numbers.
        let _ = self.stream.compress(input, out, DeflateFlush::SyncFlush);
        let used = (self.stream.total_in() - before.0) as usize;
        let written = (self.stream.total_out() - before.1) as usize;
        (used, written, used == input.len() && written < out.len())
    }
}

/// Room in which a message of `len` bytes nearly always fits when it is compressed.
pub fn deflated_bound(len: usize) -> usize {
    len.saturating_add(len / 8).saturating_add(64)
}

/// What does not inflate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Corrupt;

/// How far a message was read.
#[derive(Debug, Default, Clone, Copy)]
pub struct Cursor {
    payload: usize,
    /// There may be more output than there was room for.
    more: bool,
}

/// What a step of inflating did.
struct Step {
    read: usize,
    written: usize,
    status: Status,
}

/// A context that inflates.
pub struct Inflater(Inflate);

impl Inflater {
    /// `None` when memory is exhausted.
    pub fn new() -> Option<Box<Inflater>> {
        fallibly(INFLATER_SIZE, || Inflater(Inflate::new(false, 15)))
    }

    /// Forgets what was inflated before.
    pub fn reset(&mut self) {
        self.0.reset(false);
    }

    /// Inflates what is left of a message into `out`. Returns how many bytes, and whether that was all;
    /// if not, the next call gets more room.
    ///
    /// A message that does not end where a block ends is corrupt: the next one would be read wrong.
    pub fn inflate(
        &mut self,
        payload: &[u8],
        cursor: &mut Cursor,
        out: &mut [u8],
    ) -> Result<(usize, bool), Corrupt> {
        // Without a byte there is no block that the tail could end. Some send this for nothing.
        if payload.is_empty() {
            return Ok((0, true));
        }
        let mut total = 0;
        while total < out.len() {
            let rest = &payload[cursor.payload..];
            let room = &mut out[total..];
            if rest.is_empty() && !cursor.more {
                self.finish(room)?;
                return Ok((total, true));
            }
            let step = self.step(rest, room, InflateFlush::NoFlush)?;
            let stuck = step.read == 0 && step.written == 0;
            if stuck && !rest.is_empty() && step.status != Status::StreamEnd {
                return Err(Corrupt);
            }
            cursor.payload += step.read;
            cursor.more = step.written == room.len();
            total += step.written;
            if step.status == Status::StreamEnd {
                // A block said that it is the last one (7.2.3.4). Others may follow.
                self.reset();
                cursor.more = false;
                if cursor.payload == payload.len() {
                    return Ok((total, true));
                }
            }
        }
        Ok((total, false))
    }

    /// Reads the tail, of which nothing comes out. The byte behind it is not touched when a block ends
    /// before that.
    fn finish(&mut self, room: &mut [u8]) -> Result<(), Corrupt> {
        let [a, b, c, d] = TAIL;
        let step = self.step(&[a, b, c, d, 0], room, InflateFlush::Block)?;
        let complete = step.status == Status::Ok && step.written == 0 && step.read == TAIL.len();
        complete.then_some(()).ok_or(Corrupt)
    }

    fn step(&mut self, input: &[u8], out: &mut [u8], flush: InflateFlush) -> Result<Step, Corrupt> {
        let before = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, out, flush).map_err(|_| Corrupt)?;
        Ok(Step {
            read: (self.0.total_in() - before.0) as usize,
            written: (self.0.total_out() - before.1) as usize,
            status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn deflate(deflater: &mut Deflater, message: &[u8], room: usize) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), message);
        loop {
            let mut piece = vec![0; room];
            let (used, written, done) = deflater.deflate(rest, &mut piece);
            rest = &rest[used..];
            out.extend_from_slice(&piece[..written]);
            if done {
                assert!(out.ends_with(&TAIL));
                out.truncate(out.len() - TAIL.len());
                return out;
            }
        }
    }

    fn inflate(inflater: &mut Inflater, payload: &[u8], room: usize) -> Result<Vec<u8>, Corrupt> {
        let (mut out, mut cursor) = (Vec::new(), Cursor::default());
        loop {
            let mut piece = vec![0; room];
            let (written, done) = inflater.inflate(payload, &mut cursor, &mut piece)?;
            out.extend_from_slice(&piece[..written]);
            if done {
                return Ok(out);
            }
        }
    }

    fn inflated(payload: &[u8]) -> Result<Vec<u8>, Corrupt> {
        inflate(&mut Inflater::new().unwrap(), payload, 100)
    }

    #[test]
    fn examples_of_the_rfc() {
        // RFC 7692, 7.2.3.1 to 7.2.3.5.
        let hello = Ok(b"Hello".to_vec());
        let first = b"\xf2\x48\xcd\xc9\xc9\x07\x00";
        assert_eq!(inflated(first), hello);
        let mut inflater = Inflater::new().unwrap();
        assert_eq!(inflate(&mut inflater, first, 1), hello);
        assert_eq!(inflate(&mut inflater, b"\xf2\x00\x11\x00\x00", 3), hello);
        assert_eq!(
            inflated(b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"),
            hello
        );
        assert_eq!(inflated(b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), hello);
        assert_eq!(
            inflated(b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
            hello
        );
        // 7.2.3.6, and what some send instead.
        assert_eq!(inflated(b"\x00"), Ok(Vec::new()));
        assert_eq!(inflated(b""), Ok(Vec::new()));
    }

    #[test]
    fn last_blocks_may_stand_anywhere() {
        let hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
        let mut inflater = Inflater::new().unwrap();
        assert_eq!(inflate(&mut inflater, hello, 5), Ok(b"Hello".to_vec()));
        // The last one may be that of the tail, too.
        assert_eq!(inflate(&mut inflater, b"\x01", 5), Ok(Vec::new()));
        let twice = [&hello[..], &hello[..], b"\x00"].concat();
        assert_eq!(
            inflate(&mut inflater, &twice, 4),
            Ok(b"HelloHello".to_vec())
        );
        assert_eq!(
            inflate(&mut inflater, b"\xf2\x48\xcd\xc9\xc9\x07\x00", 4),
            Ok(b"Hello".to_vec())
        );
    }

    #[test]
    fn garbage_is_corrupt() {
        for garbage in [
            &b"\xff\xff\xff"[..],
            b"\x07",
            b"Hello, world!",
            // A reference to what never was.
            b"\xf2\x00\x11\x00\x00",
            // Cut short in a block without compression.
            b"\x00\x05\x00\xfa\xff\x48",
        ] {
            assert_eq!(inflated(garbage), Err(Corrupt), "{garbage:x?}");
        }
    }

    fn messages() -> impl Strategy_<Value = Vec<Vec<u8>>> {
        let text = prop::collection::vec(prop::sample::select(b"{}:,\"ab01".to_vec()), 1..3000);
        let noise = prop::collection::vec(any::<u8>(), 1..1000);
        prop::collection::vec(prop_oneof![text, noise], 1..6)
    }

    use proptest::strategy::Strategy as Strategy_;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_compressed_inflates(
            messages in messages(),
            level in 1u8..10,
            bits in 9u8..16,
            takeover: bool,
            rooms in (7usize..400, 1usize..400),
        ) {
            let mut deflater = Deflater::new(level, bits).unwrap();
            let mut inflater = Inflater::new().unwrap();
            for message in &messages {
                let payload = deflate(&mut deflater, message, rooms.0);
                prop_assert_eq!(&inflate(&mut inflater, &payload, rooms.1), &Ok(message.clone()));
                if !takeover {
                    deflater.reset();
                    inflater.reset();
                }
            }
        }

        #[test]
        fn what_is_cut_short_is_corrupt(message in messages(), level in 1u8..10, cut: prop::sample::Index) {
            let message = message.concat();
            let payload = deflate(&mut Deflater::new(level, 15).unwrap(), &message, 1000);
            let cut = cut.index(payload.len() - 1) + 1;
            if let Ok(part) = inflated(&payload[..cut]) {
                // Between two blocks there may be what looks like an end.
                prop_assert!(message.starts_with(&part), "{} of {}", cut, payload.len());
            }
        }

        #[test]
        fn windows_are_respected(bits in 9u8..16, seed: u8) {
            // Noise that comes again at all distances.
            let mut state = u32::from(seed) | 1;
            let noise: Vec<u8> = (0..300).map(|_| { state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223); (state >> 24) as u8 }).collect();
            let mut deflater = Deflater::new(6, bits).unwrap();
            let mut inflater = Box::new(Inflater(Inflate::new(false, bits)));
            for round in 0..30 {
                let message = [&noise[..], &vec![round; 40 * usize::from(round)]].concat();
                let payload = deflate(&mut deflater, &message, 5000);
                prop_assert_eq!(inflate(&mut inflater, &payload, 777), Ok(message));
            }
        }

        #[test]
        fn nothing_panics(payload: Vec<u8>, room in 1usize..100) {
            let mut inflater = Inflater::new().unwrap();
            let (mut cursor, mut total) = (Cursor::default(), 0);
            let mut out = vec![0; room];
            while let Ok((written, false)) = inflater.inflate(&payload, &mut cursor, &mut out) {
                total += written;
                if total > 100_000 {
                    break;
                }
            }
        }
    }
}
