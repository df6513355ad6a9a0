//! Tokens, as readers paste them and the shop writes them (NUT-00): `cashuB…` is CBOR, the older `cashuA…` JSON; both in base64
//! for addresses, with or without padding.

use super::curve::{Point, from_hex, to_hex};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest token, in bytes: a hundred pieces with everything that may stand beside them.
pub const LENGTH_MOST: usize = 64 * 1024;
/// The most pieces of a token. An amount needs one for each digit of it as a binary number; what has many more was not made to pay.
pub const PIECES_MOST: usize = 100;
/// The longest secret of a piece, in bytes. Usual ones have 64.
const SECRET_MOST: usize = 512;
/// The largest amount of a piece: all bitcoin there will ever be, in satoshis.
const AMOUNT_MOST: u64 = 2_100_000_000_000_000;

/// One piece of e-cash: whoever has it first can spend it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// How much it is worth.
    pub amount: u64,
    /// With which keys of the mint it was signed: the id of the keyset, in hexadecimal digits.
    pub id: String,
    /// What the mint has signed.
    pub secret: String,
    /// The signature, in hexadecimal digits.
    #[serde(rename = "C")]
    pub signature: String,
}

impl std::fmt::Debug for Proof {
    /// Nothing by which it could be spent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proof").field("amount", &self.amount).finish_non_exhaustive()
    }
}

impl Proof {
    /// By which name the mint is asked about it: the point of its secret.
    pub fn point(&self) -> Option<Point> {
        Point::of_secret(self.secret.as_bytes())
    }

    fn check(&self) -> Result<(), Unreadable> {
        // What can only be spent under a condition says so in place of its secret (NUT-10).
        if self.secret.trim_start().starts_with(['[', '{']) {
            return Err(Unreadable::Locked);
        }
        let is_sound = (1..=AMOUNT_MOST).contains(&self.amount)
            && (1..=SECRET_MOST).contains(&self.secret.len())
            && Point::of_hex(&self.signature).is_some()
            && from_hex(&self.id).is_some_and(|id| (8..=33).contains(&id.len()));
        if is_sound { Ok(()) } else { Err(Unreadable::NoToken) }
    }
}

/// Pieces of one mint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The mint's address, without a slash at the end.
    pub mint: String,
    /// What its amounts count, where the token says it.
    pub unit: Option<String>,
    /// The pieces.
    pub proofs: Vec<Proof>,
}

/// Why a text is no token that can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is none, or not whole.
    NoToken,
    /// It has too many pieces.
    TooMany,
    /// Its pieces are of several mints.
    ManyMints,
    /// It can only be spent under a condition.
    Locked,
}

impl Token {
    /// Reads a token; spaces, line breaks and `cashu:` before it are no part of it.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LENGTH_MOST {
            return Err(Unreadable::TooMany);
        }
        let text: String = text.split_whitespace().collect();
        let bare = text.strip_prefix("cashu:").unwrap_or(&text);
        let bare = bare.strip_prefix("//").unwrap_or(bare);
        let bytes = |rest: &str| {
            let rest = rest.trim_end_matches('=').replace('+', "-").replace('/', "_");
            URL_SAFE_NO_PAD.decode(rest).map_err(|_| Unreadable::NoToken)
        };
        let token = match (bare.strip_prefix("cashuB"), bare.strip_prefix("cashuA")) {
            (Some(rest), _) => of_cbor(&bytes(rest)?).ok_or(Unreadable::NoToken)?,
            (None, Some(rest)) => of_json(&bytes(rest)?)?,
            (None, None) => return Err(Unreadable::NoToken),
        };
        token.checked()
    }

    /// Pieces that came otherwise than as a token, held to the same.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn checked(mut self) -> Result<Self, Unreadable> {
        self.mint.truncate(self.mint.trim_end_matches('/').len());
        if self.proofs.is_empty() {
            return Err(Unreadable::NoToken);
        }
        if self.proofs.len() > PIECES_MOST {
            return Err(Unreadable::TooMany);
        }
        self.proofs.iter().try_for_each(Proof::check)?;
        let secrets: BTreeSet<&str> = self.proofs.iter().map(|proof| &*proof.secret).collect();
        if secrets.len() < self.proofs.len() {
            return Err(Unreadable::NoToken);
        }
        Ok(self)
    }

    /// What all pieces are worth.
    pub fn sum(&self) -> u64 {
        sum(self.proofs.iter().map(|proof| proof.amount))
    }

    /// Writes it as `cashuB…`.
    pub fn write(&self) -> String {
        let mut by_keyset: BTreeMap<&str, Vec<&Proof>> = BTreeMap::new();
        for proof in &self.proofs {
            by_keyset.entry(&proof.id).or_default().push(proof);
        }
        let mut cbor = Encoder::new(Vec::new());
        // Writing to memory does not fail.
        let _written = written(&mut cbor, self, &by_keyset);
        format!("cashuB{}", URL_SAFE_NO_PAD.encode(cbor.into_writer()))
    }
}

/// The sum of amounts, each of which was read with its bound: it cannot overflow, and does not.
pub fn sum(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}

