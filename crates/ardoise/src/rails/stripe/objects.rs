//! What Stripe's objects say, as far as the shop listens: <https://docs.stripe.com/api>, version 2023-08-16.

use crate::rails::port::RailError;
use ledger::{Currency, Money};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Something that Stripe names, or shows whole where it was asked to.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Link<T> {
    /// Its identifier.
    Id(String),
    /// All of it.
    Whole(Box<T>),
}

impl<T> Link<T> {
    /// All of it, where it is shown.
    pub fn whole(&self) -> Option<&T> {
        match self {
            Self::Id(_) => None,
            Self::Whole(whole) => Some(whole),
        }
    }
}

/// Anything with an identifier.
#[derive(Debug, Clone, Deserialize)]
pub struct Named {
    /// Its identifier.
    pub id: String,
}

impl Link<Named> {
    /// The identifier.
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Whole(whole) => &whole.id,
        }
    }
}

/// What the shop wrote on an object: for which charge it is, and which refund.
pub type Metadata = BTreeMap<String, String>;

/// Where Stripe sends messages.
#[derive(Debug, Clone, Deserialize)]
pub struct Endpoint {
    /// Its address.
    pub url: String,
    /// `enabled` or `disabled`.
    pub status: String,
    /// The events that it is told of; `*` for all.
    pub enabled_events: Vec<String>,
}

/// A page of Stripe's on which a reader pays.
#[derive(Debug, Clone, Deserialize)]
pub struct Session {
    /// Its identifier: `cs_…`.
    pub id: String,
    /// How far it is.
    pub status: Option<SessionStatus>,
    /// The charge for which it was made.
    pub client_reference_id: Option<String>,
    /// Its address, while it is open.
    pub url: Option<String>,
    /// The payment; there is none before the reader agrees.
    pub payment_intent: Option<Link<Intent>>,
    /// What the reader left behind, where they paid nothing.
    pub setup_intent: Option<Link<SetUp>>,
    /// What the reader typed.
    pub customer_details: Option<Reader>,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// The reader can still pay.
    Open,
    /// The reader agreed; the payment says whether the money came.
    Complete,
    /// The reader cannot pay any more.
    Expired,
    /// Nothing that is known.
    #[serde(other)]
    Other,
}

/// Who paid.
#[derive(Debug, Clone, Deserialize)]
pub struct Reader {
    /// Their address.
    pub email: Option<String>,
}

/// A payment.
#[derive(Debug, Clone, Deserialize)]
pub struct Intent {
    /// Its identifier: `pi_…`.
    pub id: String,
    /// How far it is.
    pub status: IntentStatus,
    /// What came, in minor units.
    #[serde(default)]
    pub amount_received: i64,
    /// The currency, in small letters.
    pub currency: String,
    /// What the shop wrote on it.
    #[serde(default)]
    pub metadata: Metadata,
    /// Who pays.
    pub customer: Option<Link<Named>>,
    /// With what.
    pub payment_method: Option<Link<Named>>,
    /// The last attempt.
    pub latest_charge: Option<Link<Attempt>>,
    /// Why the last attempt failed.
    pub last_payment_error: Option<ErrorSaid>,
    /// Why nobody can pay it any more.
    pub cancellation_reason: Option<String>,
}

/// A way to pay that a reader leaves behind: a SetupIntent.
#[derive(Debug, Clone, Deserialize)]
pub struct SetUp {
    /// How far it is.
    pub status: IntentStatus,
    /// What the shop wrote on it.
    #[serde(default)]
    pub metadata: Metadata,
    /// Who will pay.
    pub customer: Option<Link<Named>>,
    /// With what.
    pub payment_method: Option<Link<Way>>,
    /// Why the last try failed.
    pub last_setup_error: Option<ErrorSaid>,
}

/// A way to pay, whole.
#[derive(Debug, Clone, Deserialize)]
pub struct Way {
    /// Its identifier: `pm_…`.
    pub id: String,
    /// Of what kind.
    #[serde(flatten)]
    pub means: Means,
}

/// How far a payment is, or a way to pay that is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentStatus {
    /// The money came.
    Succeeded,
    /// A bank is at it: for days, with a direct debit.
    Processing,
    /// Nothing to pay with, or what there was has failed.
    RequiresPaymentMethod,
    /// To be confirmed.
    RequiresConfirmation,
    /// The reader is to do something.
    RequiresAction,
    /// It will not be paid.
    Canceled,
    /// Nothing that the shop asks for.
    #[serde(other)]
    Other,
}

/// An attempt to pay.
#[derive(Debug, Clone, Deserialize)]
pub struct Attempt {
    /// What it did to the account.
    pub balance_transaction: Option<Link<Movement>>,
    /// With what.
    pub payment_method_details: Option<Means>,
}

/// A movement on the account.
#[derive(Debug, Clone, Deserialize)]
pub struct Movement {
    /// What Stripe kept, in minor units of the account's currency; below zero where it gave back.
    pub fee: i64,
    /// The account's currency, in small letters.
    pub currency: String,
}

/// With what was paid.
#[derive(Debug, Clone, Deserialize)]
pub struct Means {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// A card, also one in a phone.
    pub card: Option<Card>,
    /// A direct debit.
    pub sepa_debit: Option<Account>,
    /// iDEAL.
    pub ideal: Option<Account>,
    /// Bancontact.
    pub bancontact: Option<Account>,
}

