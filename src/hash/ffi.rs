#![allow(unsafe_code)]

use super::blocks::{absorb, pad};
use crate::ffi::alloc::wipe;
use crate::ffi::guard;
use crate::ffi::str::bytes;
use sha2::Digest;
use std::ffi::c_uchar;

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

/// A running SHA-1 computation (FIPS 180-4). Plain data: may be copied at any time to go two ways.
#[repr(C)]
pub struct mg_sha1_ctx {
    /// Chaining value.
    pub state: [u32; 5],
    /// Number of bits so far, low word first.
    pub count: [u32; 2],
    /// Input of the block that is not complete yet.
    pub buffer: [c_uchar; 64],
}

/// A running SHA-256 computation (FIPS 180-4). Plain data: may be copied at any time to go two
/// ways.
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

/// A running SHA-384 computation (FIPS 180-4). Plain data: may be copied at any time to go two
/// ways.
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

/// A hash function with a digest of `SIZE` bytes.
trait Hash<const SIZE: usize> {
    const START: Self;
    fn update(&mut self, input: &[u8]);
    /// The digest. Leaves a state that is of no use.
    fn finish(&mut self) -> [u8; SIZE];
}

impl Hash<16> for mg_md5_ctx {
    const START: Self = mg_md5_ctx {
        buf: [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476],
        bits: [0; 2],
        r#in: [0; 64],
    };

    fn update(&mut self, input: &[u8]) {
        let held = add_bits(&mut self.bits, input.len());
        absorb(&mut self.r#in, held, input, |blocks| {
            md5::block_api::compress(&mut self.buf, blocks);
        });
    }

    fn finish(&mut self) -> [u8; 16] {
        let bits = join(self.bits);
        pad(&mut self.r#in, held(bits), bits.to_le_bytes(), |blocks| {
            md5::block_api::compress(&mut self.buf, blocks);
        });
        digest(&self.buf, u32::to_le_bytes)
    }
}

impl Hash<20> for mg_sha1_ctx {
    const START: Self = mg_sha1_ctx {
        state: [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0],
        count: [0; 2],
        buffer: [0; 64],
    };

    fn update(&mut self, input: &[u8]) {
        let held = add_bits(&mut self.count, input.len());
        absorb(&mut self.buffer, held, input, |blocks| {
            sha1::block_api::compress(&mut self.state, blocks);
        });
    }

    fn finish(&mut self) -> [u8; 20] {
        let bits = join(self.count);
        pad(&mut self.buffer, held(bits), bits.to_be_bytes(), |blocks| {
            sha1::block_api::compress(&mut self.state, blocks)
        });
        digest(&self.state, u32::to_be_bytes)
    }
}

impl Hash<32> for mg_sha256_ctx {
    const START: Self = mg_sha256_ctx {
        state: [
            0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
            0x5be0cd19,
        ],
        bits: 0,
        len: 0,
        buffer: [0; 64],
    };

    fn update(&mut self, input: &[u8]) {
        let held = absorb(&mut self.buffer, self.len as usize, input, |blocks| {
            sha2::block_api::compress256(&mut self.state, blocks);
            self.bits = self.bits.wrapping_add(512 * blocks.len() as u64);
        });
        self.len = held as u32;
    }

    fn finish(&mut self) -> [u8; 32] {
        let bits = self.bits.wrapping_add(8 * u64::from(self.len));
        let held = self.len as usize;
        pad(&mut self.buffer, held, bits.to_be_bytes(), |blocks| {
            sha2::block_api::compress256(&mut self.state, blocks);
        });
        digest(&self.state, u32::to_be_bytes)
    }
}

impl Hash<48> for mg_sha384_ctx {
    const START: Self = mg_sha384_ctx {
        state: [
            0xcbbb9d5dc1059ed8,
            0x629a292a367cd507,
            0x9159015a3070dd17,
            0x152fecd8f70e5939,
            0x67332667ffc00b31,
            0x8eb44a8768581511,
            0xdb0c2e0d64f98fa7,
            0x47b5481dbefa4fa4,
        ],
        buffer: [0; 128],
        bitlen: [0; 2],
        datalen: 0,
    };

    fn update(&mut self, input: &[u8]) {
        let mut blocks_seen = 0;
        let held = absorb(&mut self.buffer, self.datalen as usize, input, |blocks| {
            sha2::block_api::compress512(&mut self.state, blocks);
            blocks_seen += blocks.len() as u128;
        });
        self.datalen = held as u32;
        let bits = self.processed_bits().wrapping_add(1024 * blocks_seen);
        self.bitlen = [(bits >> 64) as u64, bits as u64];
    }

    fn finish(&mut self) -> [u8; 48] {
        let bits = self
            .processed_bits()
            .wrapping_add(8 * u128::from(self.datalen));
        let held = self.datalen as usize;
        pad(&mut self.buffer, held, bits.to_be_bytes(), |blocks| {
            sha2::block_api::compress512(&mut self.state, blocks);
        });
        digest(&self.state[..6], u64::to_be_bytes)
    }
}

