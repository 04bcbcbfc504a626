//! ECDSA and ECDH on P-256 and P-384. Private keys are big-endian numbers, public keys X and Y
//! without a prefix, signatures r and s.
#![forbid(unsafe_code)]

use ecdsa::elliptic_curve::array::typenum::Unsigned;
use ecdsa::elliptic_curve::point::AffineCoordinates;
use ecdsa::elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use ecdsa::elliptic_curve::{
    AffinePoint, CurveAffine, CurveArithmetic, CurveGroup, FieldBytes, Group, NonZeroScalar,
    ProjectivePoint,
};
use ecdsa::{EcdsaCurve, Signature, hazmat};
pub use p256::NistP256;
pub use p384::NistP384;
use zeroize::Zeroizing;

/// The largest `Curve::SIZE`, that of P-384.
pub const MAX_SIZE: usize = 48;

/// How often a number that comes up may be 0 or too large before that is a failure.
pub const ATTEMPTS: usize = 64;

/// Fills a buffer with random bytes; false when it has none.
pub type Random<'a> = &'a mut dyn FnMut(&mut [u8]) -> bool;

/// What the functions of this module work on.
pub trait Curve:
    EcdsaCurve
    + CurveArithmetic<
        AffinePoint: FromSec1Point<Self> + ToSec1Point<Self>,
        FieldBytesSize: ModulusSize,
    >
{
    /// Bytes of a private key, of each half of a public key, and of each half of a signature.
    const SIZE: usize = Self::FieldBytesSize::USIZE;
}

impl Curve for NistP256 {}
impl Curve for NistP384 {}

/// A number from 1 to the order of the curve minus 1; wiped when it goes.
pub type Scalar<C> = Zeroizing<NonZeroScalar<C>>;

/// The number that `SIZE` big-endian bytes stand for.
pub fn scalar<C: Curve>(bytes: &[u8]) -> Option<Scalar<C>> {
    let bytes = Zeroizing::new(FieldBytes::<C>::try_from(bytes).ok()?);
    NonZeroScalar::from_repr(*bytes)
        .into_option()
        .map(Zeroizing::new)
}

/// Draws a number; its bytes come little-endian, as from other implementations of this interface,
/// so that generators with a seed give the same keys.
pub fn random_scalar<C: Curve>(random: Random) -> Option<Scalar<C>> {
    let mut bytes = Zeroizing::new(FieldBytes::<C>::default());
    for _ in 0..ATTEMPTS {
        if !random(&mut bytes) {
            return None;
        }
        bytes.reverse();
        if let Some(number) = scalar::<C>(&bytes) {
            return Some(number);
        }
    }
    None
}

/// Stores a private key.
pub fn private_key<C: Curve>(private: &NonZeroScalar<C>, to: &mut [u8]) {
    to.copy_from_slice(&Zeroizing::new(FieldBytes::<C>::from(private)));
}

/// Stores the public key of a private key.
pub fn public_key<C: Curve>(private: &NonZeroScalar<C>, public: &mut [u8]) {
    let point = ProjectivePoint::<C>::mul_by_generator(private).to_affine();
    public.copy_from_slice(&point.to_uncompressed_point()[1..]);
}

/// The point that a public key stands for, if it is one of the curve.
fn point<C: Curve>(public: &[u8]) -> Option<AffinePoint<C>> {
    if public.len() != 2 * C::SIZE {
        return None;
    }
    let mut tagged = [0; 1 + 2 * MAX_SIZE];
    let tagged = &mut tagged[..1 + 2 * C::SIZE];
    tagged[0] = 4;
    tagged[1..].copy_from_slice(public);
    AffinePoint::<C>::from_sec1_bytes(tagged).ok()
}

pub fn is_valid<C: Curve>(public: &[u8]) -> bool {
    point::<C>(public).is_some()
}

/// ECDH: stores the X coordinate of the shared point.
pub fn shared_secret<C: Curve>(
    public: &[u8],
    private: &NonZeroScalar<C>,
    secret: &mut [u8],
) -> Option<()> {
    // What is not checked here would let a peer find out the private key (CVE-2015-7940).
    let point = point::<C>(public)?.to_curve() * **private;
    secret.copy_from_slice(&Zeroizing::new(point.to_affine().x())[..]);
    Some(())
}

/// Stores the public key with this X whose Y is odd or not.
pub fn decompress<C: Curve>(x: &[u8], odd: bool, public: &mut [u8]) -> Option<()> {
    let mut tagged = [0; 1 + MAX_SIZE];
    let tagged = &mut tagged[..1 + C::SIZE];
    tagged[0] = 2 + u8::from(odd);
    tagged[1..].copy_from_slice(x);
    let point = AffinePoint::<C>::from_sec1_bytes(tagged).ok()?;
    public.copy_from_slice(&point.to_uncompressed_point()[1..]);
    Some(())
}

/// ECDSA with the nonce `k`. `None` for a nonce that gives none, which no one has seen yet.
pub fn sign<C: Curve>(
    private: &NonZeroScalar<C>,
    k: &NonZeroScalar<C>,
    hash: &[u8],
    signature: &mut [u8],
) -> Option<()> {
    let (made, _) = hazmat::sign_prehashed(private, k, hash).ok()?;
    signature.copy_from_slice(&made.to_bytes());
    Some(())
}

pub fn verify<C: Curve>(public: &[u8], hash: &[u8], signature: &[u8]) -> bool {
    let parts = point::<C>(public).zip(Signature::<C>::from_slice(signature).ok());
    parts.is_some_and(|(point, signature)| {
        hazmat::verify_prehashed(&point.to_curve(), hash, &signature).is_ok()
    })
}
