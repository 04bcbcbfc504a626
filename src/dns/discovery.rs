//! Multicast DNS messages (RFC 6762) and service discovery (RFC 6763).
#![forbid(unsafe_code)]

use super::lenient::{Entry, Text, read_entry_of_any_size};
use super::{CLASS_FLAG, CLASS_IN, HEADER, address, rtype, u16_at};
use std::net::IpAddr;
use std::ops::Range;

/// Seconds that others may keep our records.
const LIFETIME: u32 = 120;
/// The same for askers that know nothing of multicast (RFC 6762, section 6.7).
const SHORT_LIFETIME: u32 = 10;
/// Longest answer sent: what fits into one packet of an Ethernet.
const MAX_ANSWER: usize = 1440;
/// Questions looked at in one message.
const MAX_QUESTIONS: u16 = 32;
/// Records looked at in one message.
const MAX_RECORDS: u32 = 64;
const MAX_LABEL: usize = 63;
const LOCAL: &[u8] = b".local";
const LISTING: &[u8] = b"_services._dns-sd._udp";

const RESPONSE: u16 = 0x8000;
const OPCODE: u16 = 0x7800;
/// A response, and the sender is the authority.
const ANSWER_FLAGS: u16 = 0x8400;
const CLASS_ANY: u16 = 255;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Query,
    Response,
}

/// What kind of message it is; `None` for one to ignore.
pub fn kind(message: &[u8]) -> Option<Kind> {
    let flags = u16_at(message, 2)?;
    if message.len() <= HEADER || flags & OPCODE != 0 {
        return None;
    }
    Some(if flags & RESPONSE == 0 {
        Kind::Query
    } else {
        Kind::Response
    })
}

/// A question that a responder may answer.
pub struct Question {
    /// As it came, but without the unicast bit.
    pub entry: Entry,
    pub unicast: bool,
    /// With ".local".
    name: Text,
    /// The part of the name that is asked for, see [`Question::about`].
    about: Range<usize>,
    pub listing: bool,
}

impl Question {
    /// The name without ".local"; for SRV and TXT to a named responder, the service alone.
    pub fn about(&self) -> &[u8] {
        &self.name.as_bytes()[self.about.clone()]
    }
}

/// The questions of a query for the responder of that name, or for any.
pub fn questions(message: &[u8], responder: Option<&[u8]>) -> Vec<Question> {
    let count = u16_at(message, 4).unwrap_or(0).clamp(1, MAX_QUESTIONS);
    let mut found = Vec::new();
    let mut at = HEADER;
    for _ in 0..count {
        let (mut entry, mut name) = (Entry::default(), Text::new());
        let size = read_entry_of_any_size(message, at, true, &mut entry, &mut name);
        let Some(size) = size else { break };
        at += size;
        found.extend(question(entry, name, responder));
    }
    found
}

fn question(mut entry: Entry, name: Text, responder: Option<&[u8]>) -> Option<Question> {
    let unicast = entry.class & CLASS_FLAG != 0;
    entry.class &= !CLASS_FLAG;
    if entry.class != CLASS_IN && entry.class != CLASS_ANY {
        return None;
    }
    let text = without_local(name.as_bytes())?;
    let listing = entry.rtype == rtype::PTR && text.eq_ignore_ascii_case(LISTING);
    let about = match (entry.rtype, responder) {
        (rtype::A, Some(host)) if !text.eq_ignore_ascii_case(host) => return None,
        (rtype::SRV | rtype::TXT, Some(host)) => {
            let (first, rest) = text.split_at_checked(host.len())?;
            if !first.eq_ignore_ascii_case(host) || rest.first() != Some(&b'.') {
                return None;
            }
            host.len() + 1..text.len()
        }
        (rtype::A | rtype::PTR | rtype::SRV | rtype::TXT, _) => 0..text.len(),
        _ => return None,
    };
    Some(Question {
        entry,
        unicast,
        about,
        listing,
        name,
    })
}

/// `None` when the name does not end so, or is nothing else.
fn without_local(name: &[u8]) -> Option<&[u8]> {
    let (text, suffix) = name.split_at_checked(name.len().checked_sub(LOCAL.len())?)?;
    (!text.is_empty() && suffix.eq_ignore_ascii_case(LOCAL)).then_some(text)
}

