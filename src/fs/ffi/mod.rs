//! The file system types of the C API and the helpers that programs call.
#![allow(unsafe_code)]

mod packed;
mod posix;
mod table;

pub use table::{FileSystem, OpenFile};

use super::flag;
use super::helpers::{NextName, temporary_name};
use super::path::CPath;
use crate::ffi::alloc::{mg_calloc, mg_free};
use crate::ffi::str::{bytes, cstr};
use crate::ffi::va::{VaList, va_list, variadic_export, variadic_twin};
use crate::ffi::{guard, guard_uncancelled, mg_str};
use crate::fmt::ffi::vprintf_iobuf;
use crate::iobuf::mg_iobuf;
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;

/// A file system: ten functions that all work on paths and handles of its own. Programs may
/// fill in a table themselves; mg_fs_posix and mg_fs_packed are ready-made.
///
/// The library calls the functions on the thread that polls the manager. A table must
/// outlive all files opened through it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct mg_fs {
    /// Describes a path: 0 when it does not exist, else MG_FS_* bits (MG_FS_DIR for a directory).
    /// Stores its length in bytes and its modification time (seconds since 1970) where
    /// `size` and `mtime` are not NULL.
    pub st: Option<
        unsafe extern "C" fn(
            path: *const c_char,
            size: *mut usize,
            mtime: *mut libc::time_t,
        ) -> c_int,
    >,
    /// Calls `fn` with the name of every entry of a directory, except "." and "..", and with `data`.
    pub ls: Option<
        unsafe extern "C" fn(
            path: *const c_char,
            r#fn: Option<unsafe extern "C" fn(name: *const c_char, data: *mut c_void)>,
            data: *mut c_void,
        ),
    >,
    /// Opens a file; `flags` are MG_FS_* bits. Returns a handle, or NULL.
    pub op: Option<unsafe extern "C" fn(path: *const c_char, flags: c_int) -> *mut c_void>,
    /// Closes a handle.
    pub cl: Option<unsafe extern "C" fn(fd: *mut c_void)>,
    /// Reads up to `len` bytes. Returns the number read, 0 at the end and on errors.
    pub rd: Option<unsafe extern "C" fn(fd: *mut c_void, buf: *mut c_void, len: usize) -> usize>,
    /// Writes `len` bytes. Returns the number written; fewer means an error.
    pub wr: Option<unsafe extern "C" fn(fd: *mut c_void, buf: *const c_void, len: usize) -> usize>,
    /// Moves to an absolute position. Returns the new position.
    pub sk: Option<unsafe extern "C" fn(fd: *mut c_void, offset: usize) -> usize>,
    /// Renames a file, replacing `to`.
    pub mv: Option<unsafe extern "C" fn(from: *const c_char, to: *const c_char) -> bool>,
    /// Removes a file.
    pub rm: Option<unsafe extern "C" fn(path: *const c_char) -> bool>,
    /// Makes a directory.
    pub mkd: Option<unsafe extern "C" fn(path: *const c_char) -> bool>,
}

/// An open file: a handle and the file system it belongs to. Made by mg_fs_open().
#[repr(C)]
pub struct mg_fd {
    /// Handle for the functions of `fs`.
    pub fd: *mut c_void,
    /// The file system.
    pub fs: *mut mg_fs,
}

/// A file that is part of the program; see mg_mem_files.
#[repr(C)]
pub struct mg_mem_file {
    /// Full path, such as "/web_root/index.html"; NULL ends a table.
    pub path: *const c_char,
    /// Content, or NULL for a file that does not exist.
    pub data: *const u8,
    /// Length of the content in bytes.
    pub size: usize,
    /// Modification time, seconds since 1970.
    pub mtime: libc::time_t,
}

