//! What went wrong, in a line that a person can act on. Beginnings that the reference has too are
//! the reference's; MG_EV_ERROR carries 63 characters.

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};
use std::fmt::Write;
use std::time::Duration;
use x509_cert::der::DateTime;

/// Facts about the handshake that an error does not carry.
pub struct Context {
    pub server: bool,
    /// The peer has said nothing that can be understood.
    pub silent: bool,
}

pub fn describe(error: &Error, context: &Context) -> String {
    match error {
        Error::InvalidCertificate(e) => certificate(e),
        Error::NoCertificatesPresented => "certificate list too short: none was sent".into(),
        Error::AlertReceived(alert) => alert_received(*alert, context),
        Error::PeerIncompatible(e) => incompatible(e, context.server),
        Error::InvalidMessage(e) if context.silent => not_tls(e, context.server),
        Error::DecryptError | Error::PeerSentOversizedRecord => "decryption error".into(),
        Error::NoApplicationProtocol => "no common application protocol (ALPN)".into(),
        // The resolver had nothing to offer.
        Error::General(_) if context.server => "no certificate: set cert and key".into(),
        Error::General(text) => text.clone(),
        e => format!("TLS: {e}"),
    }
}

fn certificate(error: &CertificateError) -> String {
    use CertificateError as E;
    match error {
        E::Expired => "failed to parse certificate: expired".into(),
        E::ExpiredContext { not_after, .. } => {
            format!("failed to parse certificate: expired {}", date(*not_after))
        }
        E::NotValidYet => "failed to parse certificate: not valid yet".into(),
        E::NotValidYetContext { not_before, .. } => {
            format!(
                "failed to parse certificate: valid from {}",
                date(*not_before)
            )
        }
        E::UnknownIssuer => "failed to verify CA: unknown issuer".into(),
        E::BadSignature => "failed to verify CA: bad signature".into(),
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => {
            "failed to verify CA: certificate is for another purpose".into()
        }
        E::Revoked => "failed to verify CA: certificate is revoked".into(),
        E::UnsupportedSignatureAlgorithmContext { .. }
        | E::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "failed to parse certificate: unsupported algorithm".into()
        }
        E::NotValidForName => "failed to verify hostname".into(),
        E::NotValidForNameContext {
            expected,
            presented,
        } => {
            let mut text = format!("failed to verify hostname: {} is not ", expected.to_str());
            match &presented[..] {
                [] => text.push_str("in certificate"),
                [first, rest @ ..] => {
                    text.push_str(first);
                    for name in rest {
                        let _ = write!(text, ", {name}");
                    }
                }
            }
            text
        }
        E::BadEncoding => "failed to parse certificate".into(),
        // webpki's own words: the authority in the middle is none.
        E::Other(e) if e.to_string().contains("EndEntityUsedAsCa") => {
            "failed to verify certificate chain (not a true CA)".into()
        }
        E::Other(e) => format!("failed to verify CA: {e}"),
        e => format!("failed to verify CA: {e:?}"),
    }
}

fn alert_received(alert: AlertDescription, context: &Context) -> String {
    use AlertDescription as A;
    let at_once = context.silent && !context.server;
    let what = if at_once {
        "TLS error alert"
    } else {
        "TLS Fatal alert"
    };
    let detail = match alert {
        A::HandshakeFailure => "nothing in common with the peer".into(),
        A::ProtocolVersion => "no common TLS version".into(),
        A::CertificateRequired => "the peer wants a certificate".into(),
        A::UnknownCA => "the peer does not know our CA".into(),
        A::CertificateExpired => "our certificate is expired".into(),
        alert => format!("{alert:?}"),
    };
    format!("{what}: {detail}")
}

fn incompatible(error: &PeerIncompatible, server: bool) -> String {
    use PeerIncompatible as E;
    let what = if server { "client" } else { "server" };
    let detail: String = match error {
        E::NoCipherSuitesInCommon => "no common cipher".into(),
        E::NoKxGroupsInCommon => "no common key exchange group".into(),
        E::NoSignatureSchemesInCommon | E::NoCertificateRequestSignatureSchemesInCommon => {
            "no common signature scheme".into()
        }
        E::Tls12NotOffered
        | E::Tls12NotOfferedOrEnabled
        | E::ServerDoesNotSupportTls12Or13
        | E::SupportedVersionsExtensionRequired => "TLS 1.2 or 1.3 needed".into(),
        e => format!("{e:?}"),
    };
    format!("bad {what} hello: {detail}")
}

fn not_tls(error: &InvalidMessage, server: bool) -> String {
    let what = if server { "client" } else { "server" };
    match error {
        InvalidMessage::InvalidContentType
        | InvalidMessage::UnknownProtocolVersion
        | InvalidMessage::MessageTooLarge
        | InvalidMessage::InvalidEmptyPayload => format!("not a {what} hello packet"),
        e => format!("bad {what} hello: {e:?}"),
    }
}

/// The day of a time.
fn date(time: UnixTime) -> String {
    match DateTime::from_unix_duration(Duration::from_secs(time.as_secs())) {
        Ok(d) => format!("{}-{:02}-{:02}", d.year(), d.month(), d.day()),
        Err(_) => format!("at {} s", time.as_secs()),
    }
}
