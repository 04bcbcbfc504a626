//! Literal addresses.
pub struct Address {
    pub bytes: [u8; 16],
    pub is_ip6: bool,
    pub scope_id: u8,
}
pub fn parse(s: &[u8]) -> Option<Address> {
    let ip: std::net::Ipv4Addr = if s.is_empty() { [0, 0, 0, 0].into() } else { std::str::from_utf8(s).ok()?.parse().ok()? };
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&ip.octets());
    Some(Address { bytes, is_ip6: false, scope_id: 0 })
}