/// What a program offers.
pub struct Service<'a> {
    /// Service and protocol, such as "_http._tcp".
    pub kind: &'a [u8],
    /// Content of the TXT record.
    pub txt: &'a [u8],
    pub port: u16,
}

/// The answer to `question` by the host `host`, as plain DNS would have it if `plain`. `None` when there
/// is nothing to say, or it is too long, or a name is not legal.
pub fn answer(
    id: u16,
    plain: bool,
    question: &Question,
    host: &[u8],
    ip: IpAddr,
    service: Option<&Service<'_>>,
) -> Option<Vec<u8>> {
    if question.listing || host.is_empty() && question.entry.rtype != rtype::TXT {
        return None;
    }
    let mut out = Writer::new(id);
    if plain {
        out.repeat(question)?;
    }
    match (question.entry.rtype, service) {
        (rtype::A, _) => {
            out.labels(&[host], None)?;
            out.address(ip).filter(|rtype| *rtype == rtype::A)?;
            out.counts(1, 0);
        }
        (rtype::PTR, Some(service)) => {
            let kind = out.service_name(service)?;
            let local = out.last_label;
            let instance = out.record(rtype::PTR, |out| {
                let at = out.bytes.len();
                out.labels(&[host], Some(kind))?;
                Some(at)
            })?;
            out.pointer(instance);
            let target = out.srv(service, host, local)?;
            out.pointer(instance);
            out.txt(service)?;
            out.pointer(target);
            out.address(ip)?;
            out.counts(1, 3);
        }
        (rtype::SRV, Some(service)) => {
            let local = out.question_name(question)?;
            let target = out.srv(service, host, local)?;
            out.pointer(target);
            out.address(ip)?;
            out.counts(1, 1);
        }
        (rtype::TXT, Some(service)) => {
            out.question_name(question)?;
            out.txt(service)?;
            out.counts(1, 0);
        }
        _ => return None,
    }
    (out.bytes.len() <= MAX_ANSWER).then_some(out.bytes)
}

struct Writer {
    bytes: Vec<u8>,
    lifetime: u32,
    /// Where the label before the root of the last full name is.
    last_label: usize,
}

impl Writer {
    fn new(id: u16) -> Writer {
        let mut writer = Writer {
            bytes: Vec::with_capacity(256),
            lifetime: LIFETIME,
            last_label: 0,
        };
        for word in [id, ANSWER_FLAGS, 0, 0, 0, 0] {
            writer.word(word);
        }
        writer
    }

    fn word(&mut self, word: u16) {
        self.bytes.extend(word.to_be_bytes());
    }

    fn counts(&mut self, answers: u8, additional: u8) {
        self.bytes[7] = answers;
        self.bytes[11] = additional;
    }

    fn repeat(&mut self, question: &Question) -> Option<()> {
        self.question_name(question)?;
        self.word(question.entry.rtype);
        self.word(question.entry.class);
        self.bytes[5] = 1;
        self.lifetime = SHORT_LIFETIME;
        Some(())
    }

    fn pointer(&mut self, to: usize) {
        self.word(0xc000 | to as u16);
    }

    /// Labels, and then what is at `tail`, or ".local".
    fn labels(&mut self, labels: &[&[u8]], tail: Option<usize>) -> Option<()> {
        let start = self.bytes.len();
        let end: &[&[u8]] = if tail.is_some() { &[] } else { &[b"local"] };
        for label in labels.iter().chain(end) {
            if label.is_empty() || label.len() > MAX_LABEL {
                return None;
            }
            self.last_label = self.bytes.len();
            self.bytes.push(label.len() as u8);
            self.bytes.extend(*label);
        }
        match tail {
            Some(at) => self.pointer(at),
            None => self.bytes.push(0),
        }
        // RFC 1035, section 2.3.4; a tail counts where it is written out.
        (self.bytes.len() - start <= 255).then_some(())
    }

    /// Writes the full name of a service; its offset.
    fn service_name(&mut self, service: &Service<'_>) -> Option<usize> {
        let at = self.bytes.len();
        let protocol = service.kind.len().checked_sub(5)?;
        if !matches!(&service.kind[protocol..], b"._tcp" | b"._udp") {
            return None;
        }
        let labels: Vec<&[u8]> = service.kind.split(|&b| b == b'.').collect();
        self.labels(&labels, None)?;
        Some(at)
    }

