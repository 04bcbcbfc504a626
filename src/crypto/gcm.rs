//! AES-GCM (NIST SP 800-38D) with IVs of any length. The aes-gcm crate fixes the length when it is
//! compiled, so this puts together the same block cipher, counter mode and GHASH.
#![forbid(unsafe_code)]

use aes::cipher::array::Array;
use aes::cipher::consts::U16;
use aes::cipher::inout::InOutBuf;
use aes::cipher::{BlockCipherEncrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipherCore};
use aes::{Aes128, Aes192, Aes256};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

type Block = Array<u8, U16>;
type Counter<'a, A> = ctr::CtrCore<&'a A, ctr::flavors::Ctr32BE>;

/// Section 5.2.1.1: plaintexts up to 2^39 - 256 bits.
const MAX_TEXT: u64 = (1 << 36) - 32;

/// Encrypts `text`; returns the tag. `None` for a key that is not one of AES, and for a text that is
/// too long.
pub fn encrypt(
    key: &[u8],
    iv: &[u8],
    additional: &[u8],
    text: InOutBuf<'_, '_, u8>,
) -> Option<[u8; 16]> {
    match key.len() {
        16 => Gcm::<Aes128>::new(key)?.encrypt(iv, additional, text),
        24 => Gcm::<Aes192>::new(key)?.encrypt(iv, additional, text),
        32 => Gcm::<Aes256>::new(key)?.encrypt(iv, additional, text),
        _ => None,
    }
}

/// Decrypts `text` if its tag begins with `tag`. Otherwise, and where `encrypt` would fail, returns
/// `None` and writes nothing.
pub fn decrypt(
    key: &[u8],
    iv: &[u8],
    additional: &[u8],
    text: InOutBuf<'_, '_, u8>,
    tag: &[u8],
) -> Option<()> {
    match key.len() {
        16 => Gcm::<Aes128>::new(key)?.decrypt(iv, additional, text, tag),
        24 => Gcm::<Aes192>::new(key)?.decrypt(iv, additional, text, tag),
        32 => Gcm::<Aes256>::new(key)?.decrypt(iv, additional, text, tag),
        _ => None,
    }
}

struct Gcm<A> {
    cipher: A,
    ghash: GHash,
}

impl<A: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> Gcm<A> {
    fn new(key: &[u8]) -> Option<Self> {
        let cipher = A::new_from_slice(key).ok()?;
        let mut subkey = Zeroizing::new(Block::default());
        cipher.encrypt_block(&mut subkey);
        let ghash = GHash::new(&subkey);
        Some(Self { cipher, ghash })
    }

    fn encrypt(
        &self,
        iv: &[u8],
        additional: &[u8],
        mut text: InOutBuf<'_, '_, u8>,
    ) -> Option<[u8; 16]> {
        let (counter, mask) = self.start(iv, text.len())?;
        counter.apply_keystream_partial(text.reborrow());
        Some(self.tag(mask, additional, text.get_out()))
    }

    fn decrypt(
        &self,
        iv: &[u8],
        additional: &[u8],
        text: InOutBuf<'_, '_, u8>,
        tag: &[u8],
    ) -> Option<()> {
        let (counter, mask) = self.start(iv, text.len())?;
        let expected = self.tag(mask, additional, text.get_in());
        let genuine: bool = expected.get(..tag.len())?.ct_eq(tag).into();
        genuine.then(|| counter.apply_keystream_partial(text))
    }

    /// The counter for the text, and the encrypted first counter block, J0.
    fn start(&self, iv: &[u8], text_len: usize) -> Option<(Counter<'_, A>, Block)> {
        if text_len as u64 > MAX_TEXT {
            return None;
        }
        let mut first = Block::default();
        if iv.len() == 12 {
            first[..12].copy_from_slice(iv);
            first[15] = 1;
        } else {
            first = self.hash(&[], iv);
        }
        let mut counter = Counter::inner_iv_init(&self.cipher, &first);
        let mut mask = Block::default();
        counter.write_keystream_block(&mut mask);
        Some((counter, mask))
    }

    fn tag(&self, mask: Block, additional: &[u8], text: &[u8]) -> [u8; 16] {
        let hash = self.hash(additional, text);
        std::array::from_fn(|i| hash[i] ^ mask[i])
    }

    /// GHASH of both, each padded to whole blocks, and their lengths in bits.
    fn hash(&self, additional: &[u8], text: &[u8]) -> Block {
        let mut lengths = Block::default();
        lengths[..8].copy_from_slice(&(additional.len() as u64).wrapping_mul(8).to_be_bytes());
        lengths[8..].copy_from_slice(&(text.len() as u64).wrapping_mul(8).to_be_bytes());
        let mut ghash = self.ghash.clone();
        ghash.update_padded(additional);
        ghash.update_padded(text);
        ghash.update(&[lengths]);
        ghash.finalize()
    }
}
