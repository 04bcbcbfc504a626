#![allow(unsafe_code)]

use crate::crypto::gcm;
use crate::ffi::guard;
use crate::ffi::str::bytes;
use aes::cipher::inout::InOutBuf;
use curve25519_dalek::MontgomeryPoint;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use std::ffi::{c_int, c_uchar};
use std::slice;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const TAG: usize = 16;

/// RFC 8439 section 2.8; AES-GCM has less.
const MAX_TEXT: u64 = (1 << 38) - 64;

/// The base point of Curve25519: 9 and 31 zeros.
#[unsafe(no_mangle)]
pub static X25519_BASE_POINT: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 9;
    point
};

/// X25519 (RFC 7748): multiplies the point `x1` by `scalar`.
///
/// `clamp` nonzero prepares the scalar as the RFC says; pass X25519_BASE_POINT to get a public key.
/// The highest bit of `x1` is ignored, as the RFC says. `out` may be one of the inputs. Returns 0;
/// with `clamp`, -1 when the result is all zero, which a key exchange must refuse. Takes constant
/// time. Thread-safe.
/// cbindgen:ptrs-as-arrays=[[out;32], [scalar;32], [x1;32]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_tls_x25519(
    out: *mut u8,
    scalar: *const u8,
    x1: *const u8,
    clamp: c_int,
) -> c_int {
    guard(-1, || {
        if out.is_null() || scalar.is_null() || x1.is_null() {
            return -1;
        }
        // SAFETY: pointer contract.
        let (scalar, point) = unsafe {
            let scalar = Zeroizing::new(scalar.cast::<[u8; 32]>().read());
            (scalar, MontgomeryPoint(x1.cast::<[u8; 32]>().read()))
        };
        let product = if clamp != 0 {
            point.mul_clamped(*scalar)
        } else {
            let bytes = scalar.iter().rev();
            point.mul_bits_be(bytes.flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1 == 1)))
        };
        // SAFETY: pointer contract; the inputs are no longer looked at.
        unsafe { out.copy_from_nonoverlapping(product.0.as_ptr(), 32) };
        let zero: bool = product.0.ct_eq(&[0; 32]).into();
        if clamp != 0 && zero { -1 } else { 0 }
    })
}

/// Nothing to do any more; returns 0.
#[unsafe(no_mangle)]
pub extern "C" fn mg_gcm_initialize() -> c_int {
    0
}

/// Encrypts with AES-GCM (NIST SP 800-38D) and stores the first `tag_len` bytes of the tag, at most
/// 16.
///
/// The key has 16, 24 or 32 bytes. `iv` has any length, usually 12 bytes, and must never be used
/// twice with one key. `aead` is additional data that is authenticated only; NULL for none.
/// `output` has `input_length` bytes and may be `input`. Returns 0; -1 on lengths that AES-GCM does
/// not have, and then nothing is written. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_aes_gcm_encrypt(
    output: *mut c_uchar,
    input: *const c_uchar,
    input_length: usize,
    key: *const c_uchar,
    key_len: usize,
    iv: *const c_uchar,
    iv_len: usize,
    aead: *mut c_uchar,
    aead_len: usize,
    tag: *mut c_uchar,
    tag_len: usize,
) -> c_int {
    guard(-1, || {
        let tag_fits = tag_len <= TAG && (tag_len == 0 || !tag.is_null());
        // SAFETY: pointer contract.
        let made = unsafe {
            given(iv, iv_len)
                .zip(given(aead, aead_len))
                .zip(text(input, output, input_length))
                .filter(|_| tag_fits)
                .and_then(|((iv, aead), text)| gcm::encrypt(bytes(key, key_len), iv, aead, text))
        };
        let Some(made) = made else { return -1 };
        if tag_len > 0 {
            // SAFETY: pointer contract; tag_len <= 16.
            unsafe { tag.copy_from_nonoverlapping(made.as_ptr(), tag_len) };
        }
        0
    })
}

/// Decrypts what mg_aes_gcm_encrypt() made, and compares `tag_len` bytes of the tag in constant
/// time; with a `tag_len` of 0 nothing is authenticated.
///
/// Returns 0; -1 when the tag is wrong or a length is bad, and then nothing is written.
/// Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_aes_gcm_decrypt(
    output: *mut c_uchar,
    input: *const c_uchar,
    input_length: usize,
    key: *const c_uchar,
    key_len: usize,
    iv: *const c_uchar,
    iv_len: usize,
    aead: *mut c_uchar,
    aead_len: usize,
    tag: *const c_uchar,
    tag_len: usize,
) -> c_int {
    guard(-1, || {
        // SAFETY: pointer contract.
        let done = unsafe {
            given(iv, iv_len)
                .zip(given(aead, aead_len))
                .zip(given(tag, tag_len))
                .zip(text(input, output, input_length))
                .and_then(|(((iv, aead), tag), text)| {
                    gcm::decrypt(bytes(key, key_len), iv, aead, text, tag)
                })
        };
        if done.is_some() { 0 } else { -1 }
    })
}

/// The bytes of an argument; `None` for NULL with a length.
///
/// # Safety
/// Pointer contract; see [`bytes`].
unsafe fn given<'a>(p: *const u8, len: usize) -> Option<&'a [u8]> {
    // SAFETY: forwarded from the caller.
    (len == 0 || !p.is_null()).then(|| unsafe { bytes(p, len) })
}