    /// Writes the name that was asked for; the offset of its ".local".
    fn question_name(&mut self, question: &Question) -> Option<usize> {
        let name = without_local(question.name.as_bytes())?;
        let labels: Vec<&[u8]> = name.split(|&b| b == b'.').collect();
        self.labels(&labels, None)?;
        Some(self.last_label)
    }

    /// Writes what follows the owner of a record.
    fn record<T>(&mut self, rtype: u16, data: impl FnOnce(&mut Writer) -> Option<T>) -> Option<T> {
        self.word(rtype);
        self.word(CLASS_IN);
        self.bytes.extend(self.lifetime.to_be_bytes());
        let start = self.bytes.len();
        self.word(0);
        let result = data(self)?;
        let size = u16::try_from(self.bytes.len() - start - 2).ok()?;
        self.bytes[start..start + 2].copy_from_slice(&size.to_be_bytes());
        Some(result)
    }

    /// The offset of the host's name.
    fn srv(&mut self, service: &Service<'_>, host: &[u8], local: usize) -> Option<usize> {
        self.record(rtype::SRV, |out| {
            let (priority, weight) = (0, 0);
            for word in [priority, weight, service.port] {
                out.word(word);
            }
            let at = out.bytes.len();
            out.labels(&[host], Some(local))?;
            Some(at)
        })
    }

    fn txt(&mut self, service: &Service<'_>) -> Option<()> {
        self.record(rtype::TXT, |out| {
            out.bytes.extend(service.txt);
            Some(())
        })
    }

    /// The type that the address has.
    fn address(&mut self, ip: IpAddr) -> Option<u16> {
        match ip {
            IpAddr::V4(ip) => self.record(rtype::A, |out| {
                out.bytes.extend(ip.octets());
                Some(rtype::A)
            }),
            IpAddr::V6(ip) => self.record(rtype::AAAA, |out| {
                out.bytes.extend(ip.octets());
                Some(rtype::AAAA)
            }),
        }
    }
}

/// A record of a response.
pub struct Record {
    entry: Entry,
    pub owner: Text,
    data: Range<usize>,
}

/// The records of a response.
#[derive(Default)]
pub struct Records {
    pub list: Vec<Record>,
    /// One is malformed or missing, and so are those behind it.
    incomplete: bool,
}

/// Reads the records of a response, in order.
pub fn records(message: &[u8]) -> Records {
    let mut records = Records::default();
    records.incomplete = read_records(message, &mut records.list).is_none();
    records
}

fn read_records(message: &[u8], list: &mut Vec<Record>) -> Option<()> {
    let mut at = HEADER;
    for _ in 0..u16_at(message, 4)?.min(MAX_QUESTIONS) {
        let (mut entry, mut name) = (Entry::default(), Text::new());
        at += read_entry_of_any_size(message, at, true, &mut entry, &mut name)?;
    }
    let mut count = 0;
    for section in [6, 8, 10] {
        count += u32::from(u16_at(message, section)?);
    }
    for _ in 0..count.min(MAX_RECORDS) {
        let (mut entry, mut owner) = (Entry::default(), Text::new());
        at += read_entry_of_any_size(message, at, false, &mut entry, &mut owner)?;
        list.push(Record {
            data: at - usize::from(entry.data_size)..at,
            entry,
            owner,
        });
    }
    Some(())
}

impl Record {
    fn is_in(&self) -> bool {
        self.entry.class & !CLASS_FLAG == CLASS_IN
    }

    /// The IPv4 address it gives to its owner.
    pub fn ip4(&self, message: &[u8]) -> Option<IpAddr> {
        if !self.is_in() || self.entry.rtype != rtype::A {
            return None;
        }
        address(rtype::A, &message[self.data.clone()])
    }

    /// The name in its data, `skip` bytes from the start.
    fn name(&self, message: &[u8], skip: usize) -> Option<Text> {
        let (mut entry, mut name) = (Entry::default(), Text::new());
        let at = self.data.start + skip;
        if at >= self.data.end {
            return None;
        }
        // Fields behind the name are of no interest, so a question will do; it may lack them at the
        // end of the message.
        let mut padded = message[..self.data.end].to_vec();
        padded.extend([0; 5]);
        read_entry_of_any_size(&padded, at, true, &mut entry, &mut name)?;
        Some(name)
    }
}

