//! Cuts input into blocks of `N` bytes for a compression function.
#![forbid(unsafe_code)]

/// Hands `input` over in whole blocks, after the `held` bytes that wait in `pending`; what does
/// not fill a block waits there. Returns how many bytes wait.
pub fn absorb<const N: usize>(
    pending: &mut [u8; N],
    held: usize,
    mut input: &[u8],
    mut compress: impl FnMut(&[[u8; N]]),
) -> usize {
    let held = held % N;
    if held > 0 {
        let (first, rest) = input.split_at(input.len().min(N - held));
        pending[held..held + first.len()].copy_from_slice(first);
        if held + first.len() < N {
            return held + first.len();
        }
        compress(std::slice::from_ref(pending));
        input = rest;
    }
    let (blocks, rest) = input.as_chunks();
    if !blocks.is_empty() {
        compress(blocks);
    }
    pending[..rest.len()].copy_from_slice(rest);
    rest.len()
}

/// Hands over the padding of RFC 1321 and FIPS 180-4: a one bit, zeros, and at the end of the last
/// block `length`.
pub fn pad<const N: usize, const L: usize>(
    pending: &mut [u8; N],
    held: usize,
    length: [u8; L],
    mut compress: impl FnMut(&[[u8; N]]),
) {
    let held = held % N;
    pending[held] = 0x80;
    pending[held + 1..].fill(0);
    if held + 1 > N - L {
        compress(std::slice::from_ref(pending));
        pending.fill(0);
    }
    pending[N - L..].copy_from_slice(&length);
    compress(std::slice::from_ref(pending));
}