/// Input and output of a cipher. Where they overlap in part, the input is moved to the output
/// first.
///
/// # Safety
/// Pointer contract: `input` is readable and `output` writable over `len` bytes.
unsafe fn text<'a>(input: *const u8, output: *mut u8, len: usize) -> Option<InOutBuf<'a, 'a, u8>> {
    if len == 0 {
        return Some(InOutBuf::from(&mut [][..]));
    }
    if input.is_null() || output.is_null() || len as u64 > MAX_TEXT {
        return None;
    }
    let mut source = input;
    if input != output && overlap(input, len, output, len) {
        // SAFETY: forwarded from the caller.
        unsafe { output.copy_from(input, len) };
        source = output;
    }
    // SAFETY: forwarded from the caller; the regions are the same or disjoint.
    Some(unsafe { InOutBuf::from_raw(source, output, len) })
}

/// Whether two memory regions have bytes in common.
fn overlap(a: *const u8, a_len: usize, b: *const u8, b_len: usize) -> bool {
    let (a, b) = (a.addr(), b.addr());
    a < b.saturating_add(b_len) && b < a.saturating_add(a_len)
}

const FAILED: usize = usize::MAX;

/// Encrypts with ChaCha20-Poly1305 (RFC 8439). `cipher_text` has room for `plain_text_size` + 16
/// bytes, the last 16 for the tag, and must not overlap `plain_text`.
///
/// `ad` is additional data that is authenticated only; NULL for none. A nonce must never be used
/// twice with one key. Returns the size of the result; (size_t) -1 when the regions overlap, and
/// then nothing is written. Thread-safe.
/// cbindgen:ptrs-as-arrays=[[key;32], [nonce;12]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_chacha20_poly1305_encrypt(
    cipher_text: *mut u8,
    key: *const u8,
    nonce: *const u8,
    ad: *const u8,
    ad_size: usize,
    plain_text: *const u8,
    plain_text_size: usize,
) -> usize {
    guard(FAILED, || {
        let size = plain_text_size;
        let Some(total) = size.checked_add(TAG) else {
            return FAILED;
        };
        if cipher_text.is_null()
            || size as u64 > MAX_TEXT
            || overlap(plain_text, size, cipher_text, total)
        {
            return FAILED;
        }
        // SAFETY: pointer contract; the regions are disjoint.
        let tag = unsafe {
            cipher(key, nonce).and_then(|(cipher, nonce)| {
                let plain = given(plain_text, size)?;
                let text = slice::from_raw_parts_mut(cipher_text, size);
                text.copy_from_slice(plain);
                let ad = Aad::from(bytes(ad, ad_size));
                cipher.seal_in_place_separate_tag(nonce, ad, text).ok()
            })
        };
        let Some(tag) = tag else { return FAILED };
        // SAFETY: pointer contract.
        unsafe {
            cipher_text
                .add(size)
                .copy_from_nonoverlapping(tag.as_ref().as_ptr(), TAG);
        }
        total
    })
}

/// Decrypts what mg_chacha20_poly1305_encrypt() made, into `cipher_text_size` - 16 bytes that must
/// not overlap it.
///
/// Returns the size of the result; (size_t) -1 when the tag is wrong, the input is shorter than a
/// tag or the regions overlap, and then nothing is written. Thread-safe.
/// cbindgen:ptrs-as-arrays=[[key;32], [nonce;12]]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_chacha20_poly1305_decrypt(
    plain_text: *mut u8,
    key: *const u8,
    nonce: *const u8,
    ad: *const u8,
    ad_size: usize,
    cipher_text: *const u8,
    cipher_text_size: usize,
) -> usize {
    guard(FAILED, || {
        let Some(size) = cipher_text_size.checked_sub(TAG) else {
            return FAILED;
        };
        if cipher_text.is_null() || overlap(cipher_text, cipher_text_size, plain_text, size) {
            return FAILED;
        }
        // SAFETY: pointer contract; the regions are disjoint.
        let done = unsafe {
            cipher(key, nonce).and_then(|(cipher, nonce)| {
                if size > 0 && plain_text.is_null() {
                    return None;
                }
                // Decrypted apart, because nothing is written when the tag is wrong.
                let mut text = Zeroizing::new(Vec::new());
                text.try_reserve_exact(cipher_text_size).ok()?;
                text.extend_from_slice(bytes(cipher_text, cipher_text_size));
                let ad = Aad::from(bytes(ad, ad_size));
                let plain = cipher.open_in_place(nonce, ad, &mut text).ok()?;
                plain_text.copy_from_nonoverlapping(plain.as_ptr(), plain.len());
                Some(())
            })
        };
        if done.is_some() { size } else { FAILED }
    })
}

/// # Safety
/// Pointer contract: both are NULL or readable, over 32 and 12 bytes.
unsafe fn cipher(key: *const u8, nonce: *const u8) -> Option<(LessSafeKey, Nonce)> {
    if key.is_null() || nonce.is_null() {
        return None;
    }
    // SAFETY: forwarded from the caller.
    let (key, nonce) = unsafe { (bytes(key, 32), nonce.cast::<[u8; 12]>().read()) };
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).ok()?;
    Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(nonce)))
}