/// What a response says about a host or a service.
pub struct Finding {
    /// The record that decides what it is about.
    pub entry: Entry,
    pub name: Vec<u8>,
    /// Service and protocol.
    pub kind: Vec<u8>,
    pub txt: Range<usize>,
    pub port: u16,
    pub ip: Option<IpAddr>,
}

/// Puts together the first record of a response and those that belong to it. `None` when it is
/// of no known type, or when something is malformed.
pub fn finding(message: &[u8], records: &Records) -> Option<Finding> {
    let first = records.list.first().filter(|r| r.is_in())?;
    let mut finding = Finding {
        entry: first.entry,
        name: first.owner.as_bytes().to_vec(),
        kind: Vec::new(),
        txt: 0..0,
        port: 0,
        ip: None,
    };
    let (instance, rest) = match first.entry.rtype {
        rtype::A => {
            finding.ip = Some(first.ip4(message)?);
            return Some(finding);
        }
        rtype::PTR => (first.name(message, 0)?, &records.list[1..]),
        rtype::SRV | rtype::TXT => (first.owner.clone(), &records.list[..]),
        _ => return None,
    };
    if records.incomplete {
        return None;
    }
    let parts = parts(message, instance.as_bytes(), rest)?;
    let kind = if first.entry.rtype == rtype::PTR {
        without_local(first.owner.as_bytes())
    } else {
        behind_first_label(instance.as_bytes()).and_then(without_local)
    };
    finding.kind = kind.unwrap_or_default().to_vec();
    finding.port = parts.srv.as_ref().map_or(0, |srv| srv.0);
    finding.txt = parts.txt.unwrap_or(0..0);
    finding.ip = parts.host.as_ref().map(|host| host.0);
    finding.name = match (first.entry.rtype, parts.srv, parts.host) {
        (rtype::PTR, Some((_, target)), _) => target.as_bytes().to_vec(),
        (rtype::PTR, None, Some((_, owner))) => owner.as_bytes().to_vec(),
        _ => first_label(instance.as_bytes()).to_vec(),
    };
    Some(finding)
}

/// Records that belong to one instance of a service.
#[derive(Default)]
struct Parts {
    /// Port and host.
    srv: Option<(u16, Text)>,
    txt: Option<Range<usize>>,
    /// Address and the name it belongs to.
    host: Option<(IpAddr, Text)>,
}

/// The first record of each type counts. Responders put them in any order.
fn parts(message: &[u8], instance: &[u8], records: &[Record]) -> Option<Parts> {
    let of = |rtype: u16, owner: &[u8]| {
        records.iter().find(|r| {
            r.is_in() && r.entry.rtype == rtype && r.owner.as_bytes().eq_ignore_ascii_case(owner)
        })
    };
    let mut parts = Parts::default();
    if let Some(record) = of(rtype::SRV, instance) {
        let port = u16_at(&message[record.data.clone()], 4)?;
        parts.srv = Some((port, record.name(message, 6)?));
    }
    parts.txt = of(rtype::TXT, instance).map(|record| record.data.clone());
    let host = parts.srv.as_ref().map_or(instance, |srv| srv.1.as_bytes());
    parts.host = of(rtype::A, host).and_then(|r| Some((r.ip4(message)?, r.owner.clone())));
    Some(parts)
}

fn first_label(name: &[u8]) -> &[u8] {
    name.split(|&b| b == b'.').next().unwrap_or_default()
}

