//! A file system as the library itself uses it: mg_fs_posix directly, every other table through
//! its functions.
#![allow(unsafe_code)]

use super::{mg_fs, mg_fs_packed, mg_fs_posix, packed, posix};
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::fs::posix::BufferedFile;
use crate::fs::{Stat, flag};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::{AsFd, BorrowedFd};
use std::ptr::{self, null_mut};

#[derive(Clone, Copy)]
pub struct FileSystem(*const mg_fs);

impl FileSystem {
    /// NULL stands for mg_fs_posix.
    ///
    /// # Safety
    /// `table` must be NULL or a table that outlives the value and all files opened through it,
    /// with functions that keep the contract of struct mg_fs.
    pub unsafe fn new(table: *const mg_fs) -> FileSystem {
        FileSystem(if table.is_null() {
            FileSystem::posix().0
        } else {
            table
        })
    }

    pub fn posix() -> FileSystem {
        FileSystem(&raw const mg_fs_posix)
    }

    fn table(self) -> mg_fs {
        // SAFETY: live, by the contract of `new`; copied, because programs may change it.
        unsafe { *self.0 }
    }

    /// True when the functions for reading are those of the library for the host's files, so that
    /// they need not be called through the table.
    pub fn is_posix(self) -> bool {
        same_functions(&self.table(), &posix::TABLE)
    }

    /// True when no foreign code runs in calls of this file system.
    pub fn is_builtin(self) -> bool {
        self.is_posix()
            || ptr::eq(self.0, &raw const mg_fs_packed)
                && same_functions(&self.table(), &packed::TABLE)
    }

    /// True when the path is a directory; `None` when it does not exist.
    pub fn is_dir(self, path: &CStr) -> Option<bool> {
        let st = self.table().st?;
        // SAFETY: a function of the table with a terminated path.
        let bits = unsafe { st(path.as_ptr(), null_mut(), null_mut()) };
        (bits != 0).then_some(bits & flag::DIR != 0)
    }

    pub fn stat(self, path: &CStr) -> Option<Stat> {
        let st = self.table().st?;
        let (mut size, mut mtime) = (0, 0);
        // SAFETY: as in `is_dir`; the outputs are writable.
        let bits = unsafe { st(path.as_ptr(), &raw mut size, &raw mut mtime) };
        (bits != 0).then_some(Stat {
            is_dir: bits & flag::DIR != 0,
            size,
            mtime,
        })
    }

    /// Length of a file; 0 when there is none.
    pub fn size(self, path: &CStr) -> usize {
        let mut size = 0;
        if let Some(st) = self.table().st {
            // SAFETY: as in `is_dir`; the output is writable.
            unsafe { st(path.as_ptr(), &raw mut size, null_mut()) };
        }
        size
    }

    pub fn open(self, path: &CStr, flags: c_int) -> Option<OpenFile> {
        if self.is_posix() {
            return posix::open(path, flags).map(OpenFile::Posix);
        }
        // SAFETY: a function of the table with a terminated path.
        let fd = unsafe { self.table().op?(path.as_ptr(), flags) };
        (!fd.is_null()).then(|| OpenFile::Other { fd, fs: self })
    }

    /// Opens a file for reading and describes it. `None` for what is not a regular file; a table
    /// can only tell directories.
    pub fn open_regular(self, path: &CStr) -> Option<(OpenFile, Stat)> {
        if self.is_posix() {
            let (file, stat) = crate::fs::posix::open_regular(path)?;
            return Some((OpenFile::Posix(BufferedFile::new(file, flag::READ)), stat));
        }
        let file = self.open(path, flag::READ)?;
        let stat = self.stat(path)?;
        (!stat.is_dir).then_some((file, stat))
    }

    /// Calls `found` with each name in a directory.
    pub fn list(self, dir: &CStr, found: &mut dyn FnMut(&CStr)) {
        unsafe extern "C" fn forward(name: *const c_char, data: *mut c_void) {
            // SAFETY: `data` is the closure handed to `ls` below, and `ls` has not returned.
            unsafe {
                if let (false, Some(found)) = (
                    name.is_null(),
                    data.cast::<&mut dyn FnMut(&CStr)>().as_mut(),
                ) {
                    crate::ffi::guard((), || found(CStr::from_ptr(name)));
                }
            }
        }
        let Some(ls) = self.table().ls else { return };
        let mut found = found;
        // SAFETY: a function of the table; `found` outlives the call.
        unsafe {
            ls(
                dir.as_ptr(),
                Some(forward),
                ptr::from_mut(&mut found).cast(),
            )
        };
    }

    pub fn remove(self, path: &CStr) -> bool {
        // SAFETY: a function of the table with a terminated path.
        self.table()
            .rm
            .is_some_and(|rm| unsafe { rm(path.as_ptr()) })
    }

    pub fn rename(self, from: &CStr, to: &CStr) -> bool {
        // SAFETY: a function of the table with terminated paths.
        self.table()
            .mv
            .is_some_and(|mv| unsafe { mv(from.as_ptr(), to.as_ptr()) })
    }

