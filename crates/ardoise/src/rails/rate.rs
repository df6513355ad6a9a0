//! What a bitcoin costs, and how many satoshis an amount is: for every rail that moves satoshis.

use super::port::RailError;
use super::secret::Secret;
use super::wire::{Call, Wire};
use crate::clock::Clock;
use crate::outbox::address::Reach;
use crate::settings::{SettingsError, Values};
use ledger::time::MICROS_PER_SECOND;
use ledger::{Currency, Money, MoneyError, Rounding, Timestamp};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// Satoshis in a bitcoin.
const SATS_PER_BITCOIN: i64 = 100_000_000;
/// Thousandths of a satoshi in one.
const MILLIS_PER_SAT: u64 = 1_000;
/// Seconds for which a rate that was asked for is used without asking again.
const FRESH_SECONDS: i64 = 60;
/// Seconds after which it is not used any more, though nobody tells a newer one.
const OLD_SECONDS: i64 = 600;
/// The least that a bitcoin can cost, in whole units of any currency of a shop. Below it a source tells something else: how
/// many bitcoins a euro is, or nothing (LNbits says 0 when it cannot ask).
const LEAST: i64 = 1_000;
/// The most: above it, it is a price in satoshis or in cents.
const MOST: i64 = 5_000_000;

/// A whole number of satoshis, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sats(i64);

impl Sats {
    /// So many; `None` where there are none.
    pub const fn new(sats: i64) -> Option<Self> {
        if sats > 0 { Some(Self(sats)) } else { None }
    }

    /// The whole satoshis of so many thousandths; the rest is left out.
    pub fn of_millisats(millisats: u64) -> Option<Self> {
        i64::try_from(millisats / MILLIS_PER_SAT).ok().and_then(Self::new)
    }

    /// How many there are.
    pub const fn count(self) -> i64 {
        self.0
    }

    /// The same in thousandths.
    pub const fn millisats(self) -> Option<u64> {
        self.0.unsigned_abs().checked_mul(MILLIS_PER_SAT)
    }
}

/// What a bitcoin costs at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How much.
    pub per_bitcoin: Money,
    /// When that was so.
    pub at: Timestamp,
}

impl Rate {
    /// The satoshis for `amount`, rounded up: the shop never asks for less than the line says, and a reader pays less than
    /// one satoshi more, about a tenth of a cent.
    ///
    /// # Errors
    /// [`MoneyError::MixedCurrencies`], [`MoneyError::TooLarge`]; [`MoneyError::NotAnAmount`] for nothing.
    pub fn sats_for(self, amount: Money) -> Result<Sats, MoneyError> {
        if amount.currency() != self.per_bitcoin.currency() {
            return Err(MoneyError::MixedCurrencies);
        }
        let sats = amount.scale_by(SATS_PER_BITCOIN, self.per_bitcoin.micros(), Rounding::Up)?;
        Sats::new(sats.micros()).ok_or(MoneyError::NotAnAmount)
    }

    /// What so many satoshis are worth, rounded down: less than was asked for never looks like all of it.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn worth(self, sats: Sats) -> Result<Money, MoneyError> {
        self.per_bitcoin.scale_by(sats.count(), SATS_PER_BITCOIN, Rounding::Down)
    }
}

/// Where the rate comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The operator says it.
    Fixed(Money),
    /// An address answers JSON, in which it stands at `pointer` (RFC 6901), as a number or as a text.
    Address {
        /// The address.
        url: String,
        /// Where in the answer.
        pointer: String,
        /// The key of the wallet, where it is the wallet that answers.
        key: Option<Secret>,
    },
}

/// The settings by which an operator says where the rate comes from.
#[derive(Debug, Clone, Copy)]
pub struct RateKeys {
    /// Always this one.
    pub fixed: &'static str,
    /// The address that is asked.
    pub url: &'static str,
    /// Where it stands in the answer.
    pub pointer: &'static str,
}

impl Source {
    /// What the operator says: a rate stands before an address. `None` where they say neither.
    ///
    /// # Errors
    /// [`SettingsError::Value`].
    pub fn read(
        values: &Values,
        currency: Currency,
        reach: Reach,
        keys: RateKeys,
    ) -> Result<Option<Self>, SettingsError> {
        let fixed = values.words(keys.fixed);
        if !fixed.is_empty() {
            let wanted = "the price of one bitcoin in the shop's currency, such as 61234.50";
            let rate = read(&fixed, currency);
            return rate
                .map(|rate| Some(Self::Fixed(rate)))
                .ok_or_else(|| values.wrong(keys.fixed, wanted));
        }
        if values.words(keys.url).is_empty() {
            return Ok(None);
        }
        let url = values.base(keys.url, reach)?;
        let pointer = values.words(keys.pointer);
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let wanted = "a JSON pointer such as /bitcoin/eur, or nothing";
            return Err(values.wrong(keys.pointer, wanted));
        }
        Ok(Some(Self::Address { url, pointer, key: None }))
    }
}

