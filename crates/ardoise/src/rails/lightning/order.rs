//! What an invoice was ordered for: frozen when it is ordered, kept with the charge, and written into the invoice's `extra`
//! at the wallet, so that it is found again there whatever happens here.

use super::super::port::{Charge, RailError};
use super::super::rate::{Rate, Sats};
use super::super::secret::Secret;
use super::bolt11::{self, Network};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::time::MICROS_PER_SECOND;
use ledger::{Currency, Money, SettlementId, Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes for which an invoice can be paid: the rate may move meanwhile, and that is the shop's risk.
pub const LIFE_MINUTES: i64 = 10;
/// Seconds in a minute.
const MINUTE_SECONDS: i64 = 60;
/// What the wallet's key signs here, and nowhere else.
const PURPOSE: &str = "ardoise lightning order 1";

/// What an invoice was ordered for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The charge.
    pub charge: String,
    /// How many satoshis.
    pub sats: i64,
    /// By which rate: the price of a bitcoin in the currency of the charge, as a decimal.
    pub rate: String,
    /// When that rate was so, in microseconds since 1970.
    pub rate_at: i64,
    /// Until when it can be paid, in microseconds since 1970.
    pub ends_at: i64,
    /// Shows that the shop wrote this: unguessable, and of all that stands above.
    pub key: String,
}

impl Order {
    /// Orders `charge` at `rate`, to be paid until `ends_at`.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] for an amount that has no number of satoshis.
    pub fn of(
        charge: &Charge,
        rate: Rate,
        ends_at: Timestamp,
        signer: &Signer,
    ) -> Result<Self, RailError> {
        let order = Self {
            charge: charge.id.to_string(),
            sats: rate.sats_for(charge.amount)?.count(),
            rate: rate.per_bitcoin.to_decimal(),
            rate_at: rate.at.micros(),
            ends_at: ends_at.micros(),
            key: String::new(),
        };
        Ok(Self { key: signer.sign(&order.signed()), ..order })
    }

    /// What stands in an invoice's `extra`, where the shop wrote it.
    pub fn read(extra: &serde_json::Value, signer: &Signer) -> Option<Self> {
        let order = Self::deserialize(extra).ok()?;
        signer.signed(&order.signed(), &order.key).then_some(order)
    }

    fn signed(&self) -> String {
        let Self { charge, sats, rate, rate_at, ends_at, key: _ } = self;
        format!("{charge} {sats} {rate} {rate_at} {ends_at}")
    }

    /// The charge's id.
    pub fn charge(&self) -> Option<SettlementId> {
        self.charge.parse().ok()
    }

    /// How many satoshis.
    pub const fn sats(&self) -> Option<Sats> {
        Sats::new(self.sats)
    }

    fn rate(&self, currency: Currency) -> Option<Rate> {
        let per_bitcoin = Money::parse(&self.rate, currency).ok()?;
        Some(Rate { per_bitcoin, at: Timestamp::from_micros(self.rate_at) })
    }

    /// Whether it is what `charge` would be ordered for at its rate.
    pub fn is_for(&self, charge: &Charge) -> bool {
        let rate = self.rate(charge.amount.currency());
        let sats = rate.and_then(|rate| rate.sats_for(charge.amount).ok());
        self.charge() == Some(charge.id) && sats.is_some() && sats == self.sats()
    }

    /// What `millisats` that came are worth to `charge`: its amount, where they are the satoshis that were asked for; else what
    /// they would buy at the same rate, which is never the same amount, and which the flow refuses.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] for nothing at all.
    pub fn received(&self, charge: &Charge, millisats: u64) -> Result<Money, RailError> {
        let nothing = || RailError::Nonsense("paid with nothing".to_owned());
        let came = Sats::of_millisats(millisats).ok_or_else(nothing)?;
        if Some(came) == self.sats() {
            return Ok(charge.amount);
        }
        let rate = self.rate(charge.amount.currency()).ok_or_else(nothing)?;
        Ok(rate.worth(came)?)
    }

    /// Looks at the invoice that the wallet made of it: readers' wallets believe the invoice alone.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] where it asks for something else than was ordered.
    pub fn check(&self, invoice: &str, hash: &str, network: Network) -> Result<(), RailError> {
        let wrong = |what: &str| RailError::Nonsense(format!("an invoice with another {what}"));
        let said = bolt11::read(invoice).map_err(|error| RailError::Nonsense(error.to_string()))?;
        let asked = self.sats().and_then(Sats::millisats);
        // By the wallet's clock, whatever that shows.
        let life = said.ends_at.saturating_sub(said.made_at);
        if asked.is_none() || said.millisats != asked {
            return Err(wrong("amount"));
        }
        if said.network != network {
            return Err(wrong("network"));
        }
        if said.hash != hash {
            return Err(wrong("hash"));
        }
        if life > LIFE_MINUTES * MINUTE_SECONDS { Err(wrong("end")) } else { Ok(()) }
    }
}

/// Knows again what the shop wrote, by a secret that nobody but the shop and its wallet has.
pub struct Signer(hmac::Key);

impl Signer {
    /// Signs by a key that is made of the wallet's.
    pub fn new(wallet_key: &Secret) -> Self {
        let wallet_key = hmac::Key::new(hmac::HMAC_SHA256, wallet_key.reveal().as_bytes());
        let own = hmac::sign(&wallet_key, PURPOSE.as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, text.as_bytes()))
    }

    /// Compares in constant time.
    fn signed(&self, text: &str, key: &str) -> bool {
        let tag = URL_SAFE_NO_PAD.decode(key).unwrap_or_default();
        hmac::verify(&self.0, text.as_bytes(), &tag).is_ok()
    }
}

/// An invoice that stands: what is kept with a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// Its payment hash, in hexadecimal digits.
    pub hash: String,
    /// The invoice itself, in small letters.
    pub text: String,
    /// What it was ordered for.
    pub order: Order,
}

impl Invoice {
    /// Reads what was kept with a charge. `None` before anything was.
    ///
    /// # Errors
    /// [`RailError::Nonsense`] where something else was kept, or something for another amount.
    pub fn kept(charge: &Charge) -> Result<Option<Self>, RailError> {
        if charge.kept.is_empty() {
            return Ok(None);
        }
        let wrong = || RailError::Nonsense("what was kept is not of this charge".to_owned());
        let kept: Self = serde_json::from_str(&charge.kept).map_err(|_| wrong())?;
        if kept.order.is_for(charge) { Ok(Some(kept)) } else { Err(wrong()) }
    }

    /// Until when it can be paid: by the shop's clock or by its own words, whichever is later.
    pub fn ends_at(&self) -> Timestamp {
        let said = bolt11::read(&self.text).map_or(0, |said| said.ends_at);
        let said = said.saturating_mul(MICROS_PER_SECOND);
        Timestamp::from_micros(said.max(self.order.ends_at))
    }

    /// As it is kept with a charge.
    pub fn to_keep(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Which of several for one charge stands: the one made first, and of those the one with the lowest hash, so that
    /// everybody who sees them chooses alike.
    pub fn precedence(&self) -> (i64, &str) {
        (bolt11::read(&self.text).map_or(i64::MAX, |said| said.made_at), &self.hash)
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
