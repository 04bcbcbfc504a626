//! Short texts without allocation.
#![forbid(unsafe_code)]

use super::Sink;

/// Up to `N` bytes of text. What is longer is cut.
pub struct Stack<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Stack<N> {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Stack<N> {
        Stack {
            bytes: [0; N],
            len: 0,
        }
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    #[inline]
    pub fn push(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
    }

    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub fn is_full(&self) -> bool {
        self.len == N
    }
}

impl<const N: usize> Sink for Stack<N> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.push(byte);
        }
    }
}

impl<const N: usize> std::fmt::Write for Stack<N> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut() {
        let mut text = Stack::<4>::new();
        text.put(b"abc");
        assert!(!text.is_full());
        text.put(b"def");
        assert_eq!(text.as_bytes(), b"abcd");
        assert!(text.is_full());
        text.truncate(1);
        text.truncate(3);
        assert_eq!(text.as_bytes(), b"a");
    }
}
