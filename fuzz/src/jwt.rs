//! JSON Web Tokens.

use mongoose::ffi::mg_str;
use mongoose::jwt::ffi::*;
use std::ffi::c_char;

const PRIVATE: [u8; 32] = [7; 32];

fn options<'a>(
    claims: &'a [u8],
    kid: &'a [u8],
    header: &'a [u8],
    public: &'a [u8; 64],
) -> mg_jwt_opts {
    mg_jwt_opts {
        claims: mg_str::from_bytes(claims),
        header: mg_str::from_bytes(header),
        kid: mg_str::from_bytes(kid),
        secret: mg_str::from_bytes(b"secret"),
        private_key: PRIVATE.as_ptr(),
        public_key: public.as_ptr(),
    }
}

type Sign = unsafe extern "C" fn(*const mg_jwt_opts, *mut c_char, usize) -> usize;
type Verify = unsafe extern "C" fn(mg_str, *const mg_jwt_opts, *mut c_char, usize) -> usize;
const ALGORITHMS: [(Sign, Verify); 2] = [
    (mg_jwt_sign_hs256, mg_jwt_verify_hs256),
    (mg_jwt_sign_es256, mg_jwt_verify_es256),
];

fn public() -> [u8; 64] {
    use mongoose::crypto::ffi::*;
    let mut public = [0; 64];
    // SAFETY: the keys have the sizes of this curve.
    let made = unsafe {
        mg_uecc_compute_public_key(PRIVATE.as_ptr(), public.as_mut_ptr(), mg_uecc_secp256r1())
    };
    assert_eq!(made, 1);
    public
}

/// Any token: if it verifies, signing its claims gives a token that verifies too.
pub fn token(data: &[u8]) {
    let public = public();
    let mut claims = vec![0; data.len() + 1];
    for (sign, verify) in ALGORITHMS {
        let opts = options(b"", b"", b"", &public);
        // SAFETY: token, options and buffer are live.
        let n = unsafe {
            verify(
                mg_str::from_bytes(data),
                &raw const opts,
                claims.as_mut_ptr(),
                claims.len(),
            )
        };
        assert!(n < data.len().max(1));
        if n > 0 {
            let claims: Vec<u8> = claims[..n].iter().map(|&c| c as u8).collect();
            round_trip(&options(&claims, b"", b"", &public), &claims, sign, verify);
        }
    }
}

/// Claims, kid and header in three lines: what is signed verifies, and nothing with a byte changed.
pub fn content(data: &[u8]) {
    let public = public();
    let mut lines = data.splitn(3, |&b| b == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (kid, header, claims) = (line(), line(), line());
    // A header may make a token that must be rejected: with crit, or with no JSON.
    let opts = options(claims, kid, b"", &public);
    for (sign, verify) in ALGORITHMS {
        if !claims.is_empty() {
            round_trip(&opts, claims, sign, verify);
        }
        let opts = options(claims, kid, header, &public);
        let mut buf = vec![0; 8 * data.len() + 300];
        // SAFETY: options and buffer are live.
        unsafe {
            let n = sign(&raw const opts, buf.as_mut_ptr(), buf.len());
            let token = mg_str {
                buf: buf.as_mut_ptr(),
                len: n,
            };
            let mut out = vec![0; buf.len()];
            assert!(verify(token, &raw const opts, out.as_mut_ptr(), out.len()) <= claims.len());
        }
    }
}

fn round_trip(opts: &mg_jwt_opts, claims: &[u8], sign: Sign, verify: Verify) {
    let mut token = vec![0; 8 * (claims.len() + opts.kid.len) + 300];
    let mut out = vec![b'#' as c_char; claims.len() + 1];
    // SAFETY: options and buffers are live.
    unsafe {
        let n = sign(opts, token.as_mut_ptr(), token.len());
        assert!(n > 0 && token[n] == 0);
        assert_eq!(sign(opts, token.as_mut_ptr(), n + 1), n);
        assert_eq!(sign(opts, vec![0; n].as_mut_ptr(), n), 0);
        let view = mg_str {
            buf: token.as_mut_ptr(),
            len: n,
        };
        assert_eq!(
            verify(view, opts, out.as_mut_ptr(), out.len()),
            claims.len()
        );
        assert!(
            out.iter().zip(claims).all(|(&c, &byte)| c as u8 == byte) && out[claims.len()] == 0
        );
        token[claims.len() % n] ^= 1;
        assert_eq!(verify(view, opts, out.as_mut_ptr(), out.len()), 0);
    }
}
