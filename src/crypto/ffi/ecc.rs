#![allow(unsafe_code)]

use crate::crypto::deterministic::{MAX_MAC, Mac};
use crate::crypto::ecc::{self, Curve, MAX_SIZE, NistP256, NistP384};
use crate::crypto::{p256_private_key, sign_deterministic};
use crate::ffi::str::bytes;
use crate::ffi::{guard, mg_str};
use parking_lot::Mutex;
use std::ffi::{c_int, c_uint};
use zeroize::Zeroizing;

/// A curve of the mg_uecc_* functions.
pub type MG_UECC_Curve = *const MG_UECC_Curve_t;

/// A random number generator: fills `dest` with `size` random bytes. Returns nonzero, or 0 on
/// failure.
pub type MG_UECC_RNG_Function = Option<unsafe extern "C" fn(dest: *mut u8, size: c_uint) -> c_int>;

/// A hash function for mg_uecc_sign_deterministic(). Programs put it at the start of a struct
/// with the hash state, which the functions find by casting `context`.
#[repr(C)]
pub struct MG_UECC_HashContext {
    /// Starts a hash.
    pub init_hash: Option<unsafe extern "C" fn(context: *const MG_UECC_HashContext)>,
    /// Adds input.
    pub update_hash: Option<
        unsafe extern "C" fn(
            context: *const MG_UECC_HashContext,
            message: *const u8,
            message_size: c_uint,
        ),
    >,
    /// Stores the result, `result_size` bytes.
    pub finish_hash:
        Option<unsafe extern "C" fn(context: *const MG_UECC_HashContext, hash_result: *mut u8)>,
    /// Block size of the hash function, 64 for SHA-256.
    pub block_size: c_uint,
    /// Size of the result, 32 for SHA-256.
    pub result_size: c_uint,
    /// Scratch memory of 2 * `result_size` + `block_size` bytes. This library has its own and
    /// leaves it alone.
    pub tmp: *mut u8,
}

/// What a MG_UECC_Curve points to.
pub struct MG_UECC_Curve_t(Id);

#[derive(Clone, Copy)]
enum Id {
    P256,
    P384,
}

static P256: MG_UECC_Curve_t = MG_UECC_Curve_t(Id::P256);
static P384: MG_UECC_Curve_t = MG_UECC_Curve_t(Id::P384);

/// Which curve a pointer names; `None` for one that did not come from here.
fn id(curve: MG_UECC_Curve) -> Option<Id> {
    [&P256, &P384]
        .into_iter()
        .find(|ours| std::ptr::eq(curve, *ours))
        .map(|ours| ours.0)
}

/// Calls a function for the curve that a pointer names; 0 for none.
macro_rules! on_curve {
    ($curve:expr, $function:ident($($argument:expr),*)) => {
        guard(0, || {
            // SAFETY: the pointer contract of the caller is that of the function.
            unsafe {
                match id($curve) {
                    Some(Id::P256) => $function::<NistP256>($($argument),*),
                    Some(Id::P384) => $function::<NistP384>($($argument),*),
                    None => false,
                }
            }
            .into()
        })
    };
}

static RNG: Mutex<MG_UECC_RNG_Function> = Mutex::new(None);

fn random(buf: &mut [u8]) -> bool {
    let function = *RNG.lock();
    match function {
        // SAFETY: the program promised that the function fills `size` bytes.
        Some(function) => unsafe { function(buf.as_mut_ptr(), buf.len() as c_uint) != 0 },
        None => getrandom::fill(buf).is_ok(),
    }
}

/// Asks the program's generator for numbers that are not needed: other implementations blind their
/// arithmetic with them, and only a generator that is called as often gives the same keys from the
/// same seed. False when it fails.
fn skip_random<C: Curve>(count: usize) -> bool {
    RNG.lock().is_none() || (0..count).all(|_| ecc::random_scalar::<C>(&mut random).is_some())
}

/// Memory for a public key, a signature, or a private key.
type Output = Zeroizing<[u8; 2 * MAX_SIZE]>;

fn output() -> Output {
    Zeroizing::new([0; 2 * MAX_SIZE])
}

/// Stores the start of `result` unless `to` is NULL.
///
/// # Safety
/// `to` is NULL or writable over `len` bytes.
unsafe fn store(result: &[u8], to: *mut u8, len: usize) -> bool {
    if !to.is_null() {
        // SAFETY: forwarded from the caller.
        unsafe { to.copy_from_nonoverlapping(result[..len].as_ptr(), len) };
    }
    !to.is_null()
}

