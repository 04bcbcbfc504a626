//! Files of the host.
#![forbid(unsafe_code)]

use super::{Stat, flag};
use std::ffi::{CStr, OsStr, c_int};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Small reads and writes are collected in a buffer of this size.
const BUFFER: usize = 4096;

pub fn as_path(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}

impl From<&fs::Metadata> for Stat {
    fn from(m: &fs::Metadata) -> Stat {
        Stat {
            is_dir: m.is_dir(),
            size: usize::try_from(m.size()).unwrap_or(usize::MAX),
            mtime: m.mtime() as libc::time_t,
        }
    }
}

/// Follows symbolic links.
pub fn stat(path: &CStr) -> Option<Stat> {
    fs::metadata(as_path(path)).ok().map(|m| Stat::from(&m))
}

/// Opens without waiting: not for the writer of a FIFO, nor for a device to become ready.
///
/// `flag::READ` alone reads; with `flag::EXCL` a new file is made for writing; everything else
/// appends, reads, and makes the file when it is missing.
pub fn open(path: &CStr, flags: c_int) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .mode(0o666);
    if flags == flag::READ {
        options.read(true);
    } else if flags & flag::EXCL != 0 {
        options.write(true).create_new(true);
    } else {
        options.read(true).append(true).create(true);
    }
    options.open(as_path(path))
}

/// Opens a regular file for reading and describes what was opened.
pub fn open_regular(path: &CStr) -> Option<(File, Stat)> {
    let file = open(path, flag::READ).ok()?;
    let meta = file.metadata().ok()?;
    meta.is_file().then(|| (file, Stat::from(&meta)))
}

/// One read; 0 at the end of the file and after an error.
fn read_some(file: &mut File, out: &mut [u8]) -> usize {
    loop {
        match file.read(out) {
            Ok(n) => return n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => return 0,
        }
    }
}

/// Reads until `out` is full or the file ends or fails; the number of bytes read.
fn read_full(file: &mut File, out: &mut [u8]) -> usize {
    let mut done = 0;
    while done < out.len() {
        match read_some(file, &mut out[done..]) {
            0 => break,
            n => done += n,
        }
    }
    done
}

