//! ECDSA signatures without random numbers.
#![forbid(unsafe_code)]

use super::ecc::{self, Curve, Scalar};
use ecdsa::elliptic_curve::FieldBytes;
use zeroize::Zeroizing;

/// Longest result of a `Mac`.
pub const MAX_MAC: usize = 64;

/// HMAC with some hash function.
pub trait Mac {
    /// Length of the result, from 1 to `MAX_MAC`.
    fn size(&self) -> usize;
    fn compute(&mut self, key: &[u8], message: &[&[u8]]) -> Zeroizing<[u8; MAX_MAC]>;
}

/// HMAC-SHA-256.
pub struct HmacSha256;

impl Mac for HmacSha256 {
    fn size(&self) -> usize {
        32
    }

    fn compute(&mut self, key: &[u8], message: &[&[u8]]) -> Zeroizing<[u8; MAX_MAC]> {
        let mut result = Zeroizing::new([0; MAX_MAC]);
        result[..32].copy_from_slice(&crate::hash::hmac_sha256(key, message));
        result
    }
}

/// Signs `hash` with a nonce that private key and hash determine. It is that of RFC 6979 section
/// 3.2, except that the hash enters as it is and that the candidates are taken as little-endian.
pub fn sign_deterministic<C: Curve>(
    private: &Scalar<C>,
    hash: &[u8],
    mac: &mut dyn Mac,
    signature: &mut [u8],
) -> Option<()> {
    let key = Zeroizing::new(FieldBytes::<C>::from(&**private));
    let mut generator = Generator::new(mac, &key, hash);
    for _ in 0..ecc::ATTEMPTS {
        let mut candidate = Zeroizing::new(FieldBytes::<C>::default());
        generator.fill(&mut candidate);
        candidate.reverse();
        let made =
            ecc::scalar::<C>(&candidate).and_then(|k| ecc::sign(private, &k, hash, signature));
        if made.is_some() {
            return made;
        }
        generator.reseed(&[&[0]]);
    }
    None
}

/// HMAC_DRBG, with the variables of RFC 6979.
struct Generator<'a> {
    mac: &'a mut dyn Mac,
    k: Zeroizing<[u8; MAX_MAC]>,
    v: Zeroizing<[u8; MAX_MAC]>,
}

impl<'a> Generator<'a> {
    fn new(mac: &'a mut dyn Mac, private: &[u8], hash: &[u8]) -> Self {
        let k = Zeroizing::new([0; MAX_MAC]);
        let v = Zeroizing::new([1; MAX_MAC]);
        let mut generator = Self { mac, k, v };
        generator.reseed(&[&[0], private, hash]);
        generator.reseed(&[&[1], private, hash]);
        generator
    }

    fn reseed(&mut self, input: &[&[u8]]) {
        let size = self.mac.size();
        let mut message = vec![&self.v[..size]];
        message.extend(input);
        self.k = self.mac.compute(&self.k[..size], &message);
        self.step();
    }

    fn step(&mut self) {
        let size = self.mac.size();
        self.v = self.mac.compute(&self.k[..size], &[&self.v[..size]]);
    }

    fn fill(&mut self, output: &mut [u8]) {
        for piece in output.chunks_mut(self.mac.size()) {
            self.step();
            piece.copy_from_slice(&self.v[..piece.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::ecc::NistP256;
    use sha2::{Digest, Sha256};

    /// The key and messages of RFC 6979 section A.2.5; the signatures are those of other
    /// implementations of the C interface.
    #[test]
    fn vectors() {
        let key = unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
        let key = ecc::scalar::<NistP256>(&key).unwrap();
        let vectors = [
            (
                "sample",
                "a8e9a5e4a1ac9d43afd3865d82b72fe9dd71f8b42f587add422b9946f35bde13\
                 7292763ada696a73b0c62f9b0fb14ee20c5a8e0815cf538007d5fdc6ab00c2d0",
            ),
            (
                "test",
                "d28d9ec3122a1612fbad5f71600e6a45a6585ba7d7ead4aa58e53b8437c10b71\
                 93453f2cdc3df0621588595f26b8184670ab27528838a5ba11d8f86ea01c2c76",
            ),
        ];
        for (message, expected) in vectors {
            let mut signature = [0; 64];
            let hash = Sha256::digest(message);
            sign_deterministic::<NistP256>(&key, &hash, &mut HmacSha256, &mut signature).unwrap();
            assert_eq!(signature, unhex(expected)[..]);
            let mut public = [0; 64];
            ecc::public_key::<NistP256>(&key, &mut public);
            assert!(ecc::verify::<NistP256>(&public, &hash, &signature));
        }
    }

    fn unhex(text: &str) -> Vec<u8> {
        let pairs = text.as_bytes().chunks(2);
        let digits = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
        digits
            .map(|digits| u8::from_str_radix(digits, 16).unwrap())
            .collect()
    }
}
