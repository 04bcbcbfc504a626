//! Content codings of responses (RFC 9110, 8.4): which ones a client accepts, what is worth
//! compressing, and gzip itself.
//!
//! Files choose among what stands beside them in `files/ffi/file.rs`; replies are compressed in
//! `reply.rs`, and files on their way in `files/ffi/transfer.rs`.

pub mod accept;
pub mod ffi;
pub mod gzip;
pub mod media;

/// A content coding of the library, the server's favourite first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Zstd,
    Gzip,
    Identity,
}

impl Coding {
    /// In the order in which they are listed above.
    pub const ALL: [Coding; 4] = [Coding::Brotli, Coding::Zstd, Coding::Gzip, Coding::Identity];

    /// As Content-Encoding says it.
    pub fn name(self) -> &'static [u8] {
        match self {
            Coding::Brotli => b"br",
            Coding::Zstd => b"zstd",
            Coding::Gzip => b"gzip",
            Coding::Identity => b"identity",
        }
    }

    /// What stands behind the name of a file that is coded so.
    pub fn suffix(self) -> &'static [u8] {
        match self {
            Coding::Brotli => b".br",
            Coding::Zstd => b".zst",
            Coding::Gzip => b".gz",
            Coding::Identity => b"",
        }
    }
}

/// What a program wants of a connection's responses. All-default is: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// The shortest body that is compressed, in bytes.
    pub min_size: u32,
    /// Effort of compression, 1 to 9; 0 for none.
    pub level: u8,
    /// Compressed files beside the one asked for are sent.
    pub siblings: bool,
}

impl Settings {
    /// True when nothing is wanted.
    pub fn is_none(self) -> bool {
        self.level == 0 && !self.siblings
    }
}
