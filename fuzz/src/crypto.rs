//! Keys and signatures.

use mongoose::crypto::ffi::*;
use mongoose::ffi::mg_str;

/// Any file: a key that is found has a public key, and shares secrets.
pub fn private_key(data: &[u8]) {
    let curve = mg_uecc_secp256r1();
    let (mut key, mut public, mut secret) = ([0x5a; 33], [0; 64], [0; 32]);
    let file = mg_str::from_bytes(data);
    // SAFETY: file, key and results are live and have the sizes of this curve.
    unsafe {
        assert_eq!(mg_uecc_parse_private_key(file, key.as_mut_ptr(), 31), 0);
        let n = mg_uecc_parse_private_key(file, key.as_mut_ptr(), 33);
        assert!(n == 0 && key[..32] == [0x5a; 32] || n == 32);
        assert_eq!(key[32], 0x5a);
        let made = mg_uecc_compute_public_key(key.as_ptr(), public.as_mut_ptr(), curve);
        assert!(n == 0 || made == 1 && mg_uecc_valid_public_key(public.as_ptr(), curve) == 1);
        let shared =
            mg_uecc_shared_secret(public.as_ptr(), key.as_ptr(), secret.as_mut_ptr(), curve);
        assert!(n == 0 || shared == 1);
    }
}

/// A curve, a public key, a signature, and the rest a hash: verification and decompression agree on
/// which keys there are, and no signature is accepted for another hash.
pub fn signature(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let (curve, size) = if first & 1 == 0 {
        (mg_uecc_secp256r1(), 32)
    } else {
        (mg_uecc_secp384r1(), 48)
    };
    let Some((key, rest)) = rest.split_at_checked(2 * size) else {
        return;
    };
    let Some((signature, hash)) = rest.split_at_checked(2 * size) else {
        return;
    };
    let (mut packed, mut unpacked, mut secret) = ([0; 49], [0; 96], [0; 48]);
    // SAFETY: everything is live and has the size of the curve.
    unsafe {
        let valid = mg_uecc_valid_public_key(key.as_ptr(), curve) == 1;
        let verify = |hash: &[u8]| {
            mg_uecc_verify(
                key.as_ptr(),
                hash.as_ptr(),
                hash.len() as u32,
                signature.as_ptr(),
                curve,
            ) == 1
        };
        let verified = verify(hash);
        assert!(valid || !verified);
        if verified && !hash.is_empty() {
            let mut other = hash.to_vec();
            other[0] ^= 1;
            assert!(!verify(&other));
        }
        mg_uecc_compress(key.as_ptr(), packed.as_mut_ptr(), curve);
        mg_uecc_decompress(packed.as_ptr(), unpacked.as_mut_ptr(), curve);
        assert!(!valid || unpacked[..2 * size] == *key);
        assert!(unpacked == [0; 96] || mg_uecc_valid_public_key(unpacked.as_ptr(), curve) == 1);
        let shared =
            mg_uecc_shared_secret(key.as_ptr(), signature.as_ptr(), secret.as_mut_ptr(), curve);
        assert!(valid || shared == 0);
    }
}
