//! From settings to rustls configurations. Those are made once for all connections of a manager that
//! have the same settings.

use super::certificate::Certificate;
use super::material::{self, KeyError};
use super::session::{ClientStart, ServerStart, Session};
use super::verifier::{Anchors, ClientVerifier, NameRule, ServerVerifier};
use super::{Settings, Side};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, KeyLog, KeyLogFile, NoKeyLog, ServerConfig, SignatureScheme};
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Different settings remembered per manager and side. Programs have one or two.
const CACHE_ENTRIES: usize = 16;
/// Host names are shorter (RFC 1035, section 2.3.4).
const NAME_LIMIT: usize = 253;
/// `ca` that stands for the authorities the system trusts.
const SYSTEM_AUTHORITIES: &[u8] = b"*";

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(ring::default_provider()));

/// The configurations that were made.
#[derive(Default)]
pub struct Cache {
    clients: Entries<Arc<ClientConfig>>,
    servers: Entries<ServerConfigs>,
}

/// Without, and with HTTP among the protocols to choose from.
#[derive(Clone)]
struct ServerConfigs {
    plain: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
}

/// Configurations by what they were made of, the last used first.
struct Entries<T>(RefCell<Vec<(Key, T)>>);

impl<T> Default for Entries<T> {
    fn default() -> Entries<T> {
        Entries(RefCell::default())
    }
}

#[derive(PartialEq, Eq)]
struct Key {
    ca: Vec<u8>,
    cert: Vec<u8>,
    key: Vec<u8>,
    skip: bool,
    name: NameRule,
    sni: bool,
}

impl Drop for Key {
    fn drop(&mut self) {
        wipe(&mut self.key);
        wipe(&mut self.cert);
    }
}

/// Overwrites what may be a private key.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

impl<T: Clone> Entries<T> {
    /// Finds the configuration for the settings, or makes it. Most names do not matter to it.
    fn get(
        &self,
        settings: &Settings<'_>,
        name: NameRule,
        sni: bool,
        make: impl FnOnce(&NameRule) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut entries = self.0.borrow_mut();
        let found = entries.iter().position(|(key, _)| {
            key.skip == settings.skip_verification
                && key.name == name
                && key.sni == sni
                && key.ca == settings.ca
                && key.cert == settings.cert
                && key.key == settings.key
        });
        if let Some(at) = found {
            entries[..=at].rotate_right(1);
            return Ok(entries[0].1.clone());
        }
        let config = make(&name)?;
        let key = Key {
            ca: settings.ca.to_vec(),
            cert: settings.cert.to_vec(),
            key: settings.key.to_vec(),
            skip: settings.skip_verification,
            name,
            sni,
        };
        entries.truncate(CACHE_ENTRIES - 1);
        entries.insert(0, (key, config.clone()));
        Ok(config)
    }
}

impl Cache {
    /// Begins a session; the error is the line for the user.
    pub fn session(&self, settings: &Settings<'_>, side: &Side) -> Result<Session, String> {
        match *side {
            Side::Client { .. } if settings.name.len() >= NAME_LIMIT => {
                Err("hostname too long".into())
            }
            Side::Client { http } => {
                let (name, rule) = server_name(settings);
                let sni = matches!(name, Some(ServerName::DnsName(_)));
                let config = self.clients.get(settings, rule, sni, |rule| {
                    client(settings, rule.clone(), sni).map(Arc::new)
                })?;
                Ok(Session::client(ClientStart { config, name, http }))
            }
            Side::Server { http } => {
                let configs = self
                    .servers
                    .get(settings, NameRule::Ignore, false, |_| servers(settings))?;
                let http = http.then_some(configs.http);
                Ok(Session::server(ServerStart::new(configs.plain, http)))
            }
        }
    }

    #[cfg(test)]
    pub fn entries(&self) -> (usize, usize) {
        let (clients, servers) = (self.clients.0.borrow(), self.servers.0.borrow());
        (clients.len(), servers.len())
    }

    pub fn clear(&self) {
        self.clients.0.take();
        self.servers.0.take();
    }
}

/// The name for the handshake, and how certificates are compared with it.
fn server_name(settings: &Settings<'_>) -> (Option<ServerName<'static>>, NameRule) {
    let name = std::str::from_utf8(settings.name)
        .ok()
        .map(|text| {
            // As URLs have IPv6 addresses.
            let address = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
            address.unwrap_or(text)
        })
        .and_then(|text| ServerName::try_from(text).ok())
        .map(|name| name.to_owned());
    let rule = match &name {
        _ if settings.name.is_empty() || settings.skip_verification => NameRule::Ignore,
        Some(_) => NameRule::Server,
        None => NameRule::Text(settings.name.to_vec()),
    };
    (name, rule)
}

