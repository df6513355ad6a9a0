//! The keysets of a mint (NUT-01, NUT-02): a key for every amount that it signs, and what it keeps of each piece it takes back.

use super::super::port::RailError;
use super::curve::{Point, from_hex, to_hex};
use super::token::Proof;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// The unit that the shop takes.
pub const UNIT: &str = "sat";
/// What a mint keeps is told in thousandths.
const PARTS: u64 = 1_000;
/// The most that a mint may keep of a piece, in thousandths of a satoshi: a whole one. More was not made for small payments.
const FEE_MOST: u64 = PARTS;
/// Digits of the short form of a long id.
const SHORT_DIGITS: usize = 16;

/// What a mint says about a keyset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct About {
    /// Its id, in hexadecimal digits.
    pub id: String,
    /// What its amounts count.
    pub unit: String,
    /// Whether the mint signs with it; what it signed before is taken back all the same.
    pub active: bool,
    /// What it keeps of each piece, in thousandths of a satoshi.
    #[serde(default)]
    pub input_fee_ppk: Option<u64>,
    /// When it ends, in seconds since 1970.
    #[serde(default)]
    pub final_expiry: Option<u64>,
}

impl About {
    /// What the mint keeps of each piece, in thousandths of a satoshi.
    pub fn fee(&self) -> u64 {
        self.input_fee_ppk.unwrap_or(0)
    }
}

/// Every keyset of a mint in the unit that the shop takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keysets(Vec<About>);

impl Keysets {
    /// Those among `all` that count.
    ///
    /// # Errors
    /// [`RailError::Refused`] for a mint that the shop cannot use: none that signs, or one that keeps too much.
    pub fn of(mut all: Vec<About>) -> Result<Self, RailError> {
        all.retain(|about| about.unit == UNIT);
        all.iter_mut().for_each(|about| about.id.make_ascii_lowercase());
        if all.iter().any(|about| about.fee() > FEE_MOST) {
            return Err(RailError::Refused(
                "the mint keeps more than a satoshi of each piece".into(),
            ));
        }
        if !all.iter().any(|about| about.active) {
            return Err(RailError::Refused("the mint signs nothing in sat".into()));
        }
        Ok(Self(all))
    }

    /// The one by which new pieces are signed: of several the one that keeps least, and of those the first by its id.
    pub fn active(&self) -> Option<&About> {
        self.0.iter().filter(|about| about.active).min_by_key(|about| (about.fee(), &about.id))
    }

    /// The one that an id means, also in its short form. `None` where there is none, or several.
    pub fn find(&self, id: &str) -> Option<&About> {
        let id = id.to_ascii_lowercase();
        let is_meant = |about: &&About| {
            about.id == id || (id.len() == SHORT_DIGITS && about.id.starts_with(&id))
        };
        let mut found = self.0.iter().filter(is_meant);
        found.next().filter(|_| found.next().is_none())
    }

    /// The same pieces with the whole ids of their keysets; `None` where one is not known.
    pub fn resolved(&self, proofs: Vec<Proof>) -> Option<Vec<Proof>> {
        let whole = |proof: Proof| Some(Proof { id: self.find(&proof.id)?.id.clone(), ..proof });
        proofs.into_iter().map(whole).collect()
    }

    /// What the mint keeps when it takes these pieces, in whole satoshis.
    pub fn fee(&self, proofs: &[Proof]) -> u64 {
        let each = proofs.iter().map(|proof| self.find(&proof.id).map_or(0, About::fee));
        rounded(each.fold(0, u64::saturating_add))
    }

    /// What it would keep of so many pieces of these keysets, at most.
    pub fn fee_of(&self, pieces: u32, proofs: &[Proof]) -> u64 {
        let each = proofs.iter().filter_map(|proof| self.find(&proof.id)).map(About::fee).max();
        rounded(each.unwrap_or(0).saturating_mul(pieces.into()))
    }
}

/// Thousandths as whole satoshis, rounded up (NUT-02).
pub const fn rounded(parts: u64) -> u64 {
    parts.div_ceil(PARTS)
}

/// A keyset with its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Its id.
    pub id: String,
    keys: BTreeMap<u64, Point>,
}

impl Keys {
    /// The keys that a mint tells of a keyset. Their id is computed from them: a mint cannot exchange keys under one id.
    ///
    /// # Errors
    /// [`RailError::Nonsense`].
    pub fn of(about: &About, told: &BTreeMap<String, String>) -> Result<Self, RailError> {
        let wrong = |what: &str| RailError::Nonsense(format!("keys of the mint: {what}"));
        let mut keys = BTreeMap::new();
        for (amount, key) in told {
            let amount: u64 = amount.parse().map_err(|_| wrong("an amount"))?;
            keys.insert(amount, Point::of_hex(key).ok_or_else(|| wrong("no point"))?);
        }
        let is_named = [id_of(&keys), long_id_of(about, &keys)].contains(&about.id);
        if !is_named {
            return Err(wrong("not those of their id"));
        }
        Ok(Self { id: about.id.clone(), keys })
    }

    /// The key of an amount.
    pub fn key(&self, amount: u64) -> Option<&Point> {
        self.keys.get(&amount)
    }

    /// The fewest amounts with keys that make `sum`, smallest first; `None` where they cannot.
    pub fn split(&self, sum: u64) -> Option<Vec<u64>> {
        let (mut left, mut amounts) = (sum, Vec::new());
        for &amount in self.keys.keys().rev() {
            while amount > 0 && amount <= left {
                left -= amount;
                amounts.push(amount);
                // A mint whose amounts are far apart would make a thousand pieces of one sum.
                if amounts.len() > super::token::PIECES_MOST {
                    return None;
                }
            }
        }
        amounts.reverse();
        (left == 0).then_some(amounts)
    }
}

/// The id of a keyset by its keys alone: version 00.
fn id_of(keys: &BTreeMap<u64, Point>) -> String {
    let bytes: Vec<u8> = keys.values().flat_map(Point::bytes).collect();
    format!("00{}", &to_hex(&Sha256::digest(bytes))[..14])
}

/// The id of a keyset by all that is known of it: version 01.
fn long_id_of(about: &About, keys: &BTreeMap<u64, Point>) -> String {
    let pairs: Vec<String> =
        keys.iter().map(|(amount, key)| format!("{amount}:{}", key.hex())).collect();
    let mut text = format!("{}|unit:{}", pairs.join(","), about.unit);
    if about.fee() > 0 {
        text.push_str(&format!("|input_fee_ppk:{}", about.fee()));
    }
    if let Some(end) = about.final_expiry.filter(|end| *end > 0) {
        text.push_str(&format!("|final_expiry:{end}"));
    }
    format!("01{}", to_hex(&Sha256::digest(text)))
}

/// Whether a text can be the id of a keyset: it goes into an address.
pub fn is_id(text: &str) -> bool {
    from_hex(text).is_some_and(|id| [8, 33].contains(&id.len()))
}

#[cfg(test)]
#[path = "keysets_tests.rs"]
mod tests;