impl mg_sha384_ctx {
    fn processed_bits(&self) -> u128 {
        u128::from(self.bitlen[0]) << 64 | u128::from(self.bitlen[1])
    }
}

fn join([low, high]: [u32; 2]) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

/// Bytes in the buffer after `bits` bits.
fn held(bits: u64) -> usize {
    (bits / 8 % 64) as usize
}

/// Counts `len` more bytes; returns how many bytes the buffer held before.
fn add_bits(count: &mut [u32; 2], len: usize) -> usize {
    let before = join(*count);
    let after = before.wrapping_add((len as u64).wrapping_mul(8));
    *count = [after as u32, (after >> 32) as u32];
    held(before)
}

/// The words of a chaining value as bytes.
fn digest<T: Copy, const WORD: usize, const SIZE: usize>(
    state: &[T],
    to_bytes: impl Fn(T) -> [u8; WORD],
) -> [u8; SIZE] {
    let mut digest = [0; SIZE];
    for (bytes, &word) in digest.chunks_exact_mut(WORD).zip(state) {
        bytes.copy_from_slice(&to_bytes(word));
    }
    digest
}

/// # Safety
/// `ctx` is NULL or writable.
unsafe fn init<H: Hash<SIZE>, const SIZE: usize>(ctx: *mut H) {
    if !ctx.is_null() {
        // SAFETY: forwarded from the caller.
        unsafe { ctx.write(H::START) };
    }
}

/// # Safety
/// `ctx` is NULL or a context that was initialised; `data` is NULL or readable over `len` bytes
/// outside `ctx`.
unsafe fn update<H: Hash<SIZE>, const SIZE: usize>(ctx: *mut H, data: *const u8, len: usize) {
    guard((), || {
        // SAFETY: forwarded from the caller.
        if let Some(ctx) = unsafe { ctx.as_mut() } {
            // SAFETY: forwarded from the caller.
            ctx.update(unsafe { bytes(data, len) });
        }
    });
}

/// # Safety
/// `ctx` is NULL or a context that was initialised; `to` is NULL or writable over `SIZE` bytes.
unsafe fn finish<H: Hash<SIZE>, const SIZE: usize>(ctx: *mut H, to: *mut u8) {
    guard((), || {
        // SAFETY: forwarded from the caller.
        if let Some(digest) = unsafe { ctx.as_mut() }.map(H::finish) {
            // SAFETY: forwarded from the caller; the context is dead.
            unsafe {
                wipe(ctx.cast(), size_of::<H>());
                store(digest, to);
            }
        }
    });
}

/// # Safety
/// `to` is NULL or writable over `SIZE` bytes.
unsafe fn store<const SIZE: usize>(digest: [u8; SIZE], to: *mut u8) {
    if !to.is_null() {
        // SAFETY: forwarded from the caller; a local array cannot overlap.
        unsafe { to.copy_from_nonoverlapping(digest.as_ptr(), SIZE) };
    }
}

/// Starts an MD5 computation (RFC 1321). MD5 is broken: only for old protocols.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_md5_init(c: *mut mg_md5_ctx) {
    // SAFETY: pointer contract.
    unsafe { init(c) };
}

/// Adds `len` bytes to an MD5 computation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_md5_update(c: *mut mg_md5_ctx, data: *const c_uchar, len: usize) {
    // SAFETY: pointer contract.
    unsafe { update(c, data, len) };
}

/// Ends an MD5 computation: stores the 16 bytes of the digest and wipes the context. Note the
/// order of the arguments, unlike that of the other hashes.
/// cbindgen:ptrs-as-arrays=[[digest;16]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_md5_final(c: *mut mg_md5_ctx, digest: *mut c_uchar) {
    // SAFETY: pointer contract.
    unsafe { finish(c, digest) };
}

/// Starts a SHA-1 computation (FIPS 180-4). SHA-1 is broken: only for old protocols.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha1_init(context: *mut mg_sha1_ctx) {
    // SAFETY: pointer contract.
    unsafe { init(context) };
}

/// Adds `len` bytes to a SHA-1 computation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha1_update(
    context: *mut mg_sha1_ctx,
    data: *const c_uchar,
    len: usize,
) {
    // SAFETY: pointer contract.
    unsafe { update(context, data, len) };
}

/// Ends a SHA-1 computation: stores the 20 bytes of the digest and wipes the context.
/// cbindgen:ptrs-as-arrays=[[digest;20]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha1_final(digest: *mut c_uchar, context: *mut mg_sha1_ctx) {
    // SAFETY: pointer contract.
    unsafe { finish(context, digest) };
}

/// Starts a SHA-256 computation (FIPS 180-4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha256_init(ctx: *mut mg_sha256_ctx) {
    // SAFETY: pointer contract.
    unsafe { init(ctx) };
}

