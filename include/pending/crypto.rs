//! Read by cbindgen only: what no file under src defines yet. Delete an entry when it arrives there.

/// A curve of the mg_uecc_* functions.
pub type MG_UECC_Curve = *const MG_UECC_Curve_t;

/// A random number generator: fills `dest` with `size` random bytes. Returns 1, or 0 on
/// failure.
pub type MG_UECC_RNG_Function = Option<unsafe extern "C" fn(dest: *mut u8, size: c_uint) -> c_int>;

/// A hash function for mg_uecc_sign_deterministic(). Programs put it at the start of a struct
/// with the hash state, which the functions find by casting `context`.
#[repr(C)]
pub struct MG_UECC_HashContext {
    /// Starts a hash.
    pub init_hash: Option<unsafe extern "C" fn(context: *const MG_UECC_HashContext)>,
    /// Adds input.
    pub update_hash: Option<unsafe extern "C" fn(context: *const MG_UECC_HashContext, message: *const u8, message_size: c_uint)>,
    /// Stores the result, `result_size` bytes.
    pub finish_hash: Option<unsafe extern "C" fn(context: *const MG_UECC_HashContext, hash_result: *mut u8)>,
    /// Block size of the hash function, 64 for SHA-256.
    pub block_size: c_uint,
    /// Size of the result, 32 for SHA-256.
    pub result_size: c_uint,
    /// Scratch memory of 2 * `result_size` + `block_size` bytes.
    pub tmp: *mut u8,
}

/// Integer type of elliptic-curve code; no function of this library takes it.
pub type wordcount_t = i8;
/// Integer type of elliptic-curve code; no function of this library takes it.
pub type bitcount_t = i16;
/// Integer type of elliptic-curve code; no function of this library takes it.
pub type cmpresult_t = i8;
/// Integer type of elliptic-curve code; no function of this library takes it.
pub type mg_uecc_word_t = u64;

/// The base point of Curve25519: 9 and 31 zeros.
#[unsafe(no_mangle)]
pub static X25519_BASE_POINT: [u8; 32] = 0;