/// The files of the host, through the C library's conventions.
///
/// `op` with MG_FS_READ reads an existing file; with MG_FS_EXCL it makes a new file for writing
/// and fails when there is one; any other flags append to a file and make it when it is
/// missing (mode 0666 less the umask). Opening never waits for a FIFO or a device.
/// Descriptors are closed on exec. Small writes are buffered: `cl` hands the rest to the
/// kernel. `mkd` uses mode 0775 less the umask. `rm` also removes empty directories. `st`
/// follows symbolic links.
#[unsafe(no_mangle)]
pub static mut mg_fs_posix: mg_fs = posix::TABLE;

/// The files in the table that mg_mem_files points to. Read-only; nothing is copied.
/// Directories exist where a file lies under them.
#[unsafe(no_mangle)]
pub static mut mg_fs_packed: mg_fs = packed::TABLE;

/// The files that mg_fs_packed serves, NULL by default: an array that ends with a NULL path.
/// It is read at every call, so a program may replace it at any time. Names in a
/// directory are expected to stand together.
#[unsafe(no_mangle)]
pub static mut mg_mem_files: *const mg_mem_file = std::ptr::null();

/// Looks up a file in mg_mem_files by its exact path.
///
/// Returns a view of its content, or `{NULL, 0}` when there is no such file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_unpacked(path: *const c_char) -> mg_str {
    guard(mg_str::NULL, || {
        // SAFETY: pointer contract.
        let path = unsafe { cstr(path) };
        packed::find(path).map_or(mg_str::NULL, |entry| mg_str::from_bytes(entry.data))
    })
}

/// Opens a file. `flags` are MG_FS_* bits with the meaning that `fs` gives them.
///
/// Returns a heap object to be released with mg_fs_close(), or NULL when the file cannot be
/// opened, memory is exhausted or an argument is NULL. `fs` must outlive it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_fs_open(
    fs: *mut mg_fs,
    path: *const c_char,
    flags: c_int,
) -> *mut mg_fd {
    guard_uncancelled(null_mut(), || {
        // SAFETY: pointer contract.
        let Some(op) = (unsafe { fs.as_ref() }).and_then(|fs| fs.op) else {
            return null_mut();
        };
        let file = mg_calloc(1, size_of::<mg_fd>()).cast::<mg_fd>();
        if path.is_null() || file.is_null() {
            // SAFETY: NULL or just allocated.
            unsafe { mg_free(file.cast()) };
            return null_mut();
        }
        // SAFETY: the table's functions follow the contract of struct mg_fs; the block is an mg_fd.
        unsafe {
            let fd = op(path, flags);
            if fd.is_null() {
                mg_free(file.cast());
                return null_mut();
            }
            file.write(mg_fd { fd, fs });
        }
        file
    })
}

/// Closes a file and releases it. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_fs_close(fd: *mut mg_fd) {
    guard_uncancelled((), || {
        // SAFETY: pointer contract; the object came from mg_fs_open().
        unsafe {
            let Some(file) = fd.as_ref() else { return };
            if let Some(cl) = file.fs.as_ref().and_then(|fs| fs.cl) {
                cl(file.fd);
            }
            mg_free(fd.cast());
        }
    });
}

/// Steps through a directory. `buf` must hold an empty string at first; each call replaces the
/// name in it by the one that follows in the directory.
///
/// Every call lists the directory again, so that a walk over n entries costs n listings.
/// Returns false, with an empty string in `buf`, at the end, when the name in `buf` is no
/// longer there, and when the next name does not fit into `len` bytes with its
/// terminator.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_fs_ls(
    fs: *mut mg_fs,
    path: *const c_char,
    buf: *mut c_char,
    len: usize,
) -> bool {
    guard_uncancelled(false, || {
        if fs.is_null() || path.is_null() || buf.is_null() || len == 0 {
            return false;
        }
        // SAFETY: pointer contract; `after` is a copy because the listing runs foreign code.
        let (fs, path, after) = unsafe {
            let given = bytes(buf.cast(), len);
            let end = memchr::memchr(0, given).unwrap_or(len);
            let after = CPath::from_bytes(&given[..end]).unwrap_or_default();
            (FileSystem::new(fs), CStr::from_ptr(path), after)
        };
        let mut walk = NextName::new(after.as_bytes());
        fs.list(path, &mut |name| walk.visit(name.to_bytes()));
        let found = walk.finish(len - 1);
        let name = found.as_ref().map_or(&b""[..], |name| name.as_bytes());
        // SAFETY: `finish` checked that the name and its terminator fit into `len` bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(name.as_ptr().cast(), buf, name.len());
            *buf.add(name.len()) = 0;
        }
        found.is_some()
    })
}

