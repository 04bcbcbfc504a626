//! The functions of mg_fs_packed.
#![allow(unsafe_code)]

use super::posix::store;
use super::{mg_fs, mg_mem_file};
use crate::ffi::alloc::try_box;
use crate::ffi::guard;
use crate::ffi::str::{bytes, cstr};
use crate::fs::packed::{self, Entry};
use crate::fs::{Stat, flag};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

pub(super) const TABLE: mg_fs = mg_fs {
    st: Some(st),
    ls: Some(ls),
    op: Some(op),
    cl: Some(cl),
    rd: Some(rd),
    wr: Some(wr),
    sk: Some(sk),
    mv: Some(mv),
    rm: Some(rm),
    mkd: Some(rm),
};

/// The rows of mg_mem_files as they are now.
fn rows() -> impl Iterator<Item = &'static mg_mem_file> {
    // SAFETY: a pointer that the program sets between calls.
    let mut next = unsafe { super::mg_mem_files };
    std::iter::from_fn(move || {
        // SAFETY: NULL, or a table of the program that ends with a NULL path; it is not changed
        // while a call looks at it.
        let row = unsafe { next.as_ref() }.filter(|row| !row.path.is_null())?;
        next = std::ptr::from_ref(row).wrapping_add(1);
        Some(row)
    })
}

fn entry(row: &'static mg_mem_file) -> Entry<'static> {
    // SAFETY: the table's strings and contents are the program's and stay while it is set.
    let (path, data) = unsafe { (cstr(row.path), bytes(row.data, row.size)) };
    Entry {
        path,
        data,
        mtime: row.mtime,
    }
}

/// The first entry with this path, unless it has no data.
pub(super) fn find(path: &[u8]) -> Option<Entry<'static>> {
    let row = rows().find(|row| {
        // SAFETY: rows have a path.
        unsafe { cstr(row.path) == path }
    })?;
    (!row.data.is_null()).then(|| entry(row))
}

unsafe extern "C" fn st(path: *const c_char, size: *mut usize, mtime: *mut libc::time_t) -> c_int {
    guard(0, || {
        // SAFETY: pointer contract.
        let path = unsafe { cstr(path) };
        if let Some(entry) = find(path) {
            let stat = Stat {
                is_dir: false,
                size: entry.data.len(),
                mtime: entry.mtime,
            };
            // SAFETY: pointer contract.
            unsafe { store(&stat, size, mtime) };
            return flag::READ;
        }
        if packed::is_dir(rows().map(entry), path) {
            flag::DIR
        } else {
            0
        }
    })
}

unsafe extern "C" fn ls(
    path: *const c_char,
    found: Option<unsafe extern "C" fn(*const c_char, *mut c_void)>,
    data: *mut c_void,
) {
    guard((), || {
        let Some(found) = found else { return };
        // SAFETY: pointer contract.
        list(unsafe { cstr(path) }, &mut |name| {
            // SAFETY: the program's function, called as it asked for.
            unsafe { found(name.as_ptr(), data) };
        });
    });
}

pub(super) fn list(dir: &[u8], found: &mut dyn FnMut(&CStr)) {
    let mut text = Vec::new();
    packed::list(rows().map(entry), dir, |name| {
        text.clear();
        if text.try_reserve(name.len() + 1).is_ok() {
            text.extend_from_slice(name);
            text.push(0);
            found(CStr::from_bytes_until_nul(&text).unwrap_or_default());
        }
    });
}

/// An open file; the content is the program's.
struct Reader {
    data: &'static [u8],
    pos: usize,
}

unsafe extern "C" fn op(path: *const c_char, flags: c_int) -> *mut c_void {
    guard(null_mut(), || {
        if flags & flag::WRITE != 0 {
            return null_mut();
        }
        // SAFETY: pointer contract.
        find(unsafe { cstr(path) })
            .and_then(|entry| {
                try_box(Reader {
                    data: entry.data,
                    pos: 0,
                })
            })
            .map_or(null_mut(), |reader| Box::into_raw(reader).cast())
    })
}

unsafe extern "C" fn cl(fd: *mut c_void) {
    guard((), || {
        if !fd.is_null() {
            // SAFETY: from `op`, and closed once.
            drop(unsafe { Box::from_raw(fd.cast::<Reader>()) });
        }
    });
}

unsafe fn reader<'a>(fd: *mut c_void) -> Option<&'a mut Reader> {
    // SAFETY: NULL, or from `op` and not closed; a handle is used by one call at a time.
    unsafe { fd.cast::<Reader>().as_mut() }
}

unsafe extern "C" fn rd(fd: *mut c_void, buf: *mut c_void, len: usize) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(reader) = (unsafe { reader(fd) }) else {
            return 0;
        };
        let rest = &reader.data[reader.pos..];
        let n = rest.len().min(len);
        if n > 0 && !buf.is_null() {
            // SAFETY: `len` bytes at `buf` are writable, by contract; the program's file content
            // is not the buffer it reads into.
            unsafe { std::ptr::copy_nonoverlapping(rest.as_ptr(), buf.cast(), n) };
        }
        reader.pos += n;
        n
    })
}

unsafe extern "C" fn wr(_fd: *mut c_void, _buf: *const c_void, _len: usize) -> usize {
    0
}

unsafe extern "C" fn sk(fd: *mut c_void, offset: usize) -> usize {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(reader) = (unsafe { reader(fd) }) else {
            return 0;
        };
        reader.pos = offset.min(reader.data.len());
        reader.pos
    })
}

unsafe extern "C" fn mv(_from: *const c_char, _to: *const c_char) -> bool {
    false
}

unsafe extern "C" fn rm(_path: *const c_char) -> bool {
    false
}
