//! Growable I/O buffers.

pub mod ffi;

pub use ffi::mg_iobuf;

/// From this size on, buffers grow by half instead of by the exact amount, so that
/// appending n bytes in small pieces costs O(n).
pub const GEOMETRIC_FROM: usize = 64 * 1024;

/// `n` rounded up to a multiple of `align`; `align` 0 means exact sizes. `None` for sizes that no
/// object can have.
#[inline]
pub fn round_up(n: usize, align: usize) -> Option<usize> {
    let size = if align == 0 {
        n
    } else if align.is_power_of_two() {
        // Without a division.
        n.checked_add(align - 1)? & !(align - 1)
    } else {
        n.checked_next_multiple_of(align)?
    };
    (size <= isize::MAX as usize).then_some(size)
}

/// The capacity to choose when `needed` bytes do not fit into `current` ones.
#[inline]
pub fn grown(current: usize, needed: usize, align: usize) -> Option<usize> {
    let target = if needed >= GEOMETRIC_FROM {
        needed.max(current.saturating_add(current / 2))
    } else {
        needed
    };
    round_up(target, align).or_else(|| round_up(needed, align))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_buffers_grow_exactly_and_large_ones_by_half() {
        assert_eq!(grown(0, 1, 16), Some(16));
        assert_eq!(grown(16384, 16385, 16384), Some(32768));
        assert_eq!(
            grown(1 << 20, (1 << 20) + 1, 16384),
            Some((3 << 19) / 16384 * 16384)
        );
        assert_eq!(grown(0, usize::MAX, 16), None);
        assert_eq!(grown(5, 7, 0), Some(7));
        assert_eq!(grown(0, usize::MAX / 2 + 1, 0), None);
        let huge = isize::MAX as usize;
        assert_eq!(grown(huge - 100, huge - 99, 0), Some(huge - 99));
    }
}
