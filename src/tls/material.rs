//! Certificates and keys as programs pass them: PEM (RFC 7468) or DER.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// First byte of DER: a SEQUENCE.
const SEQUENCE: u8 = 0x30;

fn is_der(data: &[u8]) -> bool {
    data.first() == Some(&SEQUENCE)
}

/// All certificates in a PEM text, or the one in DER. Other parts of the text are passed over, and
/// so are damaged certificates.
pub fn certificates(data: &[u8]) -> Vec<CertificateDer<'static>> {
    if is_der(data) {
        return vec![CertificateDer::from(data.to_vec())];
    }
    CertificateDer::pem_slice_iter(data)
        .filter_map(Result::ok)
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
    if is_der(data) {
        return PrivateKeyDer::try_from(data)
            .map(|key| key.clone_key())
            .map_err(|_| KeyError::NotPem);
    }
    let contains = |mark: &[u8]| memchr::memmem::find(data, mark).is_some();
    let found = PrivateKeyDer::pem_slice_iter(data).find_map(Result::ok);
    found.ok_or_else(|| {
        // The traditional formats say so in a header, PKCS#8 in its label.
        if contains(b"Proc-Type: 4,ENCRYPTED") || contains(b"BEGIN ENCRYPTED PRIVATE KEY") {
            KeyError::Encrypted
        } else if contains(b"-----BEGIN") {
            KeyError::Missing
        } else {
            KeyError::NotPem
        }
    })
}

/// True when a PEM text has a private key in it.
pub fn has_private_key(data: &[u8]) -> bool {
    !is_der(data)
        && <(SectionKind, Vec<u8>)>::pem_slice_iter(data)
            .filter_map(Result::ok)
            .any(|(kind, _)| {
                matches!(
                    kind,
                    SectionKind::PrivateKey
                        | SectionKind::RsaPrivateKey
                        | SectionKind::EcPrivateKey
                )
            })
}
