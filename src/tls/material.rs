//! Certificates and keys as programs pass them: PEM (RFC 7468) or DER.
#![forbid(unsafe_code)]

use crate::crypto::pem;
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};

/// First byte of DER: a SEQUENCE.
const SEQUENCE: u8 = 0x30;

/// The value, when the data is DER and not PEM.
fn der(data: &[u8]) -> Option<&[u8]> {
    let is_der = data.first() == Some(&SEQUENCE) && !pem::is_text(data);
    is_der.then(|| pem::der(data).unwrap_or(data))
}

/// All certificates in a PEM text, or the one in DER. Other parts of the text are passed over, and
/// so are damaged certificates.
pub fn certificates(data: &[u8]) -> Vec<CertificateDer<'static>> {
    if let Some(der) = der(data) {
        return vec![CertificateDer::from(der.to_vec())];
    }
    pem::blocks(data)
        .filter(|(label, _)| *label == b"CERTIFICATE")
        .map(|(_, der)| CertificateDer::from(der.to_vec()))
        .collect()
}

/// Why there is no private key.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyError {
    /// PEM without a private key.
    Missing,
    Encrypted,
    /// Neither PEM nor a private key in DER.
    NotPem,
}

/// The first private key in a PEM text, or the one in DER.
pub fn private_key(data: &[u8]) -> Result<PrivateKeyDer<'static>, KeyError> {
    if let Some(der) = der(data) {
        return PrivateKeyDer::try_from(der)
            .map(|key| key.clone_key())
            .map_err(|_| KeyError::NotPem);
    }
    let contains = |mark: &[u8]| memchr::memmem::find(data, mark).is_some();
    pem_key(data).ok_or_else(|| {
        // The traditional formats say so in a header, PKCS#8 in its label.
        if contains(b"Proc-Type: 4,ENCRYPTED") || contains(b"BEGIN ENCRYPTED PRIVATE KEY") {
            KeyError::Encrypted
        } else if pem::is_text(data) {
            KeyError::Missing
        } else {
            KeyError::NotPem
        }
    })
}

/// True when a PEM text has a private key in it.
pub fn has_private_key(data: &[u8]) -> bool {
    pem_key(data).is_some()
}

fn pem_key(text: &[u8]) -> Option<PrivateKeyDer<'static>> {
    pem::blocks(text).find_map(|(label, mut der)| {
        let mut key = || std::mem::take(&mut *der);
        match label {
            b"PRIVATE KEY" => Some(PrivatePkcs8KeyDer::from(key()).into()),
            b"RSA PRIVATE KEY" => Some(PrivatePkcs1KeyDer::from(key()).into()),
            b"EC PRIVATE KEY" => Some(PrivateSec1KeyDer::from(key()).into()),
            _ => None,
        }
    })
}
