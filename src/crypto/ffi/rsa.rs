#![allow(unsafe_code)]
#![allow(non_snake_case)]

use crate::crypto::rsa::{self, CrtKey};
use crate::ffi::guard;
use crate::ffi::str::bytes;
use std::ffi::c_int;
use zeroize::Zeroizing;

/// Longest modulus and longest result, in bytes.
const MAX_SIZE: usize = 512;

/// Stores what `compute` makes of a buffer of `len` bytes: 0. Stores zeros when it fails: -1. The
/// inputs may be where the result goes.
///
/// # Safety
/// `to` is NULL or writable over `len` bytes.
unsafe fn store(to: *mut u8, len: usize, compute: impl FnOnce(&mut [u8]) -> Option<()>) -> c_int {
    if to.is_null() {
        return -1;
    }
    let mut result = Zeroizing::new([0; MAX_SIZE]);
    let done = result.get_mut(..len).and_then(compute).is_some();
    // SAFETY: forwarded from the caller.
    unsafe {
        if done {
            to.copy_from_nonoverlapping(result.as_ptr(), len);
            0
        } else {
            to.write_bytes(0, len);
            -1
        }
    }
}

/// RSA: computes msg ^ exp mod mod, in a time that depends on the lengths only.
///
/// All numbers are big-endian; leading zeros of `mod` and `exp` are ignored. The modulus is odd and
/// has 256 to 512 bytes (2048 to 4096 bits); `msgsz` and `outsz` are that size, `msg` is smaller
/// than the modulus, and `exp` is not 0 and not longer. Returns 0; -1, with `out` zeroed, for
/// anything else. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rsa_mod_pow(
    r#mod: *const u8,
    modsz: usize,
    exp: *const u8,
    expsz: usize,
    msg: *const u8,
    msgsz: usize,
    out: *mut u8,
    outsz: usize,
) -> c_int {
    // SAFETY: pointer contract.
    guard(-1, || unsafe {
        store(out, outsz, |result| {
            let (modulus, exponent) = (bytes(r#mod, modsz), bytes(exp, expsz));
            rsa::mod_pow(modulus, exponent, bytes(msg, msgsz), result)
        })
    })
}

/// RSA private operation on a padded message `em` with the Chinese remainder theorem (RFC 8017,
/// section 5.2.1), in a time that depends on the lengths only.
///
/// All numbers are big-endian; leading zeros are ignored. `p` and `q` have at least 128 bytes;
/// `sig_len` is the size of their product, the modulus, 256 to 512 bytes; `em` is smaller than the
/// modulus. Returns 0; -1, with `signature` zeroed, for anything else. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rsa_crt_sign(
    em: *const u8,
    em_len: usize,
    dP: *const u8,
    dP_len: usize,
    dQ: *const u8,
    dQ_len: usize,
    p: *const u8,
    p_len: usize,
    q: *const u8,
    q_len: usize,
    qInv: *const u8,
    qInv_len: usize,
    signature: *mut u8,
    sig_len: usize,
) -> c_int {
    // SAFETY: pointer contract.
    guard(-1, || unsafe {
        store(signature, sig_len, |result| {
            let key = CrtKey {
                p: bytes(p, p_len),
                q: bytes(q, q_len),
                dp: bytes(dP, dP_len),
                dq: bytes(dQ, dQ_len),
                q_inv: bytes(qInv, qInv_len),
            };
            rsa::crt_sign(&key, bytes(em, em_len), result)
        })
    })
}

/// Whether a decoded signature `em` of `nlen` bytes, the size of the modulus, is the PKCS#1 v1.5
/// encoding (RFC 8017, section 9.2) of a hash: SHA-256 when `hashlen` is 32, SHA-384 when it is 48,
/// else false. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rsa_pkcs_verify(
    em: *const u8,
    nlen: usize,
    hash: *const u8,
    hashlen: usize,
) -> bool {
    // SAFETY: pointer contract.
    guard(false, || unsafe {
        rsa::is_pkcs1_of(bytes(em, nlen), bytes(hash, hashlen))
    })
}

/// Whether a decoded signature `em` of `nlen` bytes, the size of the modulus, is a PSS encoding
/// (RFC 8017, section 9.1) of the 32-byte SHA-256 hash `mhash`, with MGF1 and a salt of 32 bytes.
/// The highest bit of the modulus is set. False for sizes under 66 and over 512. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_rsa_verify(em: *const u8, nlen: usize, mhash: *const u8) -> bool {
    // SAFETY: pointer contract.
    guard(false, || unsafe {
        mhash
            .cast::<[u8; 32]>()
            .as_ref()
            .is_some_and(|hash| rsa::is_pss_of(bytes(em, nlen), hash))
    })
}
