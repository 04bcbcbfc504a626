//! One TLS connection: ciphertext in, plaintext out, and the other way round. No sockets, no clock,
//! no callbacks.

use super::failure::{self, Context};
use super::output::{Output, Refused};
use super::{End, Outcome, Peer};
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use rustls::server::{Acceptor, ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, Error, ServerConfig};
use std::sync::Arc;

const HTTP: &[u8] = b"http/1.1";
/// The most input that can wait for its other part: a handshake message of the greatest size,
/// with the records it came in.
const MAX_INCOMPLETE: usize = 128 * 1024;

/// A client that has not said anything yet.
pub struct ClientStart {
    pub config: Arc<ClientConfig>,
    /// `None`: the server has no name but its address.
    pub name: Option<ServerName<'static>>,
    /// Offer HTTP.
    pub http: bool,
}

/// A server that has not understood the client's greeting yet.
pub struct ServerStart {
    plain: Arc<ServerConfig>,
    /// For clients that offer HTTP. Those that offer other protocols only get no choice at all.
    http: Option<Arc<ServerConfig>>,
    /// Looks at the greeting. rustls wants to know the protocols before it sees it.
    acceptor: Option<Box<Acceptor>>,
    /// How much of the input the acceptor has seen.
    seen: usize,
}

impl ServerStart {
    pub fn new(plain: Arc<ServerConfig>, http: Option<Arc<ServerConfig>>) -> ServerStart {
        ServerStart {
            plain,
            http,
            acceptor: None,
            seen: 0,
        }
    }

    /// The configuration to go on with, once that can be said.
    fn choose(&mut self, input: &[u8]) -> Option<Arc<ServerConfig>> {
        let Some(http) = &self.http else {
            return Some(self.plain.clone());
        };
        let acceptor = self.acceptor.get_or_insert_default();
        // A damaged greeting is refused by the connection, with an alert.
        while self.seen < input.len() {
            match acceptor.read_tls(&mut &input[self.seen..]) {
                Ok(n) if n > 0 => self.seen += n,
                _ => return Some(self.plain.clone()),
            }
            match acceptor.accept() {
                Ok(None) => {}
                Ok(Some(accepted)) => {
                    let hello = accepted.client_hello();
                    let offered = hello
                        .alpn()
                        .is_some_and(|mut protocols| protocols.any(|p| p == HTTP));
                    return Some(if offered { http } else { &self.plain }.clone());
                }
                Err(_) => return Some(self.plain.clone()),
            }
        }
        None
    }
}

enum Role {
    ClientStart(ClientStart),
    Client(UnbufferedClientConnection),
    ServerStart(ServerStart),
    Server(UnbufferedServerConnection),
    Failed,
}

pub struct Session {
    role: Role,
    pub output: Output,
    /// Plaintext that no buffer was at hand for.
    pub plaintext: Vec<u8>,
    established: bool,
    /// The peer said something that made sense.
    heard: bool,
    server: bool,
}

/// What is wanted besides processing input.
enum Wish<'a> {
    Nothing,
    Encrypt(&'a [u8]),
    SayGoodbye,
}

/// Takes plaintext; false when it has no room.
type Sink<'a> = dyn FnMut(&[u8]) -> bool + 'a;

impl Session {
    pub fn client(start: ClientStart) -> Session {
        Session::new(Role::ClientStart(start), false)
    }

    pub fn server(start: ServerStart) -> Session {
        Session::new(Role::ServerStart(start), true)
    }

    fn new(role: Role, server: bool) -> Session {
        Session {
            role,
            output: Output::default(),
            plaintext: Vec::new(),
            established: false,
            heard: false,
            server,
        }
    }

    /// True when the handshake waits for us to begin.
    pub fn waits_for_start(&self) -> bool {
        matches!(self.role, Role::ClientStart(_))
    }