/// Asks for rates, and keeps the last.
pub struct Rates {
    source: Source,
    currency: Currency,
    wire: Wire,
    clock: Clock,
    last: Mutex<Option<Rate>>,
}

impl Rates {
    /// Rates of `currency` from `source`.
    pub fn new(source: Source, currency: Currency, wire: Wire, clock: Clock) -> Self {
        Self { source, currency, wire, clock, last: Mutex::default() }
    }

    /// The rate now, or one of a moment ago.
    ///
    /// # Errors
    /// [`RailError::NotReached`] where nobody tells it: without a rate nothing is asked of anybody.
    pub async fn now(&self) -> Result<Rate, RailError> {
        let now = self.clock.now();
        let (url, pointer, key) = match &self.source {
            Source::Fixed(per_bitcoin) => return Ok(Rate { per_bitcoin: *per_bitcoin, at: now }),
            Source::Address { url, pointer, key } => (url, pointer, key),
        };
        if let Some(fresh) = self.last(now, FRESH_SECONDS) {
            return Ok(fresh);
        }
        match self.ask(url, pointer, key.as_ref()).await {
            Ok(per_bitcoin) => Ok(self.keep(Rate { per_bitcoin, at: now })),
            Err(why) => self.last(now, OLD_SECONDS).ok_or(RailError::NotReached(why)),
        }
    }

    fn last(&self, now: Timestamp, seconds: i64) -> Option<Rate> {
        let last = self.last.lock().ok().and_then(|last| *last)?;
        let age = now.micros_since(last.at);
        (0..seconds * MICROS_PER_SECOND).contains(&age).then_some(last)
    }

    fn keep(&self, rate: Rate) -> Rate {
        if let Ok(mut last) = self.last.lock() {
            *last = Some(rate);
        }
        rate
    }

    async fn ask(&self, url: &str, pointer: &str, key: Option<&Secret>) -> Result<Money, String> {
        let call = Call::get(url);
        let call = match key {
            Some(key) => call.header("x-api-key", key.reveal()),
            None => call,
        };
        let reply = self.wire.ask(call).await.map_err(|error| format!("rate: {}", error.word()))?;
        if !reply.status.is_success() {
            return Err(format!("rate: {}", reply.status.as_u16()));
        }
        let text = std::str::from_utf8(&reply.body).ok().and_then(|body| at(body, pointer));
        let rate = text.and_then(|text| read(&text, self.currency));
        rate.ok_or_else(|| "rate: not a price of a bitcoin".to_owned())
    }
}

/// What stands in a JSON text at a pointer, as it is written there: no number becomes a float on the way.
fn at(json: &str, pointer: &str) -> Option<String> {
    let mut value: &RawValue = serde_json::from_str(json).ok()?;
    if !pointer.is_empty() {
        for token in pointer.strip_prefix('/')?.split('/') {
            value = member(value, &token.replace("~1", "/").replace("~0", "~"))?;
        }
    }
    serde_json::from_str::<String>(value.get()).ok().or_else(|| Some(value.get().to_owned()))
}

fn member<'a>(value: &'a RawValue, token: &str) -> Option<&'a RawValue> {
    if value.get().starts_with('[') {
        let all: Vec<&RawValue> = serde_json::from_str(value.get()).ok()?;
        return all.get(token.parse::<usize>().ok()?).copied();
    }
    let all: BTreeMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
    all.get(token).copied()
}

/// Reads what a bitcoin costs: a decimal with a point and any number of digits behind it, of which six are taken.
/// `None` for anything that a bitcoin cannot cost.
pub fn read(text: &str, currency: Currency) -> Option<Money> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let is_decimal =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_decimal(whole) || !is_decimal(fraction) {
        return None;
    }
    let taken = &fraction[..fraction.len().min(6)];
    let rate = Money::parse(&format!("{whole}.{taken}"), currency).ok()?;
    let bound = |units: i64| Money::parse(&units.to_string(), currency).ok();
    (bound(LEAST)? <= rate && rate <= bound(MOST)?).then_some(rate)
}

#[cfg(test)]
#[path = "rate_tests.rs"]
mod tests;