/// # Safety
/// `key` is NULL or readable over `C::SIZE` bytes.
unsafe fn scalar<C: Curve>(key: *const u8) -> Option<ecc::Scalar<C>> {
    // SAFETY: forwarded from the caller.
    ecc::scalar::<C>(unsafe { bytes(key, C::SIZE) })
}

/// The curve P-256 (FIPS 186-5): private keys have 32 bytes, public keys and signatures 64.
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_uecc_secp256r1() -> MG_UECC_Curve {
    &P256
}

/// The curve P-384 (FIPS 186-5): private keys have 48 bytes, public keys and signatures 96.
/// Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_uecc_secp384r1() -> MG_UECC_Curve {
    &P384
}

/// Sets the random number generator of the mg_uecc_*() functions, for the whole process; NULL
/// stands for the system's. It must be callable from all threads that use them. Its bytes are taken
/// as little-endian numbers. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_uecc_set_rng(rng_function: MG_UECC_RNG_Function) {
    *RNG.lock() = rng_function;
}

/// Returns the generator that mg_uecc_set_rng() set, or NULL. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_uecc_get_rng() -> MG_UECC_RNG_Function {
    *RNG.lock()
}

/// Returns the size of a private key in bytes. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_uecc_curve_private_key_size(curve: MG_UECC_Curve) -> c_int {
    size(curve)
}

/// Returns the size of a public key, and of a signature, in bytes. Thread-safe.
#[unsafe(no_mangle)]
pub extern "C" fn mg_uecc_curve_public_key_size(curve: MG_UECC_Curve) -> c_int {
    2 * size(curve)
}

fn size(curve: MG_UECC_Curve) -> c_int {
    match id(curve) {
        Some(Id::P256) => NistP256::SIZE as c_int,
        Some(Id::P384) => NistP384::SIZE as c_int,
        None => 0,
    }
}

/// Makes a random key pair: private key a big-endian number, public key X and Y. Returns 1; 0 when
/// the random number generator fails. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_make_key(
    public_key: *mut u8,
    private_key: *mut u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(curve, make_key(public_key, private_key))
}

/// # Safety
/// As for mg_uecc_make_key().
unsafe fn make_key<C: Curve>(public: *mut u8, private: *mut u8) -> bool {
    if public.is_null() || private.is_null() {
        return false;
    }
    let Some(key) = ecc::random_scalar::<C>(&mut random).filter(|_| skip_random::<C>(1)) else {
        return false;
    };
    let (mut for_public, mut for_private) = (output(), output());
    ecc::public_key::<C>(&key, &mut for_public[..2 * C::SIZE]);
    ecc::private_key::<C>(&key, &mut for_private[..C::SIZE]);
    // SAFETY: forwarded from the caller.
    unsafe { store(&*for_public, public, 2 * C::SIZE) && store(&*for_private, private, C::SIZE) }
}

/// Computes the public key of a private key. Returns 1; 0 when the private key is 0 or not below
/// the order of the curve. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_compute_public_key(
    private_key: *const u8,
    public_key: *mut u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(curve, compute_public_key(private_key, public_key))
}

/// # Safety
/// As for mg_uecc_compute_public_key().
unsafe fn compute_public_key<C: Curve>(private: *const u8, public: *mut u8) -> bool {
    // SAFETY: forwarded from the caller.
    let Some(key) = unsafe { scalar::<C>(private) }.filter(|_| skip_random::<C>(1)) else {
        return false;
    };
    let mut result = output();
    ecc::public_key::<C>(&key, &mut result[..2 * C::SIZE]);
    // SAFETY: forwarded from the caller.
    unsafe { store(&*result, public, 2 * C::SIZE) }
}

/// Whether a public key is a point of the curve: 1 or 0. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_valid_public_key(
    public_key: *const u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(curve, valid_public_key(public_key))
}

/// # Safety
/// As for mg_uecc_valid_public_key().
unsafe fn valid_public_key<C: Curve>(public: *const u8) -> bool {
    // SAFETY: forwarded from the caller.
    ecc::is_valid::<C>(unsafe { bytes(public, 2 * C::SIZE) })
}

/// ECDH: stores the X coordinate of the shared point, as long as a private key. Returns 1; 0, with
/// `secret` zeroed, when one of the keys is not valid. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_shared_secret(
    public_key: *const u8,
    private_key: *const u8,
    secret: *mut u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(curve, shared_secret(public_key, private_key, secret))
}

