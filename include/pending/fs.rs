//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A file system: functions that the file helpers and the HTTP file server call. Programs use
/// mg_fs_posix, mg_fs_packed, or their own table. Paths are C strings.
#[repr(C)]
pub struct mg_fs {
    /// Tells about a file: MG_FS_* bits, 0 when it does not exist. Stores size and time of last
    /// modification (seconds since 1970) where the pointers are not NULL.
    pub st: Option<unsafe extern "C" fn(path: *const c_char, size: *mut usize, mtime: *mut time_t) -> c_int>,
    /// Calls `fn` with the name of every entry of a directory, without "." and "..".
    pub ls: Option<unsafe extern "C" fn(path: *const c_char, r#fn: Option<unsafe extern "C" fn(name: *const c_char, param: *mut c_void)>, param: *mut c_void)>,
    /// Opens a file; `flags` are MG_FS_* bits. Returns a handle, NULL on failure.
    pub op: Option<unsafe extern "C" fn(path: *const c_char, flags: c_int) -> *mut c_void>,
    /// Closes a handle.
    pub cl: Option<unsafe extern "C" fn(fd: *mut c_void)>,
    /// Reads up to `len` bytes; returns their number, 0 at the end or on failure.
    pub rd: Option<unsafe extern "C" fn(fd: *mut c_void, buf: *mut c_void, len: usize) -> usize>,
    /// Writes bytes; returns the number accepted.
    pub wr: Option<unsafe extern "C" fn(fd: *mut c_void, buf: *const c_void, len: usize) -> usize>,
    /// Moves to an offset from the start; returns the new position.
    pub sk: Option<unsafe extern "C" fn(fd: *mut c_void, offset: usize) -> usize>,
    /// Renames a file, replacing an existing one.
    pub mv: Option<unsafe extern "C" fn(from: *const c_char, to: *const c_char) -> bool>,
    /// Removes a file.
    pub rm: Option<unsafe extern "C" fn(path: *const c_char) -> bool>,
    /// Makes a directory.
    pub mkd: Option<unsafe extern "C" fn(path: *const c_char) -> bool>,
}

/// An open file.
#[repr(C)]
pub struct mg_fd {
    /// Handle of the file system.
    pub fd: *mut c_void,
    /// The file system.
    pub fs: *mut mg_fs,
}

/// A file that the program carries inside. An array of these ends with a NULL path.
#[repr(C)]
pub struct mg_mem_file {
    /// Full name, such as "/web_root/index.html".
    pub path: *const c_char,
    /// Content.
    pub data: *const c_uchar,
    /// Size of the content.
    pub size: usize,
    /// Time of last modification, seconds since 1970.
    pub mtime: time_t,
}

/// The file system of the machine. Writing appends, unless MG_FS_EXCL asks for a new file.
#[unsafe(no_mangle)]
pub static mut mg_fs_posix: mg_fs = 0;

/// Read-only files inside the program, listed in mg_mem_files.
#[unsafe(no_mangle)]
pub static mut mg_fs_packed: mg_fs = 0;

/// The files of mg_fs_packed, ended by an entry with a NULL path; NULL for none. Set by the
/// program.
#[unsafe(no_mangle)]
pub static mut mg_mem_files: *const mg_mem_file = 0;

unsafe extern "C" {
    /// Content of a file of mg_mem_files by its full name; {NULL, 0} when there is none.
    pub fn mg_unpacked(path: *const c_char) -> mg_str;

    /// Opens a file of a file system; `flags` are MG_FS_* bits. Close it with mg_fs_close(). NULL
    /// on failure.
    pub fn mg_fs_open(fs: *mut mg_fs, path: *const c_char, flags: c_int) -> *mut mg_fd;

    /// Closes a file. NULL is allowed.
    pub fn mg_fs_close(fd: *mut mg_fd);

    /// Walks through a directory: puts the name that follows the one in `buf` into `buf` (`len`
    /// bytes). Start with an empty string; false at the end.
    pub fn mg_fs_ls(fs: *mut mg_fs, path: *const c_char, buf: *mut c_char, len: usize) -> bool;

    /// Reads a whole file into new memory with a NUL behind it; release `buf` with mg_free().
    /// {NULL, 0} on failure.
    pub fn mg_file_read(fs: *mut mg_fs, path: *const c_char) -> mg_str;

    /// Replaces the content of a file: writes a temporary file beside it and renames that. False on
    /// failure, with the old file in place.
    pub fn mg_file_write(fs: *mut mg_fs, path: *const c_char, buf: *const c_void, len: usize) -> bool;
}
