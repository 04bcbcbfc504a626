//! MD5, SHA-1, SHA-256 and SHA-384 with the state in plain memory of the caller, and HMAC.

mod blocks;
pub mod ffi;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA-256 (RFC 2104) of the concatenation of `parts`.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::hmac_sha256;

    /// RFC 4231, test cases 1, 2 and 6, and a key of exactly one block.
    #[test]
    fn hmac_vectors() {
        let start = |key: &[u8], data: &[u8]| hmac_sha256(key, &[data])[..4].to_vec();
        assert_eq!(start(&[0x0b; 20], b"Hi There"), [0xb0, 0x34, 0x4c, 0x61]);
        assert_eq!(
            start(b"Jefe", b"what do ya want for nothing?"),
            [0x5b, 0xdc, 0xc1, 0x46]
        );
        assert_eq!(
            start(
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            ),
            [0x60, 0xe4, 0x31, 0x59]
        );
        let block: Vec<u8> = (0..64).collect();
        assert_eq!(start(&block, b"data"), [0xd0, 0x42, 0x96, 0x9c]);
    }
}