/// # Safety
/// As for mg_uecc_shared_secret().
unsafe fn shared_secret<C: Curve>(public: *const u8, private: *const u8, secret: *mut u8) -> bool {
    let mut result = output();
    // SAFETY: forwarded from the caller.
    unsafe {
        let public = bytes(public, 2 * C::SIZE);
        let made = scalar::<C>(private)
            .filter(|_| skip_random::<C>(1))
            .and_then(|key| ecc::shared_secret::<C>(public, &key, &mut result[..C::SIZE]));
        store(&*result, secret, C::SIZE) && made.is_some()
    }
}

/// Stores a public key in compressed form: 2 or 3, then X. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_compress(
    public_key: *const u8,
    compressed: *mut u8,
    curve: MG_UECC_Curve,
) {
    let _: c_int = on_curve!(curve, compress(public_key, compressed));
}

/// # Safety
/// As for mg_uecc_compress().
unsafe fn compress<C: Curve>(public: *const u8, compressed: *mut u8) -> bool {
    // SAFETY: forwarded from the caller.
    let public = unsafe { bytes(public, 2 * C::SIZE) };
    let Some(last) = public.last() else {
        return false;
    };
    // Through a copy, because the results may be where the key is.
    let mut result = [0; 1 + MAX_SIZE];
    result[0] = 2 + (last & 1);
    result[1..=C::SIZE].copy_from_slice(&public[..C::SIZE]);
    // SAFETY: forwarded from the caller.
    unsafe { store(&result, compressed, 1 + C::SIZE) }
}

/// Computes a public key from its compressed form. When there is none with this X, the result is
/// zeros, which mg_uecc_valid_public_key() rejects. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_decompress(
    compressed: *const u8,
    public_key: *mut u8,
    curve: MG_UECC_Curve,
) {
    let _: c_int = on_curve!(curve, decompress(compressed, public_key));
}

/// # Safety
/// As for mg_uecc_decompress().
unsafe fn decompress<C: Curve>(compressed: *const u8, public: *mut u8) -> bool {
    // SAFETY: forwarded from the caller.
    let Some((prefix, x)) = unsafe { bytes(compressed, 1 + C::SIZE) }.split_first() else {
        return false;
    };
    let mut result = output();
    ecc::decompress::<C>(x, prefix & 1 == 1, &mut result[..2 * C::SIZE]);
    // SAFETY: forwarded from the caller.
    unsafe { store(&*result, public, 2 * C::SIZE) }
}

/// ECDSA signature (FIPS 186-5) of a hash: r and s, big-endian, each as long as a private key. Of a
/// hash that is longer than that, the first bytes count. Returns 1; 0 when the private key is not
/// valid or the random number generator fails. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_sign(
    private_key: *const u8,
    message_hash: *const u8,
    hash_size: c_uint,
    signature: *mut u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(curve, sign(private_key, message_hash, hash_size, signature))
}

/// # Safety
/// As for mg_uecc_sign().
unsafe fn sign<C: Curve>(
    private: *const u8,
    hash: *const u8,
    hash_size: c_uint,
    signature: *mut u8,
) -> bool {
    // SAFETY: forwarded from the caller.
    let (private, hash) = unsafe { (scalar::<C>(private), bytes(hash, hash_size as usize)) };
    let Some(private) = private else {
        return false;
    };
    for _ in 0..ecc::ATTEMPTS {
        let Some(k) = ecc::random_scalar::<C>(&mut random).filter(|_| skip_random::<C>(2)) else {
            return false;
        };
        let mut result = output();
        if ecc::sign::<C>(&private, &k, hash, &mut result[..2 * C::SIZE]).is_some() {
            // SAFETY: forwarded from the caller.
            return unsafe { store(&*result, signature, 2 * C::SIZE) };
        }
    }
    false
}

/// ECDSA signature with a nonce that is computed from key and hash, not drawn at random. The nonce
/// is that of RFC 6979 with its bytes in the opposite order and the hash taken as it is, so the
/// signatures are valid but not those of the RFC. Returns 1, or 0 when the private key or
/// `hash_context` is not valid. Thread-safe.
///
/// Results of the hash have up to 64 bytes, and its blocks are as long or longer, up to 256.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_sign_deterministic(
    private_key: *const u8,
    message_hash: *const u8,
    hash_size: c_uint,
    hash_context: *const MG_UECC_HashContext,
    signature: *mut u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(
        curve,
        sign_with_context(
            private_key,
            message_hash,
            hash_size,
            hash_context,
            signature
        )
    )
}

