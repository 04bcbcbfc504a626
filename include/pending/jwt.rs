//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// What goes into a JSON Web Token, and the keys.
#[repr(C)]
pub struct mg_jwt_opts {
    /// Claims: a JSON object, taken as it stands.
    pub claims: mg_str,
    /// More header members as JSON, without braces; may be empty.
    pub header: mg_str,
    /// Key id for the header; may be empty.
    pub kid: mg_str,
    /// HS256: the shared secret.
    pub secret: mg_str,
    /// ES256, to sign: private key, 32 bytes, big-endian.
    pub private_key: *const u8,
    /// ES256, to verify: public key, X and Y, 64 bytes, big-endian.
    pub public_key: *const u8,
}

unsafe extern "C" {
    /// Makes a JSON Web Token (RFC 7519) with an HMAC-SHA-256 signature: claims, header, kid and
    /// secret. Stores it with a NUL in `buf` of `len` bytes; returns its length, 0 on failure.
    pub fn mg_jwt_sign_hs256(opts: *const mg_jwt_opts, buf: *mut c_char, len: usize) -> usize;

    /// Checks the signature of a token against `opts->secret` and stores its claims with a NUL in
    /// `buf` of `len` bytes. Returns their length, 0 when the token is not valid or the room does
    /// not suffice. The claims (exp, nbf, aud, ...) are for the program to check.
    pub fn mg_jwt_verify_hs256(jwt: mg_str, opts: *const mg_jwt_opts, buf: *mut c_char, len: usize) -> usize;

    /// Makes a JSON Web Token (RFC 7519) with an ECDSA P-256 signature: claims, header, kid and
    /// private_key. Stores it with a NUL in `buf` of `len` bytes; returns its length, 0 on failure.
    pub fn mg_jwt_sign_es256(opts: *const mg_jwt_opts, buf: *mut c_char, len: usize) -> usize;

    /// Checks the signature of a token against `opts->public_key`; otherwise as
    /// mg_jwt_verify_hs256().
    pub fn mg_jwt_verify_es256(jwt: mg_str, opts: *const mg_jwt_opts, buf: *mut c_char, len: usize) -> usize;
}
