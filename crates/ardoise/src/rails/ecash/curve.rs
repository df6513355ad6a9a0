//! The points of secp256k1 that e-cash is made of: hashing to a point, blinding, unblinding, and the mint's proof that it
//! signed with the key it publishes (NUT-00, NUT-12).

use k256::elliptic_curve::ff::PrimeField as _;
use k256::elliptic_curve::group::GroupEncoding as _;
use k256::elliptic_curve::sec1::ToSec1Point as _;
use k256::{AffinePoint, CompressedPoint, FieldBytes, ProjectivePoint, Scalar};
use sha2::{Digest as _, Sha256};

/// Keeps these hashes apart from all others (NUT-00).
const TO_CURVE: &[u8] = b"Secp256k1_HashToCurve_Cashu_";
/// Bytes of a point as it is written.
const POINT_BYTES: usize = 33;
/// Tries to find a point. One fails every second time: so many in a row never do.
const TRIES: u32 = 256;

/// A point that is not the one at infinity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point(AffinePoint);

impl Point {
    /// Reads a point in its compressed form; `None` for anything else, and for the one at infinity.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: [u8; POINT_BYTES] = bytes.try_into().ok()?;
        Self::of(Option::from(AffinePoint::from_bytes(&CompressedPoint::from(bytes)))?)
    }

    /// Reads a point as it stands in JSON: hexadecimal digits.
    pub fn of_hex(text: &str) -> Option<Self> {
        Self::of_bytes(&from_hex(text)?)
    }

    fn of(point: AffinePoint) -> Option<Self> {
        (point != AffinePoint::IDENTITY).then_some(Self(point))
    }

    /// The point in its compressed form.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.to_bytes().to_vec()
    }

    /// The same in hexadecimal digits.
    pub fn hex(&self) -> String {
        to_hex(&self.bytes())
    }

    /// The point that a secret stands for: `Y`.
    pub fn of_secret(secret: &[u8]) -> Option<Self> {
        let hash = Sha256::new().chain_update(TO_CURVE).chain_update(secret).finalize();
        (0..TRIES).find_map(|counter| {
            let tried = Sha256::new().chain_update(hash).chain_update(counter.to_le_bytes());
            let mut bytes = vec![2];
            bytes.extend_from_slice(&tried.finalize());
            Self::of_bytes(&bytes)
        })
    }

    /// The point blinded by `r`: `Y + rG`.
    pub fn blinded(&self, r: &Blinding) -> Option<Self> {
        Self::of((ProjectivePoint::from(self.0) + ProjectivePoint::GENERATOR * r.0).to_affine())
    }

    /// A blind signature without its blinding: `C_ - rK`, where `key` is the mint's public key of that amount.
    pub fn unblinded(&self, r: &Blinding, key: &Self) -> Option<Self> {
        Self::of((ProjectivePoint::from(self.0) - ProjectivePoint::from(key.0) * r.0).to_affine())
    }

    fn uncompressed_hex(point: &AffinePoint) -> String {
        to_hex(point.to_sec1_point(false).as_bytes())
    }
}

/// What hides a secret from the mint: a number between nothing and the order of the curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Blinding(Scalar);

impl Blinding {
    /// The number that these bytes are; `None` where it is out of range.
    pub fn of_bytes(bytes: [u8; 32]) -> Option<Self> {
        scalar(bytes).map(Self)
    }
}

impl std::fmt::Debug for Blinding {
    /// Nothing of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinding(…)")
    }
}

fn scalar(bytes: [u8; 32]) -> Option<Scalar> {
    let read: Option<Scalar> = Option::from(Scalar::from_repr(FieldBytes::from(bytes)));
    read.filter(|scalar| *scalar != Scalar::ZERO)
}

/// The mint's proof that one key made its public key and a signature (NUT-12).
#[derive(Debug, Clone, Copy)]
pub struct Proven {
    e: [u8; 32],
    s: [u8; 32],
}

impl Proven {
    /// Reads both numbers of a proof, in hexadecimal digits.
    pub fn of_hex(e: &str, s: &str) -> Option<Self> {
        Some(Self { e: from_hex(e)?.try_into().ok()?, s: from_hex(s)?.try_into().ok()? })
    }

    /// Whether whoever has the key of `key` made `signature` of `blinded`.
    pub fn holds(&self, key: &Point, blinded: &Point, signature: &Point) -> bool {
        let (Some(e), Some(s)) = (scalar(self.e), scalar(self.s)) else { return false };
        let [key_point, blinded, signed] =
            [key, blinded, signature].map(|point| ProjectivePoint::from(point.0));
        let one = (ProjectivePoint::GENERATOR * s - key_point * e).to_affine();
        let other = (blinded * s - signed * e).to_affine();
        hash_of(&[one, other, key.0, signature.0]) == self.e
    }
}

/// The hash of points that a proof is about: of their uncompressed form, as text.
fn hash_of(points: &[AffinePoint]) -> [u8; 32] {
    let text: String = points.iter().map(Point::uncompressed_hex).collect();
    Sha256::digest(text).into()
}

/// Bytes as hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads hexadecimal digits, two for each byte.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

#[cfg(test)]
#[path = "curve_tests.rs"]
mod tests;
