//! Makes tokens and checks their signatures.
#![forbid(unsafe_code)]

use crate::crypto::ecc::{self, NistP256};
use crate::crypto::{HmacSha256, sign_deterministic};
use crate::fmt::escape::next_json;
use crate::hash::hmac_sha256;
use crate::json;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What signs a token.
#[derive(Clone, Copy)]
pub enum SigningKey<'a> {
    Hs256(&'a [u8]),
    Es256(&'a [u8; 32]),
}

/// What a token must be signed with.
#[derive(Clone, Copy)]
pub enum VerifyingKey<'a> {
    Hs256(&'a [u8]),
    Es256(&'a [u8; 64]),
}

/// The content of a token. Empty parts of the header are left out.
pub struct Content<'a> {
    pub claims: &'a [u8],
    pub kid: &'a [u8],
    /// Members, without braces.
    pub more_header: &'a [u8],
}

/// The token. `None` for a key that is none, and when memory is exhausted.
pub fn sign(content: &Content, key: SigningKey) -> Option<Vec<u8>> {
    let mut token = Vec::new();
    push_base64(&mut token, &header(content, key)?)?;
    push(&mut token, b".")?;
    push_base64(&mut token, content.claims)?;
    let signature = match key {
        SigningKey::Hs256(secret) => hmac_sha256(secret, &[&token]).to_vec(),
        SigningKey::Es256(private) => es256(private, &token)?.to_vec(),
    };
    push(&mut token, b".")?;
    push_base64(&mut token, &signature)?;
    Some(token)
}

fn header(content: &Content, key: SigningKey) -> Option<Vec<u8>> {
    let mut header = Vec::new();
    push(
        &mut header,
        match key {
            SigningKey::Hs256(_) => br#"{"alg":"HS256","typ":"JWT""#,
            SigningKey::Es256(_) => br#"{"alg":"ES256","typ":"JWT""#,
        },
    )?;
    if !content.kid.is_empty() {
        push(&mut header, br#","kid":""#)?;
        let mut text = content.kid;
        while let Some((at, escape)) = next_json(text) {
            push(&mut header, &text[..at])?;
            escape.with(|bytes| push(&mut header, bytes))?;
            text = &text[at + 1..];
        }
        push(&mut header, text)?;
        push(&mut header, b"\"")?;
    }
    if !content.more_header.is_empty() {
        push(&mut header, b",")?;
        push(&mut header, content.more_header)?;
    }
    push(&mut header, b"}")?;
    Some(header)
}

fn push(to: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    to.try_reserve(bytes.len()).ok()?;
    to.extend_from_slice(bytes);
    Some(())
}

fn push_base64(to: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let start = to.len();
    let len = base64::encoded_len(bytes.len(), false)?;
    to.try_reserve(len).ok()?;
    to.resize(start + len, 0);
    URL_SAFE_NO_PAD.encode_slice(bytes, &mut to[start..]).ok()?;
    Some(())
}

/// An ECDSA signature that needs no random numbers.
fn es256(private: &[u8; 32], text: &[u8]) -> Option<[u8; 64]> {
    let private = ecc::scalar::<NistP256>(private)?;
    let mut signature = [0; 64];
    sign_deterministic::<NistP256>(
        &private,
        &Sha256::digest(text),
        &mut HmacSha256,
        &mut signature,
    )?;
    Some(signature)
}

/// The claims of a token whose signature is that of `key`. What they say is not looked at.
///
/// There is one way only to write a token, as RFC 7515 section 2 says: no padding, no other
/// characters, unused bits 0. Otherwise programs that tell revoked tokens by their text could be
/// evaded. A `crit` header (section 4.1.11) lists what must be understood, which nothing is.
pub fn verify(token: &[u8], key: VerifyingKey) -> Option<Vec<u8>> {
    let mut parts = token.splitn(3, |&byte| byte == b'.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let signed = &token[..header.len() + 1 + claims.len()];
    let alg = match key {
        VerifyingKey::Hs256(_) => "HS256",
        VerifyingKey::Es256(_) => "ES256",
    };
    let header = decode(header)?;
    let critical = json::find(&header, b"$.crit") != Err(json::Error::NotFound);
    if !member_is(&header, b"$.alg", alg.as_bytes()) || critical {
        return None;
    }
    let signature = decode(signature)?;
    let genuine = match key {
        VerifyingKey::Hs256(secret) => hmac_sha256(secret, &[signed]).ct_eq(&signature).into(),
        VerifyingKey::Es256(public) => {
            ecc::verify::<NistP256>(public, &Sha256::digest(signed), &signature)
        }
    };
    if genuine { decode(claims) } else { None }
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = base64::decoded_len_estimate(text.len());
    bytes.try_reserve_exact(most).ok()?;
    bytes.resize(most, 0);
    let len = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(len);
    Some(bytes)
}

/// Whether a JSON text has a string at `path` that stands for `wanted`.
fn member_is(json: &[u8], path: &[u8], mut wanted: &[u8]) -> bool {
    let value = json::find(json, path).ok().map(|range| &json[range]);
    let Some(mut text) = value.and_then(json::text::inner) else {
        return false;
    };
    while let Some(piece) = json::text::piece(text) {
        let (len, rest) = match piece {
            json::text::Piece::Plain(len) => (len, wanted.strip_prefix(&text[..len])),
            json::text::Piece::Escape { byte, len } => (len, wanted.strip_prefix(&[byte])),
            json::text::Piece::Wide | json::text::Piece::Broken => return false,
        };
        let Some(rest) = rest else { return false };
        (text, wanted) = (&text[len..], rest);
    }
    wanted.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PRIVATE: [u8; 32] = [7; 32];

    fn public() -> [u8; 64] {
        let mut public = [0; 64];
        ecc::public_key::<NistP256>(&ecc::scalar::<NistP256>(&PRIVATE).unwrap(), &mut public);
        public
    }

    fn content(claims: &[u8]) -> Content<'_> {
        Content {
            claims,
            kid: b"",
            more_header: b"",
        }
    }

    /// RFC 7515, appendix A.1.
    #[test]
    fn rfc_hs256() {
        let secret = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .unwrap();
        let token = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
            .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
            .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let claims = verify(token, VerifyingKey::Hs256(&secret)).unwrap();
        assert!(claims.starts_with(br#"{"iss":"joe","#));
    }

    /// RFC 7515, appendix A.3.
    #[test]
    fn rfc_es256() {
        let mut key = [0; 64];
        for (half, text) in key.chunks_mut(32).zip([
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        ]) {
            URL_SAFE_NO_PAD.decode_slice(text, half).unwrap();
        }
        let token = b"eyJhbGciOiJFUzI1NiJ9\
            .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
            .DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(verify(token, VerifyingKey::Es256(&key)).is_some());
        key[63] ^= 1;
        assert!(verify(token, VerifyingKey::Es256(&key)).is_none());
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(
            claims in prop::collection::vec(any::<u8>(), 1..200),
            kid in "\\PC{0,20}",
            secret in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            let content = Content { kid: kid.as_bytes(), ..content(&claims) };
            let token = sign(&content, SigningKey::Hs256(&secret)).unwrap();
            prop_assert_eq!(verify(&token, VerifyingKey::Hs256(&secret)), Some(claims.clone()));
            prop_assert_eq!(verify(&token, VerifyingKey::Es256(&public())), None);
            let token = sign(&content, SigningKey::Es256(&PRIVATE)).unwrap();
            prop_assert_eq!(verify(&token, VerifyingKey::Es256(&public())), Some(claims));
            prop_assert_eq!(verify(&token, VerifyingKey::Hs256(&secret)), None);
        }

        #[test]
        fn no_other_text_verifies(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut: bool) {
            let key = VerifyingKey::Hs256(b"secret");
            let token = sign(&content(b"{}"), SigningKey::Hs256(b"secret")).unwrap();
            let mut bent = token.clone();
            let at = at.index(bent.len());
            if cut { bent.truncate(at) } else { bent[at] = byte }
            prop_assert_eq!(verify(&bent, key).is_some(), bent == token);
            bent.clone_from(&token);
            bent.insert(at, byte);
            prop_assert!(verify(&bent, key).is_none());
        }
    }

    #[test]
    fn alg_is_a_string_of_the_header() {
        let is = |header: &str| member_is(header.as_bytes(), b"$.alg", b"HS256");
        assert!(is(r#"{"alg":"HS256"}"#));
        assert!(is(r#"{"alg":"\u0048S256"}"#));
        assert!(!is(r#"{"alg":"HS25"}"#));
        assert!(!is(r#"{"alg":"HS2567"}"#));
        assert!(!is(r#"{"alg":"hs256"}"#));
        assert!(!is(r#"{"alg":"none"}"#));
        assert!(!is(r#"{"alg":5}"#));
        assert!(!is(r#"{}"#));
        assert!(!is(r#"HS256"#));
    }
}
