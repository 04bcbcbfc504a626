#![allow(unsafe_code)]

use super::{Content, SigningKey, VerifyingKey, sign, verify};
use crate::ffi::{guard, mg_str};
use std::ffi::c_char;

/// What goes into a JSON Web Token, and the keys.
#[repr(C)]
pub struct mg_jwt_opts {
    /// To sign: claims, a JSON object, taken as it stands.
    pub claims: mg_str,
    /// To sign: more header members as JSON, without braces; may be empty.
    pub header: mg_str,
    /// To sign: key id for the header; may be empty.
    pub kid: mg_str,
    /// HS256: the shared secret.
    pub secret: mg_str,
    /// ES256, to sign: private key, 32 bytes, big-endian.
    pub private_key: *const u8,
    /// ES256, to verify: public key, X and Y, 64 bytes, big-endian.
    pub public_key: *const u8,
}

/// Makes a JSON Web Token (RFC 7519) with an HMAC-SHA-256 signature from `claims`, `header`, `kid`
/// and `secret`.
///
/// Stores it with a NUL in `buf` of `len` bytes. Returns its length; 0 when there are no claims or
/// the room does not suffice. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_jwt_sign_hs256(
    opts: *const mg_jwt_opts,
    buf: *mut c_char,
    len: usize,
) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        sign_into(opts, buf, len, |opts| {
            Some(SigningKey::Hs256(opts.secret.as_bytes()))
        })
    })
}

/// Makes a JSON Web Token (RFC 7519) with an ECDSA P-256 signature from `claims`, `header`, `kid` and
/// `private_key`. The same options always give the same token.
///
/// Stores it with a NUL in `buf` of `len` bytes. Returns its length; 0 when there are no claims, the
/// key is not valid, or the room does not suffice. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_jwt_sign_es256(
    opts: *const mg_jwt_opts,
    buf: *mut c_char,
    len: usize,
) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        sign_into(opts, buf, len, |opts| {
            opts.private_key
                .cast::<[u8; 32]>()
                .as_ref()
                .map(SigningKey::Es256)
        })
    })
}

/// # Safety
/// As for mg_jwt_sign_hs256().
unsafe fn sign_into(
    opts: *const mg_jwt_opts,
    buf: *mut c_char,
    len: usize,
    key: impl FnOnce(&mg_jwt_opts) -> Option<SigningKey<'_>>,
) -> usize {
    // SAFETY: forwarded from the caller.
    let token = unsafe { opts.as_ref() }.and_then(|opts| {
        // SAFETY: forwarded from the caller.
        let content = unsafe {
            Content {
                claims: opts.claims.as_bytes(),
                kid: opts.kid.as_bytes(),
                more_header: opts.header.as_bytes(),
            }
        };
        if content.claims.is_empty() {
            return None;
        }
        sign(&content, key(opts)?)
    });
    // SAFETY: forwarded from the caller.
    unsafe { store(token.as_deref(), buf, len) }
}

/// Checks the signature of a token against `opts->secret` and stores its claims with a NUL in `buf`
/// of `len` bytes; `buf` may be where the token is.
///
/// Returns their length; 0 when the token is not valid, its claims are empty, or the room does not
/// suffice. A token with a `crit` header, or not written exactly as RFC 7515 says, is not valid.
/// The claims (exp, nbf, aud, ...) are for the program to check. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_jwt_verify_hs256(
    jwt: mg_str,
    opts: *const mg_jwt_opts,
    buf: *mut c_char,
    len: usize,
) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        let key = opts.as_ref();
        let key = key.map(|opts| VerifyingKey::Hs256(opts.secret.as_bytes()));
        let claims = key.and_then(|key| verify(jwt.as_bytes(), key));
        store(claims.as_deref(), buf, len)
    })
}

/// Checks the signature of a token against `opts->public_key`; otherwise as mg_jwt_verify_hs256().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_jwt_verify_es256(
    jwt: mg_str,
    opts: *const mg_jwt_opts,
    buf: *mut c_char,
    len: usize,
) -> usize {
    // SAFETY: pointer contract.
    guard(0, || unsafe {
        let key = opts.as_ref();
        let key = key.and_then(|opts| opts.public_key.cast::<[u8; 64]>().as_ref());
        let claims = key.and_then(|key| verify(jwt.as_bytes(), VerifyingKey::Es256(key)));
        store(claims.as_deref(), buf, len)
    })
}

/// Stores a text with a NUL, or an empty text when it does not fit; returns its length, or 0.
/// Without a text, leaves the memory alone.
///
/// # Safety
/// `buf` is NULL or writable over `len` bytes.
unsafe fn store(text: Option<&[u8]>, buf: *mut c_char, len: usize) -> usize {
    let Some(text) = text.filter(|_| len > 0 && !buf.is_null()) else {
        return 0;
    };
    let stored = if text.len() < len { text } else { &[] };
    // SAFETY: forwarded from the caller; text and NUL fit.
    unsafe {
        buf.copy_from_nonoverlapping(stored.as_ptr().cast(), stored.len());
        buf.add(stored.len()).write(0);
    }
    stored.len()
}
