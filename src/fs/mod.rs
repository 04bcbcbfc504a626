//! File systems: a table of functions (`struct mg_fs`) that programs may write themselves, the two
//! the library brings (POSIX, and files linked into the program), and helpers on top of them.

pub mod ffi;
pub mod helpers;
mod packed;
pub mod path;
mod posix;

/// `MG_FS_*` bits: what a path is, and how to open a file.
pub mod flag {
    use std::ffi::c_int;
    pub const READ: c_int = 1;
    pub const WRITE: c_int = 2;
    pub const DIR: c_int = 4;
    pub const EXCL: c_int = 8;
}

/// What a file system tells about a file or directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    pub is_dir: bool,
    /// Length in bytes.
    pub size: usize,
    /// Modification time, seconds since 1970.
    pub mtime: libc::time_t,
}
