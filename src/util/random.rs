//! What random bytes are turned into.
#![forbid(unsafe_code)]

/// Letters and digits.
pub const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The letter or digit for a random byte. Bytes from the incomplete last round through the
/// alphabet give `None`, so that all characters are equally likely.
pub fn alphanumeric(byte: u8) -> Option<u8> {
    let byte = usize::from(byte);
    (byte < 256 / ALPHABET.len() * ALPHABET.len()).then(|| ALPHABET[byte % ALPHABET.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_characters_are_equally_likely() {
        let mut counts = [0; 256];
        for character in (0..=255).filter_map(alphanumeric) {
            counts[usize::from(character)] += 1;
        }
        for b in 0..=255u8 {
            let expected = if b.is_ascii_alphanumeric() { 4 } else { 0 };
            assert_eq!(counts[usize::from(b)], expected, "{b}");
        }
    }
}
