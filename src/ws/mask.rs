//! Masking (RFC 6455, 5.3).
#![forbid(unsafe_code)]

/// XORs `data` with the key; `phase` is the offset of `data` in the payload. Twice is the identity.
#[inline]
pub fn apply(data: &mut [u8], key: [u8; 4], phase: usize) {
    let key = rotated(key, phase);
    let word = wide(key);
    let mut words = data.chunks_exact_mut(8);
    for chunk in &mut words {
        let chunk: &mut [u8; 8] = chunk.try_into().expect("eight bytes");
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Copies `from`, a whole payload, to `to`, XORed with the key.
#[inline]
pub fn copy(to: &mut [u8], from: &[u8], key: [u8; 4]) {
    let word = wide(key);
    let mut target = to.chunks_exact_mut(8);
    let mut source = from.chunks_exact(8);
    for (to, from) in target.by_ref().zip(source.by_ref()) {
        let from: &[u8; 8] = from.try_into().expect("eight bytes");
        to.copy_from_slice(&(u64::from_ne_bytes(*from) ^ word).to_ne_bytes());
    }
    let bytes = source.remainder().iter().zip(key.iter().cycle());
    for (to, (from, key)) in target.into_remainder().iter_mut().zip(bytes) {
        *to = from ^ key;
    }
}

fn rotated(mut key: [u8; 4], phase: usize) -> [u8; 4] {
    key.rotate_left(phase % 4);
    key
}

fn wide([a, b, c, d]: [u8; 4]) -> u64 {
    u64::from_ne_bytes([a, b, c, d, a, b, c, d])
}

/// A masking key nobody can predict.
#[inline]
pub fn new_key() -> [u8; 4] {
    crate::util::stock::random_word()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytewise(data: &[u8], key: [u8; 4]) -> Vec<u8> {
        let masked = data.iter().enumerate().map(|(i, b)| b ^ key[i % 4]);
        masked.collect()
    }

    proptest! {
        #[test]
        fn masking_is_bytewise_xor(data: Vec<u8>, key: [u8; 4], cut: prop::sample::Index) {
            let expected = bytewise(&data, key);
            let mut copied = vec![0; data.len()];
            copy(&mut copied, &data, key);
            prop_assert_eq!(&copied, &expected);
            // In place, in two parts.
            let mut data = data;
            let cut = cut.index(data.len() + 1);
            let (head, tail) = data.split_at_mut(cut);
            apply(head, key, 0);
            apply(tail, key, cut);
            prop_assert_eq!(&data, &expected);
        }
    }
}
