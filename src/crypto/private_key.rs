//! Private keys in files.
#![forbid(unsafe_code)]

use super::ecc::NistP256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ecdsa::elliptic_curve::pkcs8::der::{Decode, Reader, SliceReader};
use ecdsa::elliptic_curve::pkcs8::{AssociatedOid, PrivateKeyInfoRef};
use ecdsa::elliptic_curve::{ALGORITHM_OID, SecretKey};
use memchr::memmem;
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

/// A private key with attributes (RFC 5958) is not longer.
const MAX_TEXT: usize = 16384;

/// The P-256 private key in a file: SEC 1 (RFC 5915) or PKCS #8 (RFC 5958), in DER, maybe with
/// something behind it, or in PEM.
pub fn p256_private_key(file: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let decoded = pem_private_key(file);
    let der = decoded.as_ref().map_or(file, |decoded| decoded.as_slice());
    let der = SliceReader::new(der).ok()?.tlv_bytes().ok()?;
    let key = EcPrivateKey::from_der(der)
        .ok()
        .or_else(|| pkcs8_key(der))?;
    let named = key
        .parameters
        .and_then(|parameters| parameters.named_curve());
    if named.is_some_and(|curve| curve != NistP256::OID) {
        return None;
    }
    // The public key that may stand behind it is not looked at.
    let key = SecretKey::<NistP256>::from_slice(key.private_key).ok()?;
    Some(Zeroizing::new(key.to_bytes().into()))
}

/// Where a marker is that begins with a dash.
fn find_dashes(text: &[u8], marker: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'-', text).find(|&at| text[at..].starts_with(marker))
}

fn pkcs8_key(der: &[u8]) -> Option<EcPrivateKey<'_>> {
    let info = PrivateKeyInfoRef::from_der(der).ok()?;
    info.algorithm
        .assert_oids(ALGORITHM_OID, NistP256::OID)
        .ok()?;
    EcPrivateKey::from_der(info.private_key.as_bytes()).ok()
}

/// The content of the first private key among PEM blocks and other text. More liberal than RFC 7468:
/// blanks and line ends may be anywhere, because configurations indent and join lines.
fn pem_private_key(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    let mut blocks = memmem::find_iter(file, BEGIN).map(|at| &file[at + BEGIN.len()..]);
    let text = blocks.find_map(|block| {
        let label_end = find_dashes(block, b"-----")?;
        let text = &block[label_end + 5..];
        block[..label_end]
            .ends_with(b"PRIVATE KEY")
            .then(|| &text[..find_dashes(text, END).unwrap_or(0)])
    })?;
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut base64 = Zeroizing::new(Vec::with_capacity(text.len()));
    base64.extend(text.iter().filter(|byte| !byte.is_ascii_whitespace()));
    STANDARD.decode(&*base64).ok().map(Zeroizing::new)
}
