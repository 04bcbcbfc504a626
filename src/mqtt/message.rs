//! Writing packets.
//!
//! The functions write the body of a packet, which is everything behind the fixed header. Callers
//! run them twice: into a counter, for the header and the room that is needed, and then into the
//! buffer. Whatever has no encoding is refused in the first run.
#![forbid(unsafe_code)]

use super::cmd;
use super::property::{Property, write_section};
use crate::fmt::Sink;
use std::fmt;

/// Largest value of a variable byte integer (section 1.5.5).
const VARINT_MAX: usize = (1 << 28) - 1;

/// The protocol version that has properties.
pub const V5: u8 = 5;

/// Why a packet cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    LongString,
    Qos(u8),
    Property(u8),
    TooLarge,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::LongString => f.write_str("MQTT string exceeds 65535 bytes"),
            Refusal::Qos(qos) => write!(f, "MQTT QoS {qos} does not exist"),
            Refusal::Property(id) => write!(f, "MQTT property {id} does not exist"),
            Refusal::TooLarge => f.write_str("MQTT packet or number exceeds 268435455"),
        }
    }
}

/// The properties of a packet to write; `None` in versions without properties.
pub trait Properties<'a>: Iterator<Item = Property<'a>> + Clone {}

impl<'a, T: Iterator<Item = Property<'a>> + Clone> Properties<'a> for T {}

/// CONNECT (section 3.1).
pub struct Connect<'a, P> {
    pub version: u8,
    pub client_id: &'a [u8],
    pub keepalive: u16,
    pub clean: bool,
    pub will: Option<Will<'a, P>>,
    /// Absent when empty.
    pub user: &'a [u8],
    /// Absent when empty.
    pub password: &'a [u8],
    pub props: Option<P>,
}

pub struct Will<'a, P> {
    pub topic: &'a [u8],
    pub message: &'a [u8],
    pub qos: u8,
    pub retain: bool,
    pub props: Option<P>,
}

/// PUBLISH (section 3.3).
pub struct Publish<'a, P> {
    pub topic: &'a [u8],
    pub message: &'a [u8],
    /// Present when the Quality of Service is above 0.
    pub id: Option<u16>,
    pub props: Option<P>,
}

/// SUBSCRIBE and UNSUBSCRIBE (sections 3.8 and 3.10) for one topic filter.
pub struct Subscribe<'a, P> {
    pub id: u16,
    pub filter: &'a [u8],
    /// `None` writes UNSUBSCRIBE.
    pub qos: Option<u8>,
    pub props: Option<P>,
}

impl<'a, P: Properties<'a>> Connect<'a, P> {
    pub fn write(&self, out: &mut dyn Sink) -> Result<(), Refusal> {
        put_string(out, b"MQTT")?;
        out.put(&[self.version, self.flags()?]);
        out.put(&self.keepalive.to_be_bytes());
        put_properties(out, self.props.as_ref())?;
        put_string(out, self.client_id)?;
        if let Some(will) = &self.will {
            put_properties(out, will.props.as_ref())?;
            put_string(out, will.topic)?;
            put_string(out, will.message)?;
        }
        if self.has_user() {
            put_string(out, self.user)?;
        }
        if self.has_password() {
            put_string(out, self.password)?;
        }
        Ok(())
    }

    fn flags(&self) -> Result<u8, Refusal> {
        let will = match &self.will {
            Some(will) => 0x04 | check_qos(will.qos)? << 3 | u8::from(will.retain) << 5,
            None => 0,
        };
        Ok(u8::from(self.clean) << 1
            | will
            | u8::from(self.has_password()) << 6
            | u8::from(self.has_user()) << 7)
    }

    fn has_password(&self) -> bool {
        !self.password.is_empty()
    }

    /// Only MQTT 5 allows a password alone [MQTT-3.1.2-22 of 3.1.1].
    fn has_user(&self) -> bool {
        !self.user.is_empty() || self.has_password() && self.version != V5
    }
}

impl<'a, P: Properties<'a>> Publish<'a, P> {
    pub fn write(&self, out: &mut dyn Sink) -> Result<(), Refusal> {
        put_string(out, self.topic)?;
        if let Some(id) = self.id {
            out.put(&id.to_be_bytes());
        }
        put_properties(out, self.props.as_ref())?;
        out.put(self.message);
        Ok(())
    }
}

impl<'a, P: Properties<'a>> Subscribe<'a, P> {
    pub fn write(&self, out: &mut dyn Sink) -> Result<(), Refusal> {
        out.put(&self.id.to_be_bytes());
        put_properties(out, self.props.as_ref())?;
        put_string(out, self.filter)?;
        if let Some(qos) = self.qos {
            out.put(&[check_qos(qos)?]);
        }
        Ok(())
    }
}

