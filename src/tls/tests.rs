//! Sessions against each other, in memory.

use super::certificate::{Certificate, Usage};
use super::material;
use super::*;
use proptest::prelude::*;
use rustls::pki_types::UnixTime;
use std::time::Duration;

/// A certificate or key of the C tests.
fn pem(name: &str) -> Vec<u8> {
    let header = include_str!("../../tests/c/tls_certs.h");
    let mark = format!("#define {name} \\\n");
    let text = &header[header.find(&mark).expect(name) + mark.len()..];
    text.lines()
        .map_while(|line| line.trim_start().strip_prefix('"')?.split("\\n").next())
        .fold(Vec::new(), |mut pem, line| {
            pem.extend_from_slice(line.as_bytes());
            pem.push(b'\n');
            pem
        })
}

struct Owned {
    ca: Vec<u8>,
    cert: Vec<u8>,
    key: Vec<u8>,
    name: &'static str,
}

impl Owned {
    fn server(name: &str) -> Owned {
        Owned {
            ca: Vec::new(),
            cert: pem(&format!("{name}_CERT")),
            key: pem(&format!("{name}_KEY")),
            name: "",
        }
    }

    fn client(ca: &str) -> Owned {
        Owned {
            ca: pem(ca),
            cert: Vec::new(),
            key: Vec::new(),
            name: "localhost",
        }
    }

    fn settings(&self) -> Settings<'_> {
        Settings {
            ca: &self.ca,
            cert: &self.cert,
            key: &self.key,
            name: self.name.as_bytes(),
            skip_verification: false,
        }
    }
}

/// One end, and what it received.
struct Endpoint {
    session: Session,
    input: Vec<u8>,
    received: Vec<u8>,
    established: bool,
    end: Option<End>,
}

impl Endpoint {
    fn new(session: Session) -> Endpoint {
        Endpoint {
            session,
            input: Vec::new(),
            received: Vec::new(),
            established: false,
            end: None,
        }
    }

    fn note(&mut self, outcome: Outcome) {
        self.input.drain(..outcome.consumed);
        self.established |= outcome.established;
        self.end = self.end.take().or(outcome.end);
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        let mut input = std::mem::take(&mut self.input);
        let received = &mut self.received;
        let outcome = self.session.process(&mut input, &mut |data| {
            received.extend_from_slice(data);
            true
        });
        self.input = input;
        self.note(outcome);
    }

    fn send(&mut self, plaintext: &[u8]) {
        let mut input = std::mem::take(&mut self.input);
        let outcome = self.session.encrypt(&mut input, plaintext);
        self.input = input;
        self.note(outcome);
    }

    fn take_output(&mut self) -> Vec<u8> {
        let bytes = self.session.output.pending().to_vec();
        self.session.output.consume(bytes.len());
        bytes
    }

    fn failure(&self) -> Option<&str> {
        match &self.end {
            Some(End::Failed(text)) => Some(text),
            _ => None,
        }
    }
}

struct Pair {
    client: Endpoint,
    server: Endpoint,
}

const LOCALHOST: Peer = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn pair(caches: &(Cache, Cache), client: &Owned, server: &Owned, http: bool) -> Pair {
    let client = caches
        .0
        .session(&client.settings(), &Side::Client { http })
        .unwrap_or_else(|e| panic!("{e}"));
    let server = caches
        .1
        .session(&server.settings(), &Side::Server { http })
        .unwrap_or_else(|e| panic!("{e}"));
    let mut pair = Pair {
        client: Endpoint::new(client),
        server: Endpoint::new(server),
    };
    let outcome = pair.client.session.start(LOCALHOST);
    pair.client.note(outcome);
    pair
}

impl Pair {
    /// Hands over what both have to say, in pieces, until they fall silent.
    fn exchange(&mut self, piece: usize) {
        loop {
            let to_server = self.client.take_output();
            let to_client = self.server.take_output();
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
            to_server.chunks(piece).for_each(|c| self.server.feed(c));
            to_client.chunks(piece).for_each(|c| self.client.feed(c));
        }
    }
}

fn connected(piece: usize, http: bool) -> Pair {
    let caches = Default::default();
    let mut pair = pair(
        &caches,
        &Owned::client("CA_CERT"),
        &Owned::server("NAMED"),
        http,
    );
    pair.exchange(piece);
    assert!(pair.client.established && pair.server.established);
    pair
}

#[test]
fn data_in_pieces_of_any_size() {
    for (piece, http) in [(1, true), (1, false), (7, true), (100_000, true)] {
        let mut pair = connected(piece, http);
        let data: Vec<u8> = (0..40_000u32).map(|i| i as u8).collect();
        pair.client.send(&data);
        pair.server.send(b"short");
        pair.exchange(piece);
        assert_eq!(pair.server.received, data);
        assert_eq!(pair.client.received, b"short");
        assert!(pair.client.input.is_empty() && pair.server.input.is_empty());
    }
}

#[test]
fn farewell_ends_the_input() {
    let mut pair = connected(1000, true);
    pair.server.send(b"last");
    pair.server.session.say_goodbye(&mut []);
    pair.exchange(1000);
    assert_eq!(pair.client.received, b"last");
    assert!(matches!(pair.client.end, Some(End::Closed)));
    // The other direction still works.
    pair.client.send(b"but");
    pair.exchange(1000);
    assert_eq!(pair.server.received, b"but");
}