/// # Safety
/// As for mg_uecc_sign_deterministic().
unsafe fn sign_with_context<C: Curve>(
    private: *const u8,
    hash: *const u8,
    hash_size: c_uint,
    context: *const MG_UECC_HashContext,
    signature: *mut u8,
) -> bool {
    let mut result = output();
    // SAFETY: forwarded from the caller.
    unsafe {
        let hash = bytes(hash, hash_size as usize);
        let made = scalar::<C>(private)
            .zip(CallerHmac::new(context))
            .filter(|_| skip_random::<C>(2))
            .and_then(|(private, mut mac)| {
                sign_deterministic::<C>(&private, hash, &mut mac, &mut result[..2 * C::SIZE])
            });
        made.is_some() && store(&*result, signature, 2 * C::SIZE)
    }
}

/// HMAC (RFC 2104) with the program's hash function.
struct CallerHmac {
    context: *const MG_UECC_HashContext,
    init: unsafe extern "C" fn(*const MG_UECC_HashContext),
    update: unsafe extern "C" fn(*const MG_UECC_HashContext, *const u8, c_uint),
    finish: unsafe extern "C" fn(*const MG_UECC_HashContext, *mut u8),
    block_size: usize,
    result_size: usize,
}

/// The longest block of a hash function.
const MAX_BLOCK: usize = 256;

impl CallerHmac {
    /// # Safety
    /// `context` is NULL or valid as long as the result is used.
    unsafe fn new(context: *const MG_UECC_HashContext) -> Option<Self> {
        // SAFETY: forwarded from the caller.
        let fields = unsafe { context.as_ref() }?;
        let hmac = Self {
            context,
            init: fields.init_hash?,
            update: fields.update_hash?,
            finish: fields.finish_hash?,
            block_size: fields.block_size as usize,
            result_size: fields.result_size as usize,
        };
        let usable = (1..=MAX_MAC).contains(&hmac.result_size)
            && (hmac.result_size..=MAX_BLOCK).contains(&hmac.block_size);
        usable.then_some(hmac)
    }

    fn hash(&self, message: &[&[u8]]) -> Zeroizing<[u8; MAX_MAC]> {
        let mut result = Zeroizing::new([0; MAX_MAC]);
        // SAFETY: the program's functions, as it described them.
        unsafe {
            (self.init)(self.context);
            for part in message {
                (self.update)(self.context, part.as_ptr(), part.len() as c_uint);
            }
            (self.finish)(self.context, result.as_mut_ptr());
        }
        result
    }
}

impl Mac for CallerHmac {
    fn size(&self) -> usize {
        self.result_size
    }

    fn compute(&mut self, key: &[u8], message: &[&[u8]]) -> Zeroizing<[u8; MAX_MAC]> {
        let mut pad = Zeroizing::new([0; MAX_BLOCK]);
        let pad = &mut pad[..self.block_size];
        pad[..key.len()].copy_from_slice(key);
        pad.iter_mut().for_each(|byte| *byte ^= 0x36);
        let mut input = vec![&*pad];
        input.extend(message);
        let inner = self.hash(&input);
        pad.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        self.hash(&[pad, &inner[..self.result_size]])
    }
}

/// Checks an ECDSA signature of a hash: 1 when it is valid, else 0. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_verify(
    public_key: *const u8,
    message_hash: *const u8,
    hash_size: c_uint,
    signature: *const u8,
    curve: MG_UECC_Curve,
) -> c_int {
    on_curve!(
        curve,
        verify(public_key, message_hash, hash_size, signature)
    )
}

/// # Safety
/// As for mg_uecc_verify().
unsafe fn verify<C: Curve>(
    public: *const u8,
    hash: *const u8,
    hash_size: c_uint,
    signature: *const u8,
) -> bool {
    // SAFETY: forwarded from the caller.
    unsafe {
        let (public, signature) = (bytes(public, 2 * C::SIZE), bytes(signature, 2 * C::SIZE));
        ecc::verify::<C>(public, bytes(hash, hash_size as usize), signature)
    }
}

/// Reads a P-256 private key, SEC 1 (RFC 5915) or PKCS #8 (RFC 5958), in PEM or DER. In PEM it may
/// stand anywhere among other blocks and text; the first private key counts.
///
/// Stores 32 bytes, big-endian, in `buf` of `len` bytes and returns 32; 0 when it is something else
/// or the room does not suffice. Thread-safe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mg_uecc_parse_private_key(key: mg_str, buf: *mut u8, len: usize) -> usize {
    guard(0, || {
        if buf.is_null() || len < NistP256::SIZE {
            return 0;
        }
        // SAFETY: pointer contract.
        let Some(key) = p256_private_key(unsafe { key.as_bytes() }) else {
            return 0;
        };
        // SAFETY: pointer contract; the key fits.
        unsafe { buf.copy_from_nonoverlapping(key.as_ptr(), key.len()) };
        key.len()
    })
}
