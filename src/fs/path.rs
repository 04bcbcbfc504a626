//! Path text.
#![forbid(unsafe_code)]

use std::ffi::CStr;

/// Longest path including its terminator (`MG_PATH_MAX`).
pub const PATH_MAX: usize = 4096;

/// A NUL-terminated path of bounded length.
#[derive(Clone)]
pub struct CPath {
    len: usize,
    /// Holds a NUL at `len`.
    buf: [u8; PATH_MAX],
}

impl Default for CPath {
    fn default() -> CPath {
        CPath::new()
    }
}

impl CPath {
    pub fn new() -> CPath {
        CPath {
            len: 0,
            buf: [0; PATH_MAX],
        }
    }

    /// A path that consists of `text`; `None` when that is too long.
    pub fn from_bytes(text: &[u8]) -> Option<CPath> {
        let mut path = CPath::new();
        path.push(text).then_some(path)
    }

    /// Appends `text`. False, and nothing is appended, when there is no room.
    #[must_use]
    pub fn push(&mut self, text: &[u8]) -> bool {
        let end = self.len + text.len();
        if end >= PATH_MAX {
            return false;
        }
        self.buf[self.len..end].copy_from_slice(text);
        self.len = end;
        self.buf[end] = 0;
        true
    }

    /// Appends what `write` puts into the buffer it gets, and a NUL; it returns the length, or
    /// `None` to append nothing.
    pub fn push_with(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let room = &mut self.buf[self.len..];
        let max = room.len() - 1;
        let written = write(room).filter(|&n| n <= max);
        self.len += written.unwrap_or(0);
        self.buf[self.len] = 0;
        written.is_some()
    }

    /// Appends a '/' unless the path ends in one, then `name`.
    #[must_use]
    pub fn join(&mut self, name: &[u8]) -> bool {
        let len = self.len;
        let done = (self.as_bytes().ends_with(b"/") || self.push(b"/")) && self.push(name);
        if !done {
            self.truncate(len);
        }
        done
    }

    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.len = len;
            self.buf[len] = 0;
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.buf[..self.len]
    }

    /// The path up to its first NUL.
    pub fn as_cstr(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.buf[..=self.len]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_bounded_and_terminated() {
        let mut path = CPath::new();
        assert_eq!(path.as_cstr(), c"");
        assert!(path.push(b"dir") && path.join(b"a.txt"));
        assert_eq!(path.as_cstr(), c"dir/a.txt");
        path.truncate(3);
        assert!(path.push(b"/") && path.join(b"b"));
        assert_eq!(path.as_cstr(), c"dir/b");
        assert!(!path.join(&[b'x'; PATH_MAX]));
        assert_eq!(path.as_cstr(), c"dir/b");
        assert!(CPath::from_bytes(&[b'x'; PATH_MAX]).is_none());
        assert!(CPath::from_bytes(&[b'x'; PATH_MAX - 1]).is_some());
    }
}
