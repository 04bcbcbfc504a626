//! Hexadecimal numbers.
#![forbid(unsafe_code)]

pub const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// A number in lower-case hexadecimal, without leading zeros.
pub struct Hex {
    digits: [u8; 16],
    start: usize,
}

impl Hex {
    #[inline]
    pub fn new(mut value: u64) -> Hex {
        let mut digits = [b'0'; 16];
        let mut start = 15;
        loop {
            digits[start] = DIGITS[(value & 15) as usize];
            value >>= 4;
            if value == 0 {
                return Hex { digits, start };
            }
            start -= 1;
        }
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

/// The two digits of a byte.
#[inline]
pub fn pair(byte: u8) -> [u8; 2] {
    [
        DIGITS[usize::from(byte >> 4)],
        DIGITS[usize::from(byte & 15)],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        for value in [0, 1, 15, 16, 255, 0xdead_beef, u64::MAX, u64::MAX - 1] {
            assert_eq!(Hex::new(value).as_bytes(), format!("{value:x}").as_bytes());
        }
        assert_eq!(pair(0x0f), *b"0f");
    }
}