#[test]
fn changed_records_are_refused_with_an_alert() {
    let mut pair = connected(1000, true);
    pair.client.send(b"data");
    let mut record = pair.client.take_output();
    *record.last_mut().unwrap() ^= 1;
    pair.server.feed(&record);
    assert_eq!(pair.server.failure(), Some("decryption error"));
    assert!(pair.server.received.is_empty());
    pair.exchange(1000);
    let text = pair.client.failure().unwrap();
    assert!(text.starts_with("TLS Fatal alert: "), "{text}");
}

#[test]
fn what_is_not_tls_is_refused_at_once() {
    for http in [true, false] {
        let cache = Cache::default();
        let server = Owned::server("NAMED");
        let session = cache.session(&server.settings(), &Side::Server { http });
        let mut server = Endpoint::new(session.unwrap_or_else(|e| panic!("{e}")));
        server.feed(b"GET / HTTP/1.1\r\n\r\n");
        assert_eq!(server.failure(), Some("not a client hello packet"));
    }
}

#[test]
fn sessions_are_resumed_and_checks_are_not_skipped() {
    let caches = Default::default();
    let (good, server) = (Owned::client("CA_CERT"), Owned::server("NAMED"));
    for round in 0..3 {
        let mut pair = pair(&caches, &good, &server, false);
        pair.exchange(10_000);
        pair.client.send(b"x");
        pair.exchange(10_000);
        assert_eq!(pair.client.session.is_resumed(), round > 0);
        assert_eq!(pair.server.session.is_resumed(), round > 0);
    }
    let mut other = pair(&caches, &Owned::client("OTHER_CA_CERT"), &server, false);
    other.exchange(10_000);
    assert_eq!(
        other.client.failure(),
        Some("failed to verify CA: unknown issuer")
    );
}

#[test]
fn equal_settings_share_a_configuration() {
    let cache = Cache::default();
    let server = Owned::server("NAMED");
    for _ in 0..3 {
        let _ = cache.session(&server.settings(), &Side::Server { http: true });
        let _ = cache.session(
            &Owned::client("CA_CERT").settings(),
            &Side::Client { http: true },
        );
    }
    assert_eq!(cache.entries(), (1, 1));
    // Host names do not count, unless they are none.
    for i in 0..40 {
        for name in [format!("host{i}.example"), format!("not a host {i}")] {
            let settings = Settings {
                name: name.as_bytes(),
                ..server.settings()
            };
            assert!(
                cache
                    .session(&settings, &Side::Client { http: false })
                    .is_ok()
            );
        }
    }
    assert_eq!(cache.entries(), (16, 1));
    cache.clear();
    assert_eq!(cache.entries(), (0, 0));
}

#[test]
fn certificates_tell_about_themselves() {
    let der = |name: &str| material::certificates(&pem(name)).remove(0);
    let (v1, named, ca) = (der("V1_CERT"), der("NAMED_CERT"), der("CA_CERT"));
    let parse = |der| Certificate::parse(der).expect("a certificate");
    assert!(parse(&v1).is_v1() && !parse(&named).is_v1());
    assert!(parse(&ca).is_authority() && !parse(&named).is_authority());
    assert_eq!(parse(&v1).common_name().as_deref(), Some("localhost"));
    assert_eq!(parse(&v1).alternative_names(), Some((vec![], false)));
    let names = vec!["localhost".to_owned(), "*.example.com".to_owned()];
    assert_eq!(parse(&named).alternative_names(), Some((names, false)));
    assert!(parse(&named).allows(Usage::Server));
    let in_2030 = UnixTime::since_unix_epoch(Duration::from_secs(1_893_456_000));
    assert!(parse(&named).check_dates(in_2030).is_ok());
    assert!(parse(&der("EXPIRED_CERT")).check_dates(in_2030).is_err());
}

#[test]
fn bundles_keep_what_can_be_read() {
    let mut bundle =
        b"text\n-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n".to_vec();
    bundle.extend(pem("CA_CERT"));
    bundle.extend(pem("SERVER_KEY"));
    bundle.extend(pem("OTHER_CA_CERT"));
    assert_eq!(material::certificates(&bundle).len(), 2);
    assert!(material::has_private_key(&bundle));
    assert!(material::private_key(&bundle).is_ok());
    assert!(material::certificates(b"/etc/ssl/cert.pem").is_empty());
}

proptest! {
    #[test]
    fn any_material_is_survived(data in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Certificate::parse(&data);
        for der in material::certificates(&data) {
            let _ = Certificate::parse(&der);
        }
        let _ = material::private_key(&data);
    }

    #[test]
    fn a_damaged_certificate_is_refused_or_read(at in 0usize..360, value: u8) {
        let mut der = material::certificates(&pem("NAMED_CERT")).remove(0).to_vec();
        if let Some(byte) = der.get_mut(at) {
            *byte = value;
        }
        if let Some(certificate) = Certificate::parse(&der) {
            let _ = (certificate.common_name(), certificate.alternative_names(), certificate.key());
            let _ = certificate.allows(Usage::Client);
        }
    }

    #[test]
    fn any_input_is_survived(data in prop::collection::vec(any::<u8>(), 0..400), piece in 1usize..50) {
        let caches = Default::default();
        let mut pair = pair(&caches, &Owned::client("CA_CERT"), &Owned::server("NAMED"), true);
        data.chunks(piece).for_each(|c| {
            pair.server.feed(c);
            pair.client.feed(c);
        });
        prop_assert!(!pair.server.established && !pair.client.established);
    }
}
