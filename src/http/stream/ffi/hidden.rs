//! A connection's buffer while a function of the program looks at it.
#![allow(unsafe_code)]

use crate::iobuf::mg_iobuf;
use std::cell::Cell;
use std::ptr::null_mut;

/// The memory of a buffer, taken out of the connection, so that whatever the program does to the connection, it
/// stays where it is. Dropped, it goes back, and what came into the buffer meanwhile stands behind
/// what is left of it.
pub struct Hidden<'a> {
    home: &'a mg_iobuf,
    io: mg_iobuf,
    /// Bytes at the front that are used up.
    pub used: usize,
}

impl<'a> Hidden<'a> {
    pub fn new(home: &'a mg_iobuf) -> Hidden<'a> {
        let io = mg_iobuf {
            buf: Cell::new(home.buf.replace(null_mut())),
            size: Cell::new(home.size.replace(0)),
            len: Cell::new(home.len.replace(0)),
            align: Cell::new(home.align.get()),
        };
        Hidden { home, io, used: 0 }
    }

    pub fn io(&self) -> &mg_iobuf {
        &self.io
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        self.io.consume(self.used);
        let (home, io) = (self.home, &self.io);
        if home.len.get() > 0 {
            // SAFETY: the bytes are copied from one buffer to another, and nobody else runs.
            let fits = io.append(unsafe { home.as_bytes() });
            if !fits {
                crate::log::error(format_args!("OOM: {} bytes dropped", home.len.get()));
            }
        }
        if home.size.get() > 0 {
            home.free();
        }
        home.buf.set(io.buf.get());
        home.size.set(io.size.get());
        home.len.set(io.len.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer() -> mg_iobuf {
        mg_iobuf {
            buf: Cell::new(null_mut()),
            size: Cell::new(0),
            len: Cell::new(0),
            align: Cell::new(16),
        }
    }

    fn text(io: &mg_iobuf) -> Vec<u8> {
        // SAFETY: nothing changes the buffer while the slice lives.
        unsafe { io.as_bytes() }.to_vec()
    }

    #[test]
    fn a_buffer_comes_back_where_it_was() {
        let io = buffer();
        assert!(io.append(b"abcdef"));
        let at = io.buf.get();
        let mut hidden = Hidden::new(&io);
        assert_eq!((io.len.get(), text(hidden.io())), (0, b"abcdef".to_vec()));
        hidden.used = 2;
        drop(hidden);
        assert_eq!((io.buf.get(), text(&io)), (at, b"cdef".to_vec()));
        io.free();
    }

    #[test]
    fn what_came_meanwhile_stands_behind() {
        let io = buffer();
        assert!(io.append(b"abc"));
        let mut hidden = Hidden::new(&io);
        assert!(io.append(b"xyz"));
        hidden.used = 1;
        drop(hidden);
        assert_eq!(text(&io), b"bcxyz");
        io.free();
        let hidden = Hidden::new(&io);
        assert!(io.append(b"new"));
        drop(hidden);
        assert_eq!(text(&io), b"new");
        io.free();
    }
}
