//! New pieces, before and after the mint has signed them. All of them follow from a seed, so that they can be made again.

use super::super::port::RailError;
use super::curve::{Blinding, Point, Proven, to_hex};
use super::keysets::Keys;
use super::mint::{Blinded, Signed};
use super::token::Proof;
use aws_lc_rs::hmac;
use ledger::SettlementId;

/// Tries to make a blinding factor. One fails once in 2¹²⁷ times.
const TRIES: u8 = 8;

/// For whom a new piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The shop's.
    Ours,
    /// What the reader gets back.
    Change,
}

impl Whose {
    const fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Change => "change",
        }
    }
}

/// A piece that the mint is to sign.
pub struct Output {
    /// Whose it will be.
    pub whose: Whose,
    /// What for.
    pub amount: u64,
    secret: String,
    blinding: Blinding,
    point: Point,
}

/// Makes seeds, by a secret of the shop.
pub struct Seeds(hmac::Key);

impl Seeds {
    /// Makes them by `own`, which nobody else may know: whoever does can make the shop's pieces too.
    pub fn new(own: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, own))
    }

    /// The seed for a charge that these pieces pay. The same for the same, whoever makes it.
    pub fn seed(&self, charge: SettlementId, proofs: &[Proof]) -> String {
        let mut secrets: Vec<&str> = proofs.iter().map(|proof| &*proof.secret).collect();
        secrets.sort_unstable();
        let text = format!("ardoise ecash seed 1\n{charge}\n{}", secrets.join("\n"));
        to_hex(hmac::sign(&self.0, text.as_bytes()).as_ref())
    }
}

/// The new pieces of a seed, smallest first, so that their order says nothing about which are whose (NUT-03).
///
/// # Errors
/// [`RailError::Nonsense`], never in practice.
pub fn outputs(seed: &str, ours: &[u64], change: &[u64]) -> Result<Vec<Output>, RailError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, seed.as_bytes());
    let ours = ours.iter().enumerate().map(|(place, amount)| (Whose::Ours, place, *amount));
    let change = change.iter().enumerate().map(|(place, amount)| (Whose::Change, place, *amount));
    let made: Option<Vec<Output>> = ours
        .chain(change)
        .map(|(whose, place, amount)| output(&key, whose, place, amount))
        .collect();
    let mut made = made.ok_or_else(|| RailError::Nonsense("no new pieces".into()))?;
    made.sort_by_key(|output| output.amount);
    Ok(made)
}

fn output(key: &hmac::Key, whose: Whose, place: usize, amount: u64) -> Option<Output> {
    let derive =
        |what: &str| hmac::sign(key, format!("{} {place} {what}", whose.word()).as_bytes());
    // The usual form of a secret, so that the shop's are like everybody's (NUT-00).
    let secret = to_hex(derive("secret").as_ref());
    let blinding = (0..TRIES).find_map(|again| {
        let bytes = derive(&format!("blinding {again}"));
        Blinding::of_bytes(bytes.as_ref().try_into().ok()?)
    })?;
    let point = Point::of_secret(secret.as_bytes())?.blinded(&blinding)?;
    Some(Output { whose, amount, secret, blinding, point })
}

impl Output {
    /// As the mint is asked to sign it, with the keyset `id`.
    pub fn blinded(&self, id: &str) -> Blinded {
        Blinded { amount: self.amount, id: id.to_owned(), point: self.point.hex() }
    }

    /// Whether it is this that the mint speaks of.
    pub fn is(&self, blinded: &Blinded) -> bool {
        Point::of_hex(&blinded.point) == Some(self.point)
    }

    /// The piece that it became. For how much, the mint says: it has signed with its key of that amount, and proves it.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] for anything that is not such a signature.
    pub fn proof(&self, signed: &Signed, keys: &Keys) -> Result<Proof, RailError> {
        let wrong = || RailError::Nonsense("the mint's signature is not of its key".to_owned());
        let key = keys.key(signed.amount).ok_or_else(wrong)?;
        let signature = Point::of_hex(&signed.point).ok_or_else(wrong)?;
        let dleq = signed.dleq.as_ref().ok_or_else(wrong)?;
        let proven = Proven::of_hex(&dleq.e, &dleq.s).ok_or_else(wrong)?;
        if !proven.holds(key, &self.point, &signature) {
            return Err(wrong());
        }
        let bare = signature.unblinded(&self.blinding, key).ok_or_else(wrong)?;
        Ok(Proof {
            amount: signed.amount,
            id: keys.id.clone(),
            secret: self.secret.clone(),
            signature: bare.hex(),
        })
    }
}
