//! What a broker of MQTT 5 says in CONNACK of what it takes and expects (section 3.2.2.3).

use super::packet::Packet;
use super::property;

#[derive(Debug, Default)]
pub struct Offer {
    pub receive_maximum: Option<u16>,
    pub maximum_packet_size: Option<u32>,
    /// Seconds.
    pub server_keep_alive: Option<u16>,
}

impl Offer {
    pub fn read(packet: &Packet<'_>) -> Offer {
        const SERVER_KEEP_ALIVE: u8 = 0x13;
        const RECEIVE_MAXIMUM: u8 = 0x21;
        const MAXIMUM_PACKET_SIZE: u8 = 0x27;
        let mut offer = Offer::default();
        let mut rest = packet.whole.get(packet.props.clone()).unwrap_or_default();
        while let Some((property, size)) = property::read(rest) {
            match property.id {
                SERVER_KEEP_ALIVE => offer.server_keep_alive = u16::try_from(property.number).ok(),
                RECEIVE_MAXIMUM => offer.receive_maximum = u16::try_from(property.number).ok(),
                // 0 is not allowed.
                MAXIMUM_PACKET_SIZE if property.number > 0 => {
                    offer.maximum_packet_size = Some(property.number);
                }
                _ => {}
            }
            rest = &rest[size..];
        }
        offer
    }
}

#[cfg(test)]
mod tests {
    use super::super::packet::{Parsed, parse};
    use super::*;

    fn read(connack: &[u8]) -> [Option<u32>; 3] {
        let mut packet = Packet::default();
        assert_eq!(parse(connack, true, &mut packet), Parsed::Complete);
        let offer = Offer::read(&packet);
        let [keep_alive, receive] = [offer.server_keep_alive, offer.receive_maximum];
        [
            keep_alive.map(u32::from),
            receive.map(u32::from),
            offer.maximum_packet_size,
        ]
    }

    #[test]
    fn what_it_says_and_nothing_else() {
        assert_eq!(read(b"\x20\x03\0\0\0"), [None; 3]);
        assert_eq!(
            read(b"\x20\x0e\0\0\x0b\x13\x00\x1e\x21\x00\x05\x27\x00\x01\x00\x00"),
            [Some(30), Some(5), Some(65536)]
        );
        // A subscription identifier is none of its business, and a maximum of 0 is not allowed.
        assert_eq!(
            read(b"\x20\x0d\0\0\x0a\x0b\x07\x27\0\0\0\0\x21\xff\xff"),
            [None, Some(65535), None]
        );
    }
}