/// A card.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// Whose, in small letters.
    pub brand: Option<String>,
    /// Its last four digits.
    pub last4: Option<String>,
}

/// A bank account.
#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    /// Its last four digits.
    #[serde(alias = "iban_last4")]
    pub last4: Option<String>,
    /// The direct debit that iDEAL and Bancontact leave behind: they cannot be charged again themselves.
    pub generated_sepa_debit: Option<Link<Named>>,
}

/// A part of a list.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// Newest first.
    pub data: Vec<T>,
    /// Whether there is more.
    pub has_more: bool,
}

/// Money sent back.
#[derive(Debug, Clone, Deserialize)]
pub struct RefundMade {
    /// Its identifier: `re_…`.
    pub id: String,
    /// How much, in minor units.
    #[serde(default)]
    pub amount: i64,
    /// In which currency, in small letters.
    #[serde(default)]
    pub currency: String,
    /// How far it is: a word that the description leaves open.
    pub status: Option<String>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// What the shop wrote on it.
    pub metadata: Option<Metadata>,
    /// What it did to the account.
    pub balance_transaction: Option<Link<Movement>>,
}

/// A reader, or their bank, wants money back.
#[derive(Debug, Clone, Deserialize)]
pub struct DisputeOpened {
    /// How far it is.
    pub status: String,
    /// How much, in minor units.
    pub amount: i64,
    /// In which currency, in small letters.
    pub currency: String,
    /// Which payment.
    pub payment_intent: Option<Link<Intent>>,
    /// What it did to the account.
    #[serde(default)]
    pub balance_transactions: Vec<Movement>,
}

/// A way to pay, and whose it is.
#[derive(Debug, Clone, Deserialize)]
pub struct Method {
    /// `None` once it was taken away.
    pub customer: Option<Link<Named>>,
}

/// A message from Stripe.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// What has happened.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it is about.
    pub data: EventData,
}

/// What a message is about.
#[derive(Debug, Clone, Deserialize)]
pub struct EventData {
    /// The object as it was then: read to know whom to ask, and for nothing else.
    pub object: EventObject,
}

/// The object of a message.
#[derive(Debug, Clone, Deserialize)]
pub struct EventObject {
    /// Its identifier.
    #[serde(default)]
    pub id: String,
    /// Its kind.
    #[serde(default)]
    pub object: String,
    /// What the shop wrote on it.
    pub metadata: Option<Metadata>,
    /// The payment of a dispute.
    pub payment_intent: Option<Link<Named>>,
}

/// An answer of failure.
#[derive(Debug, Default, Deserialize)]
pub struct ErrorBody {
    /// What it says.
    pub error: ErrorSaid,
}

/// What went wrong.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ErrorSaid {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// A word for it.
    pub code: Option<String>,
    /// A more precise word, where a bank said no.
    pub decline_code: Option<String>,
    /// The field at fault.
    pub param: Option<String>,
    /// The payment that failed.
    pub payment_intent: Option<Box<Intent>>,
}

/// An amount as Stripe has it: whole minor units, and a currency in small letters.
///
/// # Errors
/// [`RailError::Nonsense`].
pub fn money(minor: i64, currency: &str) -> Result<Money, RailError> {
    let known = Currency::ALL.into_iter().find(|known| known.code().eq_ignore_ascii_case(currency));
    let currency = known.ok_or_else(|| RailError::Nonsense("a currency".into()))?;
    let micros = minor.checked_mul(currency.minor_micros());
    let micros = micros.ok_or_else(|| RailError::Nonsense("an amount".into()))?;
    Ok(Money::from_micros(micros, currency)?)
}

/// The same the other way.
///
/// # Errors
/// [`RailError::Nonsense`] for a part of a minor unit.
pub fn minor(amount: Money) -> Result<i64, RailError> {
    let unit = amount.currency().minor_micros();
    let is_whole = amount.micros().checked_rem(unit) == Some(0);
    let minor = amount.micros().checked_div(unit).filter(|_| is_whole);
    minor.ok_or_else(|| RailError::Nonsense("a part of a cent".into()))
}

/// A currency as Stripe writes it.
pub fn currency(amount: Money) -> String {
    amount.currency().code().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_whole_cents_both_ways() {
        let five = Money::from_cents(500, Currency::Eur).expect("an amount");
        assert_eq!(minor(five), Ok(500));
        assert_eq!(money(500, "eur"), Ok(five));
        let part = Money::from_micros(5_000_001, Currency::Eur).expect("an amount");
        assert!(minor(part).is_err());
    }

    #[test]
    fn an_amount_that_cannot_be_is_nonsense() {
        for (minor, currency) in [(-1, "eur"), (i64::MAX, "eur"), (500, "jpy"), (500, "")] {
            assert!(matches!(money(minor, currency), Err(RailError::Nonsense(_))), "{currency}");
        }
        let text = r#"{"id":"pi_1","status":"succeeded","currency":"eur","amount_received":5.5}"#;
        assert!(serde_json::from_str::<Intent>(text).is_err(), "no part of a cent is read");
    }

    #[test]
    fn a_status_that_nobody_knows_is_read_as_such() {
        let text = r#"{"id":"pi_1","status":"on_holiday","currency":"eur"}"#;
        let intent: Intent = serde_json::from_str(text).expect("an intent");
        assert_eq!(intent.status, IntentStatus::Other);
    }
}
