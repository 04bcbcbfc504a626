//! What the resolver makes of an answer.
#![forbid(unsafe_code)]

use super::{CLASS_IN, HEADER, Name, address, rtype, u16_at, u32_at};
use std::net::IpAddr;

/// Addresses kept of one answer.
pub const MAX_ADDRESSES: usize = 8;
/// Records kept of one answer.
const MAX_RECORDS: usize = 256;
/// Aliases followed from the name asked for to its addresses.
const MAX_ALIASES: usize = 16;

/// What was asked.
pub struct Question<'a> {
    pub id: u16,
    pub name: &'a Name,
    pub rtype: u16,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// At least one address, and how many seconds they are good for.
    Addresses(Vec<IpAddr>, u32),
    /// The name exists, and has no address of the type asked for.
    NoData,
    /// The name does not exist (NXDOMAIN).
    NoName,
    /// The server did not do it: response code.
    Refused(u8),
    /// The answer did not fit into a datagram.
    Truncated,
}

/// Reads `message` as the answer to `asked`. `None` when it is not, or is malformed: then the real
/// answer may still come.
pub fn read(message: &[u8], asked: &Question<'_>) -> Option<Outcome> {
    const RESPONSE: u16 = 0x8000;
    const OPCODE: u16 = 0x7800;
    const TRUNCATED: u16 = 0x0200;
    let flags = u16_at(message, 2)?;
    if u16_at(message, 0)? != asked.id || flags & (RESPONSE | OPCODE) != RESPONSE {
        return None;
    }
    let start = after_question(message, asked)?;
    if flags & TRUNCATED != 0 {
        return Some(Outcome::Truncated);
    }
    match flags & 15 {
        0 => {}
        3 => return Some(Outcome::NoName),
        code => return Some(Outcome::Refused(code as u8)),
    }
    let (records, complete) = records(message, start, u16_at(message, 6)?);
    let (addresses, seconds) = resolve(&records, asked);
    if !addresses.is_empty() {
        Some(Outcome::Addresses(addresses, seconds))
    } else if complete {
        Some(Outcome::NoData)
    } else {
        None
    }
}

/// Checks that the message repeats the question; the offset behind it.
fn after_question(message: &[u8], asked: &Question<'_>) -> Option<usize> {
    if u16_at(message, 4)? != 1 {
        return None;
    }
    let (name, end) = Name::read(message, HEADER)?;
    let matches = name == *asked.name
        && u16_at(message, end)? == asked.rtype
        && u16_at(message, end + 2)? == CLASS_IN;
    matches.then_some(end + 4)
}

struct Record {
    owner: Name,
    seconds: u32,
    data: Data,
}

enum Data {
    Address(u16, IpAddr),
    Alias(Box<Name>),
}

/// The records that matter, and whether all announced ones are there.
fn records(message: &[u8], start: usize, count: u16) -> (Vec<Record>, bool) {
    let mut kept = Vec::new();
    let mut at = start;
    for _ in 0..count {
        let Some((record, end)) = record(message, at) else {
            return (kept, false);
        };
        if kept.len() < MAX_RECORDS {
            kept.extend(record);
        }
        at = end;
    }
    (kept, true)
}

/// The record at `at`, if it matters, and the offset behind it.
fn record(message: &[u8], at: usize) -> Option<(Option<Record>, usize)> {
    let (owner, fields) = Name::read(message, at)?;
    let rtype = u16_at(message, fields)?;
    let class = u16_at(message, fields + 2)?;
    let seconds = u32_at(message, fields + 4)?;
    let start = fields + 10;
    let end = start + usize::from(u16_at(message, fields + 8)?);
    let data = message.get(start..end)?;
    let data = match rtype {
        _ if class != CLASS_IN => None,
        rtype::CNAME => {
            Name::read(&message[..end], start).map(|(name, _)| Data::Alias(name.into()))
        }
        _ => address(rtype, data).map(|ip| Data::Address(rtype, ip)),
    };
    let record = data.map(|data| Record {
        owner,
        // RFC 2181, section 8: a TTL with the top bit set counts as 0.
        seconds: if seconds > i32::MAX as u32 {
            0
        } else {
            seconds
        },
        data,
    });
    Some((record, end))
}

