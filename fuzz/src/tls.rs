//! TLS: settings, and what a peer sends.

use mongoose::tls::{Cache, End, Outcome, Session, Settings, Side};
use std::net::{IpAddr, Ipv4Addr};

/// A certificate with its key, for a server to have.
const OWN: &[u8] = include_bytes!("../corpus/tls_settings/own.pem");

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Authorities, certificates, key and name, with zeros between them: there is a session or a reason why not.
pub fn settings(data: &[u8]) {
    let mut parts = data.splitn(4, |&b| b == 0);
    let mut part = || parts.next().unwrap_or_default();
    let mut settings = Settings {
        ca: part(),
        cert: part(),
        key: part(),
        name: part(),
        skip_verification: false,
    };
    // What the system trusts is not for the fuzzer to read.
    if settings.ca == b"*" {
        settings.ca = &[];
    }
    let cache = Cache::default();
    for skip in [false, true] {
        settings.skip_verification = skip;
        for side in [Side::Client { http: skip }, Side::Server { http: skip }] {
            match cache.session(&settings, &side) {
                Ok(mut session) => drop(session.start(PEER)),
                Err(text) => assert!(!text.is_empty()),
            }
        }
    }
}

/// Records for a server and for a client, in pieces of a size that the first byte says.
pub fn records(data: &[u8]) {
    let Some((&piece, data)) = data.split_first() else {
        return;
    };
    let settings = Settings {
        ca: &[],
        cert: OWN,
        key: OWN,
        name: b"localhost",
        skip_verification: false,
    };
    let cache = Cache::default();
    let server = cache.session(
        &settings,
        &Side::Server {
            http: piece & 1 == 0,
        },
    );
    let client = cache.session(&settings, &Side::Client { http: false });
    let mut sessions = [server, client].map(|s| s.unwrap_or_else(|e| panic!("{e}")));
    sessions[1].start(PEER);
    for mut session in sessions {
        session.output.consume(usize::MAX);
        feed(&mut session, data, usize::from(piece).max(1));
    }
}

/// No plaintext without a handshake; an end stays one.
fn feed(session: &mut Session, data: &[u8], piece: usize) {
    let mut input = Vec::new();
    for bytes in data.chunks(piece) {
        input.extend_from_slice(bytes);
        let Outcome {
            consumed,
            established,
            end,
        } = session.process(&mut input, &mut |_| panic!("plaintext"));
        assert!(consumed <= input.len() && !established);
        input.drain(..consumed);
        match end {
            Some(End::Failed(text)) => {
                assert!(!text.is_empty());
                session.say_goodbye(&mut input);
                assert!(session.process(&mut input, &mut |_| false).end.is_none());
                return;
            }
            Some(End::Closed) => return,
            None => {}
        }
    }
}
