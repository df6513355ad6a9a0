//! [`PurchaseId`]: what a page mints when it is shown, so that a tap can be sent twice and count
//! once.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::chance::Chance;

/// Crockford's base 32, lower case: no i, l, o or u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of an id in text.
pub const TEXT_LENGTH: usize = 26;

/// A version 7 UUID (RFC 9562): 48 bits of milliseconds since 1970, then chance, so ids grow with
/// time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseId(u128);

impl PurchaseId {
    /// An id of this moment.
    pub fn mint(chance: &mut Chance) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let high = u128::from(chance.bits());
        let low = u128::from(chance.bits());
        let millis = (now.as_millis() & 0xffff_ffff_ffff) << 80;
        let version_and_12_bits = (0x7000 | (high & 0x0fff)) << 64;
        let variant_and_62_bits = 0x8000_0000_0000_0000 | (low & 0x3fff_ffff_ffff_ffff);
        Self(millis | version_and_12_bits | variant_and_62_bits)
    }

    /// The id of these 128 bits.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// The 128 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// The 26 characters that go over the wire: 128 bits after two zero bits, five at a time.
    pub fn text(self) -> [u8; TEXT_LENGTH] {
        let mut text = [0; TEXT_LENGTH];
        for (position, character) in text.iter_mut().rev().enumerate() {
            let five_bits = (self.0 >> (5 * position)) & 31;
            *character = ALPHABET[five_bits as usize];
        }
        text
    }
}

impl fmt::Display for PurchaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().iter().try_for_each(|&byte| write!(f, "{}", char::from(byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_26_characters() {
        assert_eq!(PurchaseId(0).to_string(), "0".repeat(26));
        assert_eq!(PurchaseId(u128::MAX).to_string(), format!("7{}", "z".repeat(25)));
        assert_eq!(PurchaseId(33).to_string(), format!("{}11", "0".repeat(24)));
    }

    #[test]
    fn an_id_is_a_version_7_uuid_of_now() {
        let mut chance = Chance::new(1);
        let (first, second) = (PurchaseId::mint(&mut chance), PurchaseId::mint(&mut chance));
        assert_ne!(first, second);
        assert_eq!((first.bits() >> 76) & 0xf, 7);
        assert_eq!((first.bits() >> 62) & 0b11, 0b10);
        let millis = first.bits() >> 80;
        assert!(millis > 1_700_000_000_000, "{millis}");
    }
}