/// Reads a whole file.
///
/// Returns heap memory to be released with mg_free(), with a NUL behind the content that is not
/// counted; an empty file gives a non-NULL pointer and length 0. Returns `{NULL, 0}` when the file
/// cannot be read whole, is a directory, or memory is exhausted. On mg_fs_posix, files that
/// report no length, as those under /proc, are read to their end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_file_read(fs: *mut mg_fs, path: *const c_char) -> mg_str {
    guard_uncancelled(mg_str::NULL, || {
        if fs.is_null() || path.is_null() {
            return mg_str::NULL;
        }
        // SAFETY: pointer contract.
        let (fs, path) = unsafe { (FileSystem::new(fs), CStr::from_ptr(path)) };
        let content = fs.read_file(path);
        content.map_or(mg_str::NULL, |(buf, len)| mg_str {
            buf: buf.cast(),
            len,
        })
    })
}

/// Replaces the content of a file, or makes the file, by writing a temporary file in the
/// same directory and renaming it. The new file has mode 0666 less the umask; a symbolic link is
/// replaced, not followed. On mg_fs_posix readers see either the old or the new content;
/// other file systems remove the old file first.
///
/// `buf` may be NULL when `len` is 0. Returns false when the file cannot be written; the old file
/// and no temporary file are left then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_file_write(
    fs: *mut mg_fs,
    path: *const c_char,
    buf: *const c_void,
    len: usize,
) -> bool {
    guard_uncancelled(false, || {
        if fs.is_null() || path.is_null() || buf.is_null() && len > 0 {
            return false;
        }
        // SAFETY: pointer contract.
        let (fs, path, data) = unsafe {
            (
                FileSystem::new(fs),
                CStr::from_ptr(path),
                bytes(buf.cast(), len),
            )
        };
        replace(fs, path, data)
    })
}

fn replace(fs: FileSystem, path: &CStr, data: &[u8]) -> bool {
    let mut random = [0; 9];
    if getrandom::fill(&mut random).is_err() {
        return false;
    }
    let Some(temporary) = temporary_name(path.to_bytes(), random) else {
        return false;
    };
    let temporary = temporary.as_cstr();
    let Some(mut file) = fs.open(temporary, flag::WRITE | flag::EXCL) else {
        return false;
    };
    let written = file.write(data) == data.len() && file.flush();
    drop(file);
    if fs.is_posix() {
        return written && fs.rename(temporary, path) || {
            fs.remove(temporary);
            false
        };
    }
    let replaced = written && {
        fs.remove(path);
        fs.rename(temporary, path)
    };
    fs.remove(temporary);
    replaced
}

variadic_export!(mg_file_printf => shim_mg_file_printf);
variadic_twin!("mongoose_file_vprintf" => file_vprintf);

unsafe extern "C" fn file_vprintf(
    fs: *mut mg_fs,
    path: *const c_char,
    fmt: *const c_char,
    ap: *mut va_list,
) -> bool {
    guard(false, || {
        let text = mg_iobuf {
            buf: Cell::new(null_mut()),
            size: Cell::new(0),
            len: Cell::new(0),
            align: Cell::new(0),
        };
        // SAFETY: the shim passes on the caller's arguments and a started va_list.
        unsafe {
            let formatted = vprintf_iobuf(&text, fmt, VaList::new(ap)).is_some();
            let ok = formatted && mg_file_write(fs, path, text.buf.get().cast(), text.len.get());
            text.free();
            ok
        }
    })
}
