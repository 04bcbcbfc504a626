//! RSA (RFC 8017) on big-endian numbers: both operations, and what a signature must contain.
#![forbid(unsafe_code)]

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero, Odd};
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// Bytes of a modulus.
const MODULUS: RangeInclusive<usize> = 256..=512;

/// Fewest bytes of a prime factor.
const MIN_PRIME: usize = 128;

type Secret = Zeroizing<BoxedUint>;

/// Stores `message` ^ `exponent` mod `modulus`; all but the exponent are as long as the modulus
/// without leading zeros. Takes a time that depends on nothing but these lengths.
pub fn mod_pow(modulus: &[u8], exponent: &[u8], message: &[u8], result: &mut [u8]) -> Option<()> {
    let (modulus, exponent) = (trim(modulus), trim(exponent));
    let size = modulus.len();
    let lengths_fit = MODULUS.contains(&size)
        && (1..=size).contains(&exponent.len())
        && message.len() == size
        && result.len() == size;
    let ring = Ring::new(lengths_fit.then_some(modulus)?, size)?;
    let message = number(message, size)?;
    if *message >= **ring.modulus() {
        return None;
    }
    store(&ring.pow(&message, exponent)?.retrieve(), result);
    Some(())
}

/// The parts of a private key that the Chinese remainder theorem is about, named as in RFC 8017
/// section 3.2.
pub struct CrtKey<'a> {
    pub p: &'a [u8],
    pub q: &'a [u8],
    pub dp: &'a [u8],
    pub dq: &'a [u8],
    pub q_inv: &'a [u8],
}

/// The private operation (RFC 8017 section 5.2.1). The result is as long as the modulus, the
/// product of the primes.
pub fn crt_sign(key: &CrtKey, message: &[u8], result: &mut [u8]) -> Option<()> {
    let (p, q) = (trim(key.p), trim(key.q));
    let (message, q_inv) = (trim(message), trim(key.q_inv));
    let size = result.len();
    let half = p.len().max(q.len());
    let lengths_fit = MODULUS.contains(&size)
        && p.len().min(q.len()) >= MIN_PRIME
        && half < size
        && message.len() <= size;
    if !lengths_fit {
        return None;
    }
    let (p, q) = (Ring::new(p, half)?, Ring::new(q, half)?);
    let modulus = Zeroizing::new(p.modulus().concatenating_mul(&**q.modulus()));
    let message = number(message, 2 * half)?;
    let q_inv = number(q_inv, half)?;
    if modulus.bit_width().div_ceil(8) as usize != size
        || *message >= *modulus
        || *q_inv >= **p.modulus()
    {
        return None;
    }
    let m1 = p.pow(&p.reduce(&message), trim(key.dp))?;
    let m2 = Zeroizing::new(q.pow(&q.reduce(&message), trim(key.dq))?.retrieve());
    let difference = Zeroizing::new(m1.sub(&p.element(&p.reduce(&m2))));
    let h = Zeroizing::new(difference.mul(&p.element(&q_inv)).retrieve());
    let product = Zeroizing::new(h.concatenating_mul(&**q.modulus()));
    store(&Zeroizing::new(product.wrapping_add(&*m2)), result);
    Some(())
}

/// Arithmetic modulo an odd number.
struct Ring(BoxedMontyParams);

impl Ring {
    fn new(modulus: &[u8], size: usize) -> Option<Self> {
        let modulus = Odd::new(BoxedUint::clone(&*number(modulus, size)?)).into_option()?;
        Some(Self(BoxedMontyParams::new(modulus)))
    }

    fn modulus(&self) -> &Odd<BoxedUint> {
        self.0.modulus()
    }

    fn reduce(&self, number: &BoxedUint) -> Secret {
        let modulus: &NonZero<BoxedUint> = self.modulus().as_nz_ref();
        Zeroizing::new(number.rem(modulus))
    }