fn behind_first_label(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().position(|&b| b == b'.')?;
    Some(&name[dot + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HTTP: Service<'_> = Service {
        kind: b"_http._tcp",
        txt: b"\x03a=b",
        port: 8080,
    };

    fn ask(wire: &[u8], rtype: u16, responder: Option<&[u8]>) -> Vec<Question> {
        questions(&crate::dns::query::build(7, 0, wire, rtype), responder)
    }

    /// What a listener makes of our own answer to a question.
    fn heard(wire: &[u8], rtype: u16, host: &[u8]) -> Option<Finding> {
        let multicast = heard_as(false, wire, rtype, host);
        let plain = heard_as(true, wire, rtype, host);
        assert_eq!(multicast.as_ref().map(|f| f.ip), plain.map(|f| f.ip));
        multicast
    }

    fn heard_as(plain: bool, wire: &[u8], rtype: u16, host: &[u8]) -> Option<Finding> {
        let question = ask(wire, rtype, None).pop()?;
        let ip = IpAddr::from([10, 0, 0, 7]);
        let message = answer(0, plain, &question, host, ip, Some(&HTTP))?;
        assert_eq!(kind(&message), Some(Kind::Response));
        finding(&message, &records(&message))
    }

    #[test]
    fn answers_are_understood() {
        let ip = Some(IpAddr::from([10, 0, 0, 7]));
        let finding = heard(b"\x05_http\x04_tcp\x05local\0", rtype::PTR, b"mydev").unwrap();
        assert_eq!(finding.name, b"mydev.local");
        assert_eq!(finding.kind, b"_http._tcp");
        assert_eq!((finding.port, finding.ip), (8080, ip));
        let finding = heard(
            b"\x05mydev\x05_http\x04_tcp\x05local\0",
            rtype::SRV,
            b"mydev",
        )
        .unwrap();
        assert_eq!(finding.name, b"mydev");
        assert_eq!(finding.kind, b"_http._tcp");
        assert_eq!((finding.port, finding.ip), (8080, ip));
        let finding = heard(b"\x05mydev\x05local\0", rtype::A, b"mydev").unwrap();
        assert_eq!((&finding.name[..], finding.ip), (&b"mydev.local"[..], ip));
        assert!(heard(b"\x05mydev\x05_http\x04_tcp\x05local\0", rtype::TXT, b"").is_some());
    }

    #[test]
    fn what_cannot_be_said_is_not_said() {
        let long = [b'a'; 64];
        for host in [&b""[..], &long] {
            assert!(heard(b"\x05_http\x04_tcp\x05local\0", rtype::PTR, host).is_none());
            assert!(heard(b"\x05mydev\x05local\0", rtype::A, host).is_none());
        }
        let listing = b"\x09_services\x07_dns-sd\x04_udp\x05local\0";
        assert!(ask(listing, rtype::PTR, None)[0].listing);
        assert!(heard(listing, rtype::PTR, b"mydev").is_none());
    }

    #[test]
    fn a_named_responder_hears_its_name_only() {
        let mine = |wire: &[u8], rtype| ask(wire, rtype, Some(b"mydev")).len();
        assert_eq!(mine(b"\x05MyDev\x05local\0", rtype::A), 1);
        assert_eq!(mine(b"\x05other\x05local\0", rtype::A), 0);
        assert_eq!(
            mine(b"\x05mydev\x05_http\x04_tcp\x05local\0", rtype::SRV),
            1
        );
        assert_eq!(
            mine(b"\x06mydevx\x05_http\x04_tcp\x05local\0", rtype::SRV),
            0
        );
        assert_eq!(mine(b"\x05mydev\x05local\0", rtype::AAAA), 0);
        assert_eq!(mine(b"\x05local\0", rtype::A), 0);
    }

    proptest! {
        #[test]
        fn any_message_is_read(message in prop::collection::vec(any::<u8>(), 0..300), host: Vec<u8>) {
            kind(&message);
            for question in questions(&message, Some(&host)) {
                let about = question.about().len();
                prop_assert!(about < question.name.as_bytes().len());
            }
            let _ = finding(&message, &records(&message));
        }

        #[test]
        fn any_service_is_answered_or_refused(kind: Vec<u8>, txt: Vec<u8>, host in "[ -~]{0,70}", rtype in 0u16..40, plain: bool) {
            let service = Service { kind: &kind, txt: &txt, port: 1 };
            for question in ask(b"\x05mydev\x05_http\x04_tcp\x05local\0", rtype, None) {
                if let Some(message) = answer(1, plain, &question, host.as_bytes(), IpAddr::from([1, 2, 3, 4]), Some(&service)) {
                    prop_assert!(message.len() <= MAX_ANSWER);
                    prop_assert!(!records(&message).incomplete);
                }
            }
        }
    }
}
