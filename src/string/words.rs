//! Eight bytes at once, as a number whose low byte is the first one.
#![forbid(unsafe_code)]

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const TOPS: u64 = ONES << 7;

/// Bits of which the lowest belongs to the first byte of `word` that is equal to `byte`; 0 when there
/// is none.
#[inline(always)]
pub fn equal(word: u64, byte: u8) -> u64 {
    let differences = word ^ (ONES * u64::from(byte));
    differences.wrapping_sub(ONES) & !differences & TOPS
}

/// The number of the byte that the lowest bit belongs to.
#[inline(always)]
pub fn first(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// ASCII capitals turned into small letters.
#[inline(always)]
pub fn small_letters(word: u64) -> u64 {
    // The top bit of each byte tells whether its low bits are at least `letter`.
    let from = |letter: u8| (word & !TOPS) + ONES * u64::from(0x80 - letter);
    let capitals = (from(b'A') ^ from(b'Z' + 1)) & !word & TOPS;
    word | capitals >> 2
}