unsafe extern "C" {
    /// X25519 (RFC 7748): multiplies the point `x1` by `scalar`. `clamp` nonzero prepares the
    /// scalar as the RFC says; pass X25519_BASE_POINT to get a public key. Returns 0, or -1 when
    /// the result is all zero, which a key exchange must refuse.
    /// cbindgen:ptrs-as-arrays=[[out;32], [scalar;32], [x1;32]]
    pub fn mg_tls_x25519(out: *mut u8, scalar: *const u8, x1: *const u8, clamp: c_int) -> c_int;

    /// Nothing to do any more; returns 0.
    pub fn mg_gcm_initialize() -> c_int;

    /// Encrypts with AES-GCM (NIST SP 800-38D) and stores a tag of `tag_len` bytes, at most 16.
    ///
    /// The key has 16, 24 or 32 bytes; `iv` is usually 12 bytes and must never be used twice with
    /// one key. `aead` is additional data that is authenticated only, NULL for none. `output` has
    /// `input_length` bytes and may be `input`. Returns 0, or -1 on bad lengths.
    pub fn mg_aes_gcm_encrypt(output: *mut c_uchar, input: *const c_uchar, input_length: usize, key: *const c_uchar, key_len: usize, iv: *const c_uchar, iv_len: usize, aead: *mut c_uchar, aead_len: usize, tag: *mut c_uchar, tag_len: usize) -> c_int;

    /// Decrypts what mg_aes_gcm_encrypt() made. Returns 0, or -1 when the tag is wrong or a length
    /// is bad; `output` must not be used then.
    pub fn mg_aes_gcm_decrypt(output: *mut c_uchar, input: *const c_uchar, input_length: usize, key: *const c_uchar, key_len: usize, iv: *const c_uchar, iv_len: usize, aead: *mut c_uchar, aead_len: usize, tag: *const c_uchar, tag_len: usize) -> c_int;

    /// Encrypts with ChaCha20-Poly1305 (RFC 8439). `cipher_text` has room for `plain_text_size` +
    /// 16 bytes and must not overlap `plain_text`. `ad` is additional data that is authenticated
    /// only, NULL for none. A nonce must never be used twice with one key. Returns the size of the
    /// result, or (size_t) -1 when the regions overlap.
    /// cbindgen:ptrs-as-arrays=[[key;32], [nonce;12]]
    pub fn mg_chacha20_poly1305_encrypt(cipher_text: *mut u8, key: *const u8, nonce: *const u8, ad: *const u8, ad_size: usize, plain_text: *const u8, plain_text_size: usize) -> usize;

    /// Decrypts what mg_chacha20_poly1305_encrypt() made, into `cipher_text_size` - 16 bytes that
    /// must not overlap it. Returns the size of the result, or (size_t) -1 when the tag is wrong,
    /// the input is too short or the regions overlap; nothing is written then.
    /// cbindgen:ptrs-as-arrays=[[key;32], [nonce;12]]
    pub fn mg_chacha20_poly1305_decrypt(plain_text: *mut u8, key: *const u8, nonce: *const u8, ad: *const u8, ad_size: usize, cipher_text: *const u8, cipher_text_size: usize) -> usize;

    /// The curve P-256 (FIPS 186-5): private keys have 32 bytes, public keys and signatures 64.
    pub fn mg_uecc_secp256r1() -> MG_UECC_Curve;

    /// The curve P-384 (FIPS 186-5): private keys have 48 bytes, public keys and signatures 96.
    pub fn mg_uecc_secp384r1() -> MG_UECC_Curve;

    /// Sets the random number generator of the mg_uecc_*() functions, for the whole process; NULL
    /// is the system's. Call it before other threads use them.
    pub fn mg_uecc_set_rng(rng_function: MG_UECC_RNG_Function);

    /// The generator that mg_uecc_set_rng() set, or NULL.
    pub fn mg_uecc_get_rng() -> MG_UECC_RNG_Function;

    /// Size of a private key.
    pub fn mg_uecc_curve_private_key_size(curve: MG_UECC_Curve) -> c_int;

    /// Size of a public key.
    pub fn mg_uecc_curve_public_key_size(curve: MG_UECC_Curve) -> c_int;

    /// Makes a random key pair: private key a big-endian number, public key X and Y. Returns 1, or
    /// 0 on failure.
    pub fn mg_uecc_make_key(public_key: *mut u8, private_key: *mut u8, curve: MG_UECC_Curve) -> c_int;

    /// Computes the public key of a private key. Returns 1, or 0 when the private key is 0 or too
    /// large.
    pub fn mg_uecc_compute_public_key(private_key: *const u8, public_key: *mut u8, curve: MG_UECC_Curve) -> c_int;

    /// Whether a public key is a point of the curve: 1 or 0. Check keys of others before use.
    pub fn mg_uecc_valid_public_key(public_key: *const u8, curve: MG_UECC_Curve) -> c_int;

    /// ECDH: stores the X coordinate of the shared point, as long as a private key. Returns 1, or 0
    /// on failure. `public_key` must be valid.
    pub fn mg_uecc_shared_secret(public_key: *const u8, private_key: *const u8, secret: *mut u8, curve: MG_UECC_Curve) -> c_int;

    /// Stores a public key in compressed form: 2 or 3, then X.
    pub fn mg_uecc_compress(public_key: *const u8, compressed: *mut u8, curve: MG_UECC_Curve);

    /// Computes a public key from its compressed form. Check the result with
    /// mg_uecc_valid_public_key().
    pub fn mg_uecc_decompress(compressed: *const u8, public_key: *mut u8, curve: MG_UECC_Curve);

    /// ECDSA signature (FIPS 186-5) of a hash: r and s, big-endian, each as long as a private key.
    /// Returns 1, or 0 on failure.
    pub fn mg_uecc_sign(private_key: *const u8, message_hash: *const u8, hash_size: c_uint, signature: *mut u8, curve: MG_UECC_Curve) -> c_int;

    /// ECDSA signature with a nonce that is computed from key and hash, not drawn at random. Not
    /// the nonce of RFC 6979. Returns 1, or 0 on failure.
    pub fn mg_uecc_sign_deterministic(private_key: *const u8, message_hash: *const u8, hash_size: c_uint, hash_context: *const MG_UECC_HashContext, signature: *mut u8, curve: MG_UECC_Curve) -> c_int;

    /// Checks an ECDSA signature of a hash: 1 when it is valid, else 0.
    pub fn mg_uecc_verify(public_key: *const u8, message_hash: *const u8, hash_size: c_uint, signature: *const u8, curve: MG_UECC_Curve) -> c_int;

    /// Reads a P-256 private key, SEC 1 or PKCS#8, PEM or DER. Stores 32 bytes, big-endian, in
    /// `buf` of `len` bytes and returns 32; 0 when it is something else or the room does not
    /// suffice.
    pub fn mg_uecc_parse_private_key(key: mg_str, buf: *mut u8, len: usize) -> usize;

    /// RSA: computes msg ^ exp mod mod. All numbers are big-endian. The modulus has 2048 to 4096
    /// bits; `msgsz` and `outsz` are its size in bytes, `msg` is smaller than it. Returns 0, or -1
    /// with `out` zeroed.
    pub fn mg_rsa_mod_pow(r#mod: *const u8, modsz: usize, exp: *const u8, expsz: usize, msg: *const u8, msgsz: usize, out: *mut u8, outsz: usize) -> c_int;

    /// RSA signature of a padded message `em` with the parts of a private key (RFC 8017, section
    /// 5.1.2). All numbers are big-endian; `sig_len` is the size of the modulus. Returns 0, or -1
    /// with `signature` zeroed.
    pub fn mg_rsa_crt_sign(em: *const u8, em_len: usize, dP: *const u8, dP_len: usize, dQ: *const u8, dQ_len: usize, p: *const u8, p_len: usize, q: *const u8, q_len: usize, qInv: *const u8, qInv_len: usize, signature: *mut u8, sig_len: usize) -> c_int;

    /// Whether a decoded signature `em` of `nlen` bytes is the PKCS#1 v1.5 padding (RFC 8017,
    /// section 9.2) of a hash: SHA-256 when `hashlen` is 32, SHA-384 when it is 48.
    pub fn mg_rsa_pkcs_verify(em: *const u8, nlen: usize, hash: *const u8, hashlen: usize) -> bool;

    /// Whether a decoded signature `em` of `nlen` bytes is a PSS encoding (RFC 8017, section 9.1)
    /// of the 32-byte SHA-256 hash `mhash`, with MGF1 and a salt of 32 bytes.
    pub fn mg_rsa_verify(em: *const u8, nlen: usize, mhash: *const u8) -> bool;
}
