//! Cyclic redundancy checks that go on from the value of what came before.
#![forbid(unsafe_code)]

/// CRC-32 as in Ethernet, zip and gzip.
pub fn crc32(before: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(bytes);
    hasher.finalize()
}

/// CRC-16/X-25, as in HDLC.
pub fn crc16(before: u16, bytes: &[u8]) -> u16 {
    const X25: crc::Crc<u16> = crc::Crc::<u16>::new(&crc::CRC_16_IBM_SDLC);
    // The crate wants the register, which is reflected and not yet inverted.
    let mut digest = X25.digest_with_initial((!before).reverse_bits());
    digest.update(bytes);
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        assert_eq!(crc32(0, b""), 0);
        assert_eq!(crc32(0, b"123456789"), 0xcbf43926);
        assert_eq!(crc32(0, b"abc"), 0x352441c2);
        assert_eq!(crc16(0, b""), 0);
        assert_eq!(crc16(0, b"123456789"), 0x906e);
        assert_eq!(crc16(0, b"abc"), 0x9e25);
        assert_eq!(crc16(0, b"a"), 0x82f7);
    }

    #[test]
    fn values_chain() {
        let text: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for split in [0, 1, 7, 500, 999, 1000] {
            let (a, b) = text.split_at(split);
            assert_eq!(crc32(crc32(0, a), b), crc32(0, &text));
            assert_eq!(crc16(crc16(0, a), b), crc16(0, &text));
        }
    }
}
