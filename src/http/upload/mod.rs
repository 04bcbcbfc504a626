//! Uploads: a whole body into a file, or a body streamed to a file while it arrives.

pub mod ffi;
pub use ffi::Upload;

/// Writes go to the file system in multiples of this, until the end.
const BLOCK: usize = 512;

/// How much of `available` bytes to write when `remaining` are still expected.
fn portion(available: usize, remaining: usize) -> usize {
    if available >= remaining {
        remaining
    } else {
        available - available % BLOCK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_until_the_end_has_arrived() {
        assert_eq!(portion(100, 600), 0);
        assert_eq!(portion(550, 600), 512);
        assert_eq!(portion(600, 600), 600);
        assert_eq!(portion(700, 600), 600);
        assert_eq!(portion(0, 0), 0);
    }
}
