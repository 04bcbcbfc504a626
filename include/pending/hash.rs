//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A running MD5 computation (RFC 1321). Plain data: may be copied at any time to go two ways.
#[repr(C)]
pub struct mg_md5_ctx {
    /// Chaining value.
    pub buf: [u32; 4],
    /// Number of bits so far, low word first.
    pub bits: [u32; 2],
    /// Input of the block that is not complete yet.
    pub r#in: [c_uchar; 64],
}

/// A running SHA-1 computation (FIPS 180-4). Plain data: may be copied at any time.
#[repr(C)]
pub struct mg_sha1_ctx {
    /// Chaining value.
    pub state: [u32; 5],
    /// Number of bits so far, low word first.
    pub count: [u32; 2],
    /// Input of the block that is not complete yet.
    pub buffer: [c_uchar; 64],
}

/// A running SHA-256 computation (FIPS 180-4). Plain data: may be copied at any time.
#[repr(C)]
pub struct mg_sha256_ctx {
    /// Chaining value.
    pub state: [u32; 8],
    /// Number of bits in the blocks processed so far.
    pub bits: u64,
    /// Bytes in `buffer`.
    pub len: u32,
    /// Input of the block that is not complete yet.
    pub buffer: [c_uchar; 64],
}

/// A running SHA-384 computation (FIPS 180-4). Plain data: may be copied at any time.
#[repr(C)]
pub struct mg_sha384_ctx {
    /// Chaining value.
    pub state: [u64; 8],
    /// Input of the block that is not complete yet.
    pub buffer: [u8; 128],
    /// Number of bits in the blocks processed so far, high word first.
    pub bitlen: [u64; 2],
    /// Bytes in `buffer`.
    pub datalen: u32,
}

/// Expanded AES key. No function of this library takes it.
#[repr(C)]
pub struct aes_context {
    /// Direction.
    pub mode: c_int,
    /// Number of rounds.
    pub rounds: c_int,
    /// Current round key, inside `buf`.
    pub rk: *mut u32,
    /// Round keys.
    pub buf: [u32; 68],
}

unsafe extern "C" {
    /// Starts an MD5 computation (RFC 1321). MD5 is broken: only for old protocols.
    pub fn mg_md5_init(c: *mut mg_md5_ctx);

    /// Adds `len` bytes.
    pub fn mg_md5_update(c: *mut mg_md5_ctx, data: *const c_uchar, len: usize);

    /// Ends the computation: stores the 16 bytes of the digest and wipes the context.
    /// cbindgen:ptrs-as-arrays=[[digest;16]]
    pub fn mg_md5_final(c: *mut mg_md5_ctx, digest: *mut c_uchar);

    /// Starts a SHA-1 computation (FIPS 180-4). SHA-1 is broken: only for old protocols.
    pub fn mg_sha1_init(context: *mut mg_sha1_ctx);

    /// Adds `len` bytes.
    pub fn mg_sha1_update(context: *mut mg_sha1_ctx, data: *const c_uchar, len: usize);

    /// Ends the computation: stores the 20 bytes of the digest and wipes the context.
    /// cbindgen:ptrs-as-arrays=[[digest;20]]
    pub fn mg_sha1_final(digest: *mut c_uchar, context: *mut mg_sha1_ctx);

    /// Starts a SHA-256 computation (FIPS 180-4).
    pub fn mg_sha256_init(ctx: *mut mg_sha256_ctx);

    /// Adds `len` bytes.
    pub fn mg_sha256_update(ctx: *mut mg_sha256_ctx, data: *const c_uchar, len: usize);

    /// Ends the computation: stores the 32 bytes of the digest. The context cannot be used on.
    /// cbindgen:ptrs-as-arrays=[[digest;32]]
    pub fn mg_sha256_final(digest: *mut c_uchar, ctx: *mut mg_sha256_ctx);

    /// SHA-256 of `datasz` bytes. `data` may be NULL when there are none.
    /// cbindgen:ptrs-as-arrays=[[dst;32]]
    pub fn mg_sha256(dst: *mut u8, data: *mut u8, datasz: usize);

    /// HMAC-SHA-256 (RFC 2104) of `datasz` bytes with a key of `keysz` bytes. `dst` may be `data`;
    /// NULL is allowed where the length is 0.
    /// cbindgen:ptrs-as-arrays=[[dst;32]]
    pub fn mg_hmac_sha256(dst: *mut u8, key: *mut u8, keysz: usize, data: *mut u8, datasz: usize);

    /// Starts a SHA-384 computation (FIPS 180-4).
    pub fn mg_sha384_init(ctx: *mut mg_sha384_ctx);

    /// Adds `len` bytes.
    pub fn mg_sha384_update(ctx: *mut mg_sha384_ctx, data: *const u8, len: usize);

    /// Ends the computation: stores the 48 bytes of the digest. The context cannot be used on.
    /// cbindgen:ptrs-as-arrays=[[digest;48]]
    pub fn mg_sha384_final(digest: *mut u8, ctx: *mut mg_sha384_ctx);

    /// SHA-384 of `datasz` bytes. `data` may be NULL when there are none.
    /// cbindgen:ptrs-as-arrays=[[dst;48]]
    pub fn mg_sha384(dst: *mut u8, data: *mut u8, datasz: usize);
}