fn client(settings: &Settings<'_>, name: NameRule, sni: bool) -> Result<ClientConfig, String> {
    let anchors = if settings.skip_verification {
        None
    } else {
        anchors(settings.ca)?
    };
    let verifier = ServerVerifier {
        provider: PROVIDER.clone(),
        anchors,
        name,
    };
    let own = Arc::new(Own(own_key(settings)?));
    let mut config = ClientConfig::builder_with_details(PROVIDER.clone(), Arc::new(Clock))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(own);
    config.enable_sni = sni;
    config.resumption = Resumption::in_memory_sessions(256);
    config.key_log = key_log();
    Ok(config)
}

fn server(settings: &Settings<'_>) -> Result<ServerConfig, String> {
    let builder = ServerConfig::builder_with_details(PROVIDER.clone(), Arc::new(Clock))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?;
    let builder = match anchors(settings.ca)? {
        None => builder.with_no_client_auth(),
        Some(anchors) => {
            let verifier = ClientVerifier::new(&PROVIDER, anchors, settings.skip_verification)
                .ok_or("failed to parse CA certificate")?;
            builder.with_client_cert_verifier(Arc::new(verifier))
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(Own(own_key(settings)?)));
    config.ticketer = ring::Ticketer::new().map_err(|e| e.to_string())?;
    config.key_log = key_log();
    Ok(config)
}

fn servers(settings: &Settings<'_>) -> Result<ServerConfigs, String> {
    let plain = server(settings)?;
    let mut http = plain.clone();
    http.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(ServerConfigs {
        plain: Arc::new(plain),
        http: Arc::new(http),
    })
}

fn anchors(ca: &[u8]) -> Result<Option<Anchors>, String> {
    if ca.is_empty() {
        return Ok(None);
    }
    let certificates = if ca == SYSTEM_AUTHORITIES {
        rustls_native_certs::load_native_certs().certs
    } else {
        material::certificates(ca)
    };
    Anchors::new(certificates)
        .map(Some)
        .ok_or_else(|| "failed to parse CA certificate".into())
}

/// The own certificate chain with its key; `None` when there is none.
fn own_key(settings: &Settings<'_>) -> Result<Option<Arc<CertifiedKey>>, String> {
    // One PEM text may hold both.
    let (cert, key) = match (settings.cert, settings.key) {
        ([], []) => return Ok(None),
        ([], key) => (key, key),
        (cert, []) if material::has_private_key(cert) => (cert, cert),
        (_, []) => return Err("Certificate provided without a private key".into()),
        both => both,
    };
    let chain = material::certificates(cert);
    let der = material::private_key(key).map_err(|e| match e {
        KeyError::Encrypted => "bad key: it is encrypted",
        KeyError::NotPem => "EC private key: invalid ASN.1",
        KeyError::Missing => "Expected EC PRIVATE KEY, RSA PRIVATE KEY, or PRIVATE KEY (PKCS#8)",
    })?;
    let complaint = match &der {
        PrivateKeyDer::Pkcs1(_) => "Invalid RSA private key format",
        PrivateKeyDer::Sec1(_) => "EC private key: invalid ASN.1",
        _ => "Unsupported PKCS#8 private key format, algorithm, or curve",
    };
    let key = PROVIDER
        .key_provider
        .load_private_key(der)
        .map_err(|_| complaint)?;
    let Some(leaf) = chain.first() else {
        // A key alone is no use, but not a mistake either.
        return if settings.cert.is_empty() {
            Ok(None)
        } else {
            Err("failed to parse certificate: none in cert".into())
        };
    };
    let certificate = Certificate::parse(leaf).ok_or("failed to parse certificate")?;
    if let (Some(own), Some(certified)) = (key.public_key(), certificate.key())
        && own.as_ref() != certified.as_ref()
    {
        return Err("bad key: it does not belong to the certificate".into());
    }
    Ok(Some(Arc::new(CertifiedKey::new(chain, key))))
}

/// The one certificate there is, whoever asks.
#[derive(Debug)]
struct Own(Option<Arc<CertifiedKey>>);

impl ResolvesServerCert for Own {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// The system's clock, unless the program or SNTP set the time.
#[derive(Debug)]
struct Clock;

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let now = Duration::from_millis(crate::util::ffi::mg_now());
        Some(UnixTime::since_unix_epoch(now))
    }
}

/// Writes secrets to the file that SSLKEYLOGFILE names (RFC 9850). A program with more rights than
/// its user does not listen to the user's environment.
fn key_log() -> Arc<dyn KeyLog> {
    if crate::ffi::env::is_set_and_trusted(c"SSLKEYLOGFILE") {
        Arc::new(KeyLogFile::new())
    } else {
        Arc::new(NoKeyLog {})
    }
}
