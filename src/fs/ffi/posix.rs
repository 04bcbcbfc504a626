//! The functions of mg_fs_posix.
#![allow(unsafe_code)]

use super::mg_fs;
use crate::ffi::alloc::try_box;
use crate::ffi::guard;
use crate::ffi::str::bytes;
use crate::fs::posix::{self, BufferedFile};
use crate::fs::{Stat, flag};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fs::File;
use std::os::fd::AsRawFd;
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
    mkd: Some(mkd),
};

/// The string behind a pointer, unless it is NULL.
unsafe fn text<'a>(path: *const c_char) -> Option<&'a CStr> {
    // SAFETY: pointer contract.
    (!path.is_null()).then(|| unsafe { CStr::from_ptr(path) })
}

/// The file behind a handle of `op`.
pub(super) unsafe fn handle<'a>(fd: *mut c_void) -> Option<&'a mut BufferedFile> {
    // SAFETY: NULL, or from `op` and not closed; a handle is used by one call at a time.
    unsafe { fd.cast::<BufferedFile>().as_mut() }
}

unsafe extern "C" fn st(path: *const c_char, size: *mut usize, mtime: *mut libc::time_t) -> c_int {
    guard(0, || {
        // SAFETY: pointer contract.
        let Some(stat) = (unsafe { text(path) }).and_then(posix::stat) else {
            return 0;
        };
        // SAFETY: pointer contract.
        unsafe { store(&stat, size, mtime) };
        flag::READ | flag::WRITE | if stat.is_dir { flag::DIR } else { 0 }
    })
}

/// Fills the outputs of `st` that are wanted.
pub(super) unsafe fn store(stat: &Stat, size: *mut usize, mtime: *mut libc::time_t) {
    // SAFETY: NULL or writable, by contract.
    unsafe {
        if let Some(size) = size.as_mut() {
            *size = stat.size;
        }
        if let Some(mtime) = mtime.as_mut() {
            *mtime = stat.mtime;
        }
    }
}

unsafe extern "C" fn ls(
    path: *const c_char,
    found: Option<unsafe extern "C" fn(*const c_char, *mut c_void)>,
    data: *mut c_void,
) {
    guard((), || {
        // SAFETY: pointer contract.
        let (Some(path), Some(found)) = (unsafe { text(path) }, found) else {
            return;
        };
        list(path, &mut |name| {
            // SAFETY: the program's function, called as it asked for.
            unsafe { found(name.as_ptr(), data) };
        });
    });
}

pub(super) fn list(path: &CStr, found: &mut dyn FnMut(&CStr)) {
    let Ok(entries) = std::fs::read_dir(posix::as_path(path)) else {
        return;
    };
    for entry in entries.flatten() {
        let name = std::os::unix::ffi::OsStringExt::into_vec(entry.file_name());
        if let Ok(name) = CString::new(name) {
            found(&name);
        }
    }
}

unsafe extern "C" fn op(path: *const c_char, flags: c_int) -> *mut c_void {
    guard(null_mut(), || {
        // SAFETY: pointer contract.
        unsafe { text(path) }
            .and_then(|path| open(path, flags))
            .and_then(try_box)
            .map_or(null_mut(), |file| Box::into_raw(file).cast())
    })
}

/// Opens without waiting. What is read or written later behaves as usual, so that programs can
/// read FIFOs and devices.
pub(super) fn open(path: &CStr, flags: c_int) -> Option<BufferedFile> {
    let file = posix::open(path, flags).ok()?;
    if !file.metadata().ok()?.is_file() {
        set_blocking(&file);
    }
    Some(BufferedFile::new(file, flags))
}

fn set_blocking(file: &File) {
    // SAFETY: fcntl with these commands takes any descriptor and an int.
    unsafe {
        let flags = libc::fcntl(file.as_raw_fd(), libc::F_GETFL);
        if flags >= 0 {
            libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags & !libc::O_NONBLOCK);
        }
    }
}

unsafe extern "C" fn cl(fd: *mut c_void) {
    guard((), || {
        if !fd.is_null() {
            // SAFETY: from `op`, and closed once.
            drop(unsafe { Box::from_raw(fd.cast::<BufferedFile>()) });
        }
    });
}

unsafe extern "C" fn rd(fd: *mut c_void, buf: *mut c_void, len: usize) -> usize {
    guard(0, || {
        if buf.is_null() || len == 0 {
            return 0;
        }
        // SAFETY: pointer contract; `len` bytes at `buf` are writable.
        unsafe {
            let out =
                std::slice::from_raw_parts_mut(buf.cast::<u8>(), len.min(isize::MAX as usize));
            handle(fd).map_or(0, |file| file.read(out))
        }
    })
}

unsafe extern "C" fn wr(fd: *mut c_void, buf: *const c_void, len: usize) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        handle(fd).map_or(0, |file| file.write(bytes(buf.cast(), len)))
    })
}

unsafe extern "C" fn sk(fd: *mut c_void, offset: usize) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        handle(fd).map_or(0, |file| file.seek(offset as u64) as usize)
    })
}

unsafe extern "C" fn mv(from: *const c_char, to: *const c_char) -> bool {
    // SAFETY: pointer contract.
    guard(false, || match unsafe { (text(from), text(to)) } {
        (Some(from), Some(to)) => posix::rename(from, to),
        _ => false,
    })
}

unsafe extern "C" fn rm(path: *const c_char) -> bool {
    // SAFETY: pointer contract.
    guard(false, || unsafe { text(path) }.is_some_and(posix::remove))
}

unsafe extern "C" fn mkd(path: *const c_char) -> bool {
    // SAFETY: pointer contract.
    guard(false, || unsafe { text(path) }.is_some_and(posix::make_dir))
}