    pub fn is_resumed(&self) -> bool {
        let kind = match &self.role {
            Role::Client(c) => c.handshake_kind(),
            Role::Server(c) => c.handshake_kind(),
            _ => None,
        };
        kind == Some(rustls::HandshakeKind::Resumed)
    }

    /// A client says hello.
    pub fn start(&mut self, peer: Peer) -> Outcome {
        if let Role::ClientStart(start) = &self.role {
            let name = start
                .name
                .clone()
                .unwrap_or(ServerName::IpAddress(peer.into()));
            let protocols = if start.http {
                vec![HTTP.to_vec()]
            } else {
                Vec::new()
            };
            match UnbufferedClientConnection::new_with_alpn(start.config.clone(), name, protocols) {
                Ok(connection) => self.role = Role::Client(connection),
                Err(e) => return self.failed(0, &e),
            }
        }
        self.process(&mut [], &mut |_| false)
    }

    /// Decrypts what is complete in `input`, which is changed, and hands it to `sink`. The part
    /// that is not consumed must stand at the beginning of the next input, as it is now.
    pub fn process(&mut self, input: &mut [u8], sink: &mut Sink<'_>) -> Outcome {
        let outcome = self.drive(input, sink, &Wish::Nothing);
        let rest = input.len() - outcome.consumed;
        if outcome.end.is_none() && rest > MAX_INCOMPLETE {
            return Outcome {
                end: Some(End::Failed("decryption error: endless message".into())),
                ..outcome
            };
        }
        outcome
    }

    /// Encrypts into the output. `input` is what process() did not consume.
    pub fn encrypt(&mut self, input: &mut [u8], plaintext: &[u8]) -> Outcome {
        self.with_own_sink(input, &Wish::Encrypt(plaintext))
    }

    /// Announces that nothing more will be sent (close_notify).
    pub fn say_goodbye(&mut self, input: &mut [u8]) {
        if self.established {
            self.with_own_sink(input, &Wish::SayGoodbye);
        }
    }

    fn with_own_sink(&mut self, input: &mut [u8], wish: &Wish<'_>) -> Outcome {
        let mut plaintext = std::mem::take(&mut self.plaintext);
        let outcome = self.drive(
            input,
            &mut |data| {
                let room = plaintext.try_reserve(data.len()).is_ok();
                if room {
                    plaintext.extend_from_slice(data);
                }
                room
            },
            wish,
        );
        self.plaintext = plaintext;
        outcome
    }

    fn drive(&mut self, input: &mut [u8], sink: &mut Sink<'_>, wish: &Wish<'_>) -> Outcome {
        if let Role::ServerStart(start) = &mut self.role {
            match start.choose(input).map(UnbufferedServerConnection::new) {
                None => {
                    return Outcome {
                        consumed: 0,
                        established: false,
                        end: None,
                    };
                }
                Some(Ok(connection)) => self.role = Role::Server(connection),
                Some(Err(e)) => return self.failed(0, &e),
            }
        }
        let (consumed, end, handshaking) = match &mut self.role {
            Role::Client(c) => {
                let (n, end) = drive(c, input, &mut self.output, sink, wish);
                self.heard |= c.protocol_version().is_some();
                (n, end, c.is_handshaking())
            }
            Role::Server(c) => {
                let (n, end) = drive(c, input, &mut self.output, sink, wish);
                self.heard |= c.protocol_version().is_some();
                (n, end, c.is_handshaking())
            }
            Role::ClientStart(_) | Role::ServerStart(_) | Role::Failed => (0, None, true),
        };
        let established = !handshaking && !std::mem::replace(&mut self.established, !handshaking);
        let outcome = match end {
            Some(Stop::Failed(e)) => self.failed(consumed, &e),
            Some(Stop::NoRoom) => self.failed_with(consumed, "OOM".into()),
            Some(Stop::Closed) => Outcome {
                consumed,
                established,
                end: Some(End::Closed),
            },
            None => Outcome {
                consumed,
                established,
                end: None,
            },
        };
        Outcome {
            established,
            ..outcome
        }
    }