type Written = Result<(), minicbor::encode::Error<core::convert::Infallible>>;

fn written(
    cbor: &mut Encoder<Vec<u8>>,
    token: &Token,
    by_keyset: &BTreeMap<&str, Vec<&Proof>>,
) -> Written {
    cbor.map(3)?.str("t")?.array(by_keyset.len() as u64)?;
    for (id, proofs) in by_keyset {
        cbor.map(2)?.str("i")?.bytes(&from_hex(id).unwrap_or_default())?;
        cbor.str("p")?.array(proofs.len() as u64)?;
        for proof in proofs {
            cbor.map(3)?.str("a")?.u64(proof.amount)?.str("s")?.str(&proof.secret)?;
            cbor.str("c")?.bytes(&from_hex(&proof.signature).unwrap_or_default())?;
        }
    }
    cbor.str("m")?.str(&token.mint)?.str("u")?.str(token.unit.as_deref().unwrap_or("sat"))?;
    Ok(())
}

#[derive(Deserialize)]
struct Json {
    token: Vec<JsonMint>,
    #[serde(default)]
    unit: Option<String>,
}

#[derive(Deserialize)]
struct JsonMint {
    mint: String,
    proofs: Vec<Proof>,
}

fn of_json(bytes: &[u8]) -> Result<Token, Unreadable> {
    let json: Json = serde_json::from_slice(bytes).map_err(|_| Unreadable::NoToken)?;
    let mut parts = json.token.into_iter();
    let first = parts.next().ok_or(Unreadable::NoToken)?;
    let mut token = Token { mint: first.mint, unit: json.unit, proofs: first.proofs };
    for part in parts {
        if part.mint.trim_end_matches('/') != token.mint.trim_end_matches('/') {
            return Err(Unreadable::ManyMints);
        }
        token.proofs.extend(part.proofs);
    }
    Ok(token)
}

fn of_cbor(bytes: &[u8]) -> Option<Token> {
    let mut cbor = Decoder::new(bytes);
    let (mut mint, mut unit, mut proofs) = (None, None, Vec::new());
    each_field(&mut cbor, |key, cbor| {
        match key {
            "m" => mint = Some(cbor.str().ok()?.to_owned()),
            "u" => unit = Some(cbor.str().ok()?.to_owned()),
            "t" => each_item(cbor, |cbor| proofs_of_keyset(cbor, &mut proofs))?,
            _ => cbor.skip().ok()?,
        }
        Some(())
    })?;
    (cbor.position() == bytes.len()).then_some(())?;
    Some(Token { mint: mint?, unit, proofs })
}

fn proofs_of_keyset(cbor: &mut Decoder<'_>, proofs: &mut Vec<Proof>) -> Option<()> {
    let (mut id, mut found) = (None, Vec::new());
    each_field(cbor, |key, cbor| {
        match key {
            "i" => id = Some(to_hex(cbor.bytes().ok()?)),
            "p" => each_item(cbor, |cbor| {
                found.push(proof(cbor)?);
                Some(())
            })?,
            _ => cbor.skip().ok()?,
        }
        Some(())
    })?;
    let id = id?;
    proofs.extend(found.into_iter().map(|proof| Proof { id: id.clone(), ..proof }));
    Some(())
}

fn proof(cbor: &mut Decoder<'_>) -> Option<Proof> {
    let (mut amount, mut secret, mut signature) = (None, None, None);
    each_field(cbor, |key, cbor| {
        match key {
            "a" => amount = Some(cbor.u64().ok()?),
            "s" => secret = Some(cbor.str().ok()?.to_owned()),
            "c" => signature = Some(to_hex(cbor.bytes().ok()?)),
            _ => cbor.skip().ok()?,
        }
        Some(())
    })?;
    Some(Proof { amount: amount?, id: String::new(), secret: secret?, signature: signature? })
}

/// Does something for every item of an array, whether its length is told or not.
fn each_item<'b>(
    cbor: &mut Decoder<'b>,
    mut item: impl FnMut(&mut Decoder<'b>) -> Option<()>,
) -> Option<()> {
    let length = cbor.array().ok()?;
    while_there_are(cbor, length, &mut item)
}

/// Does something for every field of a map.
fn each_field<'b>(
    cbor: &mut Decoder<'b>,
    mut field: impl FnMut(&'b str, &mut Decoder<'b>) -> Option<()>,
) -> Option<()> {
    let length = cbor.map().ok()?;
    while_there_are(cbor, length, &mut |cbor| {
        let key = cbor.str().ok()?;
        field(key, cbor)
    })
}

fn while_there_are<'b>(
    cbor: &mut Decoder<'b>,
    length: Option<u64>,
    one: &mut impl FnMut(&mut Decoder<'b>) -> Option<()>,
) -> Option<()> {
    let mut left = length;
    loop {
        match left {
            Some(0) => return Some(()),
            Some(some) => left = Some(some - 1),
            None if cbor.datatype().ok()? == Type::Break => {
                cbor.set_position(cbor.position() + 1);
                return Some(());
            }
            None => {}
        }
        one(cbor)?;
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
