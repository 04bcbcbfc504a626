//! MQTT 3.1.1 and 5 (OASIS standards).
//!
//! [`packet`] reads packets, [`message`] writes them, [`property`] does both for the properties of
//! MQTT 5, [`state`] is what a connection remembers, [`session`] what outlives it, and [`alive`] tells when it
//! ends. [`ffi`] holds the C interface, and the protocol handler, which turns input into events and acknowledges it.

pub mod alive;
pub mod ffi;
mod ids;
pub mod message;
mod offer;
pub mod packet;
pub mod property;
pub mod session;
pub mod state;

/// Reason codes of DISCONNECT (MQTT 5, section 3.14.2.1).
pub mod reason {
    pub const KEEP_ALIVE_TIMEOUT: u8 = 0x8d;
    pub const PACKET_TOO_LARGE: u8 = 0x95;
}

/// Control packet types (section 2.1.2).
pub mod cmd {
    pub const CONNECT: u8 = 1;
    pub const CONNACK: u8 = 2;
    pub const PUBLISH: u8 = 3;
    pub const PUBACK: u8 = 4;
    pub const PUBREC: u8 = 5;
    pub const PUBREL: u8 = 6;
    pub const PUBCOMP: u8 = 7;
    pub const SUBSCRIBE: u8 = 8;
    pub const SUBACK: u8 = 9;
    pub const UNSUBSCRIBE: u8 = 10;
    pub const UNSUBACK: u8 = 11;
    pub const PINGREQ: u8 = 12;
    pub const PINGRESP: u8 = 13;
    pub const DISCONNECT: u8 = 14;
    pub const AUTH: u8 = 15;
}