/// The addresses of the name asked for or of what it is an alias for, whatever order the records
/// are in, and the shortest lifetime on the way.
fn resolve(records: &[Record], asked: &Question<'_>) -> (Vec<IpAddr>, u32) {
    let mut name = asked.name;
    let mut seconds = u32::MAX;
    for _ in 0..=MAX_ALIASES {
        let mut addresses = Vec::new();
        let mut alias = None;
        for record in records.iter().filter(|r| r.owner == *name) {
            match &record.data {
                Data::Address(rtype, ip)
                    if *rtype == asked.rtype
                        && addresses.len() < MAX_ADDRESSES
                        && !addresses.contains(ip) =>
                {
                    addresses.push(*ip);
                    seconds = seconds.min(record.seconds);
                }
                Data::Alias(target) if alias.is_none() => alias = Some((target, record.seconds)),
                _ => {}
            }
        }
        match alias {
            _ if !addresses.is_empty() => return (addresses, seconds),
            Some((target, lifetime)) => {
                name = target;
                seconds = seconds.min(lifetime);
            }
            None => break,
        }
    }
    (Vec::new(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: u16 = 0x1234;

    fn name(text: &str) -> Name {
        Name::from_text(text.as_bytes()).unwrap()
    }

    /// A message under construction.
    struct Answer(Vec<u8>);

    impl Answer {
        fn to(question: &str, flags: u16) -> Answer {
            let mut message = crate::dns::query::build(ID, flags, name(question).wire(), rtype::A);
            message[6..8].fill(0);
            Answer(message)
        }

        fn record(mut self, owner: &str, rtype: u16, seconds: u32, data: &[u8]) -> Answer {
            let count = u16_at(&self.0, 6).unwrap() + 1;
            self.0[6..8].copy_from_slice(&count.to_be_bytes());
            self.0.extend(name(owner).wire());
            self.0.extend(rtype.to_be_bytes());
            self.0.extend(CLASS_IN.to_be_bytes());
            self.0.extend(seconds.to_be_bytes());
            self.0.extend((data.len() as u16).to_be_bytes());
            self.0.extend(data);
            self
        }

        fn a(self, owner: &str, seconds: u32, last: u8) -> Answer {
            self.record(owner, rtype::A, seconds, &[10, 0, 0, last])
        }

        fn alias(self, owner: &str, seconds: u32, target: &str) -> Answer {
            self.record(owner, rtype::CNAME, seconds, name(target).wire())
        }

        fn read(&self) -> Option<Outcome> {
            self.read_as("foo.example", ID, rtype::A)
        }

        fn read_as(&self, text: &str, id: u16, rtype: u16) -> Option<Outcome> {
            let name = &name(text);
            read(&self.0, &Question { id, name, rtype })
        }
    }

    fn addresses(last: &[u8], seconds: u32) -> Option<Outcome> {
        let list = last.iter().map(|&n| IpAddr::from([10, 0, 0, n])).collect();
        Some(Outcome::Addresses(list, seconds))
    }

    #[test]
    fn all_addresses_count_once() {
        let answer = Answer::to("foo.example", 0x8180)
            .a("foo.example", 60, 1)
            .a("FOO.example", 30, 2)
            .a("foo.example", 90, 1)
            .a("other.example", 1, 3);
        assert_eq!(answer.read(), addresses(&[1, 2], 30));
    }

    #[test]
    fn only_the_answer_to_the_question_counts() {
        let answer = Answer::to("foo.example", 0x8180).a("foo.example", 60, 1);
        assert_eq!(answer.read_as("foo.example", ID + 1, rtype::A), None);
        assert_eq!(answer.read_as("bar.example", ID, rtype::A), None);
        assert_eq!(answer.read_as("foo.example", ID, rtype::AAAA), None);
        assert!(answer.read_as("FOO.EXAMPLE", ID, rtype::A).is_some());
        for flags in [0x0100, 0xa800] {
            let noise = Answer::to("foo.example", flags).a("foo.example", 60, 1);
            assert_eq!(noise.read(), None, "{flags:x}");
        }
        let mut without_question = Answer::to("foo.example", 0x8180).a("foo.example", 60, 1);
        without_question.0[5] = 0;
        assert_eq!(without_question.read(), None);
    }

    #[test]
    fn codes() {
        let with = |flags| {
            Answer::to("foo.example", flags)
                .a("foo.example", 60, 1)
                .read()
        };
        assert_eq!(with(0x8183), Some(Outcome::NoName));
        assert_eq!(with(0x8182), Some(Outcome::Refused(2)));
        assert_eq!(with(0x8185), Some(Outcome::Refused(5)));
        assert_eq!(with(0x8380), Some(Outcome::Truncated));
        assert_eq!(
            Answer::to("foo.example", 0x8180).read(),
            Some(Outcome::NoData)
        );
    }

    #[test]
    fn aliases_are_followed_in_any_order() {
        let answer = Answer::to("foo.example", 0x8180)
            .a("c.example", 60, 1)
            .alias("b.example", 20, "c.example")
            .alias("foo.example", 90, "b.example");
        assert_eq!(answer.read(), addresses(&[1], 20));
    }

    #[test]
    fn alias_loops_end() {
        let answer = Answer::to("foo.example", 0x8180)
            .alias("foo.example", 60, "bar.example")
            .alias("bar.example", 60, "foo.example")
            .a("baz.example", 60, 1);
        assert_eq!(answer.read(), Some(Outcome::NoData));
        let itself = Answer::to("foo.example", 0x8180).alias("foo.example", 60, "foo.example");
        assert_eq!(itself.read(), Some(Outcome::NoData));
    }

    #[test]
    fn long_chains_of_aliases() {
        let chain = |n: usize| {
            let link = |i: usize| match i {
                0 => "foo.example".to_owned(),
                i => format!("n{i}.example"),
            };
            let answer = (0..n).fold(Answer::to("foo.example", 0x8180), |answer, i| {
                answer.alias(&link(i), 60, &link(i + 1))
            });
            answer.a(&link(n), 60, 1).read()
        };
        assert_eq!(chain(16), addresses(&[1], 60));
        assert_eq!(chain(17), Some(Outcome::NoData));
    }

    #[test]
    fn counts_that_lie() {
        let mut answer = Answer::to("foo.example", 0x8180).a("foo.example", 60, 1);
        answer.0[6..8].fill(0xff);
        assert_eq!(answer.read(), addresses(&[1], 60));
        let mut empty = Answer::to("foo.example", 0x8180);
        empty.0[7] = 1;
        assert_eq!(empty.read(), None);
    }

    #[test]
    fn data_of_the_wrong_size_is_no_address() {
        let answer = Answer::to("foo.example", 0x8180)
            .record("foo.example", rtype::A, 60, &[1, 2, 3])
            .record("foo.example", rtype::AAAA, 60, &[0; 16])
            .record("foo.example", rtype::CNAME, 60, b"\xc0\xff");
        assert_eq!(answer.read(), Some(Outcome::NoData));
    }

    #[test]
    fn an_absurd_lifetime_is_none() {
        let answer = Answer::to("foo.example", 0x8180).a("foo.example", u32::MAX, 1);
        assert_eq!(answer.read(), addresses(&[1], 0));
    }

    #[test]
    fn the_largest_answer() {
        let mut answer = Answer::to("foo.example", 0x8180);
        for last in 0..2400 {
            answer = answer.a("foo.example", 60, last as u8);
        }
        assert!(
            (64_000..65_536).contains(&answer.0.len()),
            "{}",
            answer.0.len()
        );
        let Some(Outcome::Addresses(list, 60)) = answer.read() else {
            panic!("no addresses");
        };
        assert_eq!(list.len(), MAX_ADDRESSES);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(tail: Vec<u8>, counts: [u8; 8]) {
            let mut answer = Answer::to("foo.example", 0x8180);
            answer.0[4..12].copy_from_slice(&counts);
            answer.0[4..6].copy_from_slice(&[0, 1]);
            answer.0.extend(tail);
            let _ = answer.read();
        }
    }
}
