//! Private keys in files.

use super::ecc::NistP256;
use ecdsa::elliptic_curve::SecretKey;
use ecdsa::elliptic_curve::pkcs8::DecodePrivateKey;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

/// The P-256 private key in a file: SEC 1 (RFC 5915) or PKCS #8 (RFC 5958), in PEM anywhere among
/// other text, or in DER. The first key counts.
pub fn p256_private_key(file: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let key = match PrivateKeyDer::from_pem_slice(file) {
        Ok(PrivateKeyDer::Sec1(key)) => sec1(key.secret_sec1_der()),
        Ok(PrivateKeyDer::Pkcs8(key)) => pkcs8(key.secret_pkcs8_der()),
        Ok(_) => None,
        Err(_) => sec1(file).or_else(|| pkcs8(file)),
    };
    Some(Zeroizing::new(key?.to_bytes().into()))
}

fn sec1(der: &[u8]) -> Option<SecretKey<NistP256>> {
    SecretKey::from_sec1_der(der).ok()
}

fn pkcs8(der: &[u8]) -> Option<SecretKey<NistP256>> {
    SecretKey::from_pkcs8_der(der).ok()
}