/// The reserved flags of packets other than PUBLISH (section 2.1.3).
pub fn first_byte(command: u8) -> u8 {
    let flags = match command {
        cmd::PUBREL | cmd::SUBSCRIBE | cmd::UNSUBSCRIBE => 2,
        _ => 0,
    };
    command << 4 | flags
}

/// First byte of PUBLISH.
pub fn publish_first_byte(qos: u8, retain: bool, dup: bool) -> Result<u8, Refusal> {
    let qos = check_qos(qos)?;
    Ok(cmd::PUBLISH << 4 | u8::from(dup) << 3 | qos << 1 | u8::from(retain))
}

fn check_qos(qos: u8) -> Result<u8, Refusal> {
    if qos > 2 {
        return Err(Refusal::Qos(qos));
    }
    Ok(qos)
}

fn put_properties<'a>(
    out: &mut dyn Sink,
    props: Option<&impl Properties<'a>>,
) -> Result<(), Refusal> {
    match props {
        Some(props) => write_section(out, props.clone()),
        None => Ok(()),
    }
}

/// Writes a variable byte integer (section 1.5.5).
pub fn put_varint(out: &mut dyn Sink, value: usize) -> Result<(), Refusal> {
    if value > VARINT_MAX {
        return Err(Refusal::TooLarge);
    }
    let mut rest = value;
    while rest > 0x7f {
        out.put(&[rest as u8 | 0x80]);
        rest >>= 7;
    }
    out.put(&[rest as u8]);
    Ok(())
}

/// Writes a string or binary data (sections 1.5.4 and 1.5.6).
pub fn put_string(out: &mut dyn Sink, text: &[u8]) -> Result<(), Refusal> {
    let len = u16::try_from(text.len()).map_err(|_| Refusal::LongString)?;
    out.put(&len.to_be_bytes());
    out.put(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::iter::{Empty, empty};

    type None_ = Empty<Property<'static>>;

    fn connect<'a>() -> Connect<'a, None_> {
        Connect {
            version: 4,
            client_id: b"cid",
            keepalive: 60,
            clean: true,
            will: None,
            user: b"",
            password: b"",
            props: None,
        }
    }

    fn will<'a>(qos: u8) -> Will<'a, None_> {
        Will {
            topic: b"w",
            message: b"gone",
            qos,
            retain: true,
            props: None,
        }
    }

    fn bytes(write: impl Fn(&mut dyn Sink) -> Result<(), Refusal>) -> Result<Vec<u8>, Refusal> {
        let mut out = Vec::new();
        write(&mut out).map(|()| out)
    }

    #[test]
    fn connect_flags() {
        let flags = |c: &Connect<'_, None_>| bytes(|out| c.write(out)).map(|b| b[7]);
        assert_eq!(flags(&connect()), Ok(0x02));
        let c = Connect {
            will: Some(will(1)),
            user: b"bob",
            password: b"pw",
            ..connect()
        };
        assert_eq!(flags(&c), Ok(0xee));
        let c = Connect {
            will: Some(will(3)),
            ..connect()
        };
        assert_eq!(flags(&c), Err(Refusal::Qos(3)));
    }

    #[test]
    fn a_password_needs_a_user_name_before_version_5() {
        let mut c = connect();
        c.password = b"pw";
        let text = bytes(|out| c.write(out)).unwrap();
        assert_eq!(text[7], 0xc2);
        assert!(text.ends_with(b"\x00\x03cid\x00\x00\x00\x02pw"));
        c.version = V5;
        c.props = Some(empty());
        let text = bytes(|out| c.write(out)).unwrap();
        assert_eq!(text[7], 0x42);
        assert!(text.ends_with(b"\x00\x00\x03cid\x00\x02pw"));
    }

    #[test]
    fn variable_byte_integers() {
        for (value, expected) in [
            (0, &[0][..]),
            (127, &[0x7f]),
            (128, &[0x80, 1]),
            (16383, &[0xff, 0x7f]),
            (16384, &[0x80, 0x80, 1]),
            (VARINT_MAX, &[0xff, 0xff, 0xff, 0x7f]),
        ] {
            assert_eq!(bytes(|out| put_varint(out, value)), Ok(expected.to_vec()));
        }
        assert_eq!(
            bytes(|out| put_varint(out, VARINT_MAX + 1)),
            Err(Refusal::TooLarge)
        );
    }

    #[test]
    fn strings_up_to_65535_bytes() {
        assert!(bytes(|out| put_string(out, &[b'a'; 65535])).is_ok());
        assert_eq!(
            bytes(|out| put_string(out, &[b'a'; 65536])),
            Err(Refusal::LongString)
        );
    }

    #[test]
    fn refusals_fit_into_an_error_event() {
        for refusal in [
            Refusal::LongString,
            Refusal::Qos(255),
            Refusal::Property(255),
            Refusal::TooLarge,
        ] {
            assert!(refusal.to_string().len() < 64);
        }
    }
}
