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

#[cfg(test)]
mod tests {
    use super::super::terms;
    use super::*;
    use proptest::prelude::*;

    fn charge(amount: Money) -> Charge {
        Charge {
            id: ledger::SettlementId::from_bytes([7; 16]),
            tab: ledger::ShopId::from_raw(1),
            amount,
            begun_at: Timestamp::from_micros(0),
            ends_at: Timestamp::from_micros(1),
            reference: String::new(),
            kept: String::new(),
            binds: false,
            locale: "en".into(),
            shop: "Chez Ada".into(),
            return_url: String::new(),
        }
    }

    fn piece(amount: u64) -> Proof {
        Proof { amount, id: String::new(), secret: String::new(), signature: String::new() }
    }

    fn books(
        sats_short: u64,
        more_came: i64,
        price: i64,
        micros: i64,
    ) -> (Money, Money, Money, u64) {
        let money = |micros| Money::from_micros(micros, Currency::Eur).expect("an amount");
        let charge = charge(money(micros));
        let rate = Rate { per_bitcoin: money(price), at: charge.begun_at };
        let order = Order::of(&charge, rate, charge.ends_at).expect("an order");
        let sats = order.sats();
        let asked = sats.saturating_sub(sats_short).max(1);
        let came = asked.saturating_add_signed(more_came);
        let (mint, seed) = (String::new(), String::new());
        let given = Given { mint, proofs: vec![], seed, ours: vec![asked], change: vec![] };
        let held = Held { proofs: vec![piece(came)], change: vec![], left: String::new() };
        let kept = Kept { order, given: Some(given.clone()), held: Some(held.clone()) };
        let read =
            Kept::read(&Charge { kept: kept.to_keep(), ..charge.clone() }).expect("the same");
        assert!(read == kept);
        let terms = terms(Currency::Eur, false);
        let (received, fee) = received(&terms, &charge, &kept, (&given, &held)).expect("sums");
        (charge.amount, received, fee, sats - asked)
    }

    proptest! {
        #[test]
        fn what_came_as_asked_is_the_amount_and_the_fee_is_never_more(
            short in 0..500u64, price in 1_000_000_000..5_000_000_000_000_i64,
            units in 10..1_000_000i64,
        ) {
            let (amount, received, fee, short) = books(short, 0, price, units * 1_000);
            prop_assert_eq!(received, amount);
            prop_assert!(fee <= amount && fee.micros() % 1_000 == 0);
            prop_assert_eq!(fee.is_zero(), short == 0);
        }

        #[test]
        fn another_sum_is_never_the_amount(
            short in 0..50u64, more in 1..400i64, is_less in any::<bool>(),
            price in 1_000_000_000..5_000_000_000_000_i64, units in 200_000..1_000_000i64,
        ) {
            let more = if is_less { -more.min(20) } else { more };
            let (amount, received, _, _) = books(short, more, price, units * 1_000);
            prop_assert_ne!(received, amount);
        }
    }
}
