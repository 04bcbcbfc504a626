//! URL components and percent-encoding.
pub fn host(u: &[u8]) -> &[u8] {
    let s = u.windows(3).position(|w| w == b"://").map_or(0, |i| i + 3);
    let e = u[s..].iter().rposition(|&b| b == b':').map_or(u.len(), |i| s + i);
    &u[s..e]
}
pub fn port(u: &[u8]) -> u16 {
    let e = u.iter().rposition(|&b| b == b':').unwrap_or(0);
    std::str::from_utf8(&u[e + 1..]).ok().and_then(|s| s.parse().ok()).unwrap_or(0)
}
pub fn is_ssl(_: &[u8]) -> bool {
    false
}
