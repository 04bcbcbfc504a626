//! A look into X.509 certificates that webpki does not take: version 1, without alternative names,
//! or of an authority used as a server's own (RFC 5280).

use rustls::CertificateError;
use rustls::pki_types::{
    SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, TrustAnchor, UnixTime,
};
use x509_cert::certificate::{CertificateInner, Raw, Version};
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::der::{Decode, Encode, Header, Reader, SliceReader};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName,
};

const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// What a certificate is presented for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    Server,
    Client,
}

impl Usage {
    fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Usage::Server => "1.3.6.1.5.5.7.3.1",
            Usage::Client => "1.3.6.1.5.5.7.3.2",
        })
    }
}

pub struct Certificate<'a> {
    inner: CertificateInner<Raw>,
    /// The part that the signature covers.
    signed: &'a [u8],
}

impl<'a> Certificate<'a> {
    pub fn parse(der: &'a [u8]) -> Option<Certificate<'a>> {
        let inner = CertificateInner::from_der(der).ok()?;
        let mut reader = SliceReader::new(der).ok()?;
        let header = Header::decode(&mut reader).ok()?;
        let body = reader.read_slice(header.length()).ok()?;
        let signed = SliceReader::new(body).ok()?.tlv_bytes().ok()?;
        Some(Certificate { inner, signed })
    }

    pub fn is_v1(&self) -> bool {
        self.inner.tbs_certificate().version() == Version::V1
    }

    pub fn is_authority(&self) -> bool {
        self.extension::<BasicConstraints>().is_some_and(|b| b.ca)
    }

    fn extension<T: for<'x> Decode<'x> + AssociatedOid>(&self) -> Option<T> {
        let (_, value) = self.inner.tbs_certificate().get_extension::<T>().ok()??;
        Some(value)
    }

    fn extensions(&self) -> impl Iterator<Item = &Extension> {
        let list = self.inner.tbs_certificate().extensions();
        list.into_iter().flatten()
    }

    fn has_extension(&self, oid: ObjectIdentifier) -> bool {
        self.extensions().any(|e| e.extn_id == oid)
    }

    pub fn is_constrained(&self) -> bool {
        self.has_extension(NameConstraints::OID)
    }

    pub fn check_dates(&self, now: UnixTime) -> Result<(), CertificateError> {
        let validity = &self.inner.tbs_certificate().validity();
        let not_before = UnixTime::since_unix_epoch(validity.not_before.to_unix_duration());
        let not_after = UnixTime::since_unix_epoch(validity.not_after.to_unix_duration());
        if now < not_before {
            Err(CertificateError::NotValidYetContext {
                time: now,
                not_before,
            })
        } else if now > not_after {
            Err(CertificateError::ExpiredContext {
                time: now,
                not_after,
            })
        } else {
            Ok(())
        }
    }

    /// The common name of the subject, if it has one and only one.
    pub fn common_name(&self) -> Option<String> {
        let subject = self.inner.tbs_certificate().subject();
        let name = subject.common_name().ok()??;
        Some(name.value().into_owned())
    }

    /// The DNS names among the alternative names, and whether there are addresses. `None` when
    /// the list cannot be read.
    pub fn alternative_names(&self) -> Option<(Vec<String>, bool)> {
        if !self.has_extension(SubjectAltName::OID) {
            return Some((Vec::new(), false));
        }
        let names = self.extension::<SubjectAltName>()?.0;
        let has_address = names
            .iter()
            .any(|name| matches!(name, GeneralName::IpAddress(_)));
        let names = names.into_iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.to_string()),
            _ => None,
        });
        Some((names.collect(), has_address))
    }

    /// Algorithm and public key.
    pub fn key(&self) -> Option<SubjectPublicKeyInfoDer<'static>> {
        let key = self
            .inner
            .tbs_certificate()
            .subject_public_key_info()
            .to_der();
        Some(SubjectPublicKeyInfoDer::from(key.ok()?))
    }

    /// True when nothing in the certificate speaks against the usage, not even something unknown
    /// that must not be ignored.
    pub fn allows(&self, usage: Usage) -> bool {
        let known = [
            BasicConstraints::OID,
            KeyUsage::OID,
            ExtendedKeyUsage::OID,
            SubjectAltName::OID,
        ];
        if self
            .extensions()
            .any(|e| e.critical && !known.contains(&e.extn_id))
        {
            return false;
        }
        if !self.has_extension(ExtendedKeyUsage::OID) {
            return true;
        }
        self.extension::<ExtendedKeyUsage>()
            .is_some_and(|list| list.0.iter().any(|&o| o == usage.oid() || o == ANY_USAGE))
    }

    /// True when the certificate names this authority as its issuer and carries its signature.
    pub fn is_issued_by(
        &self,
        anchor: &TrustAnchor<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> bool {
        self.try_issued_by(anchor, algorithms).unwrap_or(false)
    }

    fn try_issued_by(
        &self,
        anchor: &TrustAnchor<'_>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Option<bool> {
        let issuer = self.inner.tbs_certificate().issuer().to_der().ok()?;
        if content(&issuer)? != anchor.subject.as_ref() {
            return Some(false);
        }
        let algorithm = self.inner.signature_algorithm().to_der().ok()?;
        if self.inner.tbs_certificate().signature() != self.inner.signature_algorithm() {
            return Some(false);
        }
        let (key_algorithm, key) = split_key(anchor.subject_public_key_info.as_ref())?;
        let signature = self.inner.signature().as_bytes()?;
        Some(algorithms.iter().any(|a| {
            content(&algorithm).is_some_and(|id| id == a.signature_alg_id().as_ref())
                && a.public_key_alg_id().as_ref() == key_algorithm
                && a.verify_signature(key, self.signed, signature).is_ok()
        }))
    }
}

/// What is inside one DER element.
fn content(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    reader.read_slice(header.length()).ok()
}

/// The algorithm and the key of what is inside a SubjectPublicKeyInfo.
pub fn split_key(info: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(info).ok()?;
    let algorithm = content(reader.tlv_bytes().ok()?)?;
    // A bit string begins with the number of bits that its last byte lacks.
    let key = content(reader.tlv_bytes().ok()?)?.strip_prefix(&[0])?;
    Some((algorithm, key))
}

/// The same for a whole SubjectPublicKeyInfo.
pub fn split_key_info(info: &[u8]) -> Option<(&[u8], &[u8])> {
    split_key(content(info)?)
}
