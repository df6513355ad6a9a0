//! What is kept with a charge, step by step: what was asked for, what the reader gave, what the shop has of it.

use super::super::fee::round_up;
use super::super::port::{Charge, RailError, Terms};
use super::super::rate::{Rate, Sats};
use super::token::{Proof, Token};
use ledger::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

/// What is kept with a charge. It holds money: whoever reads it can spend it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What was asked for.
    pub order: Order,
    /// What the reader gave, before the mint hears of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Given>,
    /// What the shop has for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// What was asked for: frozen when the charge begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How many satoshis.
    pub sats: i64,
    /// By which rate: the price of a bitcoin in the currency of the charge, as a decimal.
    pub rate: String,
    /// When that rate was so, in microseconds since 1970.
    pub rate_at: i64,
    /// Until when it can be paid, in microseconds since 1970.
    pub ends_at: i64,
}

/// What the reader gave, and what the shop makes of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Of which mint.
    pub mint: String,
    /// The pieces.
    pub proofs: Vec<Proof>,
    /// Of what the shop's new pieces are made: with it they can be made again, and nothing else is needed.
    pub seed: String,
    /// The amounts of the shop's new pieces.
    pub ours: Vec<u64>,
    /// Those of what the reader gets back.
    pub change: Vec<u64>,
}

/// What the shop has for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Its own pieces.
    pub proofs: Vec<Proof>,
    /// Those that the reader gets back.
    pub change: Vec<Proof>,
    /// Which export the shop's own pieces left with; empty before.
    #[serde(default)]
    pub left: String,
}

impl Kept {
    /// Reads what was kept with a charge.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] where it was not written for this charge.
    pub fn read(charge: &Charge) -> Result<Self, RailError> {
        let wrong = || RailError::Nonsense("what was kept is not of this charge".to_owned());
        let kept: Self = serde_json::from_str(&charge.kept).map_err(|_| wrong())?;
        let rate = kept.order.rate(charge.amount.currency()).ok_or_else(wrong)?;
        let is_of_it = Ok(kept.order.sats) == rate.sats_for(charge.amount).map(Sats::count);
        if is_of_it { Ok(kept) } else { Err(wrong()) }
    }

    /// As it is kept.
    pub fn to_keep(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

impl Order {
    /// Orders `charge` at `rate`, to be paid until `ends_at`.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] for an amount that has no number of satoshis.
    pub fn of(charge: &Charge, rate: Rate, ends_at: Timestamp) -> Result<Self, RailError> {
        Ok(Self {
            sats: rate.sats_for(charge.amount)?.count(),
            rate: rate.per_bitcoin.to_decimal(),
            rate_at: rate.at.micros(),
            ends_at: ends_at.micros(),
        })
    }

    /// How many satoshis.
    pub const fn sats(&self) -> u64 {
        self.sats.unsigned_abs()
    }

    /// Until when it can be paid.
    pub const fn ends_at(&self) -> Timestamp {
        Timestamp::from_micros(self.ends_at)
    }

    fn rate(&self, currency: Currency) -> Option<Rate> {
        let per_bitcoin = Money::parse(&self.rate, currency).ok()?;
        Some(Rate { per_bitcoin, at: Timestamp::from_micros(self.rate_at) })
    }

    /// What so many satoshis are worth to the charge; nothing for none.
    fn worth(&self, charge: &Charge, sats: u64) -> Result<Money, RailError> {
        let currency = charge.amount.currency();
        let Some(sats) = i64::try_from(sats).ok().and_then(Sats::new) else {
            return Ok(Money::zero(currency));
        };
        let rate = self.rate(currency);
        let rate = rate.ok_or_else(|| RailError::Nonsense("no rate was kept".into()))?;
        Ok(rate.worth(sats)?)
    }
}

impl Given {
    /// Whether it is these pieces, in any order.
    pub fn is_of(&self, token: &Token) -> bool {
        let secrets = |proofs: &[Proof]| {
            let mut secrets: Vec<String> =
                proofs.iter().map(|proof| proof.secret.clone()).collect();
            secrets.sort();
            secrets
        };
        self.mint == token.mint && secrets(&self.proofs) == secrets(&token.proofs)
    }
}

/// What came, and what the mint kept of it: as the books want it.
///
/// The amount of the charge came when the mint has signed what it was asked to. What its fee took from that, the shop bears like
/// any rail's: it is told as such, rounded up to the rail's unit. Where the mint has signed for another sum, that is what came, by
/// the same rate; the flow refuses it.
///
/// # Errors
/// [`RailError::Nonsense`] for amounts that cannot be.
pub fn received(
    terms: &Terms,
    charge: &Charge,
    kept: &Kept,
    (given, held): (&Given, &Held),
) -> Result<(Money, Money), RailError> {
    let order = &kept.order;
    let asked = super::token::sum(given.ours.iter().copied());
    let came = super::token::sum(held.proofs.iter().map(|proof| proof.amount));
    let short = order.sats().saturating_sub(asked);
    if came != asked {
        return Ok((
            order.worth(charge, came.saturating_add(short))?,
            Money::zero(charge.amount.currency()),
        ));
    }
    let fee = round_up(order.worth(charge, short)?, terms.unit)?;
    Ok((charge.amount, fee.min(charge.amount)))
}
