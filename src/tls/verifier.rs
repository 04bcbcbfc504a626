//! Which certificates are accepted. Chains are webpki's business; added is what it refuses and
//! programs rely on:
//!
//! - a certificate that is itself among the trusted ones (self-signed servers);
//! - version 1, or an authority as a server, directly below a trusted authority;
//! - the common name as host name, where there are no alternative names of that kind.

use super::certificate::{self, Certificate, Usage};
use super::names;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use std::sync::Arc;

/// The authorities, and single certificates, that are trusted.
#[derive(Debug)]
pub struct Anchors {
    roots: Arc<RootCertStore>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Anchors {
    /// `None` when none of the certificates can be read.
    pub fn new(certificates: Vec<CertificateDer<'static>>) -> Option<Anchors> {
        let mut roots = RootCertStore::empty();
        let certificates: Vec<_> = certificates
            .into_iter()
            .filter(|c| roots.add(c.clone()).is_ok())
            .collect();
        let roots = Arc::new(roots);
        (!certificates.is_empty()).then_some(Anchors {
            roots,
            certificates,
        })
    }

    /// What webpki did not accept, for the reason in `refusal`.
    fn accept_anyway(
        &self,
        leaf: &CertificateDer<'_>,
        now: UnixTime,
        usage: Usage,
        refusal: Error,
        provider: &CryptoProvider,
    ) -> Result<(), Error> {
        let Some(certificate) = Certificate::parse(leaf) else {
            return Err(refusal);
        };
        if self.certificates.iter().any(|c| c == leaf) {
            return Ok(certificate.check_dates(now)?);
        }
        if !certificate.is_v1() && !certificate.is_authority() {
            return Err(refusal);
        }
        certificate.check_dates(now)?;
        if !certificate.allows(usage) {
            return Err(CertificateError::InvalidPurpose.into());
        }
        let algorithms = provider.signature_verification_algorithms.all;
        let mut issuers = self
            .roots
            .roots
            .iter()
            .filter(|a| a.name_constraints.is_none());
        if issuers.any(|anchor| certificate.is_issued_by(anchor, algorithms)) {
            Ok(())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
    }

    /// True when an authority may only vouch for some names. Common names are beyond its control.
    fn constrain_names(&self, intermediates: &[CertificateDer<'_>]) -> bool {
        self.roots
            .roots
            .iter()
            .any(|a| a.name_constraints.is_some())
            || intermediates
                .iter()
                .any(|der| Certificate::parse(der).is_none_or(|c| c.is_constrained()))
    }
}

/// What a client compares the server's certificate with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameRule {
    Ignore,
    /// The name that the handshake was started with.
    Server,
    /// Text that cannot be a host name or an address.
    Text(Vec<u8>),
}

#[derive(Debug)]
pub struct ServerVerifier {
    pub provider: Arc<CryptoProvider>,
    /// `None`: no chain is wanted.
    pub anchors: Option<Anchors>,
    pub name: NameRule,
}

impl ServerVerifier {
    fn verify_chain(
        &self,
        anchors: &Anchors,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let algorithms = self.provider.signature_verification_algorithms.all;
        ParsedCertificate::try_from(leaf)
            .and_then(|parsed| {
                let roots = &anchors.roots;
                verify_server_cert_signed_by_trust_anchor(
                    &parsed,
                    roots,
                    intermediates,
                    now,
                    algorithms,
                )
            })
            .or_else(|refusal| {
                anchors.accept_anyway(leaf, now, Usage::Server, refusal, &self.provider)
            })
    }

    fn verify_name(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
    ) -> Result<(), Error> {
        let refusal = match ParsedCertificate::try_from(leaf) {
            Ok(parsed) => match verify_server_name(&parsed, server) {
                Ok(()) => return Ok(()),
                Err(refusal) => refusal,
            },
            Err(refusal) => refusal,
        };
        let certificate = Certificate::parse(leaf).ok_or(refusal)?;
        let (mut presented, has_address) = certificate
            .alternative_names()
            .ok_or(CertificateError::BadEncoding)?;
        let is_address = matches!(server, ServerName::IpAddress(_));
        let covered = !presented.is_empty() || is_address && has_address;
        let constrained =
            (self.anchors.as_ref()).is_some_and(|anchors| anchors.constrain_names(intermediates));
        let expected = server.to_str();
        if !covered && let Some(name) = certificate.common_name() {
            if !constrained && names::matches(name.as_bytes(), expected.as_bytes()) {
                return Ok(());
            }
            presented.push(name);
        }
        Err(mismatch(server.to_owned(), presented))
    }

    fn verify_text(&self, leaf: &CertificateDer<'_>, text: &[u8]) -> Result<(), Error> {
        let certificate = Certificate::parse(leaf).ok_or(CertificateError::BadEncoding)?;
        let (mut presented, _) = certificate
            .alternative_names()
            .ok_or(CertificateError::BadEncoding)?;
        if presented.is_empty() {
            presented.extend(certificate.common_name());
        }
        if presented
            .iter()
            .any(|name| name.as_bytes().eq_ignore_ascii_case(text))
        {
            return Ok(());
        }
        Err(CertificateError::NotValidForName.into())
    }
}

fn mismatch(expected: ServerName<'static>, presented: Vec<String>) -> Error {
    CertificateError::NotValidForNameContext {
        expected,
        presented,
    }
    .into()
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(anchors) = &self.anchors {
            self.verify_chain(anchors, leaf, intermediates, now)?;
        }
        match &self.name {
            NameRule::Ignore => {}
            NameRule::Server => self.verify_name(leaf, intermediates, server)?,
            NameRule::Text(text) => self.verify_text(leaf, text)?,
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake_signature(&self.provider, message, leaf, signature, false)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake_signature(&self.provider, message, leaf, signature, true)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Checks that the peer has the key of its certificate, of any version.
fn handshake_signature(
    provider: &CryptoProvider,
    message: &[u8],
    leaf: &CertificateDer<'_>,
    signature: &DigitallySignedStruct,
    tls13: bool,
) -> Result<HandshakeSignatureValid, Error> {
    let algorithms = &provider.signature_verification_algorithms;
    if ParsedCertificate::try_from(leaf).is_ok() {
        return if tls13 {
            verify_tls13_signature(message, leaf, signature, algorithms)
        } else {
            verify_tls12_signature(message, leaf, signature, algorithms)
        };
    }
    let info = Certificate::parse(leaf)
        .and_then(|c| c.key())
        .ok_or(CertificateError::BadEncoding)?;
    if tls13 {
        return rustls::crypto::verify_tls13_signature_with_raw_key(
            message, &info, signature, algorithms,
        );
    }
    let (key_algorithm, key) =
        certificate::split_key_info(&info).ok_or(CertificateError::BadEncoding)?;
    let candidates = algorithms
        .mapping
        .iter()
        .find(|(scheme, _)| *scheme == signature.scheme)
        .map_or(&[][..], |(_, list)| list);
    let valid = candidates
        .iter()
        .filter(|a| a.public_key_alg_id().as_ref() == key_algorithm)
        .any(|a| {
            a.verify_signature(key, message, signature.signature())
                .is_ok()
        });
    if valid {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}

/// A server's demand for a certificate.
#[derive(Debug)]
pub struct ClientVerifier {
    provider: Arc<CryptoProvider>,
    anchors: Anchors,
    webpki: Arc<dyn ClientCertVerifier>,
    skip: bool,
}

impl ClientVerifier {
    pub fn new(
        provider: &Arc<CryptoProvider>,
        anchors: Anchors,
        skip: bool,
    ) -> Option<ClientVerifier> {
        let webpki =
            WebPkiClientVerifier::builder_with_provider(anchors.roots.clone(), provider.clone())
                .build()
                .ok()?;
        Some(ClientVerifier {
            provider: provider.clone(),
            anchors,
            webpki,
            skip,
        })
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        !self.skip
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        if self.skip {
            return &[];
        }
        self.webpki.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if !self.skip {
            self.webpki
                .verify_client_cert(leaf, intermediates, now)
                .map(drop)
                .or_else(|refusal| {
                    let anchors = &self.anchors;
                    anchors.accept_anyway(leaf, now, Usage::Client, refusal, &self.provider)
                })?;
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake_signature(&self.provider, message, leaf, signature, false)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        handshake_signature(&self.provider, message, leaf, signature, true)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}