/// Writes until everything is written or the file fails; the number of bytes written.
fn write_full(file: &mut File, data: &[u8]) -> usize {
    let mut done = 0;
    while done < data.len() {
        match file.write(&data[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    done
}

pub fn rename(from: &CStr, to: &CStr) -> bool {
    fs::rename(as_path(from), as_path(to)).is_ok()
}

/// Removes a file or an empty directory.
pub fn remove(path: &CStr) -> bool {
    let path = as_path(path);
    fs::remove_file(path).is_ok() || fs::remove_dir(path).is_ok()
}

pub fn make_dir(path: &CStr) -> bool {
    fs::DirBuilder::new()
        .mode(0o775)
        .create(as_path(path))
        .is_ok()
}

/// An open file with a buffer for small reads and writes.
pub struct BufferedFile {
    file: File,
    /// Input read ahead (from `taken` on), or output not written yet.
    buf: Vec<u8>,
    taken: usize,
    writing: bool,
    writable: bool,
}

impl BufferedFile {
    /// `file` was opened with these flags.
    pub fn new(file: File, flags: c_int) -> BufferedFile {
        BufferedFile {
            file,
            writable: flags != flag::READ,
            buf: Vec::new(),
            taken: 0,
            writing: false,
        }
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    /// Reads up to `out.len()` bytes; fewer only at the end of the file or after an error.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        if self.writing {
            self.flush();
        }
        let mut done = 0;
        loop {
            let ahead = &self.buf[self.taken..];
            let n = ahead.len().min(out.len() - done);
            out[done..done + n].copy_from_slice(&ahead[..n]);
            self.taken += n;
            done += n;
            let rest = &mut out[done..];
            if rest.is_empty() {
                return done;
            }
            if rest.len() >= BUFFER || !self.reserve() {
                return done + read_full(&mut self.file, rest);
            }
            self.buf.resize(BUFFER, 0);
            self.taken = 0;
            let n = read_some(&mut self.file, &mut self.buf);
            self.buf.truncate(n);
            if n == 0 {
                return done;
            }
        }
    }

    /// Reads past the buffer, for callers that take large or whole pieces.
    pub fn read_direct(&mut self, out: &mut [u8]) -> usize {
        read_full(&mut self.file, out)
    }

    /// Empties the buffer; false when there is no memory for one.
    fn reserve(&mut self) -> bool {
        self.buf.clear();
        self.taken = 0;
        self.buf.try_reserve_exact(BUFFER).is_ok()
    }

    /// Accepts bytes for writing; the number accepted is less than asked for after an error.
    pub fn write(&mut self, data: &[u8]) -> usize {
        if !self.writable {
            return 0;
        }
        let pending = if self.writing { self.buf.len() } else { 0 };
        if pending + data.len() > BUFFER && !self.flush() {
            return 0;
        }
        if data.len() >= BUFFER || !self.writing && !self.reserve() {
            self.buf.clear();
            self.taken = 0;
            return write_full(&mut self.file, data);
        }
        self.writing = true;
        self.buf.extend_from_slice(data);
        data.len()
    }

    /// Hands what was accepted to the kernel; false when it did not take everything.
    pub fn flush(&mut self) -> bool {
        if !self.writing {
            return true;
        }
        self.writing = false;
        let complete = write_full(&mut self.file, &self.buf) == self.buf.len();
        self.buf.clear();
        complete
    }

    /// Moves to an absolute position, which may lie behind the end; the position afterwards.
    pub fn seek(&mut self, position: u64) -> u64 {
        self.flush();
        let ahead = (self.buf.len() - self.taken) as u64;
        self.buf.clear();
        self.taken = 0;
        self.file
            .seek(SeekFrom::Start(position))
            .or_else(|_| Ok::<u64, io::Error>(self.file.stream_position()?.saturating_sub(ahead)))
            .unwrap_or(0)
    }
}

impl Drop for BufferedFile {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    /// A directory that goes away with the value.
    struct TempDir(std::path::PathBuf);

    impl TempDir {
        fn new(name: &str) -> TempDir {
            let dir = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&dir).unwrap();
            TempDir(dir)
        }
        fn path(&self, name: &str) -> CString {
            CString::new(self.0.join(name).as_os_str().as_bytes()).unwrap()
        }
    }

    impl Drop for TempDir {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn appending_ignores_the_position() {
        let dir = TempDir::new("mg-append");
        let path = dir.path("f");
        fs::write(as_path(&path), "hello").unwrap();
        let mut f = BufferedFile::new(open(&path, flag::WRITE).unwrap(), flag::WRITE);
        let mut first = [0; 2];
        assert_eq!(f.read(&mut first), 2);
        assert_eq!(&first, b"he");
        assert_eq!(f.write(b"XY"), 2);
        assert_eq!(f.seek(0), 0);
        assert_eq!(f.write(b"Z"), 1);
        drop(f);
        assert_eq!(fs::read(as_path(&path)).unwrap(), b"helloXYZ");
    }

    #[test]
    fn small_and_large_reads_mix() {
        let dir = TempDir::new("mg-read");
        let path = dir.path("f");
        let data: Vec<u8> = (0..20_000u32).map(|i| (i % 251) as u8).collect();
        fs::write(as_path(&path), &data).unwrap();
        let mut f = BufferedFile::new(open(&path, flag::READ).unwrap(), flag::READ);
        let mut got = Vec::new();
        for size in [1, 3, 4096, 10, 5000, 4095, 1, 100_000, 1] {
            let mut out = vec![0; size];
            let n = f.read(&mut out);
            got.extend_from_slice(&out[..n]);
        }
        assert_eq!(got, data);
        assert_eq!(f.seek(19_999), 19_999);
        assert_eq!(f.read(&mut [0; 8]), 1);
        assert_eq!(f.seek(u64::MAX), 20_000);
        assert_eq!(f.seek(30_000), 30_000);
        assert_eq!(f.read(&mut [0; 8]), 0);
    }

    #[test]
    fn small_and_large_writes_keep_their_order() {
        let dir = TempDir::new("mg-write");
        let path = dir.path("f");
        let mut f = BufferedFile::new(open(&path, flag::EXCL).unwrap(), flag::EXCL);
        let mut expected = Vec::new();
        for (byte, size) in [
            (b'a', 10),
            (b'b', 4090),
            (b'c', 4096),
            (b'd', 1),
            (b'e', 9000),
        ] {
            assert_eq!(f.write(&vec![byte; size]), size);
            expected.extend(std::iter::repeat_n(byte, size));
        }
        assert!(f.flush());
        assert_eq!(fs::read(as_path(&path)).unwrap(), expected);
        assert!(open(&path, flag::EXCL).is_err());
    }

    #[test]
    fn a_full_device_is_reported() {
        let mut f = BufferedFile::new(open(c"/dev/full", flag::WRITE).unwrap(), flag::WRITE);
        assert_eq!(f.write(b"small"), 5);
        assert!(!f.flush());
        assert_eq!(f.write(&[0; 10_000]), 0);
    }

    #[test]
    fn only_regular_files_are_served() {
        let dir = TempDir::new("mg-regular");
        assert!(open_regular(&dir.path("")).is_none());
        assert!(open_regular(c"/dev/null").is_none());
        assert!(open_regular(&dir.path("missing")).is_none());
        fs::write(as_path(&dir.path("f")), "abc").unwrap();
        assert_eq!(open_regular(&dir.path("f")).unwrap().1.size, 3);
    }

    #[test]
    fn removing_takes_files_and_empty_directories() {
        let dir = TempDir::new("mg-remove");
        let sub = dir.path("sub");
        assert!(make_dir(&sub) && !make_dir(&sub));
        assert_eq!(stat(&sub).map(|s| s.is_dir), Some(true));
        fs::write(as_path(&dir.path("sub/f")), "").unwrap();
        assert!(!remove(&sub));
        assert!(rename(&dir.path("sub/f"), &dir.path("g")));
        assert!(remove(&sub) && remove(&dir.path("g")) && !remove(&sub));
    }
}