/// Adds `len` bytes to a SHA-256 computation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha256_update(
    ctx: *mut mg_sha256_ctx,
    data: *const c_uchar,
    len: usize,
) {
    // SAFETY: pointer contract.
    unsafe { update(ctx, data, len) };
}

/// Ends a SHA-256 computation: stores the 32 bytes of the digest and wipes the context.
/// cbindgen:ptrs-as-arrays=[[digest;32]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha256_final(digest: *mut c_uchar, ctx: *mut mg_sha256_ctx) {
    // SAFETY: pointer contract.
    unsafe { finish(ctx, digest) };
}

/// Stores the SHA-256 digest of `datasz` bytes. `data` may be NULL when there are none, and `dst`
/// may be `data`. Thread-safe.
/// cbindgen:ptrs-as-arrays=[[dst;32]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha256(dst: *mut u8, data: *mut u8, datasz: usize) {
    // SAFETY: pointer contract; the result is stored when the input is no longer looked at.
    guard((), || unsafe {
        store::<32>(sha2::Sha256::digest(bytes(data, datasz)).into(), dst);
    });
}

/// Stores the HMAC-SHA-256 (RFC 2104) of `datasz` bytes with a key of `keysz` bytes. `dst` may be
/// `data` or `key`; NULL is allowed where the length is 0. Thread-safe.
/// cbindgen:ptrs-as-arrays=[[dst;32]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_hmac_sha256(
    dst: *mut u8,
    key: *mut u8,
    keysz: usize,
    data: *mut u8,
    datasz: usize,
) {
    // SAFETY: pointer contract; the result is stored when the input is no longer looked at.
    guard((), || unsafe {
        store(
            super::hmac_sha256(bytes(key, keysz), &[bytes(data, datasz)]),
            dst,
        );
    });
}

/// Starts a SHA-384 computation (FIPS 180-4).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha384_init(ctx: *mut mg_sha384_ctx) {
    // SAFETY: pointer contract.
    unsafe { init(ctx) };
}

/// Adds `len` bytes to a SHA-384 computation.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha384_update(ctx: *mut mg_sha384_ctx, data: *const u8, len: usize) {
    // SAFETY: pointer contract.
    unsafe { update(ctx, data, len) };
}

/// Ends a SHA-384 computation: stores the 48 bytes of the digest and wipes the context.
/// cbindgen:ptrs-as-arrays=[[digest;48]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha384_final(digest: *mut u8, ctx: *mut mg_sha384_ctx) {
    // SAFETY: pointer contract.
    unsafe { finish(ctx, digest) };
}

/// Stores the SHA-384 digest of `datasz` bytes. `data` may be NULL when there are none, and `dst`
/// may be `data`. Thread-safe.
/// cbindgen:ptrs-as-arrays=[[dst;48]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_sha384(dst: *mut u8, data: *mut u8, datasz: usize) {
    // SAFETY: pointer contract; the result is stored when the input is no longer looked at.
    guard((), || unsafe {
        store::<48>(sha2::Sha384::digest(bytes(data, datasz)).into(), dst);
    });
}

#[cfg(test)]
mod tests {
    use super::{Hash, mg_md5_ctx, mg_sha1_ctx, mg_sha256_ctx, mg_sha384_ctx};
    use proptest::prelude::*;
    use sha2::Digest;

    /// Feeds `input` in pieces that end at `ends`; goes on with a copy of the context each time.
    fn in_pieces<H: Hash<SIZE>, const SIZE: usize>(input: &[u8], ends: &[usize]) -> [u8; SIZE] {
        let mut context = H::START;
        let mut from = 0;
        for &end in ends.iter().chain([&input.len()]) {
            context.update(&input[from..end]);
            // SAFETY: contexts are plain data, as C sees them.
            context = unsafe { std::ptr::read(&context) };
            from = end;
        }
        context.finish()
    }

    fn digest<D: Digest, const SIZE: usize>(input: &[u8]) -> [u8; SIZE] {
        D::digest(input).to_vec().try_into().expect("the size")
    }

    proptest! {
        #[test]
        fn pieces_give_the_digest_of_the_whole(
            input in prop::collection::vec(any::<u8>(), 0..1000),
            mut ends in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut ends: Vec<usize> = ends.drain(..).map(|end| end.index(input.len() + 1)).collect();
            ends.sort_unstable();
            prop_assert_eq!(in_pieces::<mg_md5_ctx, 16>(&input, &ends), digest::<md5::Md5, 16>(&input));
            prop_assert_eq!(in_pieces::<mg_sha1_ctx, 20>(&input, &ends), digest::<sha1::Sha1, 20>(&input));
            prop_assert_eq!(in_pieces::<mg_sha256_ctx, 32>(&input, &ends), digest::<sha2::Sha256, 32>(&input));
            prop_assert_eq!(in_pieces::<mg_sha384_ctx, 48>(&input, &ends), digest::<sha2::Sha384, 48>(&input));
        }
    }
}