    fn failed(&mut self, consumed: usize, error: &Error) -> Outcome {
        let context = Context {
            server: self.server,
            silent: !self.heard,
        };
        self.failed_with(consumed, failure::describe(error, &context))
    }

    fn failed_with(&mut self, consumed: usize, text: String) -> Outcome {
        self.role = Role::Failed;
        Outcome {
            consumed,
            established: false,
            end: Some(End::Failed(text)),
        }
    }
}

/// What both kinds of rustls connection do.
trait Records {
    type Data;
    /// True when something is to be encoded, whatever the input.
    fn wants_to_speak(&self) -> bool;
    fn records<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data>;
}

impl Records for UnbufferedClientConnection {
    type Data = ClientConnectionData;

    fn wants_to_speak(&self) -> bool {
        self.wants_write()
    }

    fn records<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }
}

impl Records for UnbufferedServerConnection {
    type Data = ServerConnectionData;

    fn wants_to_speak(&self) -> bool {
        self.wants_write()
    }

    fn records<'c, 'i>(&'c mut self, input: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, Self::Data> {
        self.process_tls_records(input)
    }
}

enum Stop {
    Closed,
    Failed(Error),
    NoRoom,
}

impl From<Refused> for Stop {
    fn from(_: Refused) -> Stop {
        Stop::NoRoom
    }
}

/// Lets rustls work until it needs more input. Returns how much of it is done with, and why there
/// will be no more.
fn drive<C: Records>(
    connection: &mut C,
    input: &mut [u8],
    output: &mut Output,
    sink: &mut Sink<'_>,
    wish: &Wish<'_>,
) -> (usize, Option<Stop>) {
    let mut used = 0;
    loop {
        let UnbufferedStatus { discard, state, .. } = connection.records(&mut input[used..]);
        used += discard;
        let step = match state {
            Ok(state) => step(state, &mut used, output, sink, wish),
            Err(e) => Err(Some(Stop::Failed(e))),
        };
        match step {
            Ok(()) => {}
            Err(stop) => {
                if let Some(Stop::Failed(_)) = stop {
                    collect_alert(connection, &mut input[used..], output);
                }
                return (used, stop);
            }
        }
    }
}

/// Deals with one state; `Err` ends the work.
fn step<D>(
    state: ConnectionState<'_, '_, D>,
    used: &mut usize,
    output: &mut Output,
    sink: &mut Sink<'_>,
    wish: &Wish<'_>,
) -> Result<(), Option<Stop>> {
    match state {
        ConnectionState::ReadTraffic(mut records) => {
            while let Some(record) = records.next_record() {
                let record = record.map_err(Stop::Failed)?;
                *used += record.discard;
                if !sink(record.payload) {
                    return Err(Some(Stop::NoRoom));
                }
            }
            Ok(())
        }
        ConnectionState::EncodeTlsData(mut data) => Ok(output
            .append(|room| data.encode(room))
            .map_err(Stop::from)?),
        ConnectionState::TransmitTlsData(data) => {
            data.done();
            Ok(())
        }
        ConnectionState::WriteTraffic(mut traffic) => {
            match wish {
                Wish::Nothing => {}
                Wish::Encrypt(plaintext) => output
                    .append(|room| traffic.encrypt(plaintext, room))
                    .map_err(Stop::from)?,
                Wish::SayGoodbye => output
                    .append(|room| traffic.queue_close_notify(room))
                    .map_err(Stop::from)?,
            }
            Err(None)
        }
        ConnectionState::PeerClosed => match wish {
            Wish::Nothing => Err(Some(Stop::Closed)),
            _ => Ok(()),
        },
        // Nothing to do without more input; early data is never asked for.
        _ => Err(None),
    }
}

/// The alert that tells the peer what was wrong.
fn collect_alert<C: Records>(connection: &mut C, input: &mut [u8], output: &mut Output) {
    while connection.wants_to_speak() {
        match connection.records(input).state {
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                if output.append(|room| data.encode(room)).is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}
