//! Private keys in files.
#![forbid(unsafe_code)]

use super::ecc::NistP256;
use super::pem;
use ecdsa::elliptic_curve::pkcs8::der::Decode;
use ecdsa::elliptic_curve::pkcs8::{AssociatedOid, PrivateKeyInfoRef};
use ecdsa::elliptic_curve::{ALGORITHM_OID, SecretKey};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

/// The P-256 private key in a file: SEC 1 (RFC 5915) or PKCS #8 (RFC 5958), in DER, maybe with
/// something behind it, or in PEM.
pub fn p256_private_key(file: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let decoded = pem_private_key(file);
    let der = pem::der(decoded.as_ref().map_or(file, |decoded| decoded.as_slice()))?;
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

fn pkcs8_key(der: &[u8]) -> Option<EcPrivateKey<'_>> {
    let info = PrivateKeyInfoRef::from_der(der).ok()?;
    info.algorithm
        .assert_oids(ALGORITHM_OID, NistP256::OID)
        .ok()?;
    EcPrivateKey::from_der(info.private_key.as_bytes()).ok()
}

/// The content of the first private key among PEM blocks and other text.
fn pem_private_key(file: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    pem::blocks(file).find_map(|(label, der)| label.ends_with(b"PRIVATE KEY").then_some(der))
}