    fn element(&self, number: &BoxedUint) -> Zeroizing<BoxedMontyForm> {
        Zeroizing::new(BoxedMontyForm::new(number.clone(), &self.0))
    }

    fn pow(&self, base: &BoxedUint, exponent: &[u8]) -> Option<Zeroizing<BoxedMontyForm>> {
        let bits = 8 * exponent.len() as u32;
        if !(1..=self.0.bits_precision()).contains(&bits) {
            return None;
        }
        let exponent = number(exponent, exponent.len())?;
        Some(Zeroizing::new(
            self.element(base).pow_bounded_exp(&exponent, bits),
        ))
    }
}

/// A number of at most `size` bytes, in memory for that many.
fn number(bytes: &[u8], size: usize) -> Option<Secret> {
    let number = BoxedUint::from_be_slice(bytes, 8 * size as u32).ok()?;
    Some(Zeroizing::new(number))
}

/// Stores a number that fits.
fn store(number: &BoxedUint, to: &mut [u8]) {
    let bytes = Zeroizing::new(number.to_be_bytes());
    let zeros = bytes.len() - to.len();
    to.copy_from_slice(&bytes[zeros..]);
}

fn trim(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    &bytes[zeros..]
}

/// What comes before a hash in EMSA-PKCS1-v1_5 (RFC 8017 section 9.2, note 1).
const SHA256_PREFIX: &[u8; 19] =
    b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
const SHA384_PREFIX: &[u8; 19] =
    b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30";

/// Whether `encoded` is the EMSA-PKCS1-v1_5 encoding of a SHA-256 or SHA-384 hash (RFC 8017 section
/// 9.2).
pub fn is_pkcs1_of(encoded: &[u8], hash: &[u8]) -> bool {
    let prefix = match hash.len() {
        32 => SHA256_PREFIX,
        48 => SHA384_PREFIX,
        _ => return false,
    };
    let padding = encoded
        .strip_suffix(hash)
        .and_then(|rest| rest.strip_suffix(prefix))
        .and_then(|rest| rest.strip_suffix(&[0]))
        .and_then(|rest| rest.strip_prefix(&[0, 1]));
    padding.is_some_and(|padding| {
        padding.len() >= 8 && padding.iter().fold(0xff, |all, byte| all & byte) == 0xff
    })
}

const HASH: usize = 32;
const SALT: usize = 32;

/// Whether `encoded` is the EMSA-PSS encoding, with MGF1, of a SHA-256 hash of a message with a salt
/// of 32 bytes (RFC 8017 section 9.1.2). The modulus has a whole number of bytes.
pub fn is_pss_of(encoded: &[u8], message_hash: &[u8; HASH]) -> bool {
    if !(HASH + SALT + 2..=*MODULUS.end()).contains(&encoded.len()) {
        return false;
    }
    let Some((&0xbc, rest)) = encoded.split_last() else {
        return false;
    };
    let (masked, hash) = rest.split_at(rest.len() - HASH);
    if masked[0] & 0x80 != 0 {
        return false;
    }
    let mut block: Vec<u8> = masked.iter().zip(mgf1(hash)).map(|(a, b)| a ^ b).collect();
    block[0] &= 0x7f;
    let (padding, salt) = block.split_at(block.len() - SALT);
    let Some((1, zeros)) = padding.split_last() else {
        return false;
    };
    let expected = Sha256::new()
        .chain_update([0; 8])
        .chain_update(message_hash)
        .chain_update(salt)
        .finalize();
    zeros.iter().all(|&byte| byte == 0) && expected[..] == *hash
}

/// The mask of RFC 8017 section B.2.1.
fn mgf1(seed: &[u8]) -> impl Iterator<Item = u8> + use<'_> {
    (0u32..).flat_map(move |counter| {
        Sha256::new()
            .chain_update(seed)
            .chain_update(counter.to_be_bytes())
            .finalize()
    })
}