    /// The whole file in memory of the C heap with a NUL behind it, and its length.
    pub fn read_file(self, path: &CStr) -> Option<(*mut u8, usize)> {
        let size = self.size(path);
        let mut file = self.open(path, flag::READ)?;
        let mut buf = HeapBytes::new(size)?;
        buf.len = file.read(buf.room());
        if buf.len != size {
            return None;
        }
        // Files that the kernel makes up have no length in advance.
        while size == 0 && file.is_regular() {
            if buf.len == buf.capacity && !buf.grow() {
                return None;
            }
            match file.read(buf.room()) {
                0 => break,
                n => buf.len += n,
            }
        }
        Some(buf.finish())
    }
}

fn same_functions(a: &mg_fs, b: &mg_fs) -> bool {
    let words = |t: &mg_fs| {
        [
            t.st.map_or(0, |f| f as usize),
            t.ls.map_or(0, |f| f as usize),
            t.op.map_or(0, |f| f as usize),
            t.cl.map_or(0, |f| f as usize),
            t.rd.map_or(0, |f| f as usize),
            t.wr.map_or(0, |f| f as usize),
            t.sk.map_or(0, |f| f as usize),
        ]
    };
    words(a) == words(b)
}

/// Growing memory of the C heap with room for a NUL behind `capacity` bytes.
struct HeapBytes {
    buf: *mut u8,
    len: usize,
    capacity: usize,
}

impl HeapBytes {
    fn new(capacity: usize) -> Option<HeapBytes> {
        let buf = mg_calloc(1, capacity.checked_add(1)?).cast::<u8>();
        (!buf.is_null()).then_some(HeapBytes {
            buf,
            len: 0,
            capacity,
        })
    }

    fn room(&mut self) -> &mut [u8] {
        // SAFETY: the block has capacity + 1 bytes and calloc or `grow` initialised them.
        unsafe { std::slice::from_raw_parts_mut(self.buf.add(self.len), self.capacity - self.len) }
    }

    fn grow(&mut self) -> bool {
        let Some(capacity) = self.capacity.max(4096).checked_mul(2) else {
            return false;
        };
        // SAFETY: the block is ours; the new tail is initialised before anyone reads it.
        unsafe {
            let buf = libc::realloc(self.buf.cast(), capacity + 1).cast::<u8>();
            if buf.is_null() {
                return false;
            }
            ptr::write_bytes(buf.add(self.len), 0, capacity + 1 - self.len);
            self.buf = buf;
        }
        self.capacity = capacity;
        true
    }

    fn finish(mut self) -> (*mut u8, usize) {
        (std::mem::replace(&mut self.buf, null_mut()), self.len)
    }
}

impl Drop for HeapBytes {
    fn drop(&mut self) {
        // SAFETY: NULL or a block of the C heap that nobody else has.
        unsafe { mg_free(self.buf.cast()) };
    }
}

/// An open file; closed when dropped.
pub enum OpenFile {
    Posix(BufferedFile),
    Other { fd: *mut c_void, fs: FileSystem },
}

impl OpenFile {
    /// Reads up to `out.len()` bytes; 0 at the end and on errors.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        match self {
            OpenFile::Posix(file) => file.read_direct(out),
            OpenFile::Other { fd, fs } => {
                let Some(rd) = fs.table().rd else { return 0 };
                // SAFETY: a function of the table with its own handle; `out` is writable.
                unsafe { rd(*fd, out.as_mut_ptr().cast(), out.len()) }.min(out.len())
            }
        }
    }

    /// Writes; the number of bytes accepted is less than asked for after an error.
    pub fn write(&mut self, data: &[u8]) -> usize {
        match self {
            OpenFile::Posix(file) => file.write(data),
            OpenFile::Other { fd, fs } => {
                let Some(wr) = fs.table().wr else { return 0 };
                // SAFETY: a function of the table with its own handle.
                unsafe { wr(*fd, data.as_ptr().cast(), data.len()) }.min(data.len())
            }
        }
    }

    /// Hands buffered output to the kernel; false when it was not taken. A table writes in its
    /// own time.
    pub fn flush(&mut self) -> bool {
        match self {
            OpenFile::Posix(file) => file.flush(),
            OpenFile::Other { .. } => true,
        }
    }

    /// Cuts off what stands behind `size` bytes. A table has no function for that.
    pub fn truncate(&mut self, size: usize) {
        if let OpenFile::Posix(file) = self {
            let _ = file.file().set_len(size as u64);
        }
    }

    pub fn seek(&mut self, position: usize) -> usize {
        match self {
            OpenFile::Posix(file) => file.seek(position as u64) as usize,
            OpenFile::Other { fd, fs } => {
                let Some(sk) = fs.table().sk else { return 0 };
                // SAFETY: a function of the table with its own handle.
                unsafe { sk(*fd, position) }
            }
        }
    }

    /// The descriptor of a file of the host.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            OpenFile::Posix(file) => Some(file.file().as_fd()),
            OpenFile::Other { .. } => None,
        }
    }

    /// True when reading runs no foreign code.
    pub fn is_builtin(&self) -> bool {
        match self {
            OpenFile::Posix(_) => true,
            OpenFile::Other { fs, .. } => fs.is_builtin(),
        }
    }

    fn is_regular(&self) -> bool {
        match self {
            OpenFile::Posix(file) => file.file().metadata().is_ok_and(|m| m.is_file()),
            OpenFile::Other { .. } => false,
        }
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        if let OpenFile::Other { fd, fs } = self
            && let Some(cl) = fs.table().cl
        {
            // SAFETY: a function of the table with its own handle, which is used no more.
            unsafe { cl(*fd) };
        }
    }
}
